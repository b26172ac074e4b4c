//! Installing tables, columns and keys into an organisation that knows nothing of Cosell (dataverse-api 7.3, 7.4, 7.6).

use reqwest::Method;
use serde_json::{Value, json};
use simulators::dataverse::Level;

use crate::caller::{Answer, Caller, send, started, started_bare, text, texts};
use crate::schema::{OPPORTUNITY, column, label, wait};

async fn add_column(caller: &Caller, table: &str, column: &Value) -> Answer {
    caller.post(&format!("EntityDefinitions(LogicalName='{table}')/Attributes"), column).await
}

#[tokio::test]
async fn a_new_column_is_known_after_a_while_and_holds_values() {
    let caller = started_bare().await;
    assert_eq!(caller.get("opportunities?$select=cosell_referralid").await.refusal(), (400, "0x80060888"));
    let made =
        add_column(&caller, "opportunity", &column("String", "cosell_ReferralId", json!({ "MaxLength": 5 }))).await;
    assert_eq!(made.status, 204, "{}", made.text);
    let address = made.header("odata-entityid").unwrap();
    assert!(address.contains("/EntityDefinitions(") && address.contains(")/Attributes("), "{address}");
    // In no cache yet, unless the reader insists.
    assert_eq!(caller.get("opportunities?$select=cosell_referralid").await.refusal(), (400, "0x80060888"));
    let path = format!("{OPPORTUNITY}/Attributes(LogicalName='cosell_referralid')?$select=SchemaName");
    assert_eq!(caller.get(&path).await.status, 404);
    let strong = send(caller.api(Method::GET, &path).header("Consistency", "Strong")).await;
    assert_eq!((strong.status, text(&strong.body, "/SchemaName")), (200, "cosell_ReferralId"));
    wait(&caller);
    let id = caller.created("opportunities", &json!({ "name": "Deal", "cosell_referralid": "12345" })).await;
    assert_eq!(caller.got(&format!("opportunities({id})")).await["cosell_referralid"], "12345");
    let long = caller.patch(&format!("opportunities({id})"), &[], &json!({ "cosell_referralid": "123456" })).await;
    assert_eq!(long.refusal(), (400, "0x80044331"));
    let again = add_column(&caller, "opportunity", &column("String", "cosell_referralid", json!({}))).await;
    assert_eq!(again.refusal(), (400, "0x80047013"));
}

#[tokio::test]
async fn columns_of_every_kind_can_be_made_and_read_by_cast() {
    let caller = started_bare().await;
    let options = json!({ "OptionSet": {
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "OptionSetType": "Picklist", "IsGlobal": false,
        "Options": [{ "Value": 727_000_001, "Label": label("Yes") }, { "Value": 727_000_002, "Label": label("No") }],
    } });
    let date = json!({ "Format": "DateOnly", "DateTimeBehavior": { "Value": "DateOnly" } });
    let columns = [
        column("Boolean", "cosell_Sync", json!({ "DefaultValue": false })),
        column("Memo", "cosell_Audit", json!({ "MaxLength": 100_000 })),
        column("Picklist", "cosell_Response", options.clone()),
        column("MultiSelectPicklist", "cosell_Topics", options),
        column("DateTime", "cosell_Day", date),
        column("DateTime", "cosell_Moment", json!({ "Format": "DateAndTime" })),
        column("Integer", "cosell_Count", json!({ "MinValue": 0, "MaxValue": 9 })),
        column("Decimal", "cosell_Rate", json!({ "Precision": 3 })),
        column("Money", "cosell_Budget", json!({ "PrecisionSource": 2 })),
    ];
    for column in &columns {
        assert_eq!(add_column(&caller, "opportunity", column).await.status, 204, "{column}");
    }
    wait(&caller);
    let id = caller
        .created(
            "opportunities",
            &json!({
                "cosell_audit": "x", "cosell_response": 727_000_001, "cosell_topics": "727000002,727000001",
                "cosell_day": "2027-03-31", "cosell_moment": "2027-03-31T10:00:00Z", "cosell_count": 9,
                "cosell_rate": 1.2345, "cosell_budget": 100,
            }),
        )
        .await;
    let row = caller.got(&format!("opportunities({id})")).await;
    assert_eq!((&row["cosell_sync"], &row["cosell_day"]), (&json!(false), &json!("2027-03-31")));
    assert_eq!(
        (&row["cosell_topics"], &row["cosell_moment"]),
        (&json!("727000001,727000002"), &json!("2027-03-31T10:00:00Z"))
    );
    assert_eq!(
        (row["cosell_rate"].to_string(), row["cosell_budget_base"].to_string()),
        ("1.235".to_owned(), "100.0000".to_owned())
    );
    let chosen = "opportunities?$filter=Microsoft.Dynamics.CRM.ContainValues(PropertyName='cosell_topics',PropertyValues=['727000001'])";
    assert_eq!(caller.rows(chosen).await.len(), 1);
    let refused = caller.patch(&format!("opportunities({id})"), &[], &json!({ "cosell_response": 1 })).await;
    assert_eq!(refused.refusal(), (400, "0x8004431A"));
    // The members of a type need its cast.
    let path = format!("{OPPORTUNITY}/Attributes(LogicalName='cosell_response')");
    let cast = format!("{path}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet");
    let read = caller.got(&cast).await;
    assert_eq!(text(&read, "/OptionSet/Options/0/Label/UserLocalizedLabel/Label"), "Yes");
    assert_eq!(caller.get(&format!("{path}?$expand=OptionSet")).await.refusal(), (400, "0x80060888"));
    let wrong = format!("{path}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=MaxLength");
    assert_eq!(caller.get(&wrong).await.status, 404);
    // A further option.
    let option = json!({
        "EntityLogicalName": "opportunity", "AttributeLogicalName": "cosell_response", "Value": 727_000_003,
        "Label": label("Later"),
    });
    assert_eq!(caller.post("InsertOptionValue", &option).await.body["NewOptionValue"], json!(727_000_003));
    caller.changed(&format!("opportunities({id})"), &json!({ "cosell_response": 727_000_003 })).await;
}

