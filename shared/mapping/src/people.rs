//! The customer's contact, the record's owner and the referral's team: people, who are known by digests alone wherever
//! they might be seen (partner-center-api 3.6; design section 6, rows `customer_contact` and `team`).
//!
//! | | referral | CRM |
//! |---|---|---|
//! | first name, last name | `firstName`, `lastName` | `firstname`, `lastname` |
//! | e-mail | `email` | contact `emailaddress1`, user `internalemailaddress` |
//! | phone | `phoneNumber` | contact `telephone1`, user `address1_telephone1`; else `mobilephone` |

use std::fmt;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use sync_core::{FieldId, Reading};

use crate::referral::{PatchOp, PatchOperation};
use crate::row::{Direction, Row};
use crate::{Mapping, text};

/// The lookup of the contact, and its navigation property (dataverse-api 6.1).
const CONTACT: &str = "parentcontactid";
/// The navigation property of an owner who is a user.
const OWNER: &str = "owninguser";
/// Where the customer's people are in a referral.
const CUSTOMER_TEAM: &str = "/customerProfile/team";
/// Where ours are.
const TEAM: &str = "/team";
/// Columns of a contact and of a user: first name, last name, e-mail, phone, other phone.
const CONTACT_COLUMNS: [&str; 5] = ["firstname", "lastname", "emailaddress1", "telephone1", "mobilephone"];
const USER_COLUMNS: [&str; 5] = ["firstname", "lastname", "internalemailaddress", "address1_telephone1", "mobilephone"];
/// The most UTF-16 units that a contact's columns take (dataverse-api 6.3).
const CONTACT_UNITS_MAX: [u32; 4] = [50, 50, 100, 50];

/// Somebody. Printing shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
}

impl fmt::Debug for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Person(..)")
    }
}

impl Person {
    fn of_row(row: &Value, columns: [&str; 5]) -> Self {
        let of = |column: &str| row.get(column).and_then(Value::as_str).map(text::plain).unwrap_or_default();
        let [first_name, last_name, email, phone, other_phone] = columns.map(of);
        let phone = if phone.is_empty() { other_phone } else { phone };
        Self { first_name, last_name, email, phone }
    }

    fn of_member(member: &Value) -> Self {
        let of = |name: &str| {
            member.get(name).and_then(Value::as_str).map(|raw| text::plain(&text::unescaped(raw))).unwrap_or_default()
        };
        Self { first_name: of("firstName"), last_name: of("lastName"), email: of("email"), phone: of("phoneNumber") }
    }

    /// Their e-mail, by which people are matched; none without one.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        (!self.email.is_empty()).then(|| self.email.to_lowercase())
    }

    /// What Partner Center demands and is empty, as people call it: it takes nobody without all four.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let needed = [
            ("first name", &self.first_name),
            ("last name", &self.last_name),
            ("e-mail", &self.email),
            ("phone number", &self.phone),
        ];
        needed.into_iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect()
    }

    fn member(&self) -> Value {
        json!({
            "firstName": self.first_name, "lastName": self.last_name, "phoneNumber": self.phone, "email": self.email,
        })
    }

    /// Who they are, to be compared and kept where names must not be.
    fn digest(&self) -> Reading {
        digest(&[&self.first_name, &self.last_name, &self.email.to_lowercase(), &self.phone])
    }

    /// Columns of a contact.
    #[must_use]
    pub fn contact_columns(&self) -> Map<String, Value> {
        let values = [&self.first_name, &self.last_name, &self.email, &self.phone];
        let filled =
            CONTACT_COLUMNS.into_iter().zip(values).zip(CONTACT_UNITS_MAX).filter(|((_, value), _)| !value.is_empty());
        filled.map(|((column, value), most)| (column.to_owned(), json!(text::cut(value, most)))).collect()
    }
}

fn digest(parts: &[&str]) -> Reading {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    let hex: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Reading::is(format!("sha256:{hex}"))
}

/// The rows that are about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum People {
    /// The customer's contact.
    Contact,
    /// The owner, who joins the team.
    Team,
}

impl People {
    pub(crate) fn of(row: &Row) -> Self {
        match row.id.as_str() {
            "team" => Self::Team,
            _ => Self::Contact,
        }
    }
}

/// `$expand` of the contact and of the owner.
pub(crate) fn expand() -> String {
    format!("{CONTACT}($select={}),{OWNER}($select={})", CONTACT_COLUMNS.join(","), USER_COLUMNS.join(","))
}

