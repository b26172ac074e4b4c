//! Relationships, solutions, variables and forms (dataverse-api 7.1, 7.5, 7.7 to 7.9).

use reqwest::Method;
use serde_json::json;

use crate::caller::{send, started, started_bare, text};
use crate::schema::{OPPORTUNITY, column, label, wait};

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
