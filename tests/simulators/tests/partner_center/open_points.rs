//! The points that the documentation leaves open (partner-center-api 9), one switch each: both positions are tried.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::partner_center::{Count, EmptyMembers, MfaRefusal, PartnerCenter, Reasons};

use crate::caller::{
    COLLECTION, Caller, add, document, private_deal, refusal, replace, shared_deal, started, text, to_state,
};
use crate::receiver::Receiver;

const REFERRALS: &str = PartnerCenter::REFERRALS_AUDIENCE;

#[tokio::test]
async fn point_1_substatuses_beyond_the_table() {
    let caller = started().await;
    let deal = caller.created(&private_deal()).await;
    let id = text(&deal, "/id");
    assert_eq!(caller.patch(id, None, &to_state("Active", "Engaged")).await.status(), 400);
    caller.pc.switches(|switches| switches.accept_engaged_substatus = true);
    assert_eq!(caller.patch(id, None, &to_state("Active", "Engaged")).await.status(), 204);
    assert_eq!(text(&caller.got(id).await, "/substatus"), "Engaged");
}

#[tokio::test]
async fn point_2_ids_of_the_marketplace_intent() {
    let caller = started().await;
    let intent = |id: &str| json!({ "attributes": [{ "type": "CustomerMarketplaceIntent", "id": id }] });
    let mut body = private_deal();
    body["details"]["requirements"]["additionalRequirements"] = intent("Perhaps");
    let deal = caller.created(&body).await;
    caller.pc.switches(|switches| switches.marketplace_intents = Some(vec!["Yes".to_owned(), "No".to_owned()]));
    assert_eq!(caller.create(&body).await.status(), 400);
    let change = |id: &str| add("/details/requirements/additionalRequirements", intent(id));
    assert_eq!(caller.patch(text(&deal, "/id"), None, &change("Never")).await.status(), 400);
    assert_eq!(caller.patch(text(&deal, "/id"), None, &change("Yes")).await.status(), 204);
}