#[tokio::test]
async fn a_new_table_has_rows_tracking_and_webhook_messages() {
    let caller = started_bare().await;
    let definition = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "cosell_Reply",
        "DisplayName": label("Reply"), "DisplayCollectionName": label("Replies"), "Description": label("A test's"),
        "HasActivities": false, "HasNotes": true, "OwnershipType": "UserOwned", "ChangeTrackingEnabled": true,
        "PrimaryNameAttribute": "cosell_name",
        "Attributes": [column("String", "cosell_Name", json!({ "IsPrimaryName": true, "MaxLength": 200 }))],
    });
    let made = caller.post("EntityDefinitions", &definition).await;
    assert_eq!(made.status, 204, "{}", made.text);
    let path = "EntityDefinitions(LogicalName='cosell_reply')";
    let read = caller.got(&format!("{path}?$select=EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled")).await;
    assert_eq!(
        (text(&read, "/EntitySetName"), text(&read, "/PrimaryIdAttribute")),
        ("cosell_replies", "cosell_replyid")
    );
    assert_eq!(text(&read, "/MetadataId"), made.entity_id().to_string());
    let id = caller.created("cosell_replies", &json!({ "cosell_name": "First" })).await;
    assert!(caller.dv.row("cosell_reply", id).unwrap()["_ownerid_value"].is_string());
    let tracked = caller.get_preferring("cosell_replies?$select=cosell_name", "odata.track-changes").await;
    assert!(tracked.link("@odata.deltaLink").is_some());
    let filters = "sdkmessagefilters?$filter=primaryobjecttypecode eq 'cosell_reply' and sdkmessageid/name eq 'Update'";
    assert_eq!(caller.rows(filters).await.len(), 1);
    assert_eq!(caller.post("EntityDefinitions", &definition).await.refusal(), (400, "0x8004700b"));
    // Definitions are replaced whole, never patched, and tracking stays on.
    assert_eq!(caller.patch(path, &[], &json!({ "ChangeTrackingEnabled": true })).await.status, 405);
    let mut whole = caller.got(path).await;
    whole["DisplayName"] = label("Answer");
    assert_eq!(caller.put(path, &whole).await.status, 204);
    assert_eq!(text(&caller.got(path).await, "/DisplayName/LocalizedLabels/0/Label"), "Answer");
    whole["ChangeTrackingEnabled"] = json!(false);
    assert_eq!(caller.put(path, &whole).await.status, 400);
    assert_eq!(caller.delete(path, &[]).await.status, 204);
    assert_eq!(caller.get("cosell_replies").await.status, 404);
    assert_eq!(caller.rows(filters).await.len(), 0);
}

#[tokio::test]
async fn definitions_are_found_by_condition() {
    let caller = started().await;
    let path = "EntityDefinitions?$select=LogicalName,ChangeTrackingEnabled&$filter=LogicalName eq 'opportunity'";
    let rows = caller.rows(path).await;
    assert_eq!((rows.len(), &rows[0]["ChangeTrackingEnabled"]), (1, &json!(true)));
    let custom =
        "EntityDefinitions?$select=LogicalName&$filter=IsCustomEntity eq true and startswith(LogicalName,'cosell_')";
    assert_eq!(texts(&caller.rows(custom).await, "LogicalName"), ["cosell_solution", "cosell_solutiondetail"]);
    assert_eq!(caller.get("EntityDefinitions?$select=Nothere").await.refusal(), (400, "0x80060888"));
    assert_eq!(caller.get("EntityDefinitions(LogicalName='nothere')").await.status, 404);
    let columns = format!(
        "{OPPORTUNITY}?$select=LogicalName&$expand=Attributes($select=LogicalName;$filter=LogicalName eq 'name'),Keys($select=LogicalName,EntityKeyIndexStatus)"
    );
    let read = caller.got(&columns).await;
    assert_eq!(text(&read, "/Attributes/0/LogicalName"), "name");
    assert_eq!(text(&read, "/Keys/0/EntityKeyIndexStatus"), "Active");
    let strings = format!(
        "{OPPORTUNITY}/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength&$filter=LogicalName eq 'name'"
    );
    assert_eq!(caller.rows(&strings).await[0]["MaxLength"], json!(300));
}

