//! People: the contact and the owner of a deal that Microsoft sends, the seller who joins the team of one that we send.

use serde_json::{Value, json};
use simulators::harness::Fault;
use uuid::Uuid;

use crate::deal::{column, edit, shared};
use crate::world::{World, id};

fn invite(world: &World, members: Value) -> String {
    let mut deal = json!({ "status": "Active", "substatus": "Accepted" });
    for (name, value) in members.as_object().unwrap() {
        deal[name] = value.clone();
    }
    world.partner_center.invite(deal)
}

fn person(first: &str, email: Value) -> Value {
    json!({ "firstName": first, "lastName": "Example", "phoneNumber": "+44 1", "email": email })
}

fn contact_of(world: &World, deal: Uuid) -> Option<Value> {
    let contact = Uuid::parse_str(&column(world, deal, "_parentcontactid_value")).ok()?;
    world.dataverse.row("contact", contact)
}

#[tokio::test]
async fn the_customers_contact_is_made_once_and_linked() {
    let world = World::new().await;
    let team = json!({ "team": [person("Ana", json!("Ana@Northwind.example")), person("Ben", json!("ben@northwind.example"))] });
    for name in ["First deal", "Second deal"] {
        let referral = invite(&world, json!({ "name": name, "customerProfile": team }));
        world.settle().await;
        let contact = contact_of(&world, world.opportunity_of(&referral)).expect("a contact");
        assert_eq!(
            (&contact["firstname"], &contact["lastname"], &contact["telephone1"]),
            (&json!("Ana"), &json!("Example"), &json!("+44 1"))
        );
        let account = id(&world.opportunity(world.opportunity_of(&referral)), "_parentaccountid_value");
        assert_eq!(id(&contact, "_parentcustomerid_value"), account);
    }
    assert_eq!((world.dataverse.rows("contact").len(), world.dataverse.rows("account").len()), (1, 1));
}

#[tokio::test]
async fn a_contact_that_exists_is_matched_by_its_e_mail_whatever_its_case() {
    let world = World::new().await;
    let known = world.dataverse.create("contact", json!({ "lastname": "Known", "emailaddress1": "ANA@northwind.example" }));
    let referral = invite(&world, json!({}));
    world.settle().await;
    let contact = contact_of(&world, world.opportunity_of(&referral)).unwrap();
    assert_eq!((id(&contact, "contactid"), &contact["lastname"]), (known, &json!("Known")));
    assert_eq!(world.dataverse.rows("contact").len(), 1);
}

#[tokio::test]
async fn a_contact_of_another_account_is_not_taken_from_it() {
    let world = World::new().await;
    let other = world.dataverse.create("account", json!({ "name": "Another customer" }));
    world.dataverse.create("contact", json!({
        "lastname": "Theirs", "emailaddress1": "ana@northwind.example",
        "parentcustomerid_account@odata.bind": format!("/accounts({other})"),
    }));
    let referral = invite(&world, json!({}));
    world.settle().await;
    assert_eq!(contact_of(&world, world.opportunity_of(&referral)).unwrap()["lastname"], "Example");
    assert_eq!(world.dataverse.rows("contact").len(), 2);
}

#[tokio::test]
async fn a_contact_without_an_e_mail_is_not_made() {
    let world = World::new().await;
    for team in [json!([person("Ana", Value::Null)]), json!([]), Value::Null] {
        let referral = invite(&world, json!({ "customerProfile": { "team": team } }));
        world.settle().await;
        assert!(contact_of(&world, world.opportunity_of(&referral)).is_none());
    }
    assert!(world.dataverse.rows("contact").is_empty());
}

/// Its key follows from account and e-mail, so a repetition meets it.
#[tokio::test]
async fn a_contact_whose_answer_is_lost_is_made_once() {
    for fault in [Fault::CutAfterCommit, Fault::CutBefore, Fault::AnswerAfterCommit { status: 500, body: Value::Null }] {
        let world = World::new().await;
        world.dataverse_fails("PATCH", "/contacts(", fault);
        let referral = invite(&world, json!({}));
        world.settle().await;
        assert!(contact_of(&world, world.opportunity_of(&referral)).is_some());
        assert_eq!(world.dataverse.rows("contact").len(), 1);
        assert_eq!(world.dataverse.rows("opportunity").len(), 1);
    }
}

/// The key is that of a contact who was switched off: the next one is taken. It was merged: its master is.
#[tokio::test]
async fn a_key_that_is_taken_leads_to_the_next_or_to_the_master() {
    let world = World::new().await;
    let first = invite(&world, json!({ "name": "First" }));
    world.settle().await;
    let contact = id(&contact_of(&world, world.opportunity_of(&first)).unwrap(), "contactid");
    world.dataverse.edit("contact", contact, json!({ "statecode": 1, "statuscode": 2 }));
    let second = invite(&world, json!({ "name": "Second" }));
    world.settle().await;
    let next = id(&contact_of(&world, world.opportunity_of(&second)).unwrap(), "contactid");
    assert_ne!(next, contact);
    let master = world.dataverse.create("contact", json!({ "lastname": "Master", "emailaddress1": "other@northwind.example" }));
    world.dataverse.edit("contact", contact, json!({ "statecode": 0, "statuscode": 1 }));
    world.dataverse.edit("contact", contact, json!({ "emailaddress1": "gone@northwind.example" }));
    world.dataverse.edit("contact", next, json!({ "emailaddress1": "gone2@northwind.example" }));
    world.dataverse.merge("contact", master, contact);
    let third = invite(&world, json!({ "name": "Third" }));
    world.settle().await;
    assert_eq!(id(&contact_of(&world, world.opportunity_of(&third)).unwrap(), "contactid"), master);
}

