//! A deal with everything that help needs, and what both sides say of it.

use serde_json::{Value, json};
use simulators::staging;
use uuid::Uuid;

use crate::world::World;

pub(crate) const SHARE: &str = "/consent/consentToShareReferralWithMicrosoftSellers";
/// Quotes or licensing (design section 5).
pub(crate) const QUOTES: i64 = 727_000_004;
/// Values that nobody but the two sides may ever hold.
pub(crate) const CONTACT: [&str; 4] = ["Zoltana", "Quixmoor", "zq@fabrikam.example", "+43 555 0199"];

/// A seller's opportunity with a whole contact; not shared yet.
pub(crate) fn deal(world: &World) -> Uuid {
    let deal = staging::deal(&world.dataverse, "Fabrikam: ERP", "Fabrikam & Sons", "250000");
    let [first, last, email, phone] = CONTACT;
    let contact = world.dataverse.create(
        "contact",
        json!({ "firstname": first, "lastname": last, "emailaddress1": email, "telephone1": phone }),
    );
    edit(world, deal, json!({ "parentcontactid@odata.bind": format!("/contacts({contact})") }));
    deal
}

pub(crate) fn edit(world: &World, deal: Uuid, columns: Value) {
    world.dataverse.edit("opportunity", deal, columns);
}

/// A shared deal at rest, and its referral.
pub(crate) async fn shared(world: &World, columns: Value) -> (Uuid, String) {
    let deal = deal(world);
    edit(world, deal, columns);
    edit(world, deal, json!({ "cosell_sync": true }));
    world.settle().await;
    let referral = world.opportunity(deal)["cosell_referralid"].as_str().expect("a referral").to_owned();
    (deal, referral)
}

/// What a seller reads in a column.
pub(crate) fn column(world: &World, deal: Uuid, column: &str) -> String {
    match &world.opportunity(deal)[column] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Copies in all engagements: ours and Microsoft's.
pub(crate) fn copies(world: &World) -> (usize, usize) {
    let referrals = world.partner_center.referrals();
    let theirs = referrals.iter().filter(|referral| referral["organizationId"] == "msft").count();
    (referrals.len() - theirs, theirs)
}

pub(crate) fn is_shared(world: &World, referral: &str) -> bool {
    world.partner_center.referral(referral).unwrap().pointer(SHARE) == Some(&json!(true))
}

/// The first e-mail of the customer's people in a referral.
pub(crate) fn contact(referral: &Value) -> Option<&str> {
    referral.pointer("/customerProfile/team/0/email")?.as_str()
}

/// Everything is as co-sell has it: one copy of each, the contact in both, the code and the notes in Microsoft's, and the
/// seller reads its state.
#[track_caller]
pub(crate) fn is_co_sell(world: &World, deal: Uuid, referral: &str) {
    assert_eq!(copies(world), (1, 1));
    let ours = world.partner_center.referral(referral).unwrap();
    let theirs = world.partner_center.microsoft_copy(referral).expect("Microsoft's copy");
    assert!(is_shared(world, referral));
    assert_eq!((contact(&ours), contact(&theirs)), (Some(CONTACT[2]), Some(CONTACT[2])));
    assert_eq!(theirs["inviteContext"]["assistanceRequestCode"], "QuotesOrLicensing");
    assert_eq!(theirs["inviteContext"]["notes"], "Please call.");
    assert_eq!(theirs["engagementId"], ours["engagementId"]);
    assert_eq!(theirs["target"], json!([{ "type": "BusinessProfileLocation", "id": "msft" }]));
    for same in ["/name", "/customerProfile/name", "/customerProfile/address", "/details/dealValue", "/details/closingDateTime"] {
        assert_eq!(ours.pointer(same), theirs.pointer(same), "{same}");
    }
    assert_eq!(theirs.pointer(SHARE), Some(&json!(true)));
    assert!(ours["inviteContext"].is_null(), "help and notes are for Microsoft's copy alone");
    assert_eq!(column(world, deal, "cosell_microsoftstatus"), "New/Pending");
    assert_eq!(column(world, deal, "cosell_visible"), "true");
    assert_eq!(column(world, deal, "cosell_syncstate"), crate::world::SYNCED.to_string());
}

pub(crate) fn help() -> Value {
    json!({ "cosell_help": QUOTES, "cosell_notestomicrosoft": "Please call." })
}
