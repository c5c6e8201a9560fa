//! Who may do something to a case: a role, and what has to tie its holder to the case.

use crate::domain::actor::{Actor, Role};
use crate::domain::case::state::{File, Membership};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, EnterpriseId};

/// One way to be entitled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// E: speaks for the enterprise of the case.
    Enterprise,
    /// V: visits where the enterprise stands.
    Visitor,
    /// C: of a bureau whose jurisdiction covers the case.
    Coordinator,
    /// B: of a bureau whose jurisdiction covers the case.
    Manager,
    /// B of the nation.
    NationalManager,
    /// L: leads the assignment.
    Lead,
    /// L or X: leads the assignment, or joined by invitation and has not left.
    Member,
    /// X, invited and not yet answered.
    Invitee,
    /// R: of a jurisdiction that covers the case, and without a hand in it.
    Reviewer,
    /// S: the server's clock.
    Clock,
    /// The server's importer.
    Importer,
}

/// What a party is tied to.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Whose difficulty it is.
    pub(crate) enterprise: EnterpriseId,
    /// Where.
    pub(crate) division: &'a Division,
    /// The case; absent before it is reported.
    pub(crate) file: Option<&'a File>,
}

impl<'a> From<&'a File> for Subject<'a> {
    fn from(file: &'a File) -> Self {
        Self { enterprise: file.enterprise, division: &file.division, file: Some(file) }
    }
}

/// Whether the actor holds the role of one of the parties.
///
/// # Errors
/// `NOT_PERMITTED`, naming the roles that may.
pub(crate) fn check_role(command: &str, parties: &[Party], actor: &Actor) -> Result<(), Refusal> {
    match parties.iter().any(|party| actor.holds_any(party.roles())) {
        true => Ok(()),
        false => Err(not_permitted(command, parties)),
    }
}

/// Whether the actor is one of the parties.
///
/// # Errors
/// `NOT_PERMITTED`, naming the roles that may, where none of them is held; otherwise what keeps the
/// first party whose role is held from being tied to the case.
pub(crate) fn check(command: &str, parties: &[Party], actor: &Actor, subject: Subject<'_>) -> Result<(), Refusal> {
    let mut untied = None;
    for party in parties.iter().filter(|party| actor.holds_any(party.roles())) {
        match party.check_tie(actor, subject) {
            Ok(()) => return Ok(()),
            Err(refusal) => untied = untied.or(Some(refusal)),
        }
    }
    Err(untied.unwrap_or_else(|| not_permitted(command, parties)))
}

impl Party {
    fn roles(self) -> &'static [Role] {
        match self {
            Self::Enterprise => &[Role::Enterprise],
            Self::Visitor => &[Role::Visitor],
            Self::Coordinator => &[Role::Coordinator],
            Self::Manager | Self::NationalManager => &[Role::Manager],
            Self::Lead | Self::Member | Self::Invitee => &[Role::Lead, Role::Expert],
            Self::Reviewer => &[Role::Reviewer],
            Self::Clock => &[Role::Clock],
            Self::Importer => &[Role::Importer],
        }
    }

    fn check_tie(self, actor: &Actor, subject: Subject<'_>) -> Result<(), Refusal> {
        let known = |holds: fn(&File, &Actor) -> bool| subject.file.is_some_and(|file| holds(file, actor));
        match self {
            Self::Enterprise => {
                require(actor.speaks_for(subject.enterprise), Code::NotPermitted, "the case is another enterprise's")
            }
            Self::Visitor | Self::Coordinator | Self::Manager => actor.check_covers(subject.division, ""),
            Self::NationalManager => actor.check_covers(&Division::nation(), ""),
            Self::Lead => require(known(File::is_lead), Code::NotPermitted, "only the lead of the assignment may"),
            Self::Member => require(
                known(File::is_member),
                Code::NotAMember,
                "only the lead and the experts who joined the case may",
            ),
            Self::Invitee => require(
                known(|file, actor| file.membership(actor) == Some(Membership::Invited)),
                Code::NotInvited,
                "no invitation to this case is pending",
            ),
            Self::Reviewer => {
                actor.check_covers(subject.division, "")?;
                require(
                    !known(File::has_worked_on_it),
                    Code::ReviewerNotIndependent,
                    "a reviewer is neither an author nor, now or before, a member",
                )
            }
            Self::Clock | Self::Importer => Ok(()),
        }
    }
}

fn require(holds: bool, code: Code, otherwise: &str) -> Result<(), Refusal> {
    if holds {
        return Ok(());
    }
    Err(Refusal::new(code, "", otherwise))
}

/// Names the roles that a token can carry; one of the server's own only where nobody else may.
fn not_permitted(command: &str, parties: &[Party]) -> Refusal {
    let mut roles: Vec<_> = parties.iter().flat_map(|party| party.roles()).copied().collect();
    let is_of_a_token = |role: &Role| !matches!(role, Role::Clock | Role::Importer);
    if roles.iter().any(is_of_a_token) {
        roles.retain(is_of_a_token);
    }
    roles.sort_unstable();
    roles.dedup();
    let names: Vec<_> = roles.into_iter().map(Role::name).collect();
    Refusal::new(Code::NotPermitted, "", format!("{command} is for {}", names.join(", ")))
}
