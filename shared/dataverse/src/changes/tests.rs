//! Bodies as dataverse-api 5.5 shows them, and bodies that Dataverse would not send.

use http::HeaderValue;
use serde_json::json;

use super::*;

const ID: &str = "00aa00aa-bb11-cc22-dd33-44ee44ee44ee";

/// An asynchronous update, with escaped slashes and the tag in the parent, as in the documentation's sample.
const UPDATE: &str = r#"{ "BusinessUnitId":"e2b90000-0000-4000-8000-000000000001", "CorrelationId":"b3740000-0000-4000-8000-000000000002", "Depth":1,
  "InitiatingUserId":"75c20000-0000-4000-8000-000000000003",
  "InputParameters":[{"key":"Target","value":{
      "__type":"Entity:http:\/\/schemas.microsoft.com\/xrm\/2011\/Contracts",
      "Attributes":[{"key":"name","value":"Deal"},
        {"key":"estimatedvalue","value":{"__type":"Money:http:\/\/schemas.microsoft.com\/xrm\/2011\/Contracts","Value":25000.0000}},
        {"key":"modifiedon","value":"\/Date(1506384247000)\/"}],
      "EntityState":null,"Id":"00aa00aa-bb11-cc22-dd33-44ee44ee44ee","LogicalName":"opportunity"}}],
  "MessageName":"Update","Mode":1,"OperationCreatedOn":"\/Date(1506409448000-0700)\/","OperationId":"4af10000-0000-4000-8000-000000000004",
  "OutputParameters":[],"OwningExtension":{"Id":"75410000-0000-4000-8000-000000000005","LogicalName":"sdkmessageprocessingstep"},
  "ParentContext":{"MessageName":"Update","SharedVariables":[{"key":"tag","value":"cosell:7f3a"},
      {"key":"ChangedEntityTypes","value":[{"__type":"KeyValuePairOfstringstring:#System.Collections.Generic","key":"contact","value":"Update"}]}],
      "ParentContext":{"SharedVariables":[{"key":"tag","value":"other\/outer"}],"ParentContext":null}},
  "PrimaryEntityId":"00aa00aa-bb11-cc22-dd33-44ee44ee44ee","PrimaryEntityName":"opportunity","SecondaryEntityName":"none",
  "SharedVariables":[{"key":"IsAutoTransact","value":true}],"Stage":40 }"#;

fn read(body: &Value) -> Result<Change, ChangeError> {
    Change::read(&HeaderMap::new(), body.to_string().as_bytes())
}

fn update() -> Value {
    serde_json::from_str(UPDATE).unwrap()
}

fn without(member: &str) -> Value {
    let mut body = update();
    body.as_object_mut().unwrap().remove(member);
    body
}

fn with(member: &str, value: Value) -> Value {
    let mut body = update();
    body[member] = value;
    body
}

#[test]
fn an_update_names_its_row_its_job_and_the_tags_of_every_parent() {
    let change = Change::read(&HeaderMap::new(), UPDATE.as_bytes()).unwrap();
    assert_eq!(change.entity, "opportunity");
    assert_eq!(change.id.to_string(), ID);
    assert_eq!(change.message, "Update");
    assert_eq!(change.operation_id.as_deref(), Some("4af10000-0000-4000-8000-000000000004"));
    assert_eq!(change.tags, ["cosell:7f3a", "other/outer"]);
    assert_eq!(change.dedupe_key.len(), 64);
}

#[test]
fn a_tag_of_the_context_itself_comes_first() {
    let own = with("SharedVariables", json!([{ "key": "tag", "value": "mine" }]));
    assert_eq!(read(&own).unwrap().tags, ["mine", "cosell:7f3a", "other/outer"]);
    for odd in [json!(null), json!("tag"), json!([1, null, { "key": "tag" }, { "key": 5, "value": "x" }])] {
        assert_eq!(read(&with("SharedVariables", odd)).unwrap().tags.len(), 2);
    }
}

#[test]
fn a_delete_carries_a_reference_instead_of_an_entity() {
    let delete = json!({ "MessageName": "Delete", "PrimaryEntityName": "lead", "OperationId": "x",
        "InputParameters": [{ "key": "Target", "value": {
            "__type": "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts", "Id": ID, "LogicalName": "lead" } }] });
    let change = read(&delete).unwrap();
    assert_eq!(
        (change.message.as_str(), change.entity.as_str(), change.id.to_string().as_str()),
        ("Delete", "lead", ID)
    );
}

#[test]
fn a_create_may_name_its_row_in_the_output_only() {
    let create = json!({ "MessageName": "Create", "PrimaryEntityName": "opportunity",
        "PrimaryEntityId": "00000000-0000-0000-0000-000000000000", "OutputParameters": [{ "key": "id", "value": ID }] });
    assert_eq!(read(&create).unwrap().id.to_string(), ID);
}

