//! Creating and reading (partner-center-api 3, 4.2, 4.6).

use reqwest::Method;
use serde_json::{Value, json};
use simulators::partner_center::PartnerCenter;

use crate::caller::{COLLECTION, document, private_deal, refusal, started, text};

#[tokio::test]
async fn a_created_deal_begins_accepted_whatever_was_sent() {
    let caller = started().await;
    let mut body = private_deal();
    body["status"] = json!("New");
    body["substatus"] = json!("Pending");
    body["organizationId"] = json!("somebody else");
    let deal = caller.created(&body).await;
    assert_eq!((text(&deal, "/status"), text(&deal, "/substatus")), ("Active", "Accepted"));
    assert_eq!(text(&deal, "/direction"), "Outgoing");
    assert_eq!(text(&deal, "/organizationId"), PartnerCenter::ORGANIZATION_ID);
    assert_eq!(text(&deal, "/externalReferenceId"), "crm-opp-000123");
    assert_eq!(deal["createdDateTime"], deal["updatedDateTime"]);
    assert_eq!(deal["acceptedDateTime"], deal["createdDateTime"]);
    assert!(deal["closedDateTime"].is_null() && deal["expirationDateTime"].is_null());
    let etag = text(&deal, "/eTag");
    assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'), "the value holds its quotes: {etag}");
}

#[tokio::test]
async fn the_answer_to_a_post_lacks_the_close_date_and_a_get_has_it() {
    let caller = started().await;
    let answer = document(caller.create(&private_deal()).await).await;
    assert!(answer["details"].get("closingDateTime").is_none());
    let deal = caller.got(text(&answer, "/id")).await;
    assert_eq!(text(&deal, "/details/closingDateTime"), "2027-03-31T00:00:00Z");
    assert_eq!(deal["eTag"], answer["eTag"]);
    assert!(text(&deal, "/@odata.context").contains("engagments"), "the vendor's own misspelling");
}

#[tokio::test]
async fn names_are_trimmed_when_kept_and_escaped_when_shown() {
    let caller = started().await;
    let mut body = private_deal();
    body["name"] = json!("  R&D <\"move\"> O'Neil ");
    body["customerProfile"]["name"] = json!(" Tom & Co\t");
    body["details"]["notes"] = json!(" R&D ");
    let deal = caller.created(&body).await;
    assert_eq!(text(&deal, "/name"), "R&amp;D &lt;&quot;move&quot;&gt; O&#39;Neil");
    assert_eq!(text(&deal, "/customerProfile/name"), "Tom &amp; Co");
    assert_eq!(text(&deal, "/details/notes"), " R&D ");
    let kept = caller.pc.referral(text(&deal, "/id")).unwrap();
    assert_eq!(text(&kept, "/name"), "R&D <\"move\"> O'Neil");
    caller.pc.switches(|switches| switches.escape_names = false);
    assert_eq!(text(&caller.got(text(&deal, "/id")).await, "/name"), "R&D <\"move\"> O'Neil");
}

#[tokio::test]
async fn values_keep_every_digit_and_whole_ones_end_in_zero() {
    let caller = started().await;
    let sent = |text: &str| {
        let mut body = private_deal();
        body["details"]["dealValue"] = serde_json::from_str::<Value>(text).unwrap();
        body
    };
    let cases = [
        ("50000", "50000.0"),
        ("0.1", "0.1"),
        ("123456789012345678.25", "123456789012345678.25"),
        ("\"10000\"", "10000.0"),
        ("1e3", "1000.0"),
    ];
    for (given, shown) in cases {
        let deal = caller.created(&sent(given)).await;
        assert_eq!(deal["details"]["dealValue"].to_string(), shown, "{given}");
    }
}

#[tokio::test]
async fn member_names_are_taken_in_any_case() {
    let caller = started().await;
    let mut body = private_deal();
    let consent = body["consent"].as_object_mut().unwrap();
    let contact = consent.remove("consentToContact").unwrap();
    consent.insert("ConsentToContact".to_owned(), contact);
    let deal = caller.created(&body).await;
    assert_eq!(deal["consent"]["consentToContact"], json!(true));
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_refused() {
    let caller = started().await;
    let cases = [
        ("/type", Value::Null),
        ("/type", json!("Private")),
        ("/customerProfile", Value::Null),
        ("/details", Value::Null),
        ("/name", json!("  ")),
        ("/customerProfile/address/country", json!("GBR")),
        ("/customerProfile/address/city", Value::Null),
        ("/consent/consentToToShareInfoWithOthers", json!(false)),
        ("/consent/consentToContact", Value::Null),
        ("/details/dealValue", json!(0)),
        ("/details/dealValue", json!(-1)),
        ("/details/dealValue", json!("much")),
        ("/details/currency", json!("gbp")),
        ("/details/closingDateTime", json!("31/03/2027")),
        ("/details/requirements/solutions", json!([])),
        ("/details/requirements/solutions", json!([{ "id": "" }])),
        ("/team/0/email", Value::Null),
        ("/qualification", json!("Hot")),
        ("/engagementId", json!("22222222-aaaa-4bbb-8ccc-000000000002")),
    ];
    for (pointer, value) in cases {
        let mut body = private_deal();
        match body.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => body[&pointer[1..]] = value.clone(),
        }
        let (status, code, _) = refusal(caller.create(&body).await).await;
        assert_eq!((status, code.as_str()), (400, "invalidRequest"), "{pointer} = {value}");
    }
    assert!(caller.pc.referrals().is_empty(), "nothing was kept");
}

