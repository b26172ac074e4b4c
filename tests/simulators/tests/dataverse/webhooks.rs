//! What is told, to whom, in what shape, how often (dataverse-api 5).

use reqwest::Method;
use serde_json::{Value, json};
use simulators::dataverse::{Dataverse, Outcome};
use simulators::harness::{Events, Release};

use crate::caller::{Caller, deal, send, started, text};
use crate::receiver::{Receiver, pair};

async fn listening() -> (Caller, Receiver) {
    let caller = started().await;
    let receiver = Receiver::start().await;
    caller.dv.register(&receiver.url());
    caller.dv.switches(|switches| switches.retry_spacing_milliseconds = 1);
    (caller, receiver)
}

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
async fn one_more_try_follows_a_bad_gateway_and_nothing_else() {
    let (caller, receiver) = listening().await;
    type Tries = &'static [Option<u16>];
    let cases: [(&[u16], Tries, Outcome); 8] = [
        (&[202], &[Some(202)], Outcome::Delivered),
        (&[503, 200], &[Some(503), Some(200)], Outcome::Delivered),
        (&[502, 504], &[Some(502), Some(504)], Outcome::Failed),
        (&[500], &[Some(500)], Outcome::Failed),
        (&[429], &[Some(429)], Outcome::Failed),
        (&[404], &[Some(404)], Outcome::Failed),
        (&[302], &[Some(302)], Outcome::Failed),
        (&[504, 400], &[Some(504), Some(400)], Outcome::Failed),
    ];
    for (answers, tries, outcome) in cases {
        receiver.answer(answers);
        caller.dv.create("lead", json!({ "subject": "Lead" }));
        caller.dv.settled().await;
        let delivery = caller.dv.deliveries().pop().unwrap();
        assert_eq!((delivery.tries.as_slice(), delivery.outcome), (tries, outcome));
    }
}

#[tokio::test]
async fn a_redelivery_is_the_same_job() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[503]);
    caller.dv.create("lead", json!({ "subject": "Lead" }));
    caller.dv.settled().await;
    let calls = receiver.calls();
    assert_eq!(calls[0].body, calls[1].body);
    let operation = caller.dv.deliveries()[0].operation_id;
    assert_eq!(calls[1].context()["OperationId"], json!(operation));
    caller.dv.switches(|switches| switches.new_operation_on_retry = true);
    receiver.answer(&[503]);
    caller.dv.create("lead", json!({ "subject": "Another" }));
    caller.dv.settled().await;
    let calls = receiver.calls();
    assert_ne!(calls[2].context()["OperationId"], calls[3].context()["OperationId"]);
    assert_eq!(calls[2].context()["CorrelationId"], calls[3].context()["CorrelationId"]);
}

#[tokio::test]
async fn a_failed_job_leaves_a_row_and_a_good_one_none() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[200, 500]);
    caller.dv.create("lead", json!({ "subject": "Told" }));
    caller.dv.create("lead", json!({ "subject": "Not told" }));
    caller.dv.settled().await;
    let failed = "asyncoperations?$select=name,friendlymessage,errorcode,completedon,_owningextensionid_value\
                  &$filter=statuscode eq 31&$orderby=completedon desc";
    let rows = caller.rows(failed).await;
    assert_eq!((rows.len(), caller.dv.rows("asyncoperation").len()), (1, 1));
    assert_eq!(text(&rows[0], "/name"), "Cosell: lead Create");
    assert_eq!(rows[0]["errorcode"], json!(-2_147_155_455_i64));
    assert_eq!(rows[0]["asyncoperationid"], json!(caller.dv.deliveries()[1].operation_id));
    // Nobody at home is a failure too, after one more try.
    caller.dv.register("http://127.0.0.1:1/nobody");
    caller.dv.create("lead", json!({ "subject": "Nobody hears" }));
    caller.dv.settled().await;
    assert_eq!(caller.dv.deliveries()[2].tries, [None, None]);
    assert_eq!(caller.rows(failed).await.len(), 2);
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

#[tokio::test]
async fn held_calls_leave_in_the_order_wanted_and_lost_ones_never() {
    let (caller, receiver) = listening().await;
    let id = caller.dv.create("opportunity", deal("Deal"));
    caller.dv.settled().await;
    let cases = [
        (Release::InOrder, vec!["Update opportunity", "Create lead"]),
        (Release::Reversed, vec!["Create lead", "Update opportunity"]),
        (Release::Twice, vec!["Update opportunity", "Update opportunity", "Create lead", "Create lead"]),
    ];
    for (release, expected) in cases {
        let before = receiver.calls().len();
        caller.dv.events(Events::Hold);
        caller.dv.edit("opportunity", id, json!({ "name": "Renamed" }));
        caller.dv.create("lead", json!({ "subject": "Lead" }));
        caller.dv.settled().await;
        assert_eq!(receiver.calls().len(), before);
        caller.dv.events(Events::Deliver);
        caller.dv.release(release);
        caller.dv.settled().await;
        assert_eq!(receiver.told()[before..], expected, "{release:?}");
    }
    let before = receiver.calls().len();
    caller.dv.events(Events::Lose);
    caller.dv.edit("opportunity", id, json!({ "name": "Lost" }));
    caller.dv.events(Events::Deliver);
    caller.dv.release(Release::InOrder);
    caller.dv.settled().await;
    assert_eq!((receiver.calls().len(), caller.dv.deliveries().pop().unwrap().outcome), (before, Outcome::Lost));
}

