//! Opportunity, lead, competitor and the activity that closes an opportunity (dataverse-api 6.1, 6.2, 6.4).

use super::build::Made;
use super::column::{boolean, customer, date, date_time, integer, lookup, made, memo, money, options, regarding, text};
use super::customers::address;
use super::{Kind, Table, table};

const TRILLION: i64 = -1_000_000_000_000;
const RATING: &[(i64, &str)] = &[(1, "Hot"), (2, "Warm"), (3, "Cold")];

pub(super) fn tables() -> Vec<Table> {
    vec![opportunity(), lead(), opportunity_close(), competitor()]
}

fn opportunity() -> Table {
    table("opportunity", "opportunities", "name")
        .with_type_code(3)
        .tracked()
        .owned()
        .with_currency()
        .with_states(
            &[(0, "Open"), (1, "Won"), (2, "Lost")],
            &[(1, "In Progress", 0), (2, "On Hold", 0), (3, "Won", 1), (4, "Canceled", 2), (5, "Out-Sold", 2)],
        )
        .with([
            text("name", 300),
            memo("description", 2000),
            customer("customerid", "opportunity_customer").going_along(),
            lookup("parentaccountid", "account", "opportunity_parent_account"),
            lookup("parentcontactid", "contact", "opportunity_parent_contact"),
            boolean("isrevenuesystemcalculated"),
            date("estimatedclosedate"),
            date("actualclosedate"),
            date("finaldecisiondate"),
            options("budgetstatus", &[(0, "No Committed Budget"), (1, "May Buy"), (2, "Can Buy"), (3, "Will Buy")]),
            integer("closeprobability", 0, 100),
            options("opportunityratingcode", RATING).starting_at(2),
            options("need", &[(0, "Must have"), (1, "Should have"), (2, "Good to have"), (3, "No need")]),
            options("purchaseprocess", &[(0, "Individual"), (1, "Committee"), (2, "Unknown")]),
            options(
                "purchasetimeframe",
                &[(0, "Immediate"), (1, "This Quarter"), (2, "Next Quarter"), (3, "This Year"), (4, "Unknown")],
            ),
            options("prioritycode", &[(1, "Default Value")]).starting_at(1),
            options("salesstagecode", &[(1, "Default Value")]).starting_at(1),
            options("salesstage", &[(0, "Qualify"), (1, "Develop"), (2, "Propose"), (3, "Close")]),
            options(
                "msdyn_forecastcategory",
                &[
                    (100_000_001, "Pipeline"),
                    (100_000_002, "Best case"),
                    (100_000_003, "Committed"),
                    (100_000_004, "Omitted"),
                    (100_000_005, "Won"),
                    (100_000_006, "Lost"),
                ],
            )
            .starting_at(100_000_001),
            memo("currentsituation", 2000),
            memo("customerneed", 2000),
            memo("customerpainpoints", 2000),
            memo("proposedsolution", 2000),
            memo("qualificationcomments", 2000),
            text("emailaddress", 100),
            text("stepname", 200),
            lookup("originatingleadid", "lead", "opportunity_originating_lead"),
        ])
        .with(money("estimatedvalue", TRILLION))
        .with(money("actualvalue", TRILLION))
        .with(money("budgetamount", TRILLION))
        .with(money("totalamount", TRILLION).map(Made::read_only))
}

fn lead() -> Table {
    table("lead", "leads", "fullname")
        .with_type_code(4)
        .tracked()
        .owned()
        .with_currency()
        .with_states(
            &[(0, "Open"), (1, "Qualified"), (2, "Disqualified")],
            &[
                (1, "New", 0),
                (2, "Contacted", 0),
                (3, "Qualified", 1),
                (4, "Lost", 2),
                (5, "Cannot Contact", 2),
                (6, "No Longer Interested", 2),
                (7, "Canceled", 2),
            ],
        )
        .with([
            text("subject", 300),
            text("firstname", 50),
            text("middlename", 50),
            text("lastname", 50),
            text("fullname", 160).read_only(),
            text("companyname", 100),
            text("emailaddress1", 100),
            text("telephone1", 50),
            text("mobilephone", 20),
            text("jobtitle", 100),
            text("websiteurl", 200),
            memo("description", 2000),
            memo("qualificationcomments", 2000),
            date("estimatedclosedate"),
            integer("numberofemployees", 0, 1_000_000),
            options("leadqualitycode", RATING).starting_at(2),
            options(
                "leadsourcecode",
                &[
                    (1, "Advertisement"),
                    (2, "Employee Referral"),
                    (3, "External Referral"),
                    (4, "Partner"),
                    (5, "Public Relations"),
                    (6, "Seminar"),
                    (7, "Trade Show"),
                    (8, "Web"),
                    (9, "Word of Mouth"),
                    (10, "Other"),
                ],
            ),
            customer("customerid", "lead_customer"),
            lookup("parentaccountid", "account", "lead_parent_account"),
            lookup("parentcontactid", "contact", "lead_parent_contact"),
            lookup("qualifyingopportunityid", "opportunity", "lead_qualifying_opportunity"),
            lookup("masterid", "lead", "lead_master_lead").read_only(),
            boolean("merged").read_only(),
        ])
        .with(address())
        .with(money("estimatedamount", 0))
        .with(money("budgetamount", 0))
        .with(money("revenue", 0))
}

fn opportunity_close() -> Table {
    table("opportunityclose", "opportunitycloses", "subject")
        .with_id("activityid")
        .with_type_code(4208)
        .owned()
        .with_currency()
        .with_states(
            &[(0, "Open"), (1, "Completed"), (2, "Canceled")],
            &[(1, "Open", 0), (2, "Completed", 1), (3, "Canceled", 2)],
        )
        .with([
            text("subject", 200),
            memo("description", 2000),
            date("actualend"),
            lookup("opportunityid", "opportunity", "Opportunity_OpportunityClose").going_along(),
            lookup("competitorid", "competitor", "competitor_opportunity_activities"),
            made("opportunitystatecode", Kind::Integer { least: 0, most: 2 }),
            made("opportunitystatuscode", Kind::Integer { least: 1, most: i64::from(i32::MAX) }),
            regarding("regardingobjectid", "OpportunityCloses", &["opportunity"]).going_along(),
            date_time("actualstart"),
        ])
        .with(money("actualrevenue", 0))
}

fn competitor() -> Table {
    table("competitor", "competitors", "name").with_type_code(123).owned().with([text("name", 100)])
}
