//! Who may give an order: the role first, then for whom and where it holds.

use crate::domain::actor::{Actor, Role};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, EnterpriseId};

/// The roles of a bureau: its coordinators and its managers.
pub const BUREAU: &[Role] = &[Role::Coordinator, Role::Manager];

impl Actor {
    /// Whether this is who speaks for the enterprise.
    #[must_use]
    pub fn speaks_for(&self, enterprise: EnterpriseId) -> bool {
        self.holds(Role::Enterprise) && self.enterprise == Some(enterprise)
    }

    /// # Errors
    /// `NOT_PERMITTED`, naming the roles that may.
    pub fn check_role(&self, roles: &[Role]) -> Result<(), Refusal> {
        if self.holds_any(roles) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        Err(Refusal::new(Code::NotPermitted, "", format!("this is for the role {}", names.join(" or "))))
    }

    /// # Errors
    /// `OUTSIDE_JURISDICTION`, naming the input that lies outside; none where it is what the order is about.
    pub fn check_covers(&self, division: &Division, field: &str) -> Result<(), Refusal> {
        if self.covers(division) {
            return Ok(());
        }
        Err(outside(&self.jurisdiction, division, field))
    }
}

/// The refusal of a division that a jurisdiction does not cover.
pub(crate) fn outside(jurisdiction: &Division, division: &Division, field: &str) -> Refusal {
    Refusal::new(Code::OutsideJurisdiction, field, format!("{division} is not in the jurisdiction, {jurisdiction}"))
}
