//! Finds every row that makes no sense, alone or beside the others.

use crate::Codec;
use crate::row::{Direction, Entity, Row};
use crate::rows::{Report, RowProblem};

/// Members of a referral that its server, or a rule of ours, decides; no row writes them. A member's members are meant
/// too (partner-center-api 3.1).
#[rustfmt::skip]
const NOT_OURS: &[&str] = &[
    "/acceptedDateTime", "/closedDateTime", "/consent", "/createdDateTime", "/direction", "/eTag", "/engagementId",
    "/expirationDateTime", "/externalReferenceId", "/id", "/links", "/mpnId", "/organizationId", "/organizationName",
    "/qualification", "/status", "/statusReason", "/substatus", "/target", "/type", "/updatedDateTime",
];

/// Columns that the CRM, or a rule of ours, decides; no row writes them (dataverse-api 6.1, 6.2).
#[rustfmt::skip]
const NOT_WRITTEN: &[&str] = &[
    "createdby", "createdon", "isrevenuesystemcalculated", "modifiedby", "modifiedon", "opportunityid", "leadid",
    "accountid", "contactid", "ownerid", "originatingleadid", "parentaccountid", "parentcontactid", "customerid",
    "statecode", "statuscode", "versionnumber",
];

/// Adds what is wrong with the rows.
pub(crate) fn check(rows: &[Row], prefix: &str, problems: &mut Vec<RowProblem>) {
    for row in rows {
        let report = &mut Report { id: row.id.as_str(), problems };
        check_referral(row, report);
        check_crm(row, prefix, report);
        check_codec(row, report);
        check_choices(row, report);
        check_direction(row, report);
    }
    for (at, row) in rows.iter().enumerate() {
        let report = &mut Report { id: row.id.as_str(), problems };
        check_twins(row, &rows[..at], report);
        check_group(row, rows, report);
    }
}

fn check_referral(row: &Row, report: &mut Report<'_>) {
    let pointer = row.referral.as_str();
    if !pointer.starts_with('/') || pointer.ends_with('/') || pointer.contains("//") {
        report.add("referral", format!("`{pointer}` is no JSON pointer; one looks like /details/notes"));
        return;
    }
    let in_array = pointer.split('/').any(|part| part == "-" || part.parse::<usize>().is_ok());
    if in_array && row.writes_referral() {
        report.add("referral", "a place inside an array can only be read: set direction to to_crm or off");
    }
    if let Some(taken) = NOT_OURS.iter().find(|taken| is_within(pointer, taken))
        && row.writes_referral()
    {
        report.add("referral", format!("`{taken}` is not a row's to write: set direction to to_crm or off"));
    }
}

fn check_crm(row: &Row, prefix: &str, report: &mut Report<'_>) {
    match &row.crm {
        Some(column) if !is_logical_name(column) => {
            report.add("crm", format!("`{column}` is no logical name: lower-case letters, digits and _ only"));
        }
        Some(column) if row.writes_crm() => {
            let is_own = column.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'));
            if is_own || NOT_WRITTEN.contains(&column.as_str()) {
                report.add("crm", format!("`{column}` is not a row's to write: set direction to to_partner or off"));
            }
        }
        Some(_) => {}
        None if row.codec == Codec::Set => {}
        None => report.add("crm", "is missing"),
    }
}

fn check_codec(row: &Row, report: &mut Report<'_>) {
    for (codec, ids) in [(Codec::Set, &["solutions"][..]), (Codec::Currency, &["currency", "lead_currency"])] {
        if (row.codec == codec) != ids.contains(&row.id.as_str()) {
            let ids = ids.join("` and `");
            report.add("codec", format!("`{}` is what `{ids}` is, and nothing else", codec.word()));
        }
    }
    if row.max_length.is_some() && !matches!(row.codec, Codec::Text | Codec::HtmlText | Codec::Country) {
        report.add("max_length", format!("a {} has no length: remove it", row.codec.word()));
    }
    if row.max_length == Some(0) {
        report.add("max_length", "must be above zero");
    }
}

/// A choice is total both ways: what one side can say, the other can.
fn check_choices(row: &Row, report: &mut Report<'_>) {
    if row.codec != Codec::Choice {
        if !row.choices.is_empty() {
            report.add("choices", "only codec = \"choice\" has them");
        }
        return;
    }
    if row.choices.is_empty() {
        report.add("choices", "a choice needs them: choices = { Direct = \"727000001\" }");
    }
    if row.choices.values().any(|value| value.parse::<i32>().map_or(true, |number| number.to_string() != *value)) {
        report.add("choices", "every CRM value must be the number of an option");
    }
    let mut numbers: Vec<&String> = row.choices.values().collect();
    numbers.sort();
    if !row.lossy && numbers.windows(2).any(|two| two[0] == two[1]) {
        let reason =
            "two referral values lead to one CRM value, so the way back is not known: say lossy = true to accept it";
        report.add("choices", reason);
    }
}

fn check_direction(row: &Row, report: &mut Report<'_>) {
    match (row.entity, row.direction) {
        (_, Direction::Rise | Direction::Invite) => {
            report.add("direction", "`rise` and `invite` belong to built-in rows that this version does not carry yet");
        }
        (Entity::Contact, _) => {
            report.add("entity", "this version carries rows of opportunity, lead and account");
        }
        (Entity::Account, Direction::Both | Direction::ToCrm | Direction::ToPartner) => {
            report.add("direction", "an account belongs to many deals: its rows can be create_only or off");
        }
        _ => {}
    }
}

/// Two rows that write one place would fight for ever. Those of a lead and those of a deal never meet.
fn check_twins(row: &Row, earlier: &[Row], report: &mut Report<'_>) {
    let meets = |other: &&Row| (other.entity == Entity::Lead) == (row.entity == Entity::Lead);
    for other in earlier.iter().filter(meets) {
        let id = other.id.as_str();
        let touch = is_within(&row.referral, &other.referral) || is_within(&other.referral, &row.referral);
        if touch && row.writes_referral() && other.writes_referral() {
            report.add(
                "referral",
                format!("`{id}` writes `{}` already: set one of the two to to_crm or off", other.referral),
            );
        }
        let same = row.crm.is_some() && (row.entity, &row.crm) == (other.entity, &other.crm);
        if same && row.writes_crm() && other.writes_crm() {
            report.add("crm", format!("`{id}` writes this column already: set one of the two to to_partner or off"));
        }
    }
}

fn check_group(row: &Row, rows: &[Row], report: &mut Report<'_>) {
    let Some(group) = &row.group else { return };
    let first = rows.iter().find(|other| other.group.as_ref() == Some(group)).unwrap_or(row);
    if (first.direction, first.owner) != (row.direction, row.owner) {
        let id = first.id.as_str();
        let reason =
            format!("rows of group `{group}` merge as one value, so they share direction and owner with `{id}`");
        report.add("group", reason);
    }
    if rows.iter().any(|other| other.id.as_str() == group && other.group.as_ref() != Some(group)) {
        report.add("group", format!("`{group}` is the id of a row outside the group: choose another name"));
    }
}

/// Whether a pointer is `place`, or leads into it.
fn is_within(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_logical_name(column: &str) -> bool {
    !column.is_empty() && column.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