#[tokio::test]
async fn a_key_works_once_its_index_is_built() {
    let caller = started_bare().await;
    add_column(&caller, "opportunity", &column("String", "cosell_ReferralId", json!({ "MaxLength": 100 }))).await;
    let key = json!({
        "SchemaName": "cosell_ReferralId_Key", "KeyAttributes": ["cosell_referralid"], "DisplayName": label("Referral"),
    });
    let keys = format!("{OPPORTUNITY}/Keys");
    assert_eq!(caller.post(&keys, &key).await.status, 204);
    let status = async || {
        let path = format!("{keys}(LogicalName='cosell_referralid_key')?$select=EntityKeyIndexStatus");
        text(&caller.got(&path).await, "/EntityKeyIndexStatus").to_owned()
    };
    assert_eq!(status().await, "Pending");
    assert_eq!(caller.get("opportunities(cosell_referralid='x')").await.status, 400);
    wait(&caller);
    assert_eq!(status().await, "Active");
    assert_eq!(caller.get("opportunities(cosell_referralid='x')").await.refusal(), (404, "0x80060891"));
    assert_eq!(caller.post(&keys, &key).await.refusal(), (400, "0x80060893"));
    let mut same_columns = key.clone();
    same_columns["SchemaName"] = json!("cosell_Other_Key");
    assert_eq!(caller.post(&keys, &same_columns).await.refusal(), (400, "0x80060894"));
    let path = format!("{keys}(LogicalName='cosell_referralid_key')");
    assert_eq!(caller.delete(&path, &[]).await.status, 204);
    assert_eq!(caller.get("opportunities(cosell_referralid='x')").await.status, 400);
    // Rows with equal values make the index fail, until they are gone.
    let doubled =
        ["1", "2"].map(|name| caller.dv.create("opportunity", json!({ "name": name, "cosell_referralid": "x" })));
    assert_eq!(caller.post(&keys, &key).await.status, 204);
    wait(&caller);
    assert_eq!(status().await, "Failed");
    caller.dv.delete("opportunity", doubled[0]);
    let again = json!({ "EntityLogicalName": "opportunity", "EntityKeyLogicalName": "cosell_referralid_key" });
    assert_eq!(caller.post("ReactivateEntityKey", &again).await.status, 204);
    wait(&caller);
    assert_eq!(status().await, "Active");
    assert_eq!(caller.get("opportunities(cosell_referralid='x')").await.status, 200);
}

#[tokio::test]
async fn installing_needs_the_right_to() {
    let caller = started_bare().await;
    let cases = [
        ("prvCreateAttribute", format!("{OPPORTUNITY}/Attributes")),
        ("prvCreateEntity", "EntityDefinitions".to_owned()),
        ("prvPublishCustomization", "PublishAllXml".to_owned()),
        ("prvCreateServiceEndpoint", "serviceendpoints".to_owned()),
        ("prvCreateSdkMessageProcessingStep", "sdkmessageprocessingsteps".to_owned()),
    ];
    for (privilege, path) in cases {
        caller.dv.set_privilege(privilege, Level::None);
        let answer = caller.post(&path, &json!({})).await;
        assert_eq!(answer.refusal(), (403, "0x80040220"), "{privilege}");
        assert!(answer.message().to_lowercase().contains(&privilege.to_lowercase()), "{}", answer.message());
    }
}

#[tokio::test]
async fn tables_can_be_made_several_at_once() {
    let caller = started_bare().await;
    let table = |name: &str| {
        json!({
            "@odata.type": "Microsoft.Dynamics.CRM.ComplexEntityMetadata", "SchemaName": name,
            "DisplayName": label(name), "OwnershipType": "UserOwned",
            "Attributes": [column("ComplexString", "cosell_Name", json!({ "IsPrimaryName": true }))],
        })
    };
    let both = json!({ "Entities": [table("cosell_Box"), table("cosell_Brush")] });
    assert_eq!(caller.post("CreateEntities?SolutionUniqueName=Nothere", &both).await.status, 400);
    assert_eq!(caller.get("cosell_boxes").await.status, 404, "all or none");
    assert_eq!(caller.post("CreateEntities", &both).await.status, 204);
    for set in ["cosell_boxes", "cosell_brushes"] {
        caller.created(set, &json!({ "cosell_name": "x" })).await;
    }
}
