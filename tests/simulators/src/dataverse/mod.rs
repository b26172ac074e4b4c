//! Dataverse with Dynamics 365 Sales over HTTP: the sign-in service and the Web API at one address, and the webhook
//! calls that changes cause. Knows the vendor's documentation; of Cosell only the columns that its installer makes.
//!
//! Where the documentation says nothing or contradicts itself, a member of [`Switches`] decides.
//!
//! Rows drive it wherever they can: steps and endpoints are rows of `sdkmessageprocessingstep` and `serviceendpoint`, the
//! app's user is a row of `systemuser`, the life of a delta link is a column of `organization`.
//!
//! | rule | dataverse-api | in |
//! |---|---|---|
//! | client credentials, v1 and v2, one audience; 3599 s; the configuration document | 1.1 | `oauth` |
//! | 401 with a challenge and no JSON; 403 without an enabled application user | 1.2, 1.3 | `calls/routes` |
//! | privileges with levels, by name; acting for another user | 1.3, 2.3 | `rules/rights`, `calls/reply` |
//! | versions, headers of every answer, the front door's own 404 | 2.1, 2.2, 2.12 | `calls/routes` |
//! | preferences and annotations | 2.3, 2.5 | `odata/annotations`, `odata/show` |
//! | create: address or representation, strict names, `@odata.bind`, nested rows, chosen keys | 2.4 | `calls/change`, `odata/payload` |
//! | kinds, lengths and ranges of values | 2.4, 6 | `odata/value`, `schema` |
//! | retrieve: `$select`, `$expand`, etag, 304, the two 404 | 2.5 | `calls/retrieve`, `odata/show` |
//! | single properties, navigation, `$ref` | 2.6 | `calls/refer` |
//! | delete: what goes along, what forgets, what forbids | 2.6, 7.5 | `rules/pipeline` |
//! | upsert: the table of preconditions | 2.7 | `calls/change` |
//! | alternate keys: finding, uniqueness, refused characters, index jobs | 2.8, 7.6 | `rules/keys`, `odata/path`, `metadata/keys` |
//! | queries: `$filter`, `$orderby`, `$top`, count to 5000, no `$skip` | 2.9 | `calls/list`, `odata/filter`, `odata/condition` |
//! | next links with a cookie encoded twice, good for their own query | 2.9 | `calls/page` |
//! | `$batch`: change sets, references, CRLF | 2.10 | `calls/batch`, `calls/multipart` |
//! | bulk actions, all or nothing | 2.11 | `calls/multiple` |
//! | error bodies | 2.12 | `answers` |
//! | service protection: three counters, a `Retry-After` that grows | 3.1 | `protection` |
//! | change tracking: passes, deletions last, expiry, refused options | 4 | `calls/track` |
//! | endpoints and their secrets; steps, filters, images | 5.1, 5.2, 5.3 | `webhooks/endpoint`, `webhooks/steps` |
//! | headers and body of a call, trimmed above 256 KB | 5.4, 5.5 | `webhooks/work`, `webhooks/context` |
//! | one more try, failed jobs, suppressing by header | 5.6, 2.3 | `webhooks/work`, `webhooks/jobs` |
//! | tables, columns, choices | 6 | `schema/sales`, `schema/customers`, `schema/system` |
//! | currency, precision, base amounts | 6.1, 6.3 | `rules/money` |
//! | states and status reasons; closing, reopening, read-only | 6.1, 6.4 | `rules/state`, `rules/opportunity` |
//! | qualifying, disqualifying, reactivating a lead | 6.2, 6.5 | `rules/qualify` |
//! | merging | 6.2, 6.3 | `rules/merge` |
//! | definitions of tables, columns, keys, relationships, choices; caches | 7.2 to 7.6 | `metadata` |
//! | publishers, solutions and their components; variables | 7.1, 7.8 | `schema/system`, `metadata/components` |
//! | forms and publishing | 7.7, 7.9 | `metadata/forms` |
//! | what `cosell install` makes | design 5 | `schema/cosell` |
//!
//! Not simulated: synchronous steps, steps for other messages than Create, Update and Delete, duplicate detection, FetchXML,
//! `$apply`, date functions in filters, solution import.

mod control;
mod handle;
mod switches;

mod data;
mod schema;
mod seed;
mod seller;
mod simulator;
mod stamps;
mod world;

mod answers;
mod calls;
mod metadata;
mod oauth;
mod odata;
mod protection;

mod rules;
mod webhooks;

pub use handle::{Dataverse, Refusal};
pub use rules::rights::Level;
pub use switches::Switches;
pub use webhooks::{Delivery, Outcome};