/// What a referral says of a row about people: the digest of its first contact; one digest per member of its team.
pub(crate) fn of_referral(row: &Row, referral: &Value) -> Option<Reading> {
    let place = match People::of(row) {
        People::Contact => CUSTOMER_TEAM,
        People::Team => TEAM,
    };
    let team = match referral.pointer(place)? {
        Value::Array(team) => team.as_slice(),
        _ => &[],
    };
    let mut digests: Vec<String> = match People::of(row) {
        People::Contact => {
            team.iter().take(1).map(|member| Person::of_member(member).digest()).filter_map(shown).collect()
        }
        People::Team => team
            .iter()
            .filter_map(|member| Person::of_member(member).email())
            .map(|email| digest(&[&email]))
            .filter_map(shown)
            .collect(),
    };
    digests.sort();
    digests.dedup();
    Some(if digests.is_empty() { Reading::Cleared } else { Reading::is(digests.join("\n")) })
}

fn shown(reading: Reading) -> Option<String> {
    reading.value().map(|value| value.as_str().to_owned())
}

/// What a record says of a row about people. An owner who could not join a team is none.
pub(crate) fn of_record(row: &Row, record: &Value) -> Option<Reading> {
    let person = match People::of(row) {
        People::Contact => record_person(record, CONTACT, CONTACT_COLUMNS)?,
        People::Team => record_person(record, OWNER, USER_COLUMNS)?,
    };
    Some(match (People::of(row), person) {
        (_, None) => Reading::Cleared,
        (People::Contact, Some(person)) => person.digest(),
        (People::Team, Some(person)) if person.missing().is_empty() => digest(&[&person.email.to_lowercase()]),
        (People::Team, Some(_)) => Reading::Cleared,
    })
}

/// `None`: the answer does not show them. `Some(None)`: there is nobody.
fn record_person(record: &Value, navigation: &str, columns: [&str; 5]) -> Option<Option<Person>> {
    Some(match record.get(navigation)? {
        row @ Value::Object(_) => Some(Person::of_row(row, columns)),
        _ => None,
    })
}

/// The customer's contact of a record; none if it has none, or the answer does not show it.
pub(crate) fn contact(record: &Value) -> Option<Person> {
    record_person(record, CONTACT, CONTACT_COLUMNS).flatten()
}

impl Mapping {
    /// Whether a field is about somebody, so that its value is a digest.
    #[must_use]
    pub fn is_person(&self, field: &FieldId) -> bool {
        self.row(field).is_some_and(|row| row.codec == crate::Codec::Person)
    }

    /// Whether a record was read with its people, as [`Self::opportunity_expand`] asks for them.
    #[must_use]
    pub fn shows_people(&self, record: &Value) -> bool {
        record.get(CONTACT).is_some() && record.get(OWNER).is_some()
    }

    /// The customer's contact in a referral, if the row lets it in.
    #[must_use]
    pub fn customer_contact(&self, referral: &Value) -> Option<Person> {
        self.row(&FieldId::new("customer_contact")).filter(|row| row.direction != Direction::Off)?;
        let team = referral.pointer(CUSTOMER_TEAM)?.as_array()?;
        team.first().map(Person::of_member)
    }

    /// The e-mails of a referral's team, in order, each once.
    #[must_use]
    pub fn team_emails(&self, referral: &Value) -> Vec<String> {
        let team = referral.pointer(TEAM).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut emails: Vec<String> = Vec::new();
        for email in team.iter().filter_map(|member| Person::of_member(member).email()) {
            if !emails.contains(&email) {
                emails.push(email);
            }
        }
        emails
    }

    /// The owner of a record, as a member of a team; none if Partner Center would not take them.
    pub(crate) fn owner(&self, record: &Value) -> Option<Value> {
        self.row(&FieldId::new("team")).filter(|row| row.writes_referral())?;
        let owner = record_person(record, OWNER, USER_COLUMNS).flatten()?;
        owner.missing().is_empty().then(|| owner.member())
    }

    /// The contact of a record, as a member of the customer's team; none if Partner Center would not take them.
    pub(crate) fn contact_member(&self, record: &Value) -> Option<Value> {
        self.row(&FieldId::new("customer_contact")).filter(|row| row.writes_referral())?;
        contact(record).filter(|contact| contact.missing().is_empty()).map(|contact| contact.member())
    }

    /// The operations that bring `record`'s people into a referral, whose JSON was read in the same round.
    pub(crate) fn patch_people(
        &self,
        sent: &sync_core::Fields,
        referral: &Value,
        record: &Value,
    ) -> Vec<PatchOperation> {
        let rows = self.rows.iter().filter(|row| row.codec == crate::Codec::Person && sent.contains_key(&row.id));
        rows.filter_map(|row| match People::of(row) {
            People::Contact => Some(joined(CUSTOMER_TEAM, referral, self.contact_member(record)?)),
            People::Team => Some(joined(TEAM, referral, self.owner(record)?)),
        })
        .collect()
    }
}

/// Somebody joins: behind the others, or as the first of a list that is null (`/team/-` then names no place).
fn joined(place: &str, referral: &Value, member: Value) -> PatchOperation {
    let (path, value) = match referral.pointer(place) {
        Some(Value::Array(_)) => (format!("{place}/-"), member),
        _ => (place.to_owned(), json!([member])),
    };
    PatchOperation { op: PatchOp::Add, path, value }
}