#[tokio::test]
async fn point_4_how_microsoft_comes_in() {
    let caller = started().await;
    let mut body = shared_deal();
    body["inviteContext"] = json!({ "notes": "Please.", "assistanceRequestCode": "GeneralOrOther" });
    let alone = caller.created(&body).await;
    assert!(caller.pc.microsoft_copy(text(&alone, "/id")).is_none(), "it takes a second POST");
    caller.pc.switches(|switches| switches.help_invites_microsoft = true);
    let helped = caller.created(&body).await;
    let copy = caller.pc.microsoft_copy(text(&helped, "/id")).unwrap();
    assert_eq!((text(&copy, "/status"), text(&copy, "/inviteContext/notes")), ("New", "Please."));

    let mut private = private_deal();
    private["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    let ours = caller.created(&private).await;
    let mut invitation = shared_deal();
    invitation["engagementId"] = ours["engagementId"].clone();
    invitation["target"] = json!([{ "type": "BusinessProfileLocation", "id": "msft" }]);
    let kind = async || text(&caller.got(text(&ours, "/id")).await, "/type").to_owned();
    caller.created(&invitation).await;
    assert_eq!(kind().await, "Independent");
    caller.pc.switches(|switches| switches.joining_makes_shared = true);
    caller.created(&invitation).await;
    assert_eq!(kind().await, "Shared");
}

#[tokio::test]
async fn point_4_another_partner_is_invited_by_its_profile() {
    let caller = started().await;
    let ours = caller.created(&shared_deal()).await;
    let mut invitation = shared_deal();
    invitation["target"] = json!([{ "type": "BusinessProfileLocation", "id": "7654321" }]);
    assert_eq!(caller.create(&invitation).await.status(), 400, "into which engagement?");
    invitation["engagementId"] = ours["engagementId"].clone();
    let theirs = caller.created(&invitation).await;
    assert_eq!((text(&theirs, "/organizationId"), text(&theirs, "/status")), ("7654321", "New"));
    assert_eq!(refusal(caller.patch(text(&theirs, "/id"), None, &replace("/name", json!("x"))).await).await.0, 403);
}

#[tokio::test]
async fn point_5_lengths_and_postal_codes() {
    let caller = started().await;
    let mut body = private_deal();
    body["customerProfile"]["address"]["postalCode"] = json!("");
    body["name"] = json!("ü".repeat(30));
    caller.pc.switches(|switches| switches.longest_text = Some(30));
    let deal = caller.created(&body).await;
    let rename = replace("/name", json!("ü".repeat(31)));
    assert_eq!(caller.patch(text(&deal, "/id"), None, &rename).await.status(), 400);
    body["details"]["notes"] = json!("n".repeat(31));
    assert_eq!(caller.create(&body).await.status(), 400);
    caller.pc.switches(|switches| switches.cut_long_texts = true);
    assert_eq!(caller.patch(text(&deal, "/id"), None, &rename).await.status(), 204);
    assert_eq!(text(&caller.got(text(&deal, "/id")).await, "/name"), "ü".repeat(30));
    caller.pc.switches(|switches| switches.require_postal_code = true);
    assert_eq!(caller.create(&body).await.status(), 400);
}

#[tokio::test]
async fn point_6_options_of_the_list() {
    let caller = started().await;
    for _ in 0..3 {
        caller.created(&private_deal()).await;
    }
    let count =
        async || document(caller.list(&[("$top", "2"), ("$count", "true")]).await).await["@odata.count"].clone();
    assert_eq!(count().await, json!(2));
    caller.pc.switches(|switches| switches.count = Count::Total);
    assert_eq!(count().await, json!(3));
    assert_eq!(caller.rows(&[("$skip", "2")]).await.len(), 1);
    caller.pc.switches(|switches| {
        switches.connector_options = false;
        switches.largest_top = Some(2);
    });
    for option in ["$skip", "$count", "$expand"] {
        assert_eq!(caller.list(&[(option, "1")]).await.status(), 400, "{option}");
    }
    assert_eq!(caller.list(&[("$top", "2")]).await.status(), 200);
    assert_eq!(caller.list(&[("$top", "3")]).await.status(), 400);
}

#[tokio::test]
async fn point_12_how_long_a_refresh_token_lives() {
    let caller = started().await;
    caller.pc.switches(|switches| switches.refresh_token_days = 1);
    let token = caller.pc.consent();
    caller.clock.advance(std::time::Duration::from_secs(25 * 60 * 60));
    let answer = caller.token_v1(&[("refresh_token", &token), ("resource", REFERRALS)]).await;
    assert_eq!(document(answer).await["error_codes"], json!([700082]));
}

async fn app_token(caller: &Caller, audience: &str) -> String {
    let answer = caller.token_v1(&[("grant_type", "client_credentials"), ("resource", audience)]).await;
    document(answer).await["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn point_13_an_app_alone() {
    let mut caller = started().await;
    caller.referrals_token = app_token(&caller, REFERRALS).await;
    assert_eq!(caller.list(&[]).await.status(), 403);
    caller.pc.switches(|switches| switches.app_only_referrals = true);
    assert_eq!(caller.list(&[]).await.status(), 200);

    caller.webhooks_token = app_token(&caller, PartnerCenter::WEBHOOKS_AUDIENCE).await;
    let receiver = Receiver::start().await;
    let body = json!({ "WebhookUrl": receiver.url(), "WebhookEvents": ["referral-created", "test-created"] });
    assert_eq!(caller.webhooks(Method::POST, "").json(&body).send().await.unwrap().status(), 200);
    caller.created(&private_deal()).await;
    caller.pc.switches(|switches| switches.app_registration_gets_referral_events = false);
    caller.created(&private_deal()).await;
    assert_eq!(caller.validate().await.status(), 200);
    caller.pc.settled().await;
    assert_eq!(receiver.names(), ["referral-created", "test-created"]);
}

#[tokio::test]
async fn point_14_the_envelope_of_900421() {
    let mut caller = started().await;
    caller.pc.set_mfa(false);
    caller.sign_in().await;
    for (refused, expected) in [
        (MfaRefusal::InnerCode, json!({ "/error/code": "unauthenticated", "/error/innerError/code": "900421" })),
        (MfaRefusal::OuterCode, json!({ "/error/code": "900421", "/error/innerError": null })),
        (MfaRefusal::PartnerCenterEnvelope, json!({ "/code": "900421", "/error": null })),
        (MfaRefusal::NoCode, json!({ "/error/code": "unauthenticated", "/error/innerError": null })),
    ] {
        caller.pc.switches(|switches| switches.mfa_refusal = refused);
        let answer = caller.referrals(Method::GET, COLLECTION).header("ValidateMfa", "true").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["isMfaCompliant"]), (401, &"false".parse().unwrap()));
        let body = document(answer).await;
        for (pointer, value) in expected.as_object().unwrap() {
            assert_eq!(body.pointer(pointer).unwrap_or(&Value::Null), value, "{refused:?} {pointer}");
        }
    }
    caller.pc.switches(|switches| switches.mfa_header = false);
    let answer = caller.referrals(Method::GET, COLLECTION).header("ValidateMfa", "true").send().await.unwrap();
    assert!(!answer.headers().contains_key("isMfaCompliant"));
}

