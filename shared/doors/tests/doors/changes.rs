//! Dataverse's door (dataverse-api 5.4 and 5.5, design section 7).

use dataverse::KeyRing;
use doors::{Answer, CHANGE_BYTES_MAX, ChangesDoor, KEY_HEADER};
use http::HeaderMap;
use queue::{Entity, HintSide};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::hall::{Hall, headers, now, said};

const KEY: &str = "7f1d0c9b8a7e6d5c4b3a29180f1e2d3c";
const ID: &str = "00aa00aa-bb11-4c22-8d33-44ee44ee44ee";
const QUEUED: (u16, &str) = (200, "queued");
const NOT_A_CHANGE: (u16, &str) = (400, "no entity, message or id");

struct Stage {
    door: ChangesDoor,
    hall: Hall,
}

impl Stage {
    async fn new() -> Self {
        let door = ChangesDoor::new(KeyRing::new(&[SecretString::from(KEY)]), "cosell");
        Self { door, hall: Hall::new().await }
    }

    async fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        self.door.receive(&self.hall.queue, headers, body, now()).await
    }

    /// What is answered to a body that comes with the key.
    async fn deliver(&self, body: &Value) -> (u16, &'static str) {
        said(&self.receive(&headers(&[(KEY_HEADER, KEY)]), body.to_string().as_bytes()).await)
    }
}

/// A context as the documentation prints it, full of what nobody should keep.
fn context(entity: &str, message: &str, operation: &str) -> Value {
    let attributes = json!([
        { "key": "name", "value": "Canary deal" },
        { "key": "emailaddress1", "value": "canary@northwind.example" },
        { "key": "estimatedvalue", "value": { "__type": "Money:http://schemas.microsoft.com/xrm/2011/Contracts", "Value": 25000.0 } },
    ]);
    let target = json!({ "Attributes": attributes, "Id": ID, "LogicalName": entity, "KeyAttributes": [] });
    json!({
        "BusinessUnitId": "e2b90000-0000-4000-8000-000000000001",
        "CorrelationId": "b3740000-0000-4000-8000-000000000002",
        "Depth": 1,
        "InitiatingUserId": "75c20000-0000-4000-8000-000000000003",
        "InputParameters": [{ "key": "Target", "value": target.clone() }],
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": "/Date(1506409448000-0700)/",
        "OperationId": operation,
        "OutputParameters": [],
        "OwningExtension": { "Id": "75410000-0000-4000-8000-000000000004", "LogicalName": "sdkmessageprocessingstep" },
        "ParentContext": null,
        "PostEntityImages": [{ "key": "AsynchronousStepPrimaryName", "value": target }],
        "PreEntityImages": [],
        "PrimaryEntityId": ID,
        "PrimaryEntityName": entity,
        "SecondaryEntityName": "none",
        "SharedVariables": [{ "key": "IsAutoTransact", "value": true }],
        "Stage": 40,
    })
}

fn operation(number: u32) -> String {
    format!("4af10000-0000-4000-8000-{number:012}")
}

fn change() -> Value {
    context("opportunity", "Update", &operation(1))
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut context = change();
    *context.pointer_mut(pointer).unwrap() = value;
    context
}

#[tokio::test]
async fn a_change_of_each_of_our_tables_becomes_a_hint_with_its_id_and_nothing_else() {
    let stage = Stage::new().await;
    let tables = [
        ("opportunity", Entity::Opportunity),
        ("lead", Entity::Lead),
        ("cosell_solution", Entity::Solution),
        ("Opportunity", Entity::Opportunity),
    ];
    for (number, (table, entity)) in (1..).zip(tables) {
        for (more, message) in [(0, "Create"), (10, "Update"), (20, "Delete"), (30, "Win"), (40, "Unheard")] {
            let context = context(table, message, &operation(100 * number + more));
            assert_eq!(stage.deliver(&context).await, QUEUED, "{table} {message}");
            let hints = stage.hall.hints().await;
            let hint = &hints[0];
            assert_eq!(
                (hint.side, hint.entity, hint.id.as_str(), hint.cause.as_str()),
                (HintSide::Crm, entity, ID, "event")
            );
            assert!(!format!("{hint:?}").to_lowercase().contains("canary"));
        }
    }
}

#[tokio::test]
async fn other_tables_are_taken_and_left() {
    let stage = Stage::new().await;
    for table in ["account", "contact", "cosell_solutiondetail", "other_solution", "solution", "opportunityproduct"] {
        assert_eq!(stage.deliver(&context(table, "Update", &operation(1))).await, (200, "not ours to sync"), "{table}");
    }
    assert_eq!(stage.hall.waiting().await, 0);
}

#[tokio::test]
async fn the_prefix_of_our_tables_is_the_configured_one() {
    let hall = Hall::new().await;
    let door = ChangesDoor::new(KeyRing::new(&[SecretString::from(KEY)]), "new");
    for (table, text) in [("new_solution", "queued"), ("cosell_solution", "not ours to sync")] {
        let body = context(table, "Update", &operation(1)).to_string();
        let answer = door.receive(&hall.queue, &headers(&[(KEY_HEADER, KEY)]), body.as_bytes(), now()).await;
        assert_eq!(answer.text, text, "{table}");
    }
}

