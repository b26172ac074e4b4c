//! The rows that an organisation starts with: itself, a business unit, two users, four currencies, the messages that
//! steps can be registered for, a form.

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::data::{Datum, Row};
use super::handle::Dataverse;
use super::world::{ORGANIZATION_NAME, World};

/// The messages that steps and endpoints know.
const MESSAGES: [&str; 12] = [
    "Create",
    "Update",
    "Delete",
    "Retrieve",
    "RetrieveMultiple",
    "Assign",
    "SetState",
    "Win",
    "Lose",
    "QualifyLead",
    "CreateMultiple",
    "UpdateMultiple",
];
/// Those of them that only some tables have.
const NARROW: [(&str, &str); 3] = [("Win", "opportunity"), ("Lose", "opportunity"), ("QualifyLead", "lead")];
/// ISO code, name, symbol, decimals, rate to the euro.
const CURRENCIES: [(&str, &str, &str, i64, &str); 4] = [
    ("EUR", "Euro", "€", 2, "1"),
    ("USD", "US Dollar", "$", 2, "1.25"),
    ("GBP", "Pound Sterling", "£", 2, "0.8"),
    ("JPY", "Yen", "¥", 0, "160"),
];

pub(super) fn fill(world: &mut World) {
    let ids = world.ids;
    let reference = Datum::reference;
    insert(
        world,
        "organization",
        ids.organization,
        [
            ("name", Datum::text(ORGANIZATION_NAME)),
            ("expirechangetrackingindays", Datum::Integer(7)),
            ("languagecode", Datum::Integer(1033)),
            ("basecurrencyid", reference("transactioncurrency", ids.base_currency)),
        ],
    );
    insert(world, "businessunit", ids.business_unit, [("name", Datum::text(ORGANIZATION_NAME))]);
    let application = Uuid::try_parse(Dataverse::CLIENT_ID).unwrap_or_default();
    let users = [
        (ids.application_user, "Cosell", "#", "cosell@contoso.example", application),
        (ids.seller, "Alex", "Seller", "alex@contoso.example", Uuid::nil()),
    ];
    for (id, first_name, last_name, email, application) in users {
        let object = world.stamps.id_of(&format!("object {id}"));
        insert(
            world,
            "systemuser",
            id,
            [
                ("fullname", Datum::text(format!("{first_name} {last_name}"))),
                ("firstname", Datum::text(first_name)),
                ("lastname", Datum::text(last_name)),
                ("internalemailaddress", Datum::text(email)),
                ("domainname", Datum::text(email)),
                ("azureactivedirectoryobjectid", Datum::Id(object)),
                ("isdisabled", Datum::Boolean(false)),
                ("businessunitid", reference("businessunit", ids.business_unit)),
            ],
        );
        if !application.is_nil() {
            let application = [("applicationid", Datum::Id(application))];
            amend(world, "systemuser", id, application);
        }
    }
    for (code, name, symbol, precision, rate) in CURRENCIES {
        let id = world.stamps.id_of(&format!("currency {code}"));
        insert(
            world,
            "transactioncurrency",
            id,
            [
                ("isocurrencycode", Datum::text(code)),
                ("currencyname", Datum::text(name)),
                ("currencysymbol", Datum::text(symbol)),
                ("currencyprecision", Datum::Integer(precision)),
                ("currencytype", Datum::Integer(0)),
                ("exchangerate", Datum::Decimal(rate.parse::<Decimal>().unwrap_or_default())),
                ("statecode", Datum::Integer(0)),
                ("statuscode", Datum::Integer(1)),
            ],
        );
    }
    messages(world);
    for table in ["opportunity", "lead"] {
        let id = world.stamps.id_of(&format!("form {table}"));
        insert(
            world,
            "systemform",
            id,
            [
                ("name", Datum::text("Information")),
                ("objecttypecode", Datum::text(table)),
                ("type", Datum::Integer(2)),
                ("isdefault", Datum::Boolean(true)),
                ("formxml", Datum::text(form(table))),
            ],
        );
    }
}

fn messages(world: &mut World) {
    for message in MESSAGES {
        let id = world.stamps.id_of(&format!("message {message}"));
        insert(world, "sdkmessage", id, [("name", Datum::text(message))]);
    }
    let tables: Vec<String> = world.schema.tables().map(|table| table.name.to_string()).collect();
    for table in tables {
        filters(world, &table);
    }
}

/// The message filters of a table: what its steps are bound to (5.2).
pub(super) fn filters(world: &mut World, table: &str) {
    for message in MESSAGES {
        if NARROW.iter().any(|(narrow, only)| *narrow == message && *only != table) {
            continue;
        }
        let id = world.stamps.id_of(&format!("filter {message} {table}"));
        let message = world.stamps.id_of(&format!("message {message}"));
        insert(
            world,
            "sdkmessagefilter",
            id,
            [
                ("primaryobjecttypecode", Datum::text(table)),
                ("secondaryobjecttypecode", Datum::text("none")),
                ("iscustomprocessingstepallowed", Datum::Boolean(true)),
                ("sdkmessageid", Datum::reference("sdkmessage", message)),
            ],
        );
    }
}

fn insert<const N: usize>(world: &mut World, table: &str, id: Uuid, cells: [(&str, Datum); N]) {
    let mut row = Row::new(id);
    if let Some(table) = world.table(table) {
        row.set(&table.id, Some(Datum::Id(id)));
    }
    let now = world.stamps.now();
    let system = |world: &World| Datum::reference("systemuser", world.ids.seller);
    for column in ["createdon", "modifiedon"] {
        row.put(column, Some(Datum::Moment(Timestamp::from_second(now.as_second()).unwrap_or_default())));
    }
    for column in ["createdby", "modifiedby"] {
        row.put(column, Some(system(world)));
    }
    for (column, value) in cells {
        row.put(column, Some(value));
    }
    world.store.put(&table.into(), row);
}

fn amend<const N: usize>(world: &mut World, table: &str, id: Uuid, cells: [(&str, Datum); N]) {
    let Some(mut row) = world.store.get(table, id).cloned() else { return };
    for (column, value) in cells {
        row.put(column, Some(value));
    }
    world.store.put(&table.into(), row);
}

/// A main form with one section, as little as a form can have (7.9).
fn form(table: &str) -> String {
    let name = if table == "lead" { "subject" } else { "name" };
    format!(
        "<form><tabs><tab name=\"general\" id=\"{{11111111-1111-4111-8111-111111111111}}\" IsUserDefined=\"0\">\
         <labels><label description=\"General\" languagecode=\"1033\" /></labels><columns><column width=\"100%\">\
         <sections><section name=\"information\" id=\"{{22222222-2222-4222-8222-222222222222}}\" columns=\"1\">\
         <labels><label description=\"Information\" languagecode=\"1033\" /></labels><rows><row>\
         <cell id=\"{{33333333-3333-4333-8333-333333333333}}\"><labels><label description=\"Name\" \
         languagecode=\"1033\" /></labels><control id=\"{name}\" \
         classid=\"{{4273EDBD-AC1D-40d3-9FB2-095C621B552D}}\" datafieldname=\"{name}\" /></cell></row></rows>\
         </section></sections></column></columns></tab></tabs></form>"
    )
}
