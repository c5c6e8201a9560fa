//! What may be ordered of a view: by its owner everything but sharing, which is for managers. A manager takes back
//! what is shared with their jurisdiction, whosever it is.

use crate::domain::actor::Role;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::view::command::{SaveView, ShareView, UpdateView, ViewCommand};
use crate::domain::view::event::{ViewDeleted, ViewFact, ViewSaved, ViewShared, ViewUnshared, ViewUpdated};
use crate::domain::view::state::{View, ViewFile};

impl View {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<ViewCommand>) -> Result<Vec<Recorded<ViewFact>>, Refusal> {
        let fact: ViewFact = match &order.command {
            ViewCommand::SaveView(command) => self.save(order, command)?.into(),
            ViewCommand::UpdateView(command) => update(self.own(order)?, command)?.into(),
            ViewCommand::ShareView(command) => self.share(order, command)?,
            ViewCommand::DeleteView(_) => {
                self.own(order)?;
                ViewDeleted {}.into()
            }
        };
        order.check_occurred()?;
        Ok(vec![order.record(fact)])
    }

    fn save(&self, order: &Order<ViewCommand>, command: &SaveView) -> Result<ViewSaved, Refusal> {
        if self.file.is_some() {
            return Err(Refusal::new(Code::AlreadyExists, "", "a view of that id is kept already: update it"));
        }
        Ok(ViewSaved {
            name: command.name.clone(),
            jurisdiction: order.by.jurisdiction.clone(),
            question: command.question.clone(),
        })
    }

    fn share(&self, order: &Order<ViewCommand>, command: &ShareView) -> Result<ViewFact, Refusal> {
        let file = self.kept()?;
        order.by.check_role(&[Role::Manager])?;
        let nothing = || Refusal::new(Code::NothingToAmend, "divisionCode", "it is shared just so already");
        match (&command.with, &file.shared_with) {
            (with, shared) if with == shared => Err(nothing()),
            (Some(with), _) => {
                self.own(order)?;
                order.by.check_covers(with, "divisionCode")?;
                Ok(ViewShared { with: with.clone() }.into())
            }
            (None, shared) => {
                let covered = shared.as_ref().is_some_and(|division| order.by.covers(division));
                if !covered {
                    self.own(order)?;
                }
                Ok(ViewUnshared {}.into())
            }
        }
    }

    fn kept(&self) -> Result<&ViewFile, Refusal> {
        let kept = self.file.as_ref().filter(|file| !file.deleted);
        kept.ok_or_else(|| Refusal::new(Code::NotFound, "viewId", "no view of this id is there for you"))
    }

    fn own(&self, order: &Order<ViewCommand>) -> Result<&ViewFile, Refusal> {
        let file = self.kept()?;
        if file.owner != order.by.id {
            return Err(Refusal::new(Code::NotPermitted, "", "the view is somebody else's: save one of your own"));
        }
        Ok(file)
    }
}

fn update(file: &ViewFile, command: &UpdateView) -> Result<ViewUpdated, Refusal> {
    let question = &file.question;
    let updated = ViewUpdated {
        name: command.name.clone().filter(|new| *new != file.name),
        filter: command.filter.clone().filter(|new| *new != question.filter),
        order: command.order.clone().filter(|new| *new != question.order),
        group_by: command.group_by.clone().filter(|new| *new != question.group_by),
    };
    if updated == ViewUpdated::default() {
        return Err(Refusal::new(Code::NothingToAmend, "", "the view says all of this already"));
    }
    Ok(updated)
}
