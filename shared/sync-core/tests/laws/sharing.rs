//! The co-sell saga as a rule: every question that both sides can ask has one answer, and following the answers leads to
//! what the seller asked for, wherever one begins and however often an act is lost.

use sync_core::{
    Base, Blocker, Code, DealType, Digest, Evidence, Fields, Flag, Joining, Microsoft, Opening, Policy, Reading,
    Recovery, ReferralId, RuleField, Sharing, Side, WriteMode, edited_too_late, joining, recover,
};

use crate::deal::{NOW, WAIT, link_with};
use crate::domain::{base, both, field, fields, policy};
use crate::folding::intent;

const TYPES: [DealType; 3] = [DealType::Private, DealType::PartnerLed, DealType::CoSell];

/// The acts depend on what may be written, on no rule.
fn writing(write: WriteMode) -> Policy {
    policy(Vec::new(), write)
}

fn missing() -> Blocker {
    Blocker { code: Code::ContactMissing, text: "no contact".to_owned() }
}

fn every_sharing() -> Vec<Sharing> {
    let mut all = Vec::new();
    for asked in TYPES {
        for bits in 0..64_u32 {
            let bit = |at: u32| bits & (1 << at) != 0;
            all.push(Sharing {
                asked,
                shown: bit(0),
                was_shown: bit(1),
                shared: bit(2),
                has_contact: bit(3),
                invited: bit(4),
                contact_missing: bit(5).then(missing),
            });
        }
    }
    all
}

/// What Partner Center is like after an act.
fn done(mut sharing: Sharing, act: &Opening) -> Sharing {
    match act {
        Opening::Share { flag, contact } => {
            sharing.shared |= flag;
            sharing.has_contact |= contact;
        }
        Opening::Invite => sharing.invited = true,
        Opening::Rest | Opening::Block(_) => {}
    }
    sharing
}

#[test]
fn the_acts_lead_to_the_deal_type_that_was_asked_for() {
    for start in every_sharing() {
        let (mut sharing, mut acts) = (start.clone(), 0);
        loop {
            let act = sharing.opening(&writing(WriteMode::Both));
            // An act whose answer is lost leaves the same question, and so the same answer.
            assert_eq!(act, sharing.opening(&writing(WriteMode::Both)));
            match act {
                Opening::Rest => break,
                Opening::Block(blocker) => {
                    assert_eq!(blocker, missing());
                    assert!(start.asked == DealType::CoSell && !start.invited && !start.has_contact, "{start:?}");
                    assert_eq!(acts, 0, "a missing contact is found before anything is written: {start:?}");
                    break;
                }
                act => {
                    sharing = done(sharing, &act);
                    acts += 1;
                    assert!(acts <= 2, "{start:?}");
                }
            }
        }
        let blocked = matches!(sharing.opening(&writing(WriteMode::Both)), Opening::Block(_));
        assert!(blocked || sharing.asked == DealType::Private || sharing.shared, "{start:?}");
        assert!(blocked || sharing.asked < DealType::CoSell || sharing.invited, "{start:?}");
    }
}

#[test]
fn nothing_is_shared_and_nobody_is_invited_unless_it_was_asked_for() {
    for sharing in every_sharing() {
        match sharing.opening(&writing(WriteMode::Both)) {
            Opening::Rest | Opening::Block(_) => {}
            Opening::Share { flag, contact } => {
                assert!(!flag || (sharing.asked > DealType::Private && !sharing.shared), "{sharing:?}");
                assert!(!contact || (sharing.asked == DealType::CoSell && !sharing.has_contact), "{sharing:?}");
                assert!(!contact || sharing.contact_missing.is_none(), "{sharing:?}");
                assert!(flag || contact, "{sharing:?}");
            }
            Opening::Invite => {
                assert!(sharing.asked == DealType::CoSell && !sharing.invited, "{sharing:?}");
                assert!(sharing.shared && sharing.has_contact, "{sharing:?}");
            }
        }
    }
}

#[test]
fn settings_that_forbid_the_write_are_told_only_where_there_is_something_to_write() {
    for sharing in every_sharing() {
        for write in [WriteMode::Crm, WriteMode::None] {
            let rests = sharing.opening(&writing(WriteMode::Both)) == Opening::Rest;
            let expected = if rests { Opening::Rest } else { Opening::Block(Blocker::write_off(Side::PartnerCenter)) };
            assert_eq!(sharing.opening(&writing(write)), expected, "{sharing:?}");
        }
    }
}

