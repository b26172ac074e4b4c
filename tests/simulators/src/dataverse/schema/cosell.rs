//! What `cosell install` makes: columns on opportunity and lead, two tables, keys and relationships (design 5).

use super::build::Made;
use super::column::{boolean, lookup, memo, options, text};
use super::{Column, Schema, Table, table};

const CHOICES: i64 = 727_000_000;

pub(super) fn install(schema: &mut Schema) {
    for name in ["opportunity", "lead"] {
        if let Some(table) = schema.table_mut(name) {
            *table = with_columns(table.clone());
        }
    }
    for mut table in [solution_detail(), solution()] {
        table.custom = true;
        table
            .columns
            .iter_mut()
            .filter(|column| column.name.starts_with("cosell_"))
            .for_each(|column| column.custom = true);
        schema.add(table);
    }
}

fn with_columns(table: Table) -> Table {
    let own: [Column; 15] = [
        boolean("cosell_Sync"),
        text("cosell_ReferralId", 100),
        text("cosell_EngagementId", 100),
        text("cosell_ReferralLink", 500),
        choice("cosell_Help", &HELP),
        boolean("cosell_Visible"),
        memo("cosell_NotesToMicrosoft", 2000),
        choice("cosell_Response", &["Accept", "Decline"]),
        text("cosell_Reason", 500),
        choice("cosell_MarketplaceIntent", &["Yes", "No", "Have not decided"]),
        text("cosell_MicrosoftCrmId", 100),
        text("cosell_MicrosoftStatus", 100),
        choice("cosell_SyncState", &["Pending", "Synced", "Failed", "Conflict", "Waiting"]),
        memo("cosell_Audit", 100_000),
        text("cosell_Stamp", 64),
    ];
    let custom = own.map(|mut column| {
        column.custom = true;
        column
    });
    table.with(custom).with_key("cosell_ReferralId_Key", &["cosell_referralid"])
}

/// The ways in which Microsoft can help (partner-center-api 4.3).
const HELP: [&str; 6] = [
    "Workload-specific value proposition",
    "Customer technical architecture",
    "Proof of concept or demo",
    "Quotes or licensing",
    "Post-sales customer success",
    "General or other",
];

fn choice(name: &str, labels: &[&str]) -> Column {
    let numbered: Vec<(i64, &str)> = (1..).map(|number| CHOICES + number).zip(labels.iter().copied()).collect();
    options(name, &numbered)
}

fn solution_detail() -> Table {
    let mut table = table("cosell_solutiondetail", "cosell_solutiondetails", "cosell_name");
    "cosell_SolutionDetail".clone_into(&mut table.schema_name);
    table
        .with_type_code(10_501)
        .labelled("Solution detail")
        .owned()
        .with_activity()
        .with([text("cosell_Name", 200), text("cosell_Code", 100), text("cosell_Publisher", 200)])
        .with_key("cosell_Code_Key", &["cosell_code"])
}

fn solution() -> Table {
    let mut table = table("cosell_solution", "cosell_solutions", "cosell_name");
    "cosell_Solution".clone_into(&mut table.schema_name);
    let navigated = |column: &str, table: &str, relationship: &str| {
        lookup(column, table, relationship).navigated(column, relationship)
    };
    table.with_type_code(10_500).labelled("Solution").tracked().owned().with_activity().with([
        text("cosell_Name", 200),
        text("cosell_Code", 100),
        navigated("cosell_OpportunityId", "opportunity", "cosell_opportunity_cosell_solution"),
        navigated("cosell_DetailId", "cosell_solutiondetail", "cosell_solutiondetail_cosell_solution"),
    ])
}
