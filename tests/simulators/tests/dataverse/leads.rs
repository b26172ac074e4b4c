//! The life of a lead (dataverse-api 6.2, 6.5).

use serde_json::{Value, json};
use simulators::dataverse::Level;

use crate::caller::{Answer, Caller, started, text};

fn lead() -> Value {
    json!({
        "subject": "ERP to Azure", "companyname": "Fabrikam", "firstname": "Ana", "lastname": "Example",
        "emailaddress1": "ana@fabrikam.example", "telephone1": "+43 316 000", "address1_city": "Graz",
        "description": "Wants to move.", "estimatedamount": 5000, "estimatedclosedate": "2027-03-31",
    })
}

async fn with_a_lead() -> (Caller, String) {
    let caller = started().await;
    let id = caller.created("leads", &lead()).await;
    (caller, id.to_string())
}

async fn qualify(caller: &Caller, id: &str, more: Value) -> Answer {
    let mut body = json!({ "CreateAccount": true, "CreateContact": true, "CreateOpportunity": true, "Status": 3 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.post(&format!("leads({id})/Microsoft.Dynamics.CRM.QualifyLead"), &body).await
}

#[tokio::test]
async fn qualifying_makes_account_contact_and_opportunity_out_of_the_lead() {
    let (caller, id) = with_a_lead().await;
    let answer = qualify(&caller, &id, json!({})).await;
    assert_eq!(answer.status, 200);
    let types: Vec<&str> =
        answer.body["value"].as_array().unwrap().iter().map(|row| text(row, "/@odata.type")).collect();
    let type_of = |table: &str| format!("#Microsoft.Dynamics.CRM.{table}");
    assert_eq!(types, [type_of("account"), type_of("contact"), type_of("opportunity")]);
    let (account, contact) = (&caller.dv.rows("account")[0], &caller.dv.rows("contact")[0]);
    let (opportunity, lead) = (&caller.dv.rows("opportunity")[0], &caller.dv.rows("lead")[0]);
    assert_eq!((text(account, "/name"), text(account, "/address1_city")), ("Fabrikam", "Graz"));
    assert_eq!(
        (text(contact, "/fullname"), &contact["_parentcustomerid_value"]),
        ("Ana Example", &account["accountid"])
    );
    assert_eq!(text(opportunity, "/name"), "ERP to Azure", "the subject becomes the name");
    assert_eq!(text(opportunity, "/_originatingleadid_value"), id);
    assert_eq!(opportunity["_parentaccountid_value"], account["accountid"]);
    assert_eq!(opportunity["_customerid_value"], account["accountid"]);
    assert_eq!(opportunity["estimatedvalue"], Value::Null, "not in the map of this organisation");
    assert_eq!((&lead["statecode"], &lead["statuscode"]), (&json!(1), &json!(3)));
    assert_eq!(lead["_qualifyingopportunityid_value"], opportunity["opportunityid"]);
    assert_eq!(qualify(&caller, &id, json!({})).await.refusal(), (400, "0x80040519"));
}

#[tokio::test]
async fn only_what_is_wanted_is_made_and_what_the_lead_has_is_used() {
    let (caller, id) = with_a_lead().await;
    let account = caller.created("accounts", &json!({ "name": "Present" })).await;
    let bind = json!({ "parentaccountid@odata.bind": format!("/accounts({account})") });
    caller.changed(&format!("leads({id})"), &bind).await;
    assert_eq!(qualify(&caller, &id, json!({ "CreateContact": false })).await.status, 200);
    assert_eq!((caller.dv.rows("account").len(), caller.dv.rows("contact").len()), (1, 0));
    assert_eq!(caller.dv.rows("opportunity")[0]["_parentaccountid_value"], json!(account));
    // By switch a second account is made.
    let (caller, id) = with_a_lead().await;
    let account = caller.created("accounts", &json!({ "name": "Present" })).await;
    let bind = json!({ "parentaccountid@odata.bind": format!("/accounts({account})") });
    caller.changed(&format!("leads({id})"), &bind).await;
    caller.dv.switches(|switches| switches.qualify_reuses_parents = false);
    assert_eq!(qualify(&caller, &id, json!({})).await.status, 200);
    assert_eq!(caller.dv.rows("account").len(), 2);
}

#[tokio::test]
async fn currency_and_customer_of_the_opportunity_may_be_given() {
    let (caller, id) = with_a_lead().await;
    let customer = caller.created("accounts", &json!({ "name": "Customer" })).await;
    let given = json!({
        "CreateAccount": false, "CreateContact": false,
        "OpportunityCurrencyId": {
            "@odata.type": "Microsoft.Dynamics.CRM.transactioncurrency",
            "transactioncurrencyid": caller.currency("GBP"),
        },
        "OpportunityCustomerId": { "@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": customer },
    });
    caller.dv.switches(|switches| switches.map_lead_values = true);
    assert_eq!(qualify(&caller, &id, given).await.status, 200);
    let opportunity = &caller.dv.rows("opportunity")[0];
    assert_eq!(text(opportunity, "/_transactioncurrencyid_value"), caller.currency("GBP"));
    assert_eq!(opportunity["_customerid_value"], json!(customer));
    assert_eq!(opportunity["estimatedvalue"].to_string(), "5000.0000");
}

#[tokio::test]
async fn qualifying_needs_its_parameters_a_fitting_status_and_the_right_to_make_accounts() {
    let (caller, id) = with_a_lead().await;
    let path = format!("leads({id})/Microsoft.Dynamics.CRM.QualifyLead");
    assert_eq!(caller.post(&path, &json!({ "CreateAccount": true })).await.refusal(), (400, "0x80048d19"));
    for status in [1, 9] {
        assert_eq!(qualify(&caller, &id, json!({ "Status": status })).await.refusal(), (400, "0x80048408"));
    }
    caller.dv.set_privilege("prvCreateAccount", Level::None);
    assert_eq!(qualify(&caller, &id, json!({})).await.refusal(), (403, "0x80081018"));
    assert!(caller.dv.rows("contact").is_empty() && caller.dv.rows("opportunity").is_empty());
    caller.dv.reset_privileges();
    caller.dv.switches(|switches| switches.qualify_answers_rows = false);
    assert_eq!(qualify(&caller, &id, json!({})).await.status, 204);
}

#[tokio::test]
async fn a_lead_is_disqualified_and_reactivated_by_updates() {
    let (caller, id) = with_a_lead().await;
    let path = format!("leads({id})");
    for status in [4, 5, 6, 7] {
        caller.changed(&path, &json!({ "statecode": 2, "statuscode": status })).await;
        let closed = caller.patch(&path, &[("If-Match", "*")], &json!({ "subject": "late" })).await;
        assert_eq!(closed.refusal(), (400, "0x80040230"));
        caller.changed(&path, &json!({ "statecode": 0, "statuscode": 1 })).await;
    }
    caller.changed(&path, &json!({ "subject": "in time" })).await;
    assert_eq!(caller.patch(&path, &[], &json!({ "statecode": 2, "statuscode": 1 })).await.status, 400);
    caller.dv.switches(|switches| switches.closed_leads_are_read_only = false);
    caller.dv.disqualify(id.parse().unwrap(), 5);
    caller.changed(&path, &json!({ "subject": "late, and taken" })).await;
}

#[tokio::test]
async fn names_and_addresses_are_put_together() {
    let (caller, id) = with_a_lead().await;
    let path = format!("leads({id})");
    let row = caller.got(&path).await;
    assert_eq!((text(&row, "/fullname"), text(&row, "/address1_composite")), ("Ana Example", "Graz"));
    caller.changed(&path, &json!({ "middlename": "B.", "address1_line1": "1 Road", "fullname": "ignored" })).await;
    let row = caller.got(&path).await;
    assert_eq!((text(&row, "/fullname"), text(&row, "/address1_composite")), ("Ana B. Example", "1 Road\r\nGraz"));
}

#[tokio::test]
async fn a_seller_qualifies() {
    let (caller, id) = with_a_lead().await;
    let opportunity = caller.dv.qualify(id.parse().unwrap());
    assert_eq!(caller.dv.row("opportunity", opportunity).unwrap()["_originatingleadid_value"], id);
}