#[tokio::test]
async fn a_member_of_the_team_who_is_a_user_owns_the_new_record() {
    let world = World::new().await;
    let sam = json!({ "firstName": "Sam", "lastName": "S", "phoneNumber": "1", "email": "sam@microsoft.example" });
    let alex = json!({ "firstName": "Alex", "lastName": "Seller", "phoneNumber": "2", "email": "Alex@contoso.example" });
    let owner = |referral: &str| {
        let user = id(&world.opportunity(world.opportunity_of(referral)), "_ownerid_value");
        world.dataverse.row("systemuser", user).unwrap()["fullname"].clone()
    };
    let ours = invite(&world, json!({ "name": "With Alex", "team": [sam, alex] }));
    let theirs = invite(&world, json!({ "name": "Without", "team": [sam] }));
    world.settle().await;
    assert_eq!((owner(&ours), owner(&theirs)), (json!("Alex Seller"), json!("Cosell #")));
    // Later on, nobody's owner changes.
    assert!(world.partner_center.edit(&theirs, "/team/-", alex));
    world.settle().await;
    assert_eq!(owner(&theirs), json!("Cosell #"));
}

/// A user with all that Partner Center demands of a member.
fn seller(world: &World, email: &str) -> Uuid {
    world.dataverse.create(
        "systemuser",
        json!({ "firstname": "Raj", "lastname": "Seller", "internalemailaddress": email, "mobilephone": "+43 2" }),
    )
}

fn emails(world: &World, referral: &str) -> Vec<String> {
    let team = world.partner_center.referral(referral).unwrap()["team"].clone();
    let members = team.as_array().cloned().unwrap_or_default();
    members.iter().filter_map(|member| Some(member["email"].as_str()?.to_lowercase())).collect()
}

#[tokio::test]
async fn a_new_owner_joins_the_team_once_and_nobody_leaves_it() {
    let world = World::new().await;
    let (raj, mia) = (seller(&world, "raj@contoso.example"), seller(&world, "MIA@contoso.example"));
    let owner = |user: Uuid| json!({ "ownerid@odata.bind": format!("/systemusers({user})") });
    let (deal, referral) = shared(&world, owner(raj)).await;
    assert_eq!(emails(&world, &referral), ["raj@contoso.example"]);
    for (user, expected) in [
        (mia, vec!["raj@contoso.example", "mia@contoso.example"]),
        (raj, vec!["raj@contoso.example", "mia@contoso.example"]),
    ] {
        edit(&world, deal, owner(user));
        world.settle().await;
        assert_eq!(emails(&world, &referral), expected);
    }
    // Who was taken out in the portal is not brought back by an edit of something else.
    assert!(world.partner_center.edit(&referral, "/team", json!([person("Mia", json!("mia@contoso.example"))])));
    edit(&world, deal, json!({ "estimatedvalue": 5 }));
    world.settle().await;
    assert_eq!(emails(&world, &referral), ["mia@contoso.example"]);
}

#[tokio::test]
async fn an_owner_joins_a_team_that_is_null() {
    let world = World::new().await;
    let raj = seller(&world, "raj@contoso.example");
    let (deal, referral) = shared(&world, json!({})).await;
    assert!(world.partner_center.edit(&referral, "/team", Value::Null));
    edit(&world, deal, json!({ "ownerid@odata.bind": format!("/systemusers({raj})") }));
    world.settle().await;
    assert_eq!(emails(&world, &referral), ["raj@contoso.example"]);
}

#[tokio::test]
async fn an_owner_whom_partner_center_would_not_take_is_not_sent() {
    let world = World::new().await;
    // Alex has no phone number.
    let (_, referral) = shared(&world, json!({})).await;
    assert!(emails(&world, &referral).is_empty());
}

/// The intent travels both ways, and what else the array holds stays there.
#[tokio::test]
async fn marketplace_intent_travels_and_leaves_other_attributes_alone() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_marketplaceintent": 727_000_003 })).await;
    let attributes = "/details/requirements/additionalRequirements/attributes";
    let play = json!({ "type": "SolutionPlay", "id": "Migrate", "since": 2026 });
    assert!(world.partner_center.edit(&referral, &format!("{attributes}/-"), play.clone()));
    edit(&world, deal, json!({ "cosell_marketplaceintent": 727_000_001 }));
    world.settle().await;
    let now = || world.partner_center.referral(&referral).unwrap().pointer(attributes).cloned().unwrap();
    assert_eq!(now(), json!([{ "type": "CustomerMarketplaceIntent", "id": "Yes" }, play]));
    assert!(world.partner_center.edit(&referral, &format!("{attributes}/0/id"), json!("No")));
    world.settle().await;
    assert_eq!(column(&world, deal, "cosell_marketplaceintent"), "727000002");
    // An answer that the mapping does not know is left alone on both sides.
    assert!(world.partner_center.edit(&referral, &format!("{attributes}/0/id"), json!("Perhaps")));
    edit(&world, deal, json!({ "estimatedvalue": 9 }));
    world.settle().await;
    assert_eq!(now()[0]["id"], "Perhaps");
    assert_eq!(column(&world, deal, "cosell_marketplaceintent"), "727000002");
}
