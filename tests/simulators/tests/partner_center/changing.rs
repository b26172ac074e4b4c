//! PATCH and PUT: preconditions, what a document may say, what is frozen (partner-center-api 2.4, 4.7, 4.8, 4.9, 5.2).

use reqwest::Method;
use serde_json::{Value, json};
use simulators::partner_center::StaleEtag;

use crate::caller::{COLLECTION, Caller, add, contact, document, private_deal, refusal, replace, started, text};

async fn with_deal() -> (Caller, String, String) {
    let caller = started().await;
    let deal = caller.created(&private_deal()).await;
    (caller, text(&deal, "/id").to_owned(), text(&deal, "/eTag").to_owned())
}

#[tokio::test]
async fn the_etag_goes_back_with_its_quotes() {
    let (caller, id, etag) = with_deal().await;
    let bare = etag.trim_matches('"').to_owned();
    let renamed = replace("/name", json!("Renamed"));
    for wrong in [bare, format!("W/{etag}"), format!("\"{etag}\"")] {
        assert_eq!(caller.patch(&id, Some(&wrong), &renamed).await.status(), 412, "{wrong}");
    }
    assert_eq!(caller.patch(&id, Some(&etag), &renamed).await.status(), 204);
    assert_eq!(text(&caller.got(&id).await, "/name"), "Renamed");
}

#[tokio::test]
async fn a_stale_etag_changes_nothing() {
    let (caller, id, etag) = with_deal().await;
    caller.pc.edit(&id, "/details/notes", json!("a seller was faster"));
    let stale = caller.patch(&id, Some(&etag), &replace("/name", json!("Too late"))).await;
    assert_eq!(refusal(stale).await.1, "preconditionFailed");
    let deal = caller.got(&id).await;
    assert_eq!(text(&deal, "/name"), "Northwind ERP move");
    assert_ne!(text(&deal, "/eTag"), etag);
    caller.pc.switches(|switches| switches.stale_etag = StaleEtag::Conflict);
    let (status, code, _) = refusal(caller.patch(&id, Some(&etag), &replace("/name", json!("x"))).await).await;
    assert_eq!((status, code.as_str()), (409, "resourceModified"));
}

#[tokio::test]
async fn without_if_match_the_last_write_wins() {
    let (caller, id, _) = with_deal().await;
    caller.pc.edit(&id, "/name", json!("A seller's name"));
    assert_eq!(caller.patch(&id, None, &replace("/name", json!("Ours"))).await.status(), 204);
    assert_eq!(caller.patch(&id, Some("*"), &replace("/name", json!("Star"))).await.status(), 204);
    assert_eq!(text(&caller.got(&id).await, "/name"), "Star");
}

#[tokio::test]
async fn the_system_moves_the_etag_too() {
    let (caller, id, etag) = with_deal().await;
    caller.pc.bump(&id);
    assert_eq!(caller.patch(&id, Some(&etag), &replace("/name", json!("x"))).await.status(), 412);
    assert_eq!(caller.got(&id).await["customerProfile"]["isMatchingComplete"], json!(true));
}

#[tokio::test]
async fn a_patch_answers_204_or_by_wish_the_document() {
    let (caller, id, etag) = with_deal().await;
    let answer = caller.patch(&id, Some(&etag), &replace("/details/dealValue", json!("10000"))).await;
    assert_eq!(answer.status(), 204);
    assert!(answer.bytes().await.unwrap().is_empty());
    let request = caller.referrals(Method::PATCH, &format!("{COLLECTION}/{id}"));
    let request = request.header("Prefer", "return=representation").json(&replace("/details/dealValue", json!(2.50)));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let deal = document(answer).await;
    assert_eq!(deal["details"]["dealValue"].to_string(), "2.5");
    assert_eq!(deal["eTag"], caller.got(&id).await["eTag"]);
}

#[tokio::test]
async fn replace_needs_a_member_that_is_there_and_add_does_not() {
    let (caller, id, _) = with_deal().await;
    for absent in ["/salesStage", "/campaignId", "/statusReason", "/customerProfile/address/region", "/unheard/of"] {
        let (status, code, message) = refusal(caller.patch(&id, None, &replace(absent, json!("x"))).await).await;
        assert_eq!((status, code.as_str()), (400, "invalidRequest"), "{absent}: {message}");
    }
    assert_eq!(caller.patch(&id, None, &add("/salesStage", json!("20"))).await.status(), 204);
    assert_eq!(caller.patch(&id, None, &replace("/salesStage", json!("40"))).await.status(), 204);
    caller.pc.switches(|switches| switches.replace_on_null = true);
    assert_eq!(caller.patch(&id, None, &replace("/campaignId", json!("SPRING"))).await.status(), 204);
    let deal = caller.got(&id).await;
    assert_eq!((text(&deal, "/salesStage"), text(&deal, "/campaignId")), ("40", "SPRING"));
}

#[tokio::test]
async fn a_null_list_takes_no_member_unless_a_switch_allows_it() {
    let (caller, id, _) = with_deal().await;
    caller.pc.edit(&id, "/team", Value::Null);
    let join = add("/team/-", contact("new@adatum.example"));
    assert_eq!(caller.patch(&id, None, &join).await.status(), 400);
    caller.pc.switches(|switches| switches.append_to_null = true);
    assert_eq!(caller.patch(&id, None, &join).await.status(), 204);
    assert_eq!(text(&caller.got(&id).await, "/team/0/email"), "new@adatum.example");
}

