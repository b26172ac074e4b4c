//! Refresh tokens and authorization codes: issued, rotated, redeemed, revoked (partner-center-api 1.3). Knows no HTTP.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::switches::Switches;

/// The refresh tokens issued so far.
pub(super) struct RefreshTokens {
    namespace: Uuid,
    names: u64,
    issued: Vec<Token>,
    codes: HashMap<String, Code>,
}

struct Token {
    text: String,
    expires_at: Timestamp,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    Used,
    Revoked,
}

/// What an authorization code was asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) redirect_uri: String,
    /// The S256 challenge of PKCE; none if the caller came without.
    pub(super) challenge: Option<String>,
}

/// Why a refresh token is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dead {
    Unknown,
    Used,
    Revoked,
    Expired,
}

impl RefreshTokens {
    /// No tokens yet. Those to come follow from the seed.
    pub(super) fn new(seed: u64) -> Self {
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("partner-center/refresh-tokens/{seed}").as_bytes());
        Self { namespace, names: 0, issued: Vec::new(), codes: HashMap::new() }
    }

    /// Issues a token, as after a consent.
    pub(super) fn issue(&mut self, now: Timestamp, days: i64) -> String {
        let text = format!("0.{}.{}", self.name(), self.name());
        let lifetime = SignedDuration::from_hours(days.clamp(0, 36_500) * 24);
        let expires_at = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        self.issued.push(Token { text: text.clone(), expires_at, state: State::Live });
        text
    }

    /// The newest token that works; if none does, the newest of all.
    pub(super) fn newest(&self) -> String {
        let newest = self.issued.iter().rfind(|token| token.state == State::Live).or(self.issued.last());
        newest.map(|token| token.text.clone()).unwrap_or_default()
    }

    /// Redeems a token. Answers the one to use from now on.
    pub(super) fn redeem(&mut self, text: &str, now: Timestamp, switches: &Switches) -> Result<String, Dead> {
        let token = self.issued.iter_mut().find(|token| token.text == text).ok_or(Dead::Unknown)?;
        match token.state {
            State::Revoked => return Err(Dead::Revoked),
            State::Used => return Err(Dead::Used),
            State::Live if token.expires_at <= now => return Err(Dead::Expired),
            State::Live => {}
        }
        if !switches.rotate_refresh_tokens {
            return Ok(text.to_owned());
        }
        if switches.single_use_refresh_tokens {
            token.state = State::Used;
        }
        Ok(self.issue(now, switches.refresh_token_days))
    }

    /// Kills every token issued so far, as a password change does.
    pub(super) fn revoke_all(&mut self) {
        for token in &mut self.issued {
            token.state = State::Revoked;
        }
    }

    /// Issues an authorization code.
    pub(super) fn issue_code(&mut self, code: Code) -> String {
        let text = format!("1.{}", self.name());
        self.codes.insert(text.clone(), code);
        text
    }

    /// Takes a code back; it works once.
    pub(super) fn take_code(&mut self, text: &str) -> Option<Code> {
        self.codes.remove(text)
    }

    fn name(&mut self) -> String {
        self.names += 1;
        Uuid::new_v5(&self.namespace, &self.names.to_be_bytes()).simple().to_string()
    }
}
