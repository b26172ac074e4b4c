//! What keeps a person from signing in, and what to do about it: from the numbers of the sign-in service and the refusals
//! of both hosts (partner-center-api 1.3 to 1.6). Texts are ours or names; the service's prose may hold contact data.

use std::fmt;

use crate::{Error, SignInError};

/// Something that a person must mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {fix}")]
pub struct Obstacle {
    /// What was seen.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// The two APIs that a token is proven at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Referrals,
    Webhooks,
}

/// What the numbers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cure {
    Tenant,
    App,
    Secret,
    Consent,
    SecondFactor,
    Again,
}

/// Of the sign-in service as `AADSTS65001`, of Partner Center as `900421`.
const CURES: &[(u64, Cure)] = &[
    (90_002, Cure::Tenant),
    (900_023, Cure::Tenant),
    (700_016, Cure::App),
    (7_000_215, Cure::Secret),
    (7_000_222, Cure::Secret),
    (65_001, Cure::Consent),
    (90_094, Cure::Consent),
    (500_011, Cure::Consent),
    (650_052, Cure::Consent),
    (650_057, Cure::Consent),
    (50_076, Cure::SecondFactor),
    (50_079, Cure::SecondFactor),
    (53_003, Cure::SecondFactor),
    (900_421, Cure::SecondFactor),
    (65_004, Cure::Again),
    (70_008, Cure::Again),
    (54_005, Cure::Again),
];

/// What is wrong with tenant, app or secret; `None` if the refusal is about something else.
pub(crate) fn of_the_app(reason: &str) -> Option<Obstacle> {
    let cure = cure(reason).filter(|cure| matches!(cure, Cure::Tenant | Cure::App | Cure::Secret))?;
    Some(Obstacle { what: refused(reason), fix: cure.words(Api::Referrals) })
}

/// The person cancelled, or was not allowed to go on.
pub(crate) fn of_the_person(error: &str, description: &str) -> Obstacle {
    let is_name = error.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let number = description.strip_prefix("AADSTS").map(|text| text.split(|c: char| !c.is_ascii_digit()));
    let number = number.and_then(|mut parts| parts.next()).map(|number| format!(" AADSTS{number}"));
    let reason = format!("{}{}", if is_name { error } else { "an error" }, number.unwrap_or_default());
    let cure = cure(&reason).unwrap_or(Cure::Again);
    Obstacle { what: format!("the sign-in was not completed ({reason})"), fix: cure.words(Api::Referrals) }
}

/// The state is not ours: an old tab, or somebody who tries to slip us a code (RFC 6749 10.12).
pub(crate) fn of_another_sign_in() -> Obstacle {
    Obstacle { what: "the answer belongs to another sign-in".to_owned(), fix: Cure::Again.words(Api::Referrals) }
}

pub(crate) fn of_no_refresh_token() -> Obstacle {
    Obstacle { what: "the sign-in service gave no refresh token".to_owned(), fix: Cure::Consent.words(Api::Referrals) }
}

/// What a host's refusal means; an error that is none stays what it is.
pub(crate) fn told(api: Api, error: Error) -> SignInError {
    let obstacle = match &error {
        Error::SignIn { reason, .. } => {
            let cure = cure(reason);
            let fix = cure.map_or_else(|| api.all_that_it_may_be(), |cure| cure.words(api));
            Obstacle { what: format!("no token for the {api} API ({reason})"), fix }
        }
        Error::Denied { message } => {
            let what = format!("the {api} API denied access ({message})");
            Obstacle { what, fix: format!("give this account the {}; it takes up to an hour to appear", api.role()) }
        }
        _ => return SignInError::Service(error),
    };
    obstacle.into()
}

fn refused(reason: &str) -> String {
    format!("the sign-in service refuses ({reason})")
}

fn cure(reason: &str) -> Option<Cure> {
    let numbers = reason.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok());
    numbers.into_iter().find_map(|number| CURES.iter().find(|(known, _)| *known == number).map(|(_, cure)| *cure))
}