#[tokio::test]
async fn a_401_has_two_spellings() {
    let caller = started().await;
    let get = || caller.http.get(format!("{}{COLLECTION}", caller.pc.url())).send();
    assert_eq!(refusal(get().await.unwrap()).await.1, "unauthenticated");
    caller.pc.switches(|switches| switches.unauthenticated_as_in_sample = true);
    assert_eq!(refusal(get().await.unwrap()).await.1, "unAuthorized");
}

#[tokio::test]
async fn point_15_reasons_are_text_or_numbers() {
    let caller = started().await;
    let deal = caller.created(&private_deal()).await;
    let id = text(&deal, "/id");
    assert_eq!(caller.patch(id, None, &add("/statusReason", json!("too dear"))).await.status(), 204);
    caller.pc.switches(|switches| switches.reasons = Reasons::Numbers);
    for (reason, expected) in [(json!("far too dear"), 400), (json!("10"), 400), (json!("3"), 204), (json!(1), 204)] {
        assert_eq!(caller.patch(id, None, &add("/statusReason", reason.clone())).await.status(), expected, "{reason}");
    }
}

#[tokio::test]
async fn point_17_the_address_of_an_event_may_be_a_route() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    let url = format!("{}/engagements/v1/referrals/{id}", caller.pc.url());
    let get = |token: &str| caller.http.get(&url).bearer_auth(token).send();
    assert_eq!(get(&caller.webhooks_token).await.unwrap().status(), 404);
    caller.pc.switches(|switches| switches.resource_uri_route = true);
    assert_eq!(text(&document(get(&caller.webhooks_token).await.unwrap()).await, "/id"), id);
    assert_eq!(get(&caller.referrals_token).await.unwrap().status(), 401, "it is on the other host");
}

#[tokio::test]
async fn point_20_small_deals() {
    let caller = started().await;
    let mut body = shared_deal();
    body["details"]["dealValue"] = json!(24_999.99);
    body["details"]["currency"] = json!("USD");
    let invited = async |body: &Value| {
        let ours = caller.created(body).await;
        let mut invitation = body.clone();
        invitation["engagementId"] = ours["engagementId"].clone();
        invitation["target"] = json!([{ "type": "BusinessProfileLocation", "id": "msft" }]);
        caller.created(&invitation).await
    };
    let theirs = invited(&body).await;
    assert_eq!(text(&theirs, "/substatus"), "Pending");
    let id = text(&theirs, "/id");
    let declined = [("/status", "Closed"), ("/substatus", "Declined"), ("/statusReason", "no seller")];
    caller.pc.edit_many(id, &declined.map(|(pointer, value)| (pointer, json!(value))));
    assert!(caller.got(id).await["statusReason"].is_null(), "no reason is shown of a small deal");
    caller.pc.switches(|switches| switches.hide_reason_of_small_deals = false);
    assert_eq!(text(&caller.got(id).await, "/statusReason"), "no seller");

    caller.pc.switches(|switches| switches.small_deals_are_declined = true);
    assert_eq!(text(&invited(&body).await, "/substatus"), "Declined");
    body["details"]["dealValue"] = json!(25_000);
    assert_eq!(text(&invited(&body).await, "/substatus"), "Pending");
}

#[tokio::test]
async fn nothing_is_null_absent_a_list_or_braces() {
    let caller = started().await;
    let mut body = private_deal();
    body["customerProfile"]["ids"] = json!([]);
    let deal = caller.created(&body).await;
    let id = text(&deal, "/id");
    for (empty_members, target, ids) in [
        (EmptyMembers::AsKept, Some(json!([])), Some(json!([]))),
        (EmptyMembers::Null, Some(Value::Null), Some(Value::Null)),
        (EmptyMembers::Braces, Some(json!({})), Some(json!({}))),
        (EmptyMembers::Absent, None, None),
    ] {
        caller.pc.switches(|switches| switches.empty_members = empty_members);
        let deal = caller.got(id).await;
        assert_eq!((deal.get("target"), deal.pointer("/customerProfile/ids")), (target.as_ref(), ids.as_ref()));
        assert_eq!(text(&deal, "/team/0/email"), "raj@adatum.example", "what is there stays");
    }
}
