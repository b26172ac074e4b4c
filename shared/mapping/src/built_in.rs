//! The rows that come with the product (design section 6). Lengths are those of Dataverse's columns, in UTF-16 units
//! (dataverse-api 6.1 to 6.3).

use std::collections::BTreeMap;

use sync_core::FieldId;

use crate::codec::Codec::{self, Country, Currency, Date, HtmlText, Money, Set, Text};
use crate::row::Direction::{self, Both, CreateOnly};
use crate::row::Entity::{self, Account, Lead, Opportunity};
use crate::row::{Owner, Row};

/// A row that comes with the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its id.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// JSON pointer into the referral.
    pub referral: &'static str,
    /// Whose column, which column.
    pub crm: (Entity, Option<&'static str>),
    /// How its values are spelled.
    pub codec: Codec,
    /// Which way it travels.
    pub direction: Direction,
    /// Rows of one group merge as one value.
    pub group: Option<&'static str>,
    /// The most UTF-16 units that the CRM column takes.
    pub max_length: Option<u32>,
    /// Whether Partner Center takes it empty (partner-center-api 5.2 refuses an empty name, value or date).
    pub clearable: bool,
}

#[rustfmt::skip]
/// Every row that comes with the product. The CRM owns them all.
pub const BUILT_IN: &[BuiltIn] = &[
    row("name", "Name", "/name", (Opportunity, Some("name")), HtmlText, Both).most(300),
    row("deal_value", "Deal value", "/details/dealValue", (Opportunity, Some("estimatedvalue")), Money, Both).in_group("money"),
    row("currency", "Currency", "/details/currency", (Opportunity, Some("transactioncurrencyid")), Currency, Both).in_group("money"),
    row("close_date", "Close date", "/details/closingDateTime", (Opportunity, Some("estimatedclosedate")), Date, Both),
    row("notes", "Notes", "/details/notes", (Opportunity, Some("description")), HtmlText, Both).most(2000).may_be_empty(),
    row("solutions", "Solutions", "/details/requirements/solutions", (Opportunity, None), Set, CreateOnly),
    row("customer_name", "Account name", "/customerProfile/name", (Account, Some("name")), HtmlText, CreateOnly).most(160),
    row("customer_street", "Street", "/customerProfile/address/addressLine1", (Account, Some("address1_line1")), HtmlText, CreateOnly).most(250),
    row("customer_city", "City", "/customerProfile/address/city", (Account, Some("address1_city")), HtmlText, CreateOnly).most(80),
    row("customer_state", "State or province", "/customerProfile/address/state", (Account, Some("address1_stateorprovince")), HtmlText, CreateOnly).most(50),
    row("customer_postal_code", "Postal code", "/customerProfile/address/postalCode", (Account, Some("address1_postalcode")), Text, CreateOnly).most(20),
    row("customer_country", "Country", "/customerProfile/address/country", (Account, Some("address1_country")), Country, CreateOnly).most(80),
    // A lead's twins. Company, person and address are the customer's own: they are taken over once.
    row("lead_name", "Topic", "/name", (Lead, Some("subject")), HtmlText, Both).most(300),
    row("lead_deal_value", "Deal value", "/details/dealValue", (Lead, Some("estimatedamount")), Money, Both).in_group("lead_money"),
    row("lead_currency", "Currency", "/details/currency", (Lead, Some("transactioncurrencyid")), Currency, Both).in_group("lead_money"),
    row("lead_close_date", "Close date", "/details/closingDateTime", (Lead, Some("estimatedclosedate")), Date, Both),
    row("lead_notes", "Notes", "/details/notes", (Lead, Some("description")), HtmlText, Both).most(2000).may_be_empty(),
    row("lead_company", "Company", "/customerProfile/name", (Lead, Some("companyname")), HtmlText, CreateOnly).most(100),
    row("lead_first_name", "First name", "/customerProfile/team/0/firstName", (Lead, Some("firstname")), HtmlText, CreateOnly).most(50),
    row("lead_last_name", "Last name", "/customerProfile/team/0/lastName", (Lead, Some("lastname")), HtmlText, CreateOnly).most(50),
    row("lead_email", "E-mail", "/customerProfile/team/0/email", (Lead, Some("emailaddress1")), Text, CreateOnly).most(100),
    row("lead_phone", "Phone", "/customerProfile/team/0/phoneNumber", (Lead, Some("telephone1")), Text, CreateOnly).most(50),
    row("lead_street", "Street", "/customerProfile/address/addressLine1", (Lead, Some("address1_line1")), HtmlText, CreateOnly).most(250),
    row("lead_city", "City", "/customerProfile/address/city", (Lead, Some("address1_city")), HtmlText, CreateOnly).most(80),
    row("lead_state", "State or province", "/customerProfile/address/state", (Lead, Some("address1_stateorprovince")), HtmlText, CreateOnly).most(50),
    row("lead_postal_code", "Postal code", "/customerProfile/address/postalCode", (Lead, Some("address1_postalcode")), Text, CreateOnly).most(20),
    row("lead_country", "Country", "/customerProfile/address/country", (Lead, Some("address1_country")), Country, CreateOnly).most(80),
];

/// Built-in rows of the design that this version does not carry yet. Overriding one is refused, not ignored.
pub(crate) const NOT_YET: &[&str] = &[
    "status",
    "response",
    "campaign",
    "customer_contact",
    "team",
    "visible",
    "help",
    "notes_to_microsoft",
    "marketplace_intent",
];

const fn row(
    id: &'static str,
    label: &'static str,
    referral: &'static str,
    crm: (Entity, Option<&'static str>),
    codec: Codec,
    direction: Direction,
) -> BuiltIn {
    BuiltIn { id, label, referral, crm, codec, direction, group: None, max_length: None, clearable: false }
}

impl BuiltIn {
    const fn most(self, utf16_units: u32) -> Self {
        Self { max_length: Some(utf16_units), ..self }
    }

    const fn in_group(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    const fn may_be_empty(self) -> Self {
        Self { clearable: true, ..self }
    }

    pub(crate) fn row(self) -> Row {
        Row {
            id: FieldId::new(self.id),
            label: self.label.to_owned(),
            referral: self.referral.to_owned(),
            crm: self.crm.1.map(str::to_owned),
            entity: self.crm.0,
            codec: self.codec,
            direction: self.direction,
            owner: Owner::Crm,
            group: self.group.map(str::to_owned),
            choices: BTreeMap::new(),
            max_length: self.max_length,
            lossy: false,
            clearable: self.clearable,
        }
    }
}

/// The table as Markdown, for the README.
#[must_use]
pub fn table() -> String {
    let mut lines = vec![
        "| id | in the referral | in Dynamics 365 | codec | direction | group |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for row in BUILT_IN {
        let (entity, column) = row.crm;
        let place = match column {
            Some(column) => format!("{} `{column}`", entity.word()),
            None => format!("rows of the {}", entity.word()),
        };
        let group = row.group.unwrap_or_default();
        let (codec, direction) = (row.codec.word(), row.direction.word());
        lines.push(format!("| `{}` | `{}` | {place} | {codec} | {direction} | {group} |", row.id, row.referral));
    }
    lines.join("\n")
}
