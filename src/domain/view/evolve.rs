//! What a view's events make of it.

use crate::domain::event::Recorded;
use crate::domain::view::event::ViewFact;
use crate::domain::view::state::{View, ViewFile};

impl View {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<ViewFact>) {
        if let ViewFact::ViewSaved(fact) = &event.fact {
            self.file = Some(ViewFile {
                owner: event.by.clone(),
                jurisdiction: fact.jurisdiction.clone(),
                name: fact.name.clone(),
                question: fact.question.clone(),
                shared_with: None,
                deleted: false,
            });
        }
        let Some(file) = &mut self.file else { return };
        match &event.fact {
            ViewFact::ViewSaved(_) => {}
            ViewFact::ViewUpdated(fact) => {
                let question = &mut file.question;
                file.name = fact.name.clone().unwrap_or_else(|| file.name.clone());
                if let Some(filter) = &fact.filter {
                    question.filter = filter.clone();
                }
                if let Some(order) = &fact.order {
                    question.order = order.clone();
                }
                if let Some(group_by) = &fact.group_by {
                    question.group_by = group_by.clone();
                }
            }
            ViewFact::ViewShared(fact) => file.shared_with = Some(fact.with.clone()),
            ViewFact::ViewUnshared(_) => file.shared_with = None,
            ViewFact::ViewDeleted(_) => file.deleted = true,
        }
    }
}
