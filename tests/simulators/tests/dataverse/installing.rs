//! Installing into an organisation that knows nothing of Cosell (dataverse-api 7).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulators::dataverse::Level;

use crate::caller::{Answer, Caller, send, started, started_bare, text, texts};

fn label(text: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.Label",
        "LocalizedLabels": [{
            "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", "Label": text, "LanguageCode": 1033,
        }],
    })
}

fn column(kind: &str, name: &str, more: Value) -> Value {
    let mut column = json!({
        "@odata.type": format!("Microsoft.Dynamics.CRM.{kind}AttributeMetadata"),
        "SchemaName": name, "DisplayName": label(name), "Description": label("A test's"),
        "RequiredLevel": { "Value": "None" },
    });
    column.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    column
}

const OPPORTUNITY: &str = "EntityDefinitions(LogicalName='opportunity')";

async fn add_column(caller: &Caller, table: &str, column: &Value) -> Answer {
    caller.post(&format!("EntityDefinitions(LogicalName='{table}')/Attributes"), column).await
}

/// Lets the caches learn what is new and the indexes be built.
fn wait(caller: &Caller) {
    caller.clock.advance(Duration::from_secs(1));
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
async fn relationships_bind_by_the_casing_of_their_lookup() {
    let caller = started_bare().await;
    let table = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "cosell_Solution",
        "DisplayName": label("Solution"), "OwnershipType": "UserOwned",
        "Attributes": [column("String", "cosell_Name", json!({ "IsPrimaryName": true }))],
    });
    assert_eq!(caller.post("EntityDefinitions", &table).await.status, 204);
    let relationship = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": "cosell_opportunity_cosell_solution", "ReferencedEntity": "opportunity",
        "ReferencedAttribute": "opportunityid", "ReferencingEntity": "cosell_solution",
        "Lookup": { "SchemaName": "cosell_OpportunityId", "DisplayName": label("Opportunity") },
        "CascadeConfiguration": { "Delete": "RemoveLink" },
    });
    assert_eq!(caller.post("RelationshipDefinitions", &relationship).await.status, 204);
    assert_eq!(caller.post("RelationshipDefinitions", &relationship).await.refusal(), (400, "0x80047010"));
    wait(&caller);
    let path = "RelationshipDefinitions(SchemaName='cosell_opportunity_cosell_solution')";
    let cast = format!(
        "{path}/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata?$select=ReferencingEntityNavigationPropertyName"
    );
    assert_eq!(text(&caller.got(&cast).await, "/ReferencingEntityNavigationPropertyName"), "cosell_OpportunityId");
    let opportunity = caller.created("opportunities", &json!({ "name": "Deal" })).await;
    let bind = |name: &str| json!({ name: format!("/opportunities({opportunity})") });
    assert_eq!(caller.post("cosell_solutions", &bind("cosell_opportunityid@odata.bind")).await.status, 400);
    caller.created("cosell_solutions", &bind("cosell_OpportunityId@odata.bind")).await;
    let read = caller.got(&format!("opportunities({opportunity})?$expand=cosell_opportunity_cosell_solution")).await;
    assert_eq!(read["cosell_opportunity_cosell_solution"].as_array().unwrap().len(), 1);
    // The table that is pointed to by a custom lookup of another stays; the lookup goes with its relationship.
    let lookup = "EntityDefinitions(LogicalName='cosell_solution')/Attributes(LogicalName='cosell_opportunityid')";
    assert_eq!(caller.delete(lookup, &[]).await.refusal(), (400, "0x8004f01f"));
    assert_eq!(caller.delete(path, &[]).await.status, 204);
    assert_eq!(caller.get("cosell_solutions?$select=_cosell_opportunityid_value").await.status, 400);
}

#[tokio::test]
async fn many_to_many_associates() {
    let caller = started().await;
    let relationship = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "cosell_deal_detail",
        "IntersectEntityName": "cosell_deal_detail", "Entity1LogicalName": "opportunity",
        "Entity2LogicalName": "cosell_solutiondetail",
    });
    assert_eq!(caller.post("RelationshipDefinitions", &relationship).await.status, 204);
    let opportunity = caller.created("opportunities", &json!({ "name": "Deal" })).await;
    let detail = caller.created("cosell_solutiondetails", &json!({ "cosell_code": "SOL-1" })).await;
    let path = format!("opportunities({opportunity})/cosell_deal_detail");
    let address = json!({ "@odata.id": format!("{}cosell_solutiondetails({detail})", caller.root()) });
    for _ in 0..2 {
        assert_eq!(caller.post(&format!("{path}/$ref"), &address).await.status, 204);
    }
    assert_eq!(caller.rows(&path).await.len(), 1);
    assert_eq!(caller.rows(&format!("cosell_solutiondetails({detail})/cosell_deal_detail")).await.len(), 1);
    let expanded =
        caller.got(&format!("opportunities({opportunity})?$expand=cosell_deal_detail($select=cosell_code)")).await;
    assert_eq!(text(&expanded, "/cosell_deal_detail/0/cosell_code"), "SOL-1");
    assert_eq!(caller.delete(&format!("{path}({detail})/$ref"), &[]).await.status, 204);
    assert_eq!(caller.rows(&path).await.len(), 0);
}