#[tokio::test]
async fn own_writes_are_told_unless_they_bypass_the_step() {
    let (caller, receiver) = listening().await;
    let steps = caller.rows("sdkmessageprocessingsteps?$select=name").await;
    let step = steps.iter().find(|row| text(row, "/name") == "Cosell: lead Create").unwrap();
    let create = || caller.api(Method::POST, "leads").json(&json!({ "subject": "Lead" }));
    let told = async |request: reqwest::RequestBuilder| {
        let before = receiver.calls().len();
        assert_eq!(send(request).await.status, 204);
        caller.dv.settled().await;
        receiver.calls().len() - before
    };
    assert_eq!(told(create()).await, 1);
    let by_step = "MSCRM.BypassBusinessLogicExecutionStepIds";
    let id = text(step, "/sdkmessageprocessingstepid");
    assert_eq!(told(create().header(by_step, id)).await, 0);
    assert_eq!(told(create().header(by_step, "00000000-0000-4000-8000-000000000001")).await, 1);
    assert_eq!(told(create().header("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync")).await, 0);
    assert_eq!(told(create().header("MSCRM.BypassBusinessLogicExecution", "CustomSync")).await, 1);
    caller.dv.switches(|switches| switches.step_ids_suppress_webhooks = false);
    assert_eq!(told(create().header(by_step, id)).await, 1);
    let denied = "prvBypassCustomBusinessLogic";
    caller.dv.set_privilege(denied, simulators::dataverse::Level::None);
    let refused = send(create().header("MSCRM.BypassBusinessLogicExecution", "CustomAsync")).await;
    assert_eq!(refused.refusal(), (403, "0x80040220"));
}

/// The ids that a step is bound to.
async fn message_and_filter(caller: &Caller, message: &str, table: &str) -> (String, String) {
    let messages = caller.rows(&format!("sdkmessages?$select=sdkmessageid&$filter=name eq '{message}'")).await;
    let filter = format!(
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=primaryobjecttypecode eq '{table}' and \
         sdkmessageid/name eq '{message}' and iscustomprocessingstepallowed eq true"
    );
    let filters = caller.rows(&filter).await;
    (text(&messages[0], "/sdkmessageid").to_owned(), text(&filters[0], "/sdkmessagefilterid").to_owned())
}

