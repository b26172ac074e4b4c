//! Partner Center over HTTP: the sign-in service, the referrals host, the webhooks host and the certificate store, all
//! at one address. Knows the vendor's documentation and nothing of Cosell.
//!
//! Where the documentation says nothing or contradicts itself, a member of [`Switches`] decides.
//!
//! | rule | partner-center-api | in |
//! |---|---|---|
//! | v1 and v2 token endpoints; two audiences; rotation; `invalid_grant`; 90 days | 1.1, 1.2, 1.3 | `oauth`, `grants`, `refresh_tokens` |
//! | sign-in page with PKCE | 1.2, 1.3 | `authorize` |
//! | wrong audience, expired, no MFA: 401; no role: 403; an app alone: webhooks only | 1.4, 1.6, 1.7, 1.8 | `entry` |
//! | a referrals user sees the deals of its own team | 1.6 | `world` |
//! | JSON that says so; headers echoed | 2.2, 2.3 | `routes` |
//! | an etag with its quotes; every change moves it, the system's too | 2.4 | `world`, `stamp` |
//! | members of a referral; names in any case; HTML entities; exact values | 3, 3.1, 3.2, 3.8 | `referral`, `names`, `money` |
//! | states, 14 days to answer, Closed is terminal | 3.3 | `lifecycle`, `judge`, `world` |
//! | create: what is required, begins accepted | 3.3, 4.2 | `create` |
//! | Microsoft is invited by a second POST into the engagement | 4.3 | `create` |
//! | sharing is one-way; the customer contact freezes | 4.4 | `judge` |
//! | list: `$filter`, `$orderby`, pages of 100, the odd next link, the count of the page | 4.5 | `list`, `filter` |
//! | PUT without `links`; PATCH with `add` and `replace`; `Prefer` | 4.7, 4.8 | `change`, `json_patch` |
//! | stale `If-Match` | 4.9 | `change` |
//! | error envelopes, throttling | 4.10, 4.11, 4.12 | `answers`, `entry` |
//! | frozen members, values, dates, solutions, team | 5.2 | `judge` |
//! | one registration; validation events, two a minute, kept 7 days | 6.1 | `webhooks`, `webhooks_host` |
//! | an event is a pointer; own and related events | 6.2, 6.3 | `event`, `world` |
//! | ten tries, then never again | 6.4 | `deliveries`, `delivering` |
//! | RSA signature over the raw body; the leaf alone is published | 6.5 | `signing`, `certificates` |
//! | what sellers do in the portal | 0, 3.5, 3.9 | `seller` |

mod choices;
mod control;
mod handle;
mod switches;

mod judge;
mod lifecycle;
mod money;
mod names;
mod referral;
mod seller;
mod simulator;
mod stamp;
mod world;

mod answers;
mod change;
mod create;
mod entry;
mod filter;
mod json_patch;
mod list;
mod routes;

mod certificates;
mod deliveries;
mod delivering;
mod event;
mod signing;
mod webhooks;
mod webhooks_host;

mod authorize;
mod grants;
mod oauth;
mod refresh_tokens;

pub use choices::{
    Count, EmptyMembers, Forgery, MfaRefusal, NextLink, Paging, Reasons, RelatedEventId, SkipTokenAt, StaleEtag,
};
pub use deliveries::{Delivery, Outcome};
pub use handle::PartnerCenter;
pub use switches::Switches;
pub use world::Role;
