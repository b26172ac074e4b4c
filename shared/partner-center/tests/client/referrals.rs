//! Create, get, patch (partner-center-api 2.4, 3, 4.2, 4.6, 4.8, 4.9).

use partner_center::{Error, ListQuery, Operation};
use serde_json::{Value, json};
use simulators::harness::Fault;
use simulators::partner_center::{EmptyMembers, PartnerCenter, StaleEtag};

use crate::stage::{Stage, deal, id};

fn rename(name: &str) -> [Operation; 1] {
    [Operation::Replace { path: "/name".to_owned(), value: json!(name) }]
}

#[tokio::test]
async fn a_deal_is_created_and_read_back() {
    let stage = Stage::start().await;
    let client = stage.client();
    for status in [200, 201] {
        stage.pc.switches(|switches| switches.create_status = status);
        let created = client.create(&deal(), "effect-1").await.unwrap();
        assert_eq!((created.status(), created.substatus()), (Some("Active"), Some("Accepted")));
        assert_eq!(created.external_reference_id(), Some("crm-opp-000123"));
        assert_eq!(created.raw().pointer("/details/closingDateTime"), None, "the answer leaves it out");
        let read = client.get(created.id()).await.unwrap();
        assert_eq!(read.raw().pointer("/details/closingDateTime"), Some(&json!("2027-03-31T00:00:00Z")));
        assert_eq!(read.etag(), created.etag());
        assert_eq!(read.created(), read.updated());
        assert_eq!(read.organization_id(), Some(PartnerCenter::ORGANIZATION_ID));
    }
}

#[tokio::test]
async fn attempts_at_one_effect_share_a_request_id_and_other_effects_do_not() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.request_id_is_idempotent = true);
    let client = stage.client();
    let mut ids = Vec::new();
    for effect in ["effect-1", "effect-1", "effect-2"] {
        ids.push(client.create(&deal(), effect).await.unwrap().id().clone());
    }
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[tokio::test]
async fn a_patch_names_the_version_with_its_quotes_and_returns_the_next_one() {
    let stage = Stage::start().await;
    let client = stage.client();
    let created = client.create(&deal(), "effect").await.unwrap();
    let etag = created.etag().unwrap().to_owned();
    let operations = [
        Operation::Replace { path: "/details/dealValue".to_owned(), value: json!("61000.25") },
        Operation::Add { path: "/salesStage".to_owned(), value: json!("20") },
        Operation::Add { path: "/team/-".to_owned(), value: deal()["team"][0].clone() },
    ];
    let changed = client.patch(created.id(), &etag, &operations).await.unwrap().unwrap();
    assert_eq!(changed.raw().pointer("/details/dealValue").unwrap().to_string(), "61000.25");
    assert_eq!(changed.raw().pointer("/team/1/firstName"), Some(&json!("Ana")));
    let sent = stage.requests(created.id().as_str()).pop().unwrap();
    assert_eq!(
        (sent.if_match.as_deref(), sent.prefer.as_deref()),
        (Some(etag.as_str()), Some("return=representation"))
    );
    // A version that lost its quotes on the way gets them back.
    let bare = changed.etag().unwrap().trim_matches('"').to_owned();
    client.patch(created.id(), &bare, &rename("Renamed")).await.unwrap().unwrap();
    assert_eq!(stage.pc.referral(created.id().as_str()).unwrap()["name"], "Renamed");
}

#[tokio::test]
async fn a_patch_without_an_answer_says_nothing_of_the_referral() {
    let stage = Stage::start().await;
    let client = stage.client();
    let created = client.create(&deal(), "effect").await.unwrap();
    stage.fail_once("PATCH", Fault::status(204));
    assert_eq!(client.patch(created.id(), created.etag().unwrap(), &rename("x")).await.unwrap(), None);
}

#[tokio::test]
async fn a_version_that_is_gone_is_stale_in_every_spelling() {
    let stage = Stage::start().await;
    let client = stage.client();
    let created = client.create(&deal(), "effect").await.unwrap();
    stage.pc.bump(created.id().as_str());
    for spelling in [StaleEtag::PreconditionFailed, StaleEtag::ResourceModified, StaleEtag::Conflict] {
        stage.pc.switches(|switches| switches.stale_etag = spelling);
        let error = client.patch(created.id(), created.etag().unwrap(), &rename("Too late")).await.unwrap_err();
        assert!(matches!(error, Error::Stale { .. }) && error.was_not_executed(), "{spelling:?}: {error}");
    }
    assert_eq!(stage.pc.referral(created.id().as_str()).unwrap()["name"], "Northwind ERP move");
}

#[tokio::test]
async fn what_cannot_be_is_rejected_and_what_is_gone_is_not_found() {
    let stage = Stage::start().await;
    let client = stage.client();
    let mut body = deal();
    body["customerProfile"]["address"]["country"] = json!("GBR");
    let error = client.create(&body, "effect").await.unwrap_err();
    assert!(matches!(&error, Error::Rejected { status: 400, code, .. } if code == "invalidRequest"), "{error}");
    let unknown = id("11111111-aaaa-4bbb-8ccc-000000000001");
    assert!(matches!(client.get(&unknown).await, Err(Error::NotFound { .. })));
    assert!(matches!(client.patch(&unknown, "\"1\"", &rename("x")).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn values_come_as_they_are_entities_and_unknown_words_included() {
    let stage = Stage::start().await;
    let client = stage.client();
    let invited = id(&stage.pc.invite(json!({
        "name": "R&D <move>", "details": { "dealValue": 1 }, "callToAction": "Wave a hand", "surprise": { "New": [1] },
    })));
    let word = |pointer, text: &str| (pointer, json!(text));
    let words =
        [word("/status", "Paused"), word("/substatus", "Engaged"), word("/registrationStatus", "Lost in the post")];
    stage.pc.edit_many(invited.as_str(), &words);
    let referral = client.get(&invited).await.unwrap();
    assert_eq!(referral.raw()["name"], "R&amp;D &lt;move&gt;");
    assert_eq!((referral.status(), referral.substatus()), (Some("Paused"), Some("Engaged")));
    assert_eq!((referral.direction(), referral.kind()), (Some("Incoming"), Some("Shared")));
    assert_eq!((referral.qualification(), referral.invited_by()), (Some("SalesQualified"), Some("msft")));
    assert_eq!(referral.raw()["surprise"], json!({ "new": [1] }), "members that nobody knows are kept");
}

#[tokio::test]
async fn nothing_may_be_null_absent_a_list_or_braces() {
    let stage = Stage::start().await;
    let client = stage.client();
    let created = client.create(&deal(), "effect").await.unwrap();
    for (shape, expected) in [
        (EmptyMembers::AsKept, Some(Value::Null)),
        (EmptyMembers::Null, Some(Value::Null)),
        (EmptyMembers::Braces, Some(json!({}))),
        (EmptyMembers::Absent, None),
    ] {
        stage.pc.switches(|switches| switches.empty_members = shape);
        let referral = client.get(created.id()).await.unwrap();
        assert_eq!(referral.raw().get("inviteContext"), expected.as_ref(), "{shape:?}");
        assert_eq!(referral.invited_by(), None);
        let page = client.list(&ListQuery::default()).await.unwrap();
        assert_eq!((page.referrals.len(), page.unreadable), (1, 0));
    }
}