#[tokio::test]
async fn endpoints_and_steps_are_rows_that_anybody_with_the_right_may_make() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    let endpoint = |auth: i64, value: &str| json!({ "name": "Hook", "url": receiver.url(), "contract": 8, "authtype": auth, "authvalue": value });
    let query = r#"<settings><setting name="a" value="1 &amp; 2" /><setting name="b" value="x" /></settings>"#;
    let endpoint_id = caller.created("serviceendpoints", &endpoint(6, query)).await;
    let (message, filter) = message_and_filter(&caller, "Update", "account").await;
    let step = |more: Value| {
        let mut step = json!({
            "name": "Account Update", "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0,
            "filteringattributes": "name", "asyncautodelete": false,
            "eventhandler_serviceendpoint@odata.bind": format!("/serviceendpoints({endpoint_id})"),
            "sdkmessageid@odata.bind": format!("/sdkmessages({message})"),
            "sdkmessagefilterid@odata.bind": format!("/sdkmessagefilters({filter})"),
        });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    let step_id = caller.created("sdkmessageprocessingsteps", &step(json!({}))).await;
    let image = |kind: i64, alias: &str| {
        json!({
            "name": alias, "entityalias": alias, "imagetype": kind, "messagepropertyname": "Target",
            "attributes": "name,address1_city",
            "sdkmessageprocessingstepid@odata.bind": format!("/sdkmessageprocessingsteps({step_id})"),
        })
    };
    caller.created("sdkmessageprocessingstepimages", &image(0, "before")).await;
    caller.created("sdkmessageprocessingstepimages", &image(1, "after")).await;
    let account = caller.created("accounts", &json!({ "name": "Old", "address1_city": "Graz" })).await;
    caller.changed(&format!("accounts({account})"), &json!({ "name": "New" })).await;
    caller.dv.settled().await;
    assert_eq!(receiver.told(), ["Update account"]);
    let call = &receiver.calls()[0];
    assert_eq!(call.query, "a=1+%26+2&b=x");
    let context = call.context();
    let image = |list: &str, alias: &str, column: &str| {
        pair(&pair(&context[list], alias).unwrap()["Attributes"], column).unwrap().clone()
    };
    assert_eq!(image("PreEntityImages", "before", "name"), "Old");
    assert_eq!(image("PostEntityImages", "after", "name"), "New");
    assert_eq!(image("PostEntityImages", "after", "address1_city"), "Graz");
    // A job whose step keeps it leaves a row when it succeeds.
    assert_eq!(caller.dv.rows("asyncoperation")[0]["statuscode"], json!(30));
    // Disabled, the step is silent; its endpoint cannot go before it.
    caller.changed(&format!("sdkmessageprocessingsteps({step_id})"), &json!({ "statecode": 1, "statuscode": 2 })).await;
    caller.changed(&format!("accounts({account})"), &json!({ "name": "Newer" })).await;
    caller.dv.settled().await;
    assert_eq!(receiver.calls().len(), 1);
    let endpoint_path = format!("serviceendpoints({endpoint_id})");
    assert_eq!(caller.delete(&endpoint_path, &[]).await.refusal(), (405, "0x80040227"));
    assert_eq!(caller.delete(&format!("sdkmessageprocessingsteps({step_id})"), &[]).await.status, 204);
    assert_eq!(caller.delete(&endpoint_path, &[]).await.status, 204);
    // What cannot work is refused.
    let refused = [
        ("serviceendpoints", endpoint(5, "plain"), "0x80050203"),
        ("serviceendpoints", endpoint(6, "plain"), "0x80050204"),
        ("serviceendpoints", endpoint(2, "x"), "0x80050209"),
        (
            "serviceendpoints",
            json!({ "name": "x", "url": "https://api.example:8443/", "contract": 8, "authtype": 4, "authvalue": "k" }),
            "0x80040203",
        ),
        ("sdkmessageprocessingsteps", json!({ "name": "no message", "stage": 40, "mode": 1, "rank": 1 }), "0x80040203"),
    ];
    for (set, body, code) in refused {
        assert_eq!(caller.post(set, &body).await.refusal(), (400, code), "{body}");
    }
    let endpoint_id = caller.created("serviceendpoints", &endpoint(4, "the key")).await;
    let again = |more: Value| {
        let mut again = step(more);
        again["eventhandler_serviceendpoint@odata.bind"] = json!(format!("/serviceendpoints({endpoint_id})"));
        again
    };
    for (more, code) in [
        (json!({ "filteringattributes": "name,nothere" }), "0x80041103"),
        (json!({ "stage": 20 }), "0x80040203"),
        (json!({ "rank": 0 }), "0x80040203"),
    ] {
        assert_eq!(caller.post("sdkmessageprocessingsteps", &again(more)).await.refusal(), (400, code));
    }
    caller.created("sdkmessageprocessingsteps", &again(json!({ "filteringattributes": null }))).await;
    caller.changed(&format!("accounts({account})"), &json!({ "numberofemployees": 5 })).await;
    caller.dv.settled().await;
    assert_eq!(receiver.calls()[1].query, "code=the+key", "without a filter every column is told");
}

#[tokio::test]
async fn images_fit_their_message() {
    let (caller, receiver) = listening().await;
    let steps = caller.rows("sdkmessageprocessingsteps?$select=name").await;
    let image = |step: &str, kind: i64, property: &str| {
        let step = steps.iter().find(|row| text(row, "/name") == step).unwrap();
        let id = text(step, "/sdkmessageprocessingstepid");
        json!({
            "name": "i", "entityalias": "i", "imagetype": kind, "messagepropertyname": property, "attributes": "subject",
            "sdkmessageprocessingstepid@odata.bind": format!("/sdkmessageprocessingsteps({id})"),
        })
    };
    let images = "sdkmessageprocessingstepimages";
    let (create, delete) = ("Cosell: lead Create", "Cosell: lead Delete");
    for (step, kind, property, code) in [
        (create, 0, "Id", "0x80040203"),
        (delete, 1, "Target", "0x80040203"),
        (create, 1, "Target", "0x8004416b"),
        (delete, 0, "Id", "0x8004416b"),
    ] {
        assert_eq!(caller.post(images, &image(step, kind, property)).await.refusal(), (400, code), "{step} {kind}");
    }
    caller.created(images, &image(create, 1, "Id")).await;
    caller.created(images, &image(delete, 0, "Target")).await;
    let lead = caller.dv.create("lead", json!({ "subject": "Lead" }));
    caller.dv.delete("lead", lead);
    caller.dv.settled().await;
    let seen = |at: usize, list: &str| {
        let context = receiver.calls()[at].context();
        pair(&pair(&context[list], "i").unwrap()["Attributes"], "subject").unwrap().clone()
    };
    assert_eq!((seen(0, "PostEntityImages"), seen(1, "PreEntityImages")), (json!("Lead"), json!("Lead")));
    caller.dv.switches(|switches| switches.create_images_take_id = false);
    caller.created(images, &image(create, 1, "Target")).await;
}

#[tokio::test]
async fn a_new_registration_takes_the_place_of_the_old_one() {
    let (caller, first) = listening().await;
    let second = Receiver::start().await;
    caller.dv.register(&second.url());
    caller.dv.create("lead", json!({ "subject": "Lead" }));
    caller.dv.settled().await;
    assert_eq!((first.calls().len(), second.calls().len()), (0, 1));
    assert_eq!(caller.dv.rows("serviceendpoint").len(), 1);
}
