//! What is told and in what shape (dataverse-api 5.4, 5.5).

use serde_json::{Value, json};
use simulators::dataverse::Dataverse;

use crate::caller::{deal, text};
use crate::receiver::{listening, pair};

#[tokio::test]
async fn a_call_carries_the_key_and_what_it_is_about() {
    let (caller, receiver) = listening().await;
    let id = caller.dv.create("opportunity", deal("Deal"));
    caller.dv.settled().await;
    let call = &receiver.calls()[0];
    let host = caller.dv.url().split_once("://").unwrap().1.to_owned();
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("x-cosell-key"), Some(Dataverse::WEBHOOK_KEY));
    assert_eq!(call.header("x-ms-dynamics-organization"), Some(host.as_str()));
    assert_eq!(call.header("x-ms-dynamics-entity-name"), Some("opportunity"));
    assert_eq!(call.header("x-ms-dynamics-request-name"), Some("Create"));
    assert!(call.header("x-request-id").is_some() && call.header("x-ms-dynamics-msg-size-exceeded").is_none());
    let context = call.context();
    assert_eq!(call.header("x-ms-correlation-request-id"), context["CorrelationId"].as_str());
    assert_eq!((text(&context, "/PrimaryEntityId"), call.query.as_str()), (id.to_string().as_str(), ""));
    assert_eq!(pair(&context["OutputParameters"], "id"), Some(&json!(id)));
}