impl Cure {
    fn words(self, api: Api) -> String {
        match self {
            Self::Tenant => "check partner_center.tenant_id in cosell.toml".to_owned(),
            Self::App => "check partner_center.client_id in cosell.toml: the tenant has no such app".to_owned(),
            Self::Secret => "make a new client secret for the app, and put it into the secrets".to_owned(),
            Self::Consent => format!(
                "add the delegated permission {} to the app registration, and let an administrator grant consent",
                api.permission()
            ),
            Self::SecondFactor => {
                "sign in with a second factor: Partner Center takes no token without one; Conditional Access must allow it"
                    .to_owned()
            }
            Self::Again => "run `cosell login` again, and agree to what it asks for".to_owned(),
        }
    }
}

impl Api {
    /// As the app registration names it (partner-center-api 1.5).
    fn permission(self) -> &'static str {
        match self {
            Self::Referrals => "of `Microsoft Partner` (4990cffe-04e8-4e8b-808a-1175604b879f)",
            Self::Webhooks => {
                "`user_impersonation` of `Microsoft Partner Center` (fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd)"
            }
        }
    }

    /// Partner-center-api 1.6.
    fn role(self) -> &'static str {
        match self {
            Self::Referrals => "role Referrals admin in Partner Center",
            Self::Webhooks => "role Admin agent, Sales agent, Helpdesk agent or Billing admin in Partner Center",
        }
    }

    /// A fresh token is refused, and the host does not say why.
    fn all_that_it_may_be(self) -> String {
        format!(
            "sign in with a second factor; if that was so, the app lacks the delegated permission {} or its consent",
            self.permission()
        )
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Referrals => "referrals",
            Self::Webhooks => "webhooks",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sign_in(reason: &str) -> Error {
        Error::SignIn { reason: reason.to_owned(), retry_after: Duration::ZERO }
    }

    #[test]
    fn a_refusal_names_what_is_missing() {
        for (api, error, expected) in [
            (Api::Webhooks, sign_in("invalid_grant AADSTS65001 (HTTP 400)"), "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"),
            (
                Api::Referrals,
                sign_in("invalid_resource AADSTS500011 (HTTP 400)"),
                "4990cffe-04e8-4e8b-808a-1175604b879f",
            ),
            (
                Api::Referrals,
                sign_in("got without multi-factor authentication (900421)"),
                "sign in with a second factor",
            ),
            (Api::Webhooks, sign_in("the API refuses a fresh token"), "or its consent"),
            (Api::Referrals, Error::Denied { message: String::new() }, "role Referrals admin"),
            (Api::Webhooks, Error::Denied { message: String::new() }, "role Admin agent"),
            (Api::Referrals, sign_in("invalid_client AADSTS7000222 (HTTP 401)"), "make a new client secret"),
        ] {
            let SignInError::Person(obstacle) = told(api, error) else { panic!("{expected}") };
            assert!(obstacle.fix.contains(expected), "{obstacle}");
        }
        let later = Error::NotSent { reason: String::new(), retry_after: None, source: None };
        assert!(matches!(told(Api::Referrals, later), SignInError::Service(_)));
    }

    #[test]
    fn what_the_service_says_about_people_is_not_repeated() {
        let obstacle = of_the_person("access_denied", "AADSTS65004: User ada@contoso.com declined to consent.");
        assert_eq!(
            obstacle.to_string(),
            "the sign-in was not completed (access_denied AADSTS65004): \
             run `cosell login` again, and agree to what it asks for"
        );
        let odd = of_the_person("for ada@contoso.com", "ada@contoso.com").to_string();
        assert!(!odd.contains("ada"), "{odd}");
    }

    #[test]
    fn a_refusal_of_the_code_that_we_did_not_send_is_no_obstacle() {
        assert_eq!(of_the_app("invalid_request AADSTS900144 (HTTP 400)"), None);
        let fix = of_the_app("unauthorized_client AADSTS700016 (HTTP 400)").map(|obstacle| obstacle.fix);
        assert!(fix.is_some_and(|fix| fix.contains("partner_center.client_id")));
    }
}