#[tokio::test]
async fn only_add_and_replace_are_known() {
    let (caller, id, _) = with_deal().await;
    for op in ["remove", "move", "copy", "test"] {
        let body = json!([{ "op": op, "path": "/name", "from": "/name", "value": "Northwind ERP move" }]);
        assert_eq!(caller.patch(&id, None, &body).await.status(), 400, "{op}");
    }
    for body in [json!([]), json!({ "name": "x" }), json!([{ "op": "add", "path": "name", "value": 1 }])] {
        assert_eq!(caller.patch(&id, None, &body).await.status(), 400, "{body}");
    }
    let named = caller.referrals(Method::PATCH, &format!("{COLLECTION}/{id}"));
    let named =
        named.header("Content-Type", "application/json-patch+json").body(replace("/name", json!("x")).to_string());
    assert_eq!(named.send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn one_bad_operation_stops_the_whole_document() {
    let (caller, id, etag) = with_deal().await;
    let body = json!([
        { "op": "replace", "path": "/name", "value": "Half done" },
        { "op": "replace", "path": "/details/currency", "value": "pounds" },
    ]);
    assert_eq!(caller.patch(&id, None, &body).await.status(), 400);
    let deal = caller.got(&id).await;
    assert_eq!((text(&deal, "/name"), text(&deal, "/eTag")), ("Northwind ERP move", etag.as_str()));
}

#[tokio::test]
async fn frozen_members_and_bad_values_are_refused() {
    let (caller, id, _) = with_deal().await;
    let cases = [
        ("/id", json!("x")),
        ("/engagementId", json!("x")),
        ("/type", json!("Shared")),
        ("/eTag", json!("x")),
        ("/mpnId", json!("7654321")),
        ("/customerProfile", json!({})),
        ("/customerProfile/name", json!("Other")),
        ("/customerProfile/address/city", json!("York")),
        ("/name", json!(" ")),
        ("/details/dealValue", json!(0)),
        ("/details/dealValue", json!("")),
        ("/details/closingDateTime", json!("tomorrow")),
        ("/details/requirements/solutions", json!([])),
        ("/team", json!([])),
        ("/team", json!([{ "email": "only@adatum.example" }])),
        ("/consent/consentToContact", json!(false)),
    ];
    for (path, value) in cases {
        let answer = caller.patch(&id, None, &add(path, value.clone())).await;
        assert_eq!(answer.status(), 400, "{path} = {value}");
    }
}

#[tokio::test]
async fn names_are_trimmed_by_a_patch_too() {
    let (caller, id, _) = with_deal().await;
    caller.patch(&id, None, &replace("/Name", json!("  R&D  "))).await;
    assert_eq!(text(&caller.got(&id).await, "/name"), "R&amp;D");
    assert_eq!(text(&caller.pc.referral(&id).unwrap(), "/name"), "R&D");
}

#[tokio::test]
async fn a_put_needs_if_match_and_no_links_and_erases_what_it_lacks() {
    let (caller, id, etag) = with_deal().await;
    let put = |body: &Value, etag: Option<&str>| {
        let mut request = caller.referrals(Method::PUT, &format!("{COLLECTION}/{id}")).json(body);
        if let Some(etag) = etag {
            request = request.header("If-Match", etag);
        }
        request.send()
    };
    let mut body = caller.got(&id).await;
    assert_eq!(put(&body, Some(&etag)).await.unwrap().status(), 400, "links are in it");
    let members = body.as_object_mut().unwrap();
    members.remove("links");
    members.remove("externalReferenceId");
    assert_eq!(put(&body, None).await.unwrap().status(), 412);
    let answer = put(&body, Some(&etag)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(document(answer).await.get("externalReferenceId").is_none());
    assert_eq!(put(&body, Some(&etag)).await.unwrap().status(), 412, "the etag has moved");
}

#[tokio::test]
async fn microsofts_copy_is_not_ours_to_change() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    let copy = text(&caller.pc.microsoft_copy(&id).unwrap(), "/id").to_owned();
    assert_eq!(caller.get(&copy).await.status(), 200);
    assert_eq!(refusal(caller.patch(&copy, None, &replace("/name", json!("x"))).await).await.1, "accessDenied");
}

#[tokio::test]
async fn a_change_of_microsofts_copy_moves_our_etag() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    let copy = text(&caller.pc.microsoft_copy(&id).unwrap(), "/id").to_owned();
    let etag = text(&caller.got(&id).await, "/eTag").to_owned();
    caller.pc.edit(&copy, "/statusReason", json!("x"));
    assert_eq!(caller.patch(&id, Some(&etag), &to_name()).await.status(), 412);
    caller.pc.switches(|switches| switches.related_change_moves_etag = false);
    let etag = text(&caller.got(&id).await, "/eTag").to_owned();
    caller.pc.edit(&copy, "/statusReason", json!("y"));
    assert_eq!(caller.patch(&id, Some(&etag), &to_name()).await.status(), 204);
}

fn to_name() -> Value {
    replace("/name", json!("Renamed"))
}
