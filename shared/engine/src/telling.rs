//! What the seller sees in the CRM: audit lines, and the columns that are ours.

use mapping::{FieldProblem, OwnWrite};
use serde_json::{Map, Value};
use store::Store;
use sync_core::{Blocker, Code, Fields, IntentId, Link, Side, SyncState, Told};

use crate::Engine;

/// Of these the seller is told, too, but only somebody with `cosell` can settle them.
const NEED_AN_OPERATOR: &[Code] = &[Code::DuplicateReferral, Code::AccountAmbiguous, Code::WrongTenant, Code::Brake];

impl<S: Store> Engine<S> {
    /// Adds a line to the link's audit; it travels with the next write to the record.
    pub(crate) fn audit(&self, link: &mut Link, state: SyncState, code: Code, sentence: &str) {
        link.add_audit_line(mapping::audit_line((self.clock)(), state, code, sentence));
    }

    /// One line about fields that were written to `side`, values included; none of them is contact data.
    pub(crate) fn audit_written(&self, link: &mut Link, side: Side, sent: &Fields) {
        let place = match side {
            Side::PartnerCenter => "Partner Center",
            Side::Crm => "Dynamics 365",
        };
        let parts: Vec<String> = sent
            .iter()
            .map(|(field, reading)| match reading.value() {
                Some(value) => format!("{} is now {}", self.mapping.label(field), shortened(value.as_str())),
                None => format!("{} is now empty", self.mapping.label(field)),
            })
            .collect();
        self.audit(link, SyncState::Synced, Code::Synced, &format!("{place}: {}.", parts.join(", ")));
    }

    /// A line for each text that had to be cut; a repetition of the write adds none.
    pub(crate) fn audit_cuts(&self, link: &mut Link, state: SyncState, problems: &[FieldProblem]) {
        for problem in problems.iter().filter(|problem| problem.code == Code::TooLong) {
            if !link.audit.iter().any(|line| line.ends_with(&problem.text)) {
                self.audit(link, state, problem.code, &problem.text);
            }
        }
    }

    /// A line about a problem that the record is about to be told.
    pub(crate) fn audit_problem(&self, link: &mut Link, told: &Told) {
        if let Some(code) = told.code {
            tracing::info!(metric = "failures", code = code.word(), link = %link.id, "the seller is told");
            if NEED_AN_OPERATOR.contains(&code) {
                tracing::warn!(metric = "quarantined", code = code.word(), link = %link.id, "a person must decide");
            }
            self.audit(link, told.state, code, &told.text);
        }
    }

    /// The columns of ours, as they ride along with every write to the record.
    pub(crate) fn own_columns(&self, link: &Link, told: &Told, stamp: &IntentId) -> Map<String, Value> {
        let referral = told.referral.as_ref().map(sync_core::ReferralId::as_str);
        self.mapping.own_columns(&OwnWrite {
            state: told.state,
            referral_id: referral,
            engagement_id: link.engagement.as_deref(),
            referral_link: referral.map(|id| self.referral_link(id)),
            audit: &link.audit,
            stamp,
        })
    }

    /// Where a person opens the referral: the settings' `portal_url` and `referral_path`.
    pub(crate) fn referral_link(&self, id: &str) -> String {
        let settings = &self.settings.partner_center;
        let path = settings.referral_path.replace("{id}", id);
        format!("{}{path}", settings.portal_url.as_str().trim_end_matches('/'))
    }
}

/// Why a half cannot be made, as a blocker.
pub(crate) fn blocker(code: Code, text: impl Into<String>) -> Blocker {
    Blocker { code, text: text.into() }
}

/// Long texts (notes) are named by their beginning only.
fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
