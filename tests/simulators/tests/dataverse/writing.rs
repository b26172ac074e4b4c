//! Creating and changing rows (dataverse-api 2.4, 2.6).

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{deal, send, started, text};

#[tokio::test]
async fn a_create_answers_204_and_the_address_of_the_row() {
    let caller = started().await;
    let answer = caller.post("opportunities", &deal("Deal")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let address = format!("{}opportunities({})", caller.root(), answer.entity_id());
    assert_eq!(answer.header("odata-entityid"), Some(address.as_str()));
}

#[tokio::test]
async fn a_representation_answers_201_and_200_with_what_is_selected() {
    let caller = started().await;
    let path = "opportunities?$select=name&$expand=parentaccountid($select=name)";
    let prefer = |method, path: &str| caller.api(method, path).header("Prefer", "return=representation");
    let made = send(prefer(Method::POST, path).json(&deal("Deal"))).await;
    assert_eq!((made.status, made.header("preference-applied")), (201, Some("return=representation")));
    assert_eq!(made.header("odata-entityid"), None);
    let mut members: Vec<&String> = made.body.as_object().unwrap().keys().collect();
    members.sort();
    // `$expand` is ignored; the primary key always comes.
    assert_eq!(members, ["@odata.context", "@odata.etag", "name", "opportunityid"]);
    let path = format!("opportunities({})?$select=name", text(&made.body, "/opportunityid"));
    let changed = send(prefer(Method::PATCH, &path).json(&json!({ "name": "Renamed" }))).await;
    assert_eq!((changed.status, text(&changed.body, "/name")), (200, "Renamed"));
    assert_ne!(changed.etag(), made.etag());
}

#[tokio::test]
async fn names_and_their_case_are_strict() {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let address = json!(format!("/accounts({account})"));
    let cases = [
        ("nothere", json!("x"), "The property 'nothere' does not exist on type 'Microsoft.Dynamics.CRM.opportunity'."),
        ("Name", json!("x"), "The property 'Name' does not exist"),
        ("customerid@odata.bind", address.clone(), "An undeclared property 'customerid' which only has property"),
        ("ParentAccountId@odata.bind", address.clone(), "An undeclared property 'ParentAccountId'"),
        ("cosell_opportunityid@odata.bind", address.clone(), "An undeclared property 'cosell_opportunityid'"),
        ("parentaccountid", json!(account), "A 'PrimitiveValue' node with non-null value was found"),
        ("_parentaccountid_value", json!(account), "CRM do not support direct update of Entity Reference properties"),
        ("customerid_contact@odata.bind", address.clone(), "does not fit the navigation property"),
    ];
    for (property, value, expected) in cases {
        let answer = caller.post("opportunities", &json!({ "name": "Deal", property: value })).await;
        assert_eq!(answer.refusal(), (400, "0x80048d19"), "{property}");
        assert!(answer.message().contains(expected), "{property}: {}", answer.message());
    }
    assert!(caller.dv.rows("opportunity").is_empty(), "a refused create leaves nothing");
    // A custom lookup binds by its schema name's casing.
    let opportunity = caller.created("opportunities", &deal("Deal")).await;
    let solution =
        json!({ "cosell_name": "S", "cosell_OpportunityId@odata.bind": format!("/opportunities({opportunity})") });
    let id = caller.created("cosell_solutions", &solution).await;
    assert_eq!(caller.dv.row("cosell_solution", id).unwrap()["_cosell_opportunityid_value"], json!(opportunity));
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_refused() {
    let caller = started().await;
    let answer = send(caller.api(Method::POST, "accounts").body("{\"name\":\"x\"}")).await;
    assert_eq!(answer.status, 415);
    let answer = send(caller.api(Method::POST, "accounts").header("Content-Type", "application/json").body("{")).await;
    assert_eq!(answer.refusal(), (400, "0x80048d19"));
}

#[tokio::test]
async fn bindings_take_ids_addresses_and_alternate_keys() {
    let caller = started().await;
    let detail = json!({ "cosell_name": "ERP Move", "cosell_code": "SOL-1" });
    let detail = caller.created("cosell_solutiondetails", &detail).await;
    let addresses = [
        format!("/cosell_solutiondetails({detail})"),
        format!("cosell_solutiondetails({detail})"),
        format!("{}cosell_solutiondetails({detail})", caller.root()),
        "/cosell_solutiondetails(cosell_code='SOL-1')".to_owned(),
    ];
    for address in addresses {
        let id = caller.created("cosell_solutions", &json!({ "cosell_DetailId@odata.bind": address })).await;
        let row = caller.dv.row("cosell_solution", id).unwrap();
        assert_eq!(row["_cosell_detailid_value"], json!(detail), "{address}");
    }
    let gone = "/cosell_solutiondetails(00000000-0000-4000-8000-000000000000)";
    let answer = caller.post("cosell_solutions", &json!({ "cosell_DetailId@odata.bind": gone })).await;
    assert_eq!(answer.refusal(), (404, "0x80040217"));
    let none = "/cosell_solutiondetails(cosell_code='SOL-2')";
    let answer = caller.post("cosell_solutions", &json!({ "cosell_DetailId@odata.bind": none })).await;
    assert_eq!(answer.refusal(), (404, "0x80060891"));
}

#[tokio::test]
async fn null_clears_a_column_and_a_lookup() {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let mut body = deal("Deal");
    body["description"] = json!("text");
    body["parentaccountid@odata.bind"] = json!(format!("/accounts({account})"));
    let id = caller.created("opportunities", &body).await;
    let path = format!("opportunities({id})");
    let cleared = json!({ "description": null, "estimatedvalue": null, "parentaccountid@odata.bind": null });
    caller.changed(&path, &cleared).await;
    let row = caller.got(&path).await;
    for member in ["description", "estimatedvalue", "_parentaccountid_value", "_customerid_value"] {
        assert_eq!(row[member], Value::Null, "{member}");
    }
    // Empty text is null too.
    caller.changed(&path, &json!({ "description": "" })).await;
    assert_eq!(caller.got(&path).await["description"], Value::Null);
}

#[tokio::test]
async fn text_too_long_is_refused_with_its_limit_counted_in_utf16() {
    let caller = started().await;
    caller.created("opportunities", &json!({ "name": "🦀".repeat(150) })).await;
    let answer = caller.post("opportunities", &json!({ "name": format!("{}x", "🦀".repeat(150)) })).await;
    assert_eq!(answer.refusal(), (400, "0x80044331"));
    assert_eq!(
        answer.message(),
        "A validation error occurred.  The length of the 'name' attribute of the 'opportunity' entity exceeded the \
         maximum allowed length of '300'."
    );
}

#[tokio::test]
async fn values_of_the_wrong_kind_or_range_are_refused() {
    let caller = started().await;
    let cases = [
        ("estimatedvalue", json!("25000"), "0x80048d19"),
        ("estimatedvalue", json!(2_000_000_000_000_i64), "0x80040203"),
        ("estimatedclosedate", json!("2027-03-31T00:00:00Z"), "0x80048d19"),
        ("estimatedclosedate", json!("31.03.2027"), "0x80048d19"),
        ("opportunityratingcode", json!(9), "0x8004431A"),
        ("opportunityratingcode", json!("Hot"), "0x80048d19"),
        ("closeprobability", json!(101), "0x80040203"),
        ("cosell_sync", json!("true"), "0x80048d19"),
        ("name", json!(7), "0x80048d19"),
        ("statuscode", json!(3), "0x80048408"),
    ];
    for (column, value, code) in cases {
        let answer = caller.post("opportunities", &json!({ "name": "Deal", column: value })).await;
        assert_eq!(answer.refusal(), (400, code), "{column} = {value}");
    }
}

#[tokio::test]
async fn dates_come_back_as_dates_and_moments_to_the_second() {
    let caller = started().await;
    let id = caller.created("opportunities", &json!({ "estimatedclosedate": "2027-03-31" })).await;
    let row = caller.got(&format!("opportunities({id})")).await;
    assert_eq!(row["estimatedclosedate"], "2027-03-31");
    let created = text(&row, "/createdon");
    assert!(created.ends_with('Z') && created.len() == "2027-03-31T00:00:00Z".len(), "{created}");
}

#[tokio::test]
async fn spaces_at_the_end_are_dropped_unless_switched_off() {
    let caller = started().await;
    let stored = async |name: &str| {
        let id = caller.created("accounts", &json!({ "name": name })).await;
        caller.dv.row("account", id).unwrap()["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(stored(" Fabrikam  ").await, " Fabrikam");
    caller.dv.switches(|switches| switches.trim_trailing_spaces = false);
    assert_eq!(stored(" Fabrikam  ").await, " Fabrikam  ");
}

#[tokio::test]
async fn what_the_platform_writes_is_silently_not_taken() {
    let caller = started().await;
    let id = caller.created("accounts", &json!({ "name": "Fabrikam", "createdon": "2001-01-01T00:00:00Z" })).await;
    let body = json!({ "versionnumber": 7, "statecode": 1, "address1_composite": "x" });
    let other = caller.created("accounts", &body).await;
    assert!(!text(&caller.dv.row("account", id).unwrap(), "/createdon").starts_with("2001"));
    let row = caller.dv.row("account", other).unwrap();
    assert_eq!((&row["statecode"], &row["address1_composite"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn a_chosen_primary_key_makes_a_replay_fail() {
    let caller = started().await;
    let mut body = deal("Deal");
    body["opportunityid"] = json!("11111111-2222-4333-8444-555555555555");
    let id = caller.created("opportunities", &body).await;
    assert_eq!(id.to_string(), "11111111-2222-4333-8444-555555555555");
    assert_eq!(caller.post("opportunities", &body).await.refusal(), (412, "0x80040237"));
    caller.dv.switches(|switches| switches.duplicate_primary_key_status = 500);
    assert_eq!(caller.post("opportunities", &body).await.refusal(), (500, "0x80040237"));
}

#[tokio::test]
async fn nested_rows_are_made_in_one_transaction() {
    let caller = started().await;
    let mut body = deal("Deal");
    body["parentaccountid"] = json!({ "name": "Fabrikam" });
    body["cosell_opportunity_cosell_solution"] = json!([{ "cosell_name": "A" }, { "cosell_name": "B" }]);
    let id = caller.created("opportunities", &body).await;
    let row = caller.got(&format!("opportunities({id})?$expand=parentaccountid($select=name)")).await;
    assert_eq!(text(&row, "/parentaccountid/name"), "Fabrikam");
    assert_eq!(caller.dv.rows("cosell_solution").len(), 2);
    // One that cannot be made takes the others along.
    body["cosell_opportunity_cosell_solution"] = json!([{ "cosell_name": "A" }, { "cosell_name": "x".repeat(201) }]);
    assert_eq!(caller.post("opportunities", &body).await.refusal(), (400, "0x80044331"));
    assert_eq!((caller.dv.rows("opportunity").len(), caller.dv.rows("account").len()), (1, 1));
}

#[tokio::test]
async fn single_properties_are_read_set_and_cleared() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})/name");
    assert_eq!(caller.put(&path, &json!({ "value": "Renamed" })).await.status, 204);
    assert_eq!(caller.got(&path).await["value"], "Renamed");
    assert_eq!(caller.get(&format!("{path}/$value")).await.text, "Renamed");
    assert_eq!(caller.delete(&path, &[]).await.status, 204);
    assert_eq!(caller.got(&path).await["value"], Value::Null);
}

#[tokio::test]
async fn references_are_set_and_removed() {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let solution = caller.created("cosell_solutions", &json!({ "cosell_name": "S" })).await;
    let lookup = || caller.dv.row("opportunity", id).unwrap()["_parentaccountid_value"].clone();
    let single = format!("opportunities({id})/parentaccountid/$ref");
    let address = json!({ "@odata.id": format!("{}accounts({account})", caller.root()) });
    assert_eq!(caller.put(&single, &address).await.status, 204);
    assert_eq!(lookup(), json!(account));
    assert_eq!(caller.delete(&single, &[]).await.status, 204);
    assert_eq!(lookup(), Value::Null);
    let owner = || caller.dv.row("cosell_solution", solution).unwrap()["_cosell_opportunityid_value"].clone();
    let many = format!("opportunities({id})/cosell_opportunity_cosell_solution");
    let address = format!("{}cosell_solutions({solution})", caller.root());
    assert_eq!(caller.post(&format!("{many}/$ref"), &json!({ "@odata.id": address })).await.status, 204);
    assert_eq!(owner(), json!(id));
    assert_eq!(caller.delete(&format!("{many}({solution})/$ref"), &[]).await.status, 204);
    assert_eq!(owner(), Value::Null);
    caller.post(&format!("{many}/$ref"), &json!({ "@odata.id": address })).await;
    assert_eq!(caller.delete(&format!("{many}/$ref?$id={address}"), &[]).await.status, 204);
    assert_eq!(owner(), Value::Null);
}

#[tokio::test]
async fn a_delete_takes_along_what_goes_with_it_and_stops_at_what_forbids_it() {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let mut body = deal("Deal");
    body["customerid_account@odata.bind"] = json!(format!("/accounts({account})"));
    let id = caller.created("opportunities", &body).await;
    let solution = json!({ "cosell_OpportunityId@odata.bind": format!("/opportunities({id})") });
    let solution = caller.created("cosell_solutions", &solution).await;
    let currency = caller.currency("EUR");
    let refused = caller.delete(&format!("transactioncurrencies({currency})"), &[]).await;
    assert_eq!(refused.refusal(), (405, "0x80040227"));
    assert_eq!(caller.delete(&format!("accounts({account})"), &[]).await.status, 204);
    assert_eq!(caller.dv.row("opportunity", id), None, "customerid cascades");
    let solution = caller.dv.row("cosell_solution", solution).unwrap();
    assert_eq!(solution["_cosell_opportunityid_value"], Value::Null, "a removed link");
    assert_eq!(caller.delete(&format!("accounts({account})"), &[]).await.refusal(), (404, "0x80040217"));
}

#[tokio::test]
async fn creating_through_a_collection_sets_the_lookup() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})/cosell_opportunity_cosell_solution");
    let solution = caller.created(&path, &json!({ "cosell_name": "S" })).await;
    assert_eq!(caller.dv.row("cosell_solution", solution).unwrap()["_cosell_opportunityid_value"], json!(id));
    assert_eq!(caller.rows(&format!("{path}?$select=cosell_name")).await.len(), 1);
}
