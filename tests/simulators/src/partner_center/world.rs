//! All referrals, and what every change of one brings with it: a new etag, a new date, events to tell
//! (partner-center-api 2.4, 6.3). Knows who owns a referral and nothing of who may change it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::choices::RelatedEventId;
use super::lifecycle::DAYS_TO_ANSWER;
use super::referral::text;
use super::stamp::{Stamps, seven_digits};
use super::switches::Switches;
use super::webhooks::{REFERRAL_EVENTS, Registration, Webhooks};

/// What the simulator remembers.
#[derive(Debug)]
pub(super) struct World {
    pub(super) stamps: Stamps,
    pub(super) switches: Switches,
    pub(super) organization_id: String,
    pub(super) webhooks: Webhooks,
    /// `MS-RequestId` of each create, with the referral it made.
    pub(super) creates: HashMap<String, String>,
    pub(super) person: Person,
    referrals: Vec<Stored>,
    notices: Vec<Notice>,
}

/// The person behind the refresh token.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) role: Role,
    pub(super) mfa: bool,
    pub(super) email: String,
}

/// The role of the person behind the refresh token (partner-center-api 1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and changes every referral.
    ReferralsAdmin,
    /// Sees and changes those whose team it is in.
    ReferralsUser,
    /// No referrals at all.
    None,
}

/// One organization's copy of a deal.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) document: Value,
    /// Not shown by list or get: a marketplace lead, or taken away.
    pub(super) hidden: bool,
}

/// Something to tell by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) event_name: &'static str,
    pub(super) referral_id: String,
    pub(super) at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Created,
    Updated,
}