#[tokio::test]
async fn the_body_is_a_remote_execution_context() {
    let (caller, receiver) = listening().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let changes = json!({
        "name": "A/B", "estimatedvalue": 25000, "statuscode": 2, "estimatedclosedate": "2027-03-31",
        "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({})", caller.currency("EUR")),
        "description": null,
    });
    caller.changed(&format!("opportunities({id})?tag=cosell%3A7f3a"), &changes).await;
    caller.dv.settled().await;
    let call = &receiver.calls()[1];
    // Members in the documented order, slashes escaped.
    let order = [
        "BusinessUnitId",
        "CorrelationId",
        "Depth",
        "InitiatingUserAzureActiveDirectoryObjectId",
        "InitiatingUserId",
        "InputParameters",
        "IsExecutingOffline",
        "IsInTransaction",
        "IsOfflinePlayback",
        "IsolationMode",
        "MessageName",
        "Mode",
        "OperationCreatedOn",
        "OperationId",
        "OrganizationId",
        "OrganizationName",
        "OutputParameters",
        "OwningExtension",
        "ParentContext",
    ];
    let places: Vec<usize> = order.iter().map(|name| call.body.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!call.body.replace("\\/", "").contains('/'), "every slash is escaped");
    assert!(call.body.contains(r#""__type":"Entity:http:\/\/schemas.microsoft.com\/xrm\/2011\/Contracts""#));
    let context = call.context();
    let parameters = &context["InputParameters"];
    let target = pair(parameters, "Target").unwrap();
    let contracts = "http://schemas.microsoft.com/xrm/2011/Contracts";
    let attribute = |name: &str| pair(&target["Attributes"], name).unwrap();
    assert_eq!(attribute("name"), "A/B");
    assert_eq!(attribute("description"), &Value::Null);
    let money = attribute("estimatedvalue");
    assert_eq!(
        (text(money, "/__type"), money["Value"].to_string()),
        (format!("Money:{contracts}").as_str(), "25000.0000".to_owned())
    );
    assert_eq!(attribute("statuscode"), &json!({ "__type": format!("OptionSetValue:{contracts}"), "Value": 2 }));
    // DateOnly columns come as midnight.
    assert_eq!(attribute("estimatedclosedate"), "/Date(1806451200000)/");
    let currency = attribute("transactioncurrencyid");
    assert_eq!(text(currency, "/__type"), format!("EntityReference:{contracts}"));
    assert_eq!((text(currency, "/LogicalName"), &currency["Name"]), ("transactioncurrency", &Value::Null));
    assert_eq!(pair(&target["FormattedValues"], "statuscode"), Some(&json!("On Hold")));
    assert_eq!((text(target, "/Id"), &target["RowVersion"]), (id.to_string().as_str(), &Value::Null));
    // Only what was submitted, and the stamps.
    let mut names = call.attributes();
    names.sort();
    let expected = [
        "description",
        "estimatedclosedate",
        "estimatedvalue",
        "modifiedby",
        "modifiedon",
        "modifiedonbehalfby",
        "name",
        "opportunityid",
        "statecode",
        "statuscode",
        "transactioncurrencyid",
    ];
    assert_eq!(names, expected);
    let image = pair(&context["PostEntityImages"], "AsynchronousStepPrimaryName").unwrap();
    assert!(image.get("__type").is_none());
    assert_eq!(pair(&image["Attributes"], "name"), Some(&json!("A/B")));
    assert_eq!((&context["Stage"], &context["ParentContext"]["Stage"]), (&json!(40), &json!(30)));
    assert_eq!(pair(&context["SharedVariables"], "IsAutoTransact"), Some(&json!(true)));
    assert_eq!(context["ParentContext"]["ParentContext"], Value::Null);
}

#[tokio::test]
async fn the_tag_of_a_request_stands_in_the_parent_or_by_switch_in_the_context() {
    let (caller, receiver) = listening().await;
    let id = caller.created("opportunities?tag=created", &deal("Deal")).await;
    caller.dv.switches(|switches| switches.tag_in_parent_context = false);
    caller.changed(&format!("opportunities({id})?tag=changed"), &json!({ "name": "Renamed" })).await;
    caller.dv.settled().await;
    let tags: Vec<_> = receiver
        .calls()
        .iter()
        .map(|call| {
            let context = call.context();
            let tag = |context: &Value| pair(&context["SharedVariables"], "tag").cloned();
            (tag(&context), tag(&context["ParentContext"]))
        })
        .collect();
    assert_eq!(tags, [(None, Some(json!("created"))), (Some(json!("changed")), None)]);
}

#[tokio::test]
async fn a_deletion_names_the_row_as_a_reference() {
    let (caller, receiver) = listening().await;
    let id = caller.dv.create("opportunity", deal("Deal"));
    caller.dv.delete("opportunity", id);
    caller.dv.settled().await;
    assert_eq!(receiver.told(), ["Create opportunity", "Delete opportunity"]);
    let context = receiver.calls()[1].context();
    let target = pair(&context["InputParameters"], "Target").unwrap();
    assert!(text(target, "/__type").starts_with("EntityReference:"));
    assert_eq!((text(target, "/LogicalName"), text(target, "/Id")), ("opportunity", id.to_string().as_str()));
    assert_eq!(context["PostEntityImages"], json!([]));
}

#[tokio::test]
async fn an_update_is_told_by_the_columns_it_names_equal_or_not() {
    let (caller, receiver) = listening().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    caller.dv.settled().await;
    let path = format!("opportunities({id})");
    let cases = [
        (json!({ "name": "Deal" }), true),
        (json!({ "cosell_sync": true }), true),
        (json!({ "cosell_syncstate": 727_000_002, "cosell_audit": "x", "cosell_stamp": "y" }), false),
        (json!({ "cosell_referralid": "ref", "name": "Deal" }), true),
        (json!({ "closeprobability": 50 }), false),
    ];
    for (body, told) in cases {
        let before = receiver.calls().len();
        caller.changed(&path, &body).await;
        caller.dv.settled().await;
        assert_eq!(receiver.calls().len() - before, usize::from(told), "{body}");
    }
}

#[tokio::test]
async fn leads_and_solution_rows_are_told_too_and_others_are_not() {
    let (caller, receiver) = listening().await;
    caller.dv.create("account", json!({ "name": "Fabrikam" }));
    let opportunity = caller.dv.create("opportunity", deal("Deal"));
    caller.dv.create("lead", json!({ "subject": "Lead" }));
    let solution = json!({ "cosell_OpportunityId@odata.bind": format!("/opportunities({opportunity})") });
    let solution = caller.dv.create("cosell_solution", solution);
    caller.dv.edit("cosell_solution", solution, json!({ "cosell_code": "SOL-1" }));
    caller.dv.delete("cosell_solution", solution);
    caller.dv.settled().await;
    let expected = [
        "Create opportunity",
        "Create lead",
        "Create cosell_solution",
        "Update cosell_solution",
        "Delete cosell_solution",
    ];
    assert_eq!(receiver.told(), expected);
}

#[tokio::test]
async fn a_refused_change_is_not_told() {
    let (caller, receiver) = listening().await;
    let refused = caller.dv.try_create("opportunity", json!({ "name": "x".repeat(301) })).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "0x80044331"));
    caller.dv.settled().await;
    assert!(receiver.calls().is_empty() && caller.dv.deliveries().is_empty());
}

#[tokio::test]
async fn large_bodies_lose_their_large_members_and_say_so() {
    let (caller, receiver) = listening().await;
    let id = caller.dv.create("opportunity", deal("Deal"));
    let audit = "x".repeat(90_000);
    // Context and parent hold the target each.
    let whole = json!({ "name": "Deal", "cosell_audit": audit, "description": "d" });
    caller.dv.edit("opportunity", id, whole);
    caller.dv.settled().await;
    assert!(receiver.calls()[1].context().get("InputParameters").is_some());
    let wide = "é\"".repeat(45_000);
    caller.dv.edit("opportunity", id, json!({ "name": "Deal", "cosell_audit": wide }));
    caller.dv.settled().await;
    let call = &receiver.calls()[2];
    assert_eq!(call.header("x-ms-dynamics-msg-size-exceeded"), Some("true"));
    let context = call.context();
    for member in ["ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"] {
        assert!(context.get(member).is_none(), "{member}");
    }
    assert_eq!(
        (text(&context, "/PrimaryEntityId"), text(&context, "/MessageName")),
        (id.to_string().as_str(), "Update")
    );
}