#[tokio::test]
async fn a_body_that_was_too_large_for_dataverse_is_as_good_as_a_whole_one() {
    let stage = Stage::new().await;
    let mut trimmed = change();
    for member in ["ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"] {
        trimmed.as_object_mut().unwrap().remove(member);
    }
    let exceeded = headers(&[(KEY_HEADER, KEY), ("x-ms-dynamics-msg-size-exceeded", "true")]);
    let answer = stage.receive(&exceeded, trimmed.to_string().as_bytes()).await;
    assert_eq!(said(&answer), QUEUED);
    assert_eq!(stage.hall.hints().await[0].id, ID);
}

#[tokio::test]
async fn names_may_stand_in_the_headers_and_ids_in_the_target() {
    let stage = Stage::new().await;
    let mut bare = change();
    let members = bare.as_object_mut().unwrap();
    members.remove("PrimaryEntityName");
    members.remove("MessageName");
    members.remove("PrimaryEntityId");
    let named = headers(&[
        (KEY_HEADER, KEY),
        ("x-ms-dynamics-entity-name", "opportunity"),
        ("x-ms-dynamics-request-name", "Update"),
        ("x-ms-dynamics-organization", "org.crm.dynamics.com"),
    ]);
    assert_eq!(said(&stage.receive(&named, bare.to_string().as_bytes()).await), QUEUED);
    assert_eq!(stage.deliver(&bare).await, NOT_A_CHANGE);
}

#[tokio::test]
async fn what_names_no_entity_message_or_guid_is_no_change() {
    let stage = Stage::new().await;
    let no_id = |id: Value| {
        let mut context = changed("/PrimaryEntityId", id);
        context["InputParameters"] = json!([]);
        context
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    for wrong in [
        json!(null),
        json!([]),
        json!(7),
        json!("x"),
        json!({}),
        changed("/PrimaryEntityName", json!("")),
        changed("/PrimaryEntityName", json!("none")),
        changed("/PrimaryEntityName", json!(7)),
        changed("/MessageName", json!(null)),
        changed("/MessageName", json!("")),
        changed("/MessageName", json!(["Update"])),
        no_id(json!(null)),
        no_id(json!("")),
        no_id(json!("x")),
        no_id(json!(nil)),
        no_id(json!("00aa00aa-bb11-4c22-8d33-44ee44ee44e")),
        no_id(json!(7)),
    ] {
        assert_eq!(stage.deliver(&wrong).await, NOT_A_CHANGE, "{wrong}");
    }
    for garbage in [&b""[..], b"{", b"\xff", b"\xef\xbb\xbf{}", &[b'['; 100_000]] {
        let answer = stage.receive(&headers(&[(KEY_HEADER, KEY)]), garbage).await;
        assert_eq!(said(&answer), NOT_A_CHANGE);
    }
    assert_eq!(stage.hall.waiting().await, 0);
}

#[tokio::test]
async fn size_goes_before_the_key_and_the_key_before_syntax() {
    let stage = Stage::new().await;
    let (key, none) = (headers(&[(KEY_HEADER, KEY)]), HeaderMap::new());
    let large = vec![b' '; CHANGE_BYTES_MAX + 1];
    for headers in [&key, &none] {
        assert_eq!(stage.receive(headers, &large).await.status, 413);
    }
    assert_eq!(stage.receive(&none, b"no change").await.status, 401);
    assert_eq!(stage.receive(&key, b"no change").await.status, 400);
    let mut just_fits = change().to_string().into_bytes();
    just_fits.resize(CHANGE_BYTES_MAX, b' ');
    assert_eq!(said(&stage.receive(&key, &just_fits).await), QUEUED);
}

#[tokio::test]
async fn the_second_delivery_of_a_job_is_no_second_hint_and_another_job_is() {
    let stage = Stage::new().await;
    assert_eq!(stage.deliver(&change()).await, QUEUED);
    assert_eq!(stage.deliver(&changed("/Depth", json!(2))).await, (200, "queued before"), "the same job");
    assert_eq!(stage.deliver(&context("opportunity", "Update", &operation(2))).await, QUEUED, "an edit a moment later");
    let jobless = |created: &str| {
        let mut context = changed("/OperationId", json!("00000000-0000-0000-0000-000000000000"));
        context["OperationCreatedOn"] = json!(created);
        context
    };
    assert_eq!(stage.deliver(&jobless("/Date(1)/")).await, QUEUED);
    assert_eq!(stage.deliver(&jobless("/Date(1)/")).await, (200, "queued before"));
    assert_eq!(stage.deliver(&jobless("/Date(2)/")).await, QUEUED);
    assert_eq!(stage.hall.waiting().await, 4);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_on_disk_and_nothing_is_swallowed_afterwards() {
    let stage = Stage::new().await;
    stage.hall.break_down().await;
    for _ in 0..2 {
        let answer = stage.receive(&headers(&[(KEY_HEADER, KEY)]), change().to_string().as_bytes()).await;
        assert_eq!((said(&answer), answer.retry_after_seconds()), ((503, "try again"), Some(5)));
    }
    stage.hall.repair().await;
    assert_eq!(stage.deliver(&change()).await, QUEUED);
    assert_eq!(stage.hall.hints().await.len(), 1);
}
