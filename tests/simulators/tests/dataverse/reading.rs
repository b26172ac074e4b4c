//! Reading one row (dataverse-api 2.5).

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Caller, deal, send, started, text};

async fn with_a_deal() -> (Caller, String) {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam", "address1_city": "Graz" })).await;
    let mut body = deal("Deal");
    body["parentaccountid@odata.bind"] = json!(format!("/accounts({account})"));
    let id = caller.created("opportunities", &body).await;
    for name in ["B", "A", "C"] {
        let solution =
            json!({ "cosell_name": name, "cosell_OpportunityId@odata.bind": format!("/opportunities({id})") });
        caller.created("cosell_solutions", &solution).await;
    }
    (caller, format!("opportunities({id})"))
}

fn members(body: &Value) -> Vec<&str> {
    body.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_select_answers_just_that_with_the_key_and_the_currency_of_money() {
    let (caller, path) = with_a_deal().await;
    let row = caller.got(&format!("{path}?$select=estimatedvalue,_customerid_value,description")).await;
    let expected = [
        "@odata.context",
        "@odata.etag",
        "_customerid_value",
        "_transactioncurrencyid_value",
        "description",
        "estimatedvalue",
        "opportunityid",
    ];
    assert_eq!(members(&row), expected);
    assert_eq!(row["description"], Value::Null);
    let context =
        format!("{}$metadata#opportunities(estimatedvalue,_customerid_value,description)/$entity", caller.root());
    assert_eq!(text(&row, "/@odata.context"), context);
}

#[tokio::test]
async fn without_a_select_every_column_comes_and_no_bare_lookup() {
    let (caller, path) = with_a_deal().await;
    let row = caller.got(&path).await;
    assert!(members(&row).len() > 60);
    assert!(row.get("parentaccountid").is_none() && row["_parentaccountid_value"].is_string());
    assert_eq!(format!("W/\"{}\"", row["versionnumber"]), text(&row, "/@odata.etag"));
}

#[tokio::test]
async fn a_column_that_is_not_there_is_named() {
    let (caller, path) = with_a_deal().await;
    for name in ["nothere", "Name", "customerid", "parentaccountid", "_name_value"] {
        let answer = caller.get(&format!("{path}?$select=name,{name}")).await;
        assert_eq!(answer.refusal(), (400, "0x80060888"));
        let expected =
            format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.opportunity'.");
        assert_eq!(answer.message(), expected);
    }
}

#[tokio::test]
async fn annotations_come_when_asked_for() {
    let (caller, path) = with_a_deal().await;
    let path = format!("{path}?$select=_customerid_value,statecode,estimatedvalue");
    let lookup = "_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname";
    let formatted = "_customerid_value@OData.Community.Display.V1.FormattedValue";
    assert!(members(&caller.got(&path).await).iter().all(|name| !name.contains("value@")));
    let one = r#"odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname""#;
    let answer = caller.get_preferring(&path, one).await;
    assert_eq!((text(&answer.body, &format!("/{lookup}")), answer.body.get(formatted)), ("account", None));
    assert_eq!(answer.header("preference-applied"), Some(one));
    for all in ["*", "OData.Community.*,Microsoft.Dynamics.CRM.*"] {
        let answer = caller.get_preferring(&path, &format!("odata.include-annotations=\"{all}\"")).await;
        let shown = |name: &str| text(&answer.body, &format!("/{name}")).to_owned();
        assert_eq!((shown(lookup), shown(formatted)), ("account".to_owned(), "Fabrikam".to_owned()));
        let navigation = "_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty";
        assert_eq!(shown(navigation), "customerid_account");
        assert_eq!(shown("statecode@OData.Community.Display.V1.FormattedValue"), "Open");
        assert_eq!(shown("estimatedvalue@OData.Community.Display.V1.FormattedValue"), "€25,000.00");
    }
}

#[tokio::test]
async fn expanded_properties_have_options_of_their_own() {
    let (caller, path) = with_a_deal().await;
    let expand = "parentaccountid($select=name,address1_city),customerid_contact($select=fullname),\
                  cosell_opportunity_cosell_solution($select=cosell_name;$filter=cosell_name ne 'C';$orderby=cosell_name)";
    let row = caller.got(&format!("{path}?$select=name&$expand={expand}")).await;
    assert_eq!(text(&row, "/parentaccountid/address1_city"), "Graz");
    assert_eq!(members(&row["parentaccountid"]), ["@odata.etag", "accountid", "address1_city", "name"]);
    assert_eq!(row["customerid_contact"], Value::Null, "the customer is an account");
    let names: Vec<&str> = row["cosell_opportunity_cosell_solution"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(row, "/cosell_name"))
        .collect();
    assert_eq!(names, ["A", "B"]);
    let nested = "parentaccountid($select=name;$expand=opportunity_parent_account($select=name;$top=1))";
    let row = caller.got(&format!("{path}?$select=name&$expand={nested}")).await;
    assert_eq!(text(&row, "/parentaccountid/opportunity_parent_account/0/name"), "Deal");
    for wrong in ["ParentAccountId", "parentaccountid($select=nam)", "parentaccountid($select=name"] {
        assert_eq!(caller.get(&format!("{path}?$expand={wrong}")).await.refusal(), (400, "0x80060888"), "{wrong}");
    }
}

#[tokio::test]
async fn an_owner_is_known_by_id_alone_and_a_user_by_name() {
    let (caller, path) = with_a_deal().await;
    let row = caller.got(&format!("{path}?$expand=ownerid,owninguser($select=fullname)")).await;
    assert_eq!(row["ownerid"]["ownerid"], row["_ownerid_value"]);
    assert_eq!(text(&row, "/ownerid/@odata.type"), "#Microsoft.Dynamics.CRM.systemuser");
    assert_eq!(text(&row, "/owninguser/fullname"), "Cosell #");
    let refused = caller.get(&format!("{path}?$expand=ownerid($select=fullname)")).await;
    assert_eq!(
        refused.message(),
        "Could not find a property named 'fullname' on type 'Microsoft.Dynamics.CRM.principal'."
    );
}

#[tokio::test]
async fn a_row_that_is_as_it_was_is_not_sent_again() {
    let (caller, path) = with_a_deal().await;
    let first = caller.get(&path).await;
    let etag = first.etag();
    assert_eq!(first.header("etag"), Some(etag.as_str()));
    let unchanged = || send(caller.api(Method::GET, &path).header("If-None-Match", &etag));
    let answer = unchanged().await;
    assert_eq!((answer.status, answer.text.as_str()), (304, ""));
    caller.changed(&path, &json!({ "name": "Renamed" })).await;
    assert_eq!(unchanged().await.status, 200);
    assert_eq!(send(caller.api(Method::GET, &path).header("If-None-Match", "null")).await.status, 200);
}

#[tokio::test]
async fn absence_says_how_it_was_looked_for() {
    let caller = started().await;
    let by_id = caller.get("opportunities(00000000-0000-4000-8000-000000000001)").await;
    assert_eq!(by_id.refusal(), (404, "0x80040217"));
    let by_key = caller.get("opportunities(cosell_referralid='none')").await;
    assert_eq!(by_key.refusal(), (404, "0x80060891"));
}

#[tokio::test]
async fn navigation_properties_lead_to_their_rows() {
    let (caller, path) = with_a_deal().await;
    assert_eq!(caller.got(&format!("{path}/parentaccountid?$select=name")).await["name"], "Fabrikam");
    assert_eq!(caller.get(&format!("{path}/parentcontactid")).await.status, 204);
    let solutions = format!("{path}/cosell_opportunity_cosell_solution?$filter=cosell_name eq 'A'&$select=cosell_name");
    assert_eq!(caller.rows(&solutions).await.len(), 1);
    assert_eq!(caller.get(&format!("{path}/nothere")).await.status, 404);
}

#[tokio::test]
async fn what_is_secret_is_never_read() {
    let caller = started().await;
    caller.dv.register("http://127.0.0.1:1/hook");
    let rows = caller.rows("serviceendpoints").await;
    assert_eq!((rows[0].get("authvalue"), &rows[0]["isauthvalueset"]), (None, &json!(true)));
    assert_eq!(caller.get("serviceendpoints?$select=authvalue").await.refusal(), (400, "0x80060888"));
}

#[tokio::test]
async fn addresses_end_at_32_kilobytes_and_bodies_far_beyond() {
    let caller = started().await;
    let long = format!("accounts?$filter=name eq '{}'", "x".repeat(33_000));
    assert_eq!(caller.get(&long).await.status, 414);
    let note = json!({ "subject": "Large", "documentbody": "x".repeat(3_000_000) });
    caller.created("annotations", &note).await;
}

#[tokio::test]
async fn the_service_describes_itself() {
    let caller = started().await;
    let sets = caller.rows("").await;
    assert!(sets.iter().any(|set| set["name"] == "opportunities"));
    let metadata = caller.get("$metadata").await;
    assert_eq!(metadata.header("content-type"), Some("application/xml"));
    assert!(metadata.text.contains("<NavigationProperty Name=\"cosell_OpportunityId\""));
}
