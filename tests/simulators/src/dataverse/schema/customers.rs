//! Account, contact and note (dataverse-api 6.3).

use super::build::Made;
use super::column::{boolean, customer, integer, lookup, memo, money, regarding, text};
use super::{Column, Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![account(), contact(), annotation()]
}

/// The first address of an account, a contact or a lead.
pub(super) fn address() -> Vec<Column> {
    let lengths = [
        ("line1", 250),
        ("line2", 250),
        ("line3", 250),
        ("city", 80),
        ("county", 50),
        ("stateorprovince", 50),
        ("postalcode", 20),
        ("country", 80),
    ];
    let mut columns: Vec<Column> =
        lengths.iter().map(|(part, most)| text(&format!("address1_{part}"), *most)).collect();
    columns.push(memo("address1_composite", 1000).read_only());
    columns
}

fn account() -> Table {
    table("account", "accounts", "name")
        .with_type_code(1)
        .tracked()
        .owned()
        .with_currency()
        .with_activity()
        .with([
            text("name", 160),
            text("accountnumber", 20),
            text("emailaddress1", 100),
            text("telephone1", 50),
            text("telephone2", 50),
            text("websiteurl", 200),
            text("sic", 20),
            memo("description", 2000),
            integer("numberofemployees", 0, 1_000_000_000),
            lookup("primarycontactid", "contact", "account_primary_contact"),
            lookup("parentaccountid", "account", "account_parent_account"),
            lookup("originatingleadid", "lead", "account_originating_lead"),
            lookup("masterid", "account", "account_master_account").read_only(),
            boolean("merged").read_only(),
        ])
        .with(address())
        .with(money("revenue", 0))
}

fn contact() -> Table {
    table("contact", "contacts", "fullname")
        .with_type_code(2)
        .tracked()
        .owned()
        .with_currency()
        .with_activity()
        .with([
            text("firstname", 50),
            text("middlename", 50),
            text("lastname", 50),
            text("fullname", 160).read_only(),
            text("emailaddress1", 100),
            text("telephone1", 50),
            text("mobilephone", 50),
            text("jobtitle", 100),
            text("websiteurl", 200),
            memo("description", 2000),
            customer("parentcustomerid", "contact_customer"),
            lookup("originatingleadid", "lead", "contact_originating_lead"),
            lookup("masterid", "contact", "contact_master_contact").read_only(),
            boolean("merged").read_only(),
        ])
        .with(address())
}

fn annotation() -> Table {
    table("annotation", "annotations", "subject").with_type_code(5).owned().with([
        text("subject", 500),
        memo("notetext", 100_000),
        boolean("isdocument"),
        text("filename", 255),
        text("mimetype", 256),
        memo("documentbody", 1_073_741_823),
        regarding("objectid", "Annotation", &["opportunity", "lead", "account", "contact"]).going_along(),
    ])
}