#[tokio::test]
async fn help_needs_a_customer_contact() {
    let caller = started().await;
    let mut body = private_deal();
    body["inviteContext"] = json!({ "assistanceRequestCode": "GeneralOrOther" });
    body["customerProfile"]["team"] = json!([]);
    assert_eq!(caller.create(&body).await.status(), 400);
    body["customerProfile"]["team"] = private_deal()["customerProfile"]["team"].clone();
    assert_eq!(caller.create(&body).await.status(), 200);
}

#[tokio::test]
async fn the_body_must_be_called_json() {
    let caller = started().await;
    let post = |media_type: &'static str| {
        let request = caller.referrals(Method::POST, COLLECTION).header("Content-Type", media_type);
        request.body(private_deal().to_string()).send()
    };
    assert_eq!(post("text/plain").await.unwrap().status(), 415);
    assert_eq!(post("application/json; charset=utf-8").await.unwrap().status(), 200);
    let broken = caller.referrals(Method::POST, COLLECTION).header("Content-Type", "application/json").body("{,}");
    assert_eq!(refusal(broken.send().await.unwrap()).await.0, 400);
}

#[tokio::test]
async fn a_second_post_makes_a_second_deal_unless_the_request_id_counts() {
    let caller = started().await;
    let post = async || {
        let request = caller.referrals(Method::POST, COLLECTION).header("MS-RequestId", "one").json(&private_deal());
        text(&document(request.send().await.unwrap()).await, "/id").to_owned()
    };
    assert_ne!(post().await, post().await);
    caller.pc.switches(|switches| switches.request_id_is_idempotent = true);
    assert_eq!(post().await, post().await);
    assert_eq!(caller.pc.referrals().len(), 2);
}

#[tokio::test]
async fn unknown_and_hidden_deals_are_not_found() {
    let caller = started().await;
    let unknown = caller.get("11111111-aaaa-4bbb-8ccc-000000000001").await;
    assert_eq!(refusal(unknown).await, (404, "itemNotFound".into(), "The resource could not be found.".into()));
    let id = caller.pc.invite(json!({}));
    caller.pc.hide(&id, true);
    assert_eq!(caller.get(&id).await.status(), 404);
    caller.pc.hide(&id, false);
    assert_eq!(caller.get(&id).await.status(), 200);
}

#[tokio::test]
async fn ids_follow_from_the_seed() {
    let (one, other) = (started().await, started().await);
    assert_eq!(one.pc.invite(json!({})), other.pc.invite(json!({})));
    assert_ne!(one.pc.invite(json!({})), one.pc.invite(json!({})));
}

#[tokio::test]
async fn answers_carry_an_id_and_echo_the_callers() {
    let caller = started().await;
    let request = caller.referrals(Method::GET, COLLECTION).header("client-request-id", "my-id");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["client-request-id"], "my-id");
    assert!(answer.headers().contains_key("request-id") && answer.headers().contains_key("x-ms-ags-diagnostic"));
    let delete = caller.referrals(Method::DELETE, COLLECTION).send().await.unwrap();
    assert_eq!(refusal(delete).await.0, 405);
}

#[tokio::test]
async fn answers_are_dated_by_the_simulated_clock() {
    let caller = started().await;
    let year = async || {
        let answer = caller.referrals(Method::GET, COLLECTION).send().await.unwrap();
        let date = answer.headers()["date"].to_str().unwrap().to_owned();
        assert!(date.len() == "Mon, 23 Nov 2026 05:00:00 GMT".len() && date.ends_with(" GMT"), "{date}");
        date[12..16].parse::<u32>().unwrap()
    };
    let before = year().await;
    caller.clock.advance(std::time::Duration::from_secs(3 * 365 * 24 * 60 * 60 / 2));
    assert_ne!(year().await, before);
}
