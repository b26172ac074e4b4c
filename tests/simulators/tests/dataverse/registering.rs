//! Endpoints, steps and images (dataverse-api 5.1, 5.2, 5.3).

use serde_json::{Value, json};

use crate::caller::{Caller, started, text};
use crate::receiver::{Receiver, listening, pair};

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