impl World {
    pub(super) fn new(stamps: Stamps, switches: Switches, organization_id: String, person: Person) -> Self {
        Self {
            stamps,
            switches,
            organization_id,
            webhooks: Webhooks::default(),
            creates: HashMap::new(),
            person,
            referrals: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Every referral in order of creation.
    pub(super) fn all(&self) -> &[Stored] {
        &self.referrals
    }

    pub(super) fn find(&self, id: &str) -> Option<&Stored> {
        self.referrals.iter().find(|stored| text(&stored.document, "id").eq_ignore_ascii_case(id))
    }

    /// Whether the caller of the API sees this referral.
    pub(super) fn sees(&self, stored: &Stored) -> bool {
        let in_team = || {
            let team = stored.document["team"].as_array().map(Vec::as_slice).unwrap_or_default();
            team.iter().any(|member| text(member, "email").eq_ignore_ascii_case(&self.person.email))
        };
        !stored.hidden && (self.person.role == Role::ReferralsAdmin || in_team())
    }

    pub(super) fn is_ours(&self, document: &Value) -> bool {
        text(document, "organizationId") == self.organization_id
    }

    /// Adds a referral and stamps it. Answers its id.
    pub(super) fn insert(&mut self, mut document: Value, hidden: bool) -> String {
        let id = self.stamps.id();
        let date = self.stamps.date(self.switches.coarse_dates);
        document["id"] = json!(id);
        if document["engagementId"].is_null() {
            document["engagementId"] = json!(self.stamps.id());
        }
        document["createdDateTime"] = json!(date);
        document["updatedDateTime"] = json!(date);
        document["eTag"] = json!(self.stamps.etag());
        self.date_state(&mut document, "");
        self.tell(&document, Change::Created);
        self.referrals.push(Stored { document, hidden });
        id
    }

    /// Replaces a document and stamps it. Unknown ids change nothing.
    pub(super) fn replace(&mut self, id: &str, mut document: Value) {
        let Some(index) = self.index(id) else { return };
        let before = text(&self.referrals[index].document, "status").to_owned();
        document["eTag"] = json!(self.stamps.etag());
        document["updatedDateTime"] = json!(self.stamps.date(self.switches.coarse_dates));
        self.date_state(&mut document, &before);
        self.tell(&document, Change::Updated);
        if !self.is_ours(&document) && self.switches.related_change_moves_etag {
            self.stamp_ours(text(&document, "engagementId"));
        }
        self.referrals[index].document = document;
    }

    /// A change by the system itself, such as customer matching.
    pub(super) fn bump(&mut self, id: &str) {
        let Some(index) = self.index(id) else { return };
        self.referrals[index].document["customerProfile"]["isMatchingComplete"] = json!(true);
        self.stamp(index);
        let document = self.referrals[index].document.clone();
        self.tell(&document, Change::Updated);
    }

    /// Hides a referral from the API, or shows it again.
    pub(super) fn hide(&mut self, id: &str, hidden: bool) {
        if let Some(index) = self.index(id) {
            self.referrals[index].hidden = hidden;
        }
    }

    /// Lets the referrals expire whose time to answer has passed (3.3).
    pub(super) fn expire(&mut self) {
        let now = self.stamps.now();
        let late = |document: &Value| {
            let until = document["expirationDateTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
            text(document, "status") == "New" && until.is_some_and(|until| until <= now)
        };
        let late: Vec<Value> =
            self.referrals.iter().map(|stored| &stored.document).filter(|document| late(document)).cloned().collect();
        for document in late {
            self.close_as_expired(document);
        }
    }

    /// Lets one referral expire whatever its date. False if it is unknown or answered.
    pub(super) fn expire_one(&mut self, id: &str) -> bool {
        let document = self.find(id).map(|stored| stored.document.clone());
        let Some(document) = document.filter(|document| text(document, "status") == "New") else { return false };
        self.close_as_expired(document);
        true
    }

    /// Closes a referral as declined, without a reason. Unknown ids change nothing.
    pub(super) fn decline(&mut self, id: &str) {
        if let Some(document) = self.find(id).map(|stored| stored.document.clone()) {
            self.close(document, "Declined");
        }
    }

    /// Makes our own members of an engagement shared ones.
    pub(super) fn share_ours(&mut self, engagement: &str) {
        for index in self.ours_in(engagement) {
            self.referrals[index].document["type"] = json!("Shared");
            self.stamp(index);
        }
    }

    fn close_as_expired(&mut self, document: Value) {
        self.close(document, "Expired");
    }

    fn close(&mut self, mut document: Value, substatus: &str) {
        document["status"] = json!("Closed");
        document["substatus"] = json!(substatus);
        let id = text(&document, "id").to_owned();
        self.replace(&id, document);
    }

    /// Who gets an event, if anybody does.
    pub(super) fn registration_for(&self, event_name: &str) -> Option<&Registration> {
        let gets_it = |registration: &&Registration| {
            let deaf = registration.by_app && !self.switches.app_registration_gets_referral_events;
            !(deaf && REFERRAL_EVENTS.contains(&event_name))
        };
        self.webhooks.registered_for(event_name).filter(gets_it)
    }

    /// The notices since last asked.
    pub(super) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.referrals.iter().position(|stored| text(&stored.document, "id").eq_ignore_ascii_case(id))
    }

    fn stamp(&mut self, index: usize) {
        self.referrals[index].document["eTag"] = json!(self.stamps.etag());
        if self.switches.bump_moves_updated {
            let date = self.stamps.date(self.switches.coarse_dates);
            self.referrals[index].document["updatedDateTime"] = json!(date);
        }
    }

    fn stamp_ours(&mut self, engagement: &str) {
        self.ours_in(engagement).into_iter().for_each(|index| self.stamp(index));
    }

    /// The places of our own members of an engagement.
    fn ours_in(&self, engagement: &str) -> Vec<usize> {
        let is_one = |document: &Value| self.is_ours(document) && text(document, "engagementId") == engagement;
        let places = self.referrals.iter().enumerate().filter(|(_, stored)| is_one(&stored.document));
        places.map(|(index, _)| index).collect()
    }

    /// The dates that follow from a change of status.
    fn date_state(&self, document: &mut Value, before: &str) {
        let status = text(document, "status").to_owned();
        if status == before {
            return;
        }
        let date = document["updatedDateTime"].clone();
        let until = self.stamps.now().saturating_add(SignedDuration::from_hours(24 * DAYS_TO_ANSWER));
        document["expirationDateTime"] =
            if status == "New" { json!(seven_digits(until.unwrap_or(Timestamp::MAX))) } else { Value::Null };
        match status.as_str() {
            "Active" => document["acceptedDateTime"] = date,
            "Closed" => document["closedDateTime"] = date,
            _ => {}
        }
    }

    fn tell(&mut self, document: &Value, change: Change) {
        let ours = self.is_ours(document);
        let event_name = match (ours, change) {
            (true, Change::Created) => "referral-created",
            (true, Change::Updated) => "referral-updated",
            (false, Change::Created) => "related-referral-created",
            (false, Change::Updated) => "related-referral-updated",
        };
        let own = || {
            let engagement = text(document, "engagementId");
            let member = |stored: &&Stored| {
                self.is_ours(&stored.document) && text(&stored.document, "engagementId") == engagement
            };
            self.referrals.iter().find(member).map(|stored| text(&stored.document, "id").to_owned())
        };
        let named = match self.switches.related_event_id {
            RelatedEventId::Own if !ours => own(),
            RelatedEventId::Own | RelatedEventId::Related => None,
        };
        let referral_id = named.unwrap_or_else(|| text(document, "id").to_owned());
        self.notices.push(Notice { event_name, referral_id, at: self.stamps.now() });
    }
}