#[test]
fn a_trimmed_body_is_enough() {
    let mut body = update();
    for member in ["ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"] {
        body.as_object_mut().unwrap().remove(member);
    }
    let change = read(&body).unwrap();
    assert_eq!(change.id.to_string(), ID);
    assert_eq!(change.tags, Vec::<String>::new());
    assert_eq!(change.dedupe_key, read(&update()).unwrap().dedupe_key, "trimmed or not, it is the same job");
}

#[test]
fn guids_are_read_in_every_form() {
    for form in [format!("{{{ID}}}"), ID.to_uppercase(), ID.replace('-', ""), format!(" {ID} ")] {
        assert_eq!(read(&with("PrimaryEntityId", json!(form))).unwrap().id.to_string(), ID, "{form}");
    }
}

#[test]
fn headers_stand_in_for_missing_names() {
    let mut headers = HeaderMap::new();
    headers.insert("x-ms-dynamics-entity-name", HeaderValue::from_static("Lead"));
    headers.insert("x-ms-dynamics-request-name", HeaderValue::from_static("Create"));
    let body = json!({ "PrimaryEntityId": ID, "PrimaryEntityName": "none" }).to_string();
    let change = Change::read(&headers, body.as_bytes()).unwrap();
    assert_eq!((change.entity.as_str(), change.message.as_str()), ("lead", "Create"));

    let from_body = Change::read(&headers, UPDATE.as_bytes()).unwrap();
    assert_eq!((from_body.entity.as_str(), from_body.message.as_str()), ("opportunity", "Update"), "the body wins");
}

#[test]
fn each_missing_part_has_its_error() {
    assert!(matches!(read(&without("PrimaryEntityName")), Err(ChangeError::NoEntity)));
    assert!(matches!(read(&with("PrimaryEntityName", json!("none"))), Err(ChangeError::NoEntity)));
    assert!(matches!(read(&without("MessageName")), Err(ChangeError::NoMessage)));
    assert!(matches!(read(&with("MessageName", json!(7))), Err(ChangeError::NoMessage)));
    for id in [json!("not-a-guid"), json!(null), json!(5), json!("")] {
        let mut body = with("PrimaryEntityId", id);
        body["InputParameters"] = json!([]);
        assert!(matches!(read(&body), Err(ChangeError::NoId)));
    }
}

#[test]
fn garbage_is_refused() {
    let deep = "[".repeat(100_000);
    for garbage in ["", "x", "{\"PrimaryEntityId\":", "\u{feff}", deep.as_str()] {
        assert!(matches!(Change::read(&HeaderMap::new(), garbage.as_bytes()), Err(ChangeError::NotJson(_))));
    }
    assert!(matches!(Change::read(&HeaderMap::new(), b"\xff\xfe"), Err(ChangeError::NotJson(_))));
    for garbage in ["[]", "null", "\"x\"", "3"] {
        assert!(matches!(Change::read(&HeaderMap::new(), garbage.as_bytes()), Err(ChangeError::NotAnObject)));
    }
}

#[test]
fn the_key_is_the_same_for_a_redelivery_and_for_nothing_else() {
    let key = |body: &Value| read(body).unwrap().dedupe_key;
    let first = key(&update());
    assert_eq!(first, key(&with("Depth", json!(2))), "only the job and the subject count");
    let mut different = vec![
        key(&with("OperationId", json!("4af10000-0000-4000-8000-000000000009"))),
        key(&with("MessageName", json!("Delete"))),
        key(&with("PrimaryEntityName", json!("lead"))),
        key(&with("PrimaryEntityId", json!("00aa00aa-bb11-cc22-dd33-44ee44ee44ef"))),
        first,
    ];
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 5);
}

#[test]
fn without_a_job_the_correlation_and_then_the_body_tell_calls_apart() {
    let key = |body: &Value| read(body).unwrap().dedupe_key;
    let nil = json!("00000000-0000-0000-0000-000000000000");
    let jobless = without("OperationId");
    assert_eq!(key(&jobless), key(&with("OperationId", nil)), "a nil job is no job");
    let mut later = jobless.clone();
    later["OperationCreatedOn"] = json!("/Date(1506409449000)/");
    assert_ne!(key(&jobless), key(&later));
    let mut other_step = jobless.clone();
    other_step["OwningExtension"]["Id"] = json!("x");
    assert_ne!(key(&jobless), key(&other_step));

    let bare = json!({ "PrimaryEntityId": ID, "PrimaryEntityName": "lead", "MessageName": "Update", "Depth": 1 });
    let mut changed = bare.clone();
    changed["Depth"] = json!(2);
    assert_eq!(key(&bare), key(&bare.clone()));
    assert_ne!(key(&bare), key(&changed));
}
