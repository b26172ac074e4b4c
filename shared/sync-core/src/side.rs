//! The two sides, and a pair of anything with one for each.

use std::ops::{Index, IndexMut};

/// Where a deal lives. Always named in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Microsoft Partner Center: the referral.
    PartnerCenter,
    /// Dynamics 365: the opportunity or lead.
    Crm,
}

impl Side {
    /// Both sides, in order.
    pub const ALL: [Self; 2] = [Self::PartnerCenter, Self::Crm];

    /// The opposite side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::PartnerCenter => Self::Crm,
            Self::Crm => Self::PartnerCenter,
        }
    }

    /// What a seller calls it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PartnerCenter => "Partner Center",
            Self::Crm => "Dynamics 365",
        }
    }

    /// The word used in the queue, in listings and in logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PartnerCenter => "partner_center",
            Self::Crm => "crm",
        }
    }
}

/// One `T` for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BySide<T> {
    /// Partner Center's.
    pub partner_center: T,
    /// The CRM's.
    pub crm: T,
}

impl<T> BySide<T> {
    /// Makes one for each side.
    pub fn from_fn(mut make: impl FnMut(Side) -> T) -> Self {
        Self { partner_center: make(Side::PartnerCenter), crm: make(Side::Crm) }
    }
}

impl<T> Index<Side> for BySide<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::PartnerCenter => &self.partner_center,
            Side::Crm => &self.crm,
        }
    }
}

impl<T> IndexMut<Side> for BySide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::PartnerCenter => &mut self.partner_center,
            Side::Crm => &mut self.crm,
        }
    }
}