#[test]
fn the_flag_of_a_shared_deal_rises_and_a_lowered_one_is_known_from_one_that_never_rose() {
    for sharing in every_sharing() {
        let expected = match (sharing.shared, sharing.shown, sharing.was_shown) {
            (true, false, true) => Flag::Lowered,
            (true, false, false) => Flag::Risen,
            (true, true, true | false) | (false, true | false, true | false) => Flag::Right,
        };
        assert_eq!(sharing.flag(), expected, "{sharing:?}");
    }
}

fn microsoft(status: &str, crm_id: Option<&str>) -> Microsoft {
    Microsoft { referral: ReferralId::new("theirs"), status: status.to_owned(), crm_id: crm_id.map(str::to_owned) }
}

/// The engagement is listed once a request can no longer land. Microsoft's referral found in it is the one that we asked
/// for; none in it means that the request is to be sent again.
#[test]
fn an_invitation_whose_answer_never_came_is_found_in_the_engagement_or_repeated() {
    let mut link = link_with(both(Base::default(), Base::default()));
    link.intent = Some(intent(Side::PartnerCenter, sync_core::Effect::Invite, 1));
    let found = microsoft("New/Pending", None);
    for time in [0, WAIT - 1, WAIT, WAIT + 1] {
        let now = NOW.plus_millis(time);
        match recover(&link, &Evidence::Engagement(Some(found.clone())), WAIT, now) {
            Recovery::Happened(answer, lines) => assert_eq!((answer.microsoft, lines.len()), (Some(found.clone()), 0)),
            other => panic!("{other:?}"),
        }
        let expected = if time < WAIT { Recovery::WaitUntil(NOW.plus_millis(WAIT)) } else { Recovery::Again };
        assert_eq!(recover(&link, &Evidence::Engagement(None), WAIT, now), expected, "{time}");
    }
}

#[test]
fn microsofts_crm_id_stays_once_it_was_named() {
    let named = microsoft("Active/Accepted", Some("7-ABC"));
    let later = microsoft("Closed/Won", None).seen_again(Some(&named));
    assert_eq!(later, microsoft("Closed/Won", Some("7-ABC")));
    assert_eq!(microsoft("New/Pending", None).seen_again(None), microsoft("New/Pending", None));
    let another = Microsoft { referral: ReferralId::new("another"), ..microsoft("New/Pending", None) };
    assert_eq!(another.clone().seen_again(Some(&named)), another, "another referral has its own id");
    let ends =
        [("New/Pending", true), ("Active/Accepted", true), ("Closed/Declined", false), ("Closed/Expired", false)];
    for (status, open) in ends {
        assert_eq!(microsoft(status, None).is_open(), open, "{status}");
    }
}

#[test]
fn an_edit_after_the_invitation_is_seen_and_only_that() {
    let row = |id: &str| RuleField { id: field(id), digest: Digest::new("row"), clearable: true };
    let once = [row("help"), row("notes"), row("contact")];
    let sent = base(&[("help", "a"), ("notes", "a")]);
    let edited = |seen: &Fields| -> Vec<String> {
        edited_too_late(&sent, seen, &once).into_iter().map(|(id, _)| id.as_str().to_owned()).collect()
    };
    assert!(edited(&fields(&[("help", "a"), ("notes", "a"), ("contact", "b")])).is_empty(), "never sent, never frozen");
    assert_eq!(edited(&fields(&[("help", "b"), ("notes", "")])), ["help", "notes"]);
    assert!(edited(&fields(&[("help", "?")])).is_empty(), "what cannot be read is no edit");
}

#[test]
fn an_owner_joins_once_and_is_never_brought_back() {
    let (ann, bob) = (Reading::is("ann"), Reading::is("bob"));
    let team = Reading::is("ann\ncarl");
    for (base, owner, members, expected) in [
        (None, &bob, &team, Joining::Note),
        (Some(&ann), &bob, &team, Joining::Add),
        (Some(&ann), &bob, &Reading::Cleared, Joining::Add),
        (Some(&bob), &ann, &team, Joining::Note),
        (Some(&bob), &bob, &team, Joining::Rest),
        (Some(&bob), &Reading::Cleared, &team, Joining::Note),
        (Some(&bob), &ann, &Reading::Unknown, Joining::Rest),
        (Some(&bob), &Reading::Unknown, &team, Joining::Rest),
    ] {
        assert_eq!(joining(base, owner, members), expected, "{base:?} {owner:?} {members:?}");
    }
    // A name that only begins like a member's is nobody's.
    assert_eq!(joining(Some(&bob), &Reading::is("an"), &team), Joining::Add);
}
