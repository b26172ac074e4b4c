//! Whether the settings still lead to the organizations that the links belong to (design section 4 "What becomes what").
//!
//! Each side's organization is remembered in the store at first sight. Another one from the same settings would mix two
//! companies' deals, so that side stops with `wrong-tenant` until a person mends the settings or the data folder.

use std::time::Duration;

use store::Store;
use sync_core::{Code, Side};

use crate::effect::ORGANIZATION;
use crate::trouble::Trouble;
use crate::{Engine, Error};

/// The fact that keeps the CRM's organization id.
const CRM_ORGANIZATION: &str = "crm.organization_id";
/// The cursor that keeps the id by which Partner Center turned out to be another's.
const STRANGER: &str = "partner_center.stranger";
/// A person must act; we look whether they did.
const WAIT: Duration = Duration::from_secs(10 * 60);

impl<S: Store> Engine<S> {
    /// Stops a side that belongs to somebody else. Asks each vendor once per process.
    pub(crate) async fn demand_own_tenant(&self, side: Side) -> Result<(), Error> {
        match side {
            Side::PartnerCenter => match self.store.cursor(STRANGER).await? {
                Some(stranger) if !stranger.is_empty() => Err(wrong(side, &stranger)),
                _ => Ok(()),
            },
            Side::Crm => self.crm_is_ours.get_or_try_init(|| self.demand_own_crm()).await.copied(),
        }
    }

    async fn demand_own_crm(&self) -> Result<(), Error> {
        let found = match self.dataverse.who_am_i().await {
            Ok(who) => who.organization_id.to_string(),
            // An organization that cannot say who it is proves nothing against us.
            Err(dataverse::Error::NotFound { .. } | dataverse::Error::Rejected { .. }) => return Ok(()),
            Err(error) => return Err(Trouble::of_crm(&error).poll_error(Side::Crm)),
        };
        let ours = self.store.remember(CRM_ORGANIZATION, &found).await?;
        if ours.eq_ignore_ascii_case(&found) { Ok(()) } else { Err(wrong(Side::Crm, &found)) }
    }

    /// The answer to our own POST says who we are: remembered the first time, compared from then on. A store that is away
    /// now is asked again with the next one.
    pub(crate) async fn learn_organization(&self, found: &str) {
        let configured = &self.settings.partner_center.organization_id;
        let ours = match configured.is_empty() {
            true => self.store.remember(ORGANIZATION, found).await,
            false => Ok(configured.clone()),
        };
        let noted = match ours {
            Ok(ours) if ours.eq_ignore_ascii_case(found) => Ok(()),
            Ok(_) => {
                tracing::error!(code = Code::WrongTenant.word(), organization = found, "Partner Center stops");
                self.store.set_cursor(STRANGER, found).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "our organization id could not be remembered");
        }
    }

    /// Forgets that Partner Center turned out to be another's: a person says that it was mended.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn forget_stranger(&self) -> Result<(), Error> {
        Ok(self.store.set_cursor(STRANGER, "").await?)
    }
}

fn wrong(side: Side, found: &str) -> Error {
    let reason = format!(
        "{}: the settings lead to organization {found}, and the links here belong to another; mend the settings, or use another data folder",
        Code::WrongTenant.word()
    );
    Error::Poll { side: side.word(), reason, code: Code::WrongTenant, wait: WAIT }
}
