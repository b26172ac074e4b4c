//! What a partner finds out about rows of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Mapping, RowSettings};
use mapping_kit::{Finding, Trial, examples, judge, laws};

fn mapping(fields: &str) -> Mapping {
    let fields: BTreeMap<String, RowSettings> = toml::from_str(fields).unwrap();
    Mapping::new("cosell", &fields).unwrap()
}

fn judged(mapping: &Mapping, text: &str) -> Vec<Finding> {
    examples(text).unwrap().iter().flat_map(|example| judge(mapping, example)).collect()
}

/// Field and problem of every finding that does not hold.
fn problems(mapping: &Mapping, text: &str) -> Vec<(String, String)> {
    let wrong = judged(mapping, text).into_iter().filter_map(|finding| Some((finding.field, finding.problem?)));
    wrong.collect()
}

const CHANNEL: &str = r#"
[channel]
referral = "/details/channel"
crm = "new_channel"
codec = "choice"
choices = { Direct = "727000001", Indirect = "727000002" }
"#;

const LAW: &str = "a value of Partner Center is the same after it went to the CRM, or the seller is told";
const TRIAL: Trial = Trial { cases: 200, seed: 7 };

#[test]
fn the_example_in_the_documentation_holds() {
    let documentation = include_str!("../src/lib.rs");
    let text: Vec<&str> = documentation
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .skip_while(|line| !line.contains("```toml"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .collect();
    let findings = judged(&mapping(CHANNEL), &text.join("\n"));
    assert_eq!(findings.len(), 6);
    assert!(findings.iter().all(|finding| finding.problem.is_none()), "{findings:#?}");
}

#[test]
fn sides_that_do_not_agree_say_what_would_arrive() {
    let mapping = mapping(CHANNEL);
    for (example, field, problem) in [
        (
            "referral.\"/details/channel\" = \"Direct\"\ncrm.new_channel = 727000002",
            "channel",
            "Partner Center's value arrives in the CRM as `Direct`",
        ),
        (
            "referral.\"/details/dealValue\" = 100\ncrm.estimatedvalue = 100.5",
            "deal_value",
            "Partner Center's value arrives in the CRM as `100`",
        ),
        (
            "referral.\"/details/closingDateTime\" = \"2027-03-31T23:30:00-02:00\"\ncrm.estimatedclosedate = 2027-03-31",
            "close_date",
            "Partner Center's value arrives in the CRM as `2027-04-01`",
        ),
        (
            "referral.\"/details/requirements/solutions\" = [{ id = \"SOL-1\" }]\ncrm.solutions = [\"SOL-2\"]",
            "solutions",
            "the CRM's value arrives in Partner Center as `SOL-2`",
        ),
    ] {
        let found = problems(&mapping, &format!("[[example]]\n{example}"));
        assert_eq!(found, [(field.to_owned(), problem.to_owned())], "{example}");
    }
}

#[test]
fn a_problem_is_a_failure_unless_the_example_expects_it() {
    let mapping = mapping(CHANNEL);
    let fancy = "[[example]]\nreferral.\"/details/channel\" = \"Fancy\"\n";
    let found = problems(&mapping, fancy);
    assert!(found[0].1.starts_with("unknown-value: "), "{found:?}");
    assert_eq!(problems(&mapping, &format!("{fancy}problems.channel = \"unknown-value\"")), []);
    let found = problems(&mapping, &format!("{fancy}problems.channel = \"too-long\""));
    assert_eq!(found[0].1, "too-long was expected, and did not come");
    let long = format!("[[example]]\nreferral.\"/details/notes\" = \"{}\"\n", "x".repeat(2001));
    assert!(problems(&mapping, &long)[0].1.starts_with("too-long: "));
    assert_eq!(problems(&mapping, &format!("{long}problems.notes = \"too-long\"")), []);
}

#[test]
fn one_side_alone_shows_what_would_be_written_to_the_other() {
    let text = "[[example]]\nreferral.\"/details/channel\" = \"Indirect\"\n[[example]]\ncrm.new_channel = 727000001";
    let findings = judged(&mapping(CHANNEL), text);
    assert_eq!(findings[0].crm, Some(727_000_002.into()));
    assert_eq!(findings[1].referral, Some("Direct".into()));
    assert!(findings.iter().all(|finding| finding.problem.is_none()));
}

#[test]
fn a_lead_is_judged_by_its_own_rows() {
    let text = r#"
        [[example]]
        referral = { "/name" = "A &amp; B", "/details/dealValue" = 5, "/customerProfile/team/0/email" = "ana@northwind.example" }
        lead = { subject = "A & B", estimatedamount = 6, emailaddress1 = "ana@northwind.example" }
    "#;
    let findings = judged(&mapping(""), text);
    let fields: Vec<&str> = findings.iter().map(|finding| finding.field.as_str()).collect();
    assert_eq!(fields, ["lead_name", "lead_deal_value", "lead_email"]);
    let wrong: Vec<&str> =
        findings.iter().filter(|finding| finding.problem.is_some()).map(|finding| finding.field.as_str()).collect();
    assert_eq!(wrong, ["lead_deal_value"]);
    let stranger = "[[example]]\nlead.estimatedvalue = 5";
    assert_eq!(
        problems(&mapping(""), stranger)[0].0,
        "estimatedvalue",
        "a column of the opportunity is none of the lead"
    );
}

#[test]
fn what_no_row_carries_is_a_mistake_and_not_a_pass() {
    let text = "[[example]]\nreferral.\"/details/chanel\" = 1\ncrm.new_chanel = 1\nproblems.chanel = \"unknown-value\"";
    let found = problems(&mapping(CHANNEL), text);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["/details/chanel", "new_chanel", "chanel"]);
}

#[test]
fn a_one_way_row_is_held_to_its_one_way() {
    let to_crm = mapping(&format!("{CHANNEL}direction = \"to_crm\"\n"));
    let text = "[[example]]\ncrm.new_channel = 727000001";
    assert_eq!(judged(&to_crm, text)[0].referral, None, "nothing is written there");
    let lossy = CHANNEL.replace("727000002", "727000001") + "lossy = true\n";
    let text = "[[example]]\nreferral.\"/details/channel\" = \"Indirect\"\ncrm.new_channel = 727000001";
    assert_eq!(problems(&mapping(&lossy), text), []);
}

#[test]
fn the_built_in_rows_and_a_row_of_each_codec_keep_every_law() {
    let rows: String = ["text", "html_text", "money", "date", "datetime", "country", "boolean"]
        .iter()
        .map(|codec| {
            format!("[own_{codec}]\nreferral = \"/own/{codec}\"\ncrm = \"new_{codec}\"\ncodec = \"{codec}\"\n")
        })
        .collect();
    let mapping = mapping(&(rows + CHANNEL));
    let (tried, broken) = laws(&mapping, TRIAL);
    assert_eq!(broken, []);
    assert!(tried >= 2 * (8 + 11), "{tried}");
}

#[test]
fn a_row_that_cannot_carry_its_values_is_named_with_one_of_them() {
    let (_, broken) = laws(&mapping("[customer_country]\nmax_length = 1\n"), TRIAL);
    let [broken] = broken.as_slice() else { panic!("{broken:?}") };
    assert_eq!((broken.field.as_str(), broken.law), ("customer_country", LAW));
    assert!(broken.value.is_string() && broken.reason.ends_with("which is too long"), "{broken:?}");
}

#[test]
fn the_same_seed_tries_the_same_values() {
    let trial = |seed| Trial { cases: 20, seed };
    assert_eq!(laws(&mapping(CHANNEL), trial(1)), laws(&mapping(CHANNEL), trial(1)));
}
