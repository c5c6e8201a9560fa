//! What is known of a view: the fold of its events.

use serde::{Deserialize, Serialize};

use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::{Division, Label};
use crate::domain::view::values::Question;

/// 视图. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Everything known, once it was saved.
    pub file: Option<ViewFile>,
}

/// Everything known of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewFile {
    /// Whose it is.
    pub owner: ActorId,
    /// Where its owner works.
    pub jurisdiction: Division,
    /// What it is called.
    pub name: Label,
    /// What is asked.
    pub question: Question,
    /// Who sees it besides: everybody of this jurisdiction and those below it.
    pub shared_with: Option<Division>,
    /// Whether it was thrown away.
    pub deleted: bool,
}

impl ViewFile {
    /// The jurisdiction that it is shared with, or else where its owner works.
    #[must_use]
    pub fn place(&self) -> &Division {
        self.shared_with.as_ref().unwrap_or(&self.jurisdiction)
    }

    /// Whether it is there for this actor: their own, or shared with where they work. Who audits its place sees it
    /// whosever it is, and when it was thrown away.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        let shared = self.shared_with.as_ref().is_some_and(|with| with.covers(&actor.jurisdiction));
        let audits = actor.holds(Role::Auditor) && actor.covers(self.place());
        audits || !self.deleted && (self.owner == actor.id || shared)
    }
}
