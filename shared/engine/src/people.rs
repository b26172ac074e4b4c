//! The people of a new opportunity: its contact, found by e-mail or made, and its owner, if a member of the referral's
//! team is a user of the CRM (design section 4 "Creating", section 6 rows `customer_contact` and `team`).

use dataverse::{Key, Query, quoted};
use mapping::Person;
use serde_json::{Map, Value, json};
use store::Store;
use sync_core::Intent;
use uuid::Uuid;

use crate::halves::KEYS_MAX;
use crate::leads::CONTACTS;
use crate::sides::ACCOUNTS;
use crate::trouble::Trouble;
use crate::Engine;

/// The entity set of users (dataverse-api 6.3).
const USERS: &str = "systemusers";
/// The namespace of chosen primary keys of contacts: UUID v5 of this text under the URL namespace.
const KEY_NAMESPACE: &[u8] = b"https://cosell/contact";
/// Members of a team that are looked for among the users; a deal has few, and an address has an end.
const MEMBERS_MAX: usize = 10;

/// Where the customer's contact comes from.
pub(crate) enum Contact {
    Use(Uuid),
    Make(Uuid, Map<String, Value>),
    /// The referral names nobody, or nobody with an e-mail.
    None,
}

impl<S: Store> Engine<S> {
    /// The contact of a referral's customer: the one with the same e-mail at the account, or one that is nobody's yet;
    /// else a new one under a primary key that follows from account and e-mail.
    pub(crate) async fn contact_at(&self, account: Uuid, referral: &Value) -> Result<Contact, Trouble> {
        let Some(person) = self.mapping.customer_contact(referral) else { return Ok(Contact::None) };
        let Some(email) = person.email() else { return Ok(Contact::None) };
        let query = Query {
            select: &["contactid", "_parentcustomerid_value"],
            filter: Some(format!("statecode eq 0 and emailaddress1 eq {}", quoted(&email))),
            order_by: Some("createdon asc"),
            ..Query::default()
        };
        let matches = self.dataverse.query(CONTACTS, &query).await.map_err(|error| Trouble::of_crm(&error))?;
        let of = |customer: Option<Uuid>| {
            matches.iter().find(|row| row.id_of("parentcustomerid") == customer).and_then(|row| row.id_of("contactid"))
        };
        match of(Some(account)).or_else(|| of(None)) {
            Some(contact) => Ok(Contact::Use(contact)),
            None => self.new_key(account, &email, &person).await,
        }
    }

    /// The first key that nobody has, or that leads to the contact that the one at it was merged into.
    async fn new_key(&self, account: Uuid, email: &str, person: &Person) -> Result<Contact, Trouble> {
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, KEY_NAMESPACE);
        for counter in 0..KEYS_MAX {
            let name = if counter == 0 { format!("{account}\n{email}") } else { format!("{account}\n{email}\n{counter}") };
            let key = Uuid::new_v5(&namespace, name.as_bytes());
            let select = ["contactid", "statecode", "_masterid_value"];
            match self.dataverse.get(CONTACTS, &Key::Primary(key), &select, None).await {
                Err(dataverse::Error::NotFound { .. }) => {
                    let mut columns = person.contact_columns();
                    let bind = json!(format!("/{ACCOUNTS}({account})"));
                    columns.insert("parentcustomerid_account@odata.bind".to_owned(), bind);
                    return Ok(Contact::Make(key, columns));
                }
                Ok(row) => match row.id_of("_masterid_value") {
                    Some(master) => return Ok(Contact::Use(master)),
                    // Switched off, or another e-mail by now: it is somebody else's.
                    None => continue,
                },
                Err(error) => return Err(Trouble::of_crm(&error)),
            }
        }
        // Ten people who were somebody else: the deal does without.
        Ok(Contact::None)
    }

    /// Binds the owner of a new record to the first member of the referral's team who is a user here.
    pub(crate) async fn owner_of(&self, referral: &Value) -> Result<Option<(String, Value)>, Trouble> {
        let emails = self.mapping.team_emails(referral);
        let known: Vec<String> =
            emails.iter().take(MEMBERS_MAX).map(|email| format!("internalemailaddress eq {}", quoted(email))).collect();
        if known.is_empty() || self.mapping.rule_field(&self.mapping.team_row()).is_none() {
            return Ok(None);
        }
        let query = Query {
            select: &["systemuserid", "internalemailaddress"],
            filter: Some(format!("isdisabled eq false and ({})", known.join(" or "))),
            ..Query::default()
        };
        let users = match self.dataverse.query(USERS, &query).await {
            Ok(users) => users,
            // A role that may not read users does without an owner.
            Err(dataverse::Error::Denied { .. }) => return Ok(None),
            Err(error) => return Err(Trouble::of_crm(&error)),
        };
        let user = |email: &String| {
            let has = |row: &&dataverse::Row| {
                row.text("internalemailaddress").is_some_and(|address| address.eq_ignore_ascii_case(email))
            };
            users.iter().find(has)?.id_of("systemuserid")
        };
        let owner = emails.iter().find_map(user);
        Ok(owner.map(|owner| ("ownerid@odata.bind".to_owned(), json!(format!("/{USERS}({owner})")))))
    }

    /// The intent of a contact that a new record needs first.
    pub(crate) fn new_contact(&self, key: Uuid, columns: Map<String, Value>) -> Intent {
        self.parent("contact", CONTACTS, key, columns)
    }

    /// Columns of a row that a record needs first, for `$select`.
    pub(crate) fn parent_select(&self, set: &str) -> Vec<String> {
        match set {
            CONTACTS => vec!["contactid".to_owned()],
            _ => self.mapping.account_select(),
        }
    }
}