#[tokio::test]
async fn publishers_solutions_and_variables_are_rows_and_solutions_hold_components() {
    let caller = started_bare().await;
    let publisher = json!({
        "uniquename": "cosell", "friendlyname": "Cosell", "customizationprefix": "cosell",
        "customizationoptionvalueprefix": 72_700,
    });
    let publisher = caller.created("publishers", &publisher).await;
    let solution = json!({
        "uniquename": "Cosell", "friendlyname": "Cosell", "version": "1.0.0.0",
        "publisherid@odata.bind": format!("/publishers({publisher})"),
    });
    let solution_id = caller.created("solutions", &solution).await;
    assert_eq!(caller.post("solutions", &solution).await.refusal(), (412, "0x80060892"));
    let path = format!("{OPPORTUNITY}/Attributes");
    let in_solution = |name: &'static str| {
        caller.api(Method::POST, &path).header("MSCRM.SolutionUniqueName", name).json(&column(
            "Boolean",
            "cosell_Sync",
            json!({}),
        ))
    };
    assert_eq!(send(in_solution("Nothere")).await.status, 400);
    let made = send(in_solution("Cosell")).await;
    assert_eq!(made.status, 204, "a refused column was not made: {}", made.text);
    let endpoint =
        json!({ "name": "x", "url": "https://api.example/", "contract": 8, "authtype": 4, "authvalue": "k" });
    let endpoint =
        caller.api(Method::POST, "serviceendpoints").header("MSCRM.SolutionUniqueName", "Cosell").json(&endpoint);
    assert_eq!(send(endpoint).await.status, 204);
    let components = caller
        .rows(&format!(
            "solutioncomponents?$select=componenttype&$filter=_solutionid_value eq {solution_id}&$orderby=componenttype"
        ))
        .await;
    let types: Vec<i64> = components.iter().map(|row| row["componenttype"].as_i64().unwrap()).collect();
    assert_eq!(types, [2, 95]);
    let variable =
        json!({ "schemaname": "cosell_Url", "displayname": "URL", "type": 100_000_000, "defaultvalue": "d" });
    let variable = caller.created("environmentvariabledefinitions", &variable).await;
    let value = |name: &str| json!({ "value": "v", name: format!("/environmentvariabledefinitions({variable})") });
    let lower = "environmentvariabledefinitionid@odata.bind";
    assert_eq!(caller.post("environmentvariablevalues", &value(lower)).await.status, 400);
    caller.created("environmentvariablevalues", &value("EnvironmentVariableDefinitionId@odata.bind")).await;
    let expand = "environmentvariabledefinitions?$filter=schemaname eq 'cosell_Url'&$expand=environmentvariabledefinition_environmentvariablevalue($select=value)";
    let read = &caller.rows(expand).await[0];
    assert_eq!(text(read, "/environmentvariabledefinition_environmentvariablevalue/0/value"), "v");
}

#[tokio::test]
async fn a_form_changes_when_it_is_published() {
    let caller = started().await;
    let forms = "systemforms?$select=formid,name,formxml&$filter=objecttypecode eq 'opportunity' and type eq 2";
    let form = caller.rows(forms).await.remove(0);
    let path = format!("systemforms({})", text(&form, "/formid"));
    let section = "<section name=\"cosell\"><rows><row><cell id=\"{a}\"><control id=\"cosell_stamp\" \
                   datafieldname=\"cosell_stamp\" /></cell></row></rows></section></sections>";
    let xml = text(&form, "/formxml").replace("</sections>", section);
    assert_eq!(
        caller.patch(&path, &[("If-Match", "*")], &json!({ "formxml": "<form><tabs></form>" })).await.status,
        400
    );
    caller.changed(&path, &json!({ "formxml": xml })).await;
    assert_eq!(caller.got(&path).await["formxml"], form["formxml"]);
    let unpublished = caller.got(&format!("{path}/Microsoft.Dynamics.CRM.RetrieveUnpublished()")).await;
    assert_eq!(text(&unpublished, "/formxml"), xml);
    let publish = |table: &str| json!({ "ParameterXml": format!("<importexportxml><entities><entity>{table}</entity></entities></importexportxml>") });
    assert_eq!(caller.post("PublishXml", &publish("lead")).await.status, 204);
    assert_eq!(caller.got(&path).await["formxml"], form["formxml"], "another table was published");
    assert_eq!(caller.post("PublishXml", &publish("opportunity")).await.status, 204);
    assert_eq!(text(&caller.got(&path).await, "/formxml"), xml);
    // A column on a published form stays until the form lets it go.
    let column = format!("{OPPORTUNITY}/Attributes(LogicalName='cosell_stamp')");
    assert_eq!(caller.delete(&column, &[]).await.refusal(), (400, "0x8004f01f"));
    caller.changed(&path, &json!({ "formxml": form["formxml"] })).await;
    assert_eq!(caller.post("PublishAllXml", &json!({})).await.status, 204);
    assert_eq!(caller.delete(&column, &[]).await.status, 204);
    assert_eq!(caller.get("opportunities?$select=cosell_stamp").await.status, 400);
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
