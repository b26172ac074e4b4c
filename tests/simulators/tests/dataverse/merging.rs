//! Merging two rows: the subordinate is deactivated and names its master.

use serde_json::json;

use crate::caller::{deal, started};

#[tokio::test]
async fn the_subordinate_is_deactivated_and_what_pointed_to_it_points_to_the_master() {
    let caller = started().await;
    let master = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let subordinate = caller.created("accounts", &json!({ "name": "Fabrikam Ltd" })).await;
    let mut body = deal("Deal");
    body["parentaccountid@odata.bind"] = json!(format!("/accounts({subordinate})"));
    let opportunity = caller.created("opportunities", &body).await;
    let parameter = |id| json!({ "@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": id });
    let merge = json!({
        "Target": parameter(master), "Subordinate": parameter(subordinate), "PerformParentingChecks": false,
        "UpdateContent": { "@odata.type": "Microsoft.Dynamics.CRM.account", "address1_city": "Graz" },
    });
    assert_eq!(caller.post("Merge", &merge).await.status, 204);
    let row = caller.dv.row("account", subordinate).unwrap();
    assert_eq!((&row["statecode"], &row["_masterid_value"], &row["merged"]), (&json!(1), &json!(master), &json!(true)));
    let row = caller.dv.row("opportunity", opportunity).unwrap();
    assert_eq!((&row["_parentaccountid_value"], &row["_customerid_value"]), (&json!(master), &json!(master)));
    assert_eq!(caller.dv.row("account", master).unwrap()["address1_city"], "Graz");
    assert_eq!(caller.post("Merge", &merge).await.status, 400, "merged once is merged");
}

#[tokio::test]
async fn leads_merge_and_opportunities_do_not() {
    let caller = started().await;
    let [master, subordinate] = ["A", "B"].map(|subject| caller.dv.create("lead", json!({ "subject": subject })));
    caller.dv.merge("lead", master, subordinate);
    let row = caller.dv.row("lead", subordinate).unwrap();
    assert_eq!((&row["statecode"], &row["_masterid_value"]), (&json!(2), &json!(master)));
    let parameter = |id| json!({ "@odata.type": "Microsoft.Dynamics.CRM.opportunity", "opportunityid": id });
    let [one, two] = ["A", "B"].map(|name| caller.dv.create("opportunity", deal(name)));
    let merge = json!({ "Target": parameter(one), "Subordinate": parameter(two) });
    assert_eq!(caller.post("Merge", &merge).await.status, 400);
}
