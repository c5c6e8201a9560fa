//! What may be ordered of an institution.

use crate::domain::authority::BUREAU;
use crate::domain::event::Recorded;
use crate::domain::institution::command::{AmendInstitution, InstitutionCommand, RegisterInstitution};
use crate::domain::institution::event::{InstitutionAmended, InstitutionFact, InstitutionRegistered};
use crate::domain::institution::state::{Institution, InstitutionFile};
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

impl Institution {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<InstitutionCommand>) -> Result<Vec<Recorded<InstitutionFact>>, Refusal> {
        order.by.check_role(BUREAU)?;
        let fact: InstitutionFact = match &order.command {
            InstitutionCommand::RegisterInstitution(command) => {
                order.by.check_covers(&command.division, "divisionCode")?;
                order.check_occurred()?;
                self.register(command)?.into()
            }
            InstitutionCommand::AmendInstitution(command) => {
                let file = self.known()?;
                order.by.check_covers(&file.division, "")?;
                if let Some(division) = &command.division {
                    order.by.check_covers(division, "divisionCode")?;
                }
                order.check_occurred()?;
                amend(file, command)?.into()
            }
        };
        Ok(vec![order.record(fact)])
    }

    fn register(&self, command: &RegisterInstitution) -> Result<InstitutionRegistered, Refusal> {
        if self.file.is_some() {
            return Err(Refusal::new(
                Code::AlreadyRegistered,
                "",
                "an institution of that id is registered already: amend it",
            ));
        }
        Ok(InstitutionRegistered {
            name: command.name.clone(),
            division: command.division.clone(),
            kind: command.kind,
            capabilities: command.capabilities.clone(),
            accreditation: command.accreditation.clone(),
        })
    }

    fn known(&self) -> Result<&InstitutionFile, Refusal> {
        self.file.as_ref().ok_or_else(|| {
            Refusal::new(Code::InstitutionUnknown, "institutionId", "no institution of that id is registered")
        })
    }
}

fn amend(file: &InstitutionFile, command: &AmendInstitution) -> Result<InstitutionAmended, Refusal> {
    let amended = InstitutionAmended {
        name: command.name.clone().filter(|new| *new != file.name),
        division: command.division.clone().filter(|new| *new != file.division),
        kind: command.kind.filter(|new| *new != file.kind),
        capabilities: command.capabilities.clone().filter(|new| *new != file.capabilities),
        accreditation: command.accreditation.unless(file.accreditation.as_ref()),
    };
    if amended == InstitutionAmended::default() {
        return Err(Refusal::new(Code::NothingToAmend, "", "the register says all of this already"));
    }
    Ok(amended)
}
