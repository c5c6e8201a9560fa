//! What one event of another tracker is here: the order that it becomes, or the legacy activity that it stays.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::case::command::{
    AddComment, CaseCommand, EscalateCase, PauseClock, RecordLegacyActivity, ReportCase, ResumeClock, TriageCase,
};
use crate::domain::case::event::INTERNAL;
use crate::domain::case::facts::{EnrolmentFacts, LegacyCase};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{Audience, CommentId, Origin};
use crate::domain::enterprise::values::Identity;
use crate::domain::event::Source;
use crate::domain::value::text::is_blank;
use crate::domain::value::{
    CaseId, Division, EnterpriseId, Label, Personal, ServiceCategory, Statement, Title, ValueError, calendar,
};
use crate::interchange::mapping::Mapping;
use crate::interchange::mapping::rule::{self, Then};
use crate::interchange::read::{ForeignEvent, Place};
use crate::interchange::template::Template;

/// What one event becomes: exactly one event here.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its case here: the same for every import of the same log.
    pub case: CaseId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Where it came from, and all that was said there.
    pub source: Source,
    /// What the mapping makes of it, if the lifecycle allows it.
    pub wish: Wish,
    /// Tells this event of this log from every other: given as the idempotency key, it makes a second import add
    /// nothing.
    pub key: String,
    /// SHA-256 of what the file says: another one under the same key means that the file has changed.
    pub digest: [u8; 32],
}

/// What the mapping makes of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// It puts the case on record: `CaseReported`.
    Report,
    /// It is a fact of a case that is there.
    Order {
        /// The fact's name.
        fact: &'static str,
        /// What has to be ordered for it.
        command: Box<CaseCommand>,
    },
    /// It would be a fact, but a value of that is none.
    Unmade {
        /// The fact's name.
        fact: &'static str,
        /// Which value, and what is wrong with it.
        problem: PlanError,
    },
    /// It has no counterpart here.
    Legacy {
        /// Whether the other tracker was done with the case.
        concludes: bool,
    },
}

/// A case as its first event shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Series of the number, by the year of the event; the commit adds the serial.
    pub number: CaseNumber,
    /// In a line.
    pub title: Title,
    /// What it is about.
    pub problem: Statement,
    /// The organisation whose case it is, in the log's words.
    pub organisation: Label,
    /// Its enterprise here: the same for every import of the same log.
    pub enterprise: EnterpriseId,
    /// Where.
    pub division: Division,
}

/// A value of one event that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `{field}`: {message}")]
pub struct PlanError {
    /// Where in the log.
    pub place: Place,
    /// The key of the mapping that asks for it, or the attribute.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Mapping {
    /// What this event becomes.
    ///
    /// # Errors
    /// What would be internal has a value that is none.
    pub fn plan(&self, event: &ForeignEvent) -> Result<Planned, PlanError> {
        let case = self.case_of(event);
        Ok(Planned {
            case,
            occurred_at: event.at,
            source: self.source(event),
            wish: self.wish(event, case)?,
            key: self.key_of(event),
            digest: event.digest(),
        })
    }

    /// Its case here: the same for every import of the same log.
    #[must_use]
    pub fn case_of(&self, event: &ForeignEvent) -> CaseId {
        CaseId::named(&format!("import:{}:{}", self.log, event.case))
    }

    /// Tells this event of this log from every other, whatever becomes of it.
    #[must_use]
    pub fn key_of(&self, event: &ForeignEvent) -> String {
        format!("import:{}:{}", self.case_of(event), event.number)
    }

    /// The case that this event opens, where there is none yet.
    ///
    /// # Errors
    /// A value that the mapping makes of it is none.
    pub fn opening(&self, event: &ForeignEvent) -> Result<Opening, PlanError> {
        let read = Reading { event };
        let organisation = read.value("case.organisation", &self.case.organisation, Label::parse)?;
        let division = read.value("case.division", &self.case.division, Division::parse)?;
        if !self.campaign.jurisdiction.covers(&division) {
            let message =
                format!("{division} lies outside of the campaign's jurisdiction, {}", self.campaign.jurisdiction);
            return Err(read.error("case.division", message));
        }
        Ok(Opening {
            number: CaseNumber::provisional(division.letters(), calendar::date_of(event.at).year()),
            title: read.value("case.title", &self.case.title, Title::parse)?,
            problem: read.value("case.problem", &self.case.problem, Statement::parse)?,
            enterprise: self.identity(&organisation).enterprise(),
            organisation,
            division,
        })
    }

    /// What identifies an organisation of this log.
    #[must_use]
    pub fn identity(&self, organisation: &Label) -> Identity {
        Identity::External { log: self.log.clone(), organisation: organisation.clone() }
    }

    fn source(&self, event: &ForeignEvent) -> Source {
        let mut attributes = BTreeMap::new();
        let mut personal = BTreeMap::new();
        // Said by the fields of the source, or by the event's own time: where that is written otherwise, as with an
        // offset that tells the hour of the day there, the text says more.
        let said = [Some(self.columns.activity.as_str()), self.columns.case.sole_attribute()];
        let at = event.at.to_string();
        for (name, text) in &event.attributes {
            if said.contains(&Some(name)) || (*name == self.columns.at && *text == at) {
                continue;
            }
            // Blank text names nobody.
            if self.personal.lists(name).is_some() && !is_blank(text) {
                personal.insert(name.clone(), Personal::of_a_log(text));
            } else {
                attributes.insert(name.clone(), text.clone());
            }
        }
        attributes.extend(event.empty.iter().map(|name| (name.clone(), String::new())));
        Source {
            log: self.log.to_string(),
            case: event.case.clone(),
            index: event.number,
            activity: event.activity.clone(),
            attributes,
            personal,
        }
    }

    fn wish(&self, event: &ForeignEvent, case: CaseId) -> Result<Wish, PlanError> {
        let transition = self.transition.as_ref().and_then(|name| event.attributes.get(name)).map(String::as_str);
        let Some((number, rule)) = (1..).zip(&self.rules).find(|(_, rule)| rule.holds(event, transition)) else {
            return Ok(Wish::Legacy { concludes: false });
        };
        match made(event, case, number, &rule.then) {
            // A legacy activity is read by whoever sees the case: what is internal becomes none.
            Err(problem) if !INTERNAL.contains(&rule.then.fact()) => {
                Ok(Wish::Unmade { fact: rule.then.fact(), problem })
            }
            wish => wish,
        }
    }
}

/// What an event is by a rule.
fn made(event: &ForeignEvent, case: CaseId, number: usize, then: &Then) -> Result<Wish, PlanError> {
    let read = Reading { event };
    let key = |key: &str| format!("rule {number}, {key}");
    let comment = |text: &Template, audience| {
        let id = Uuid::new_v5(&case.uuid(), format!("import:comment:{}", event.number).as_bytes());
        let text = read.value(&key("text"), text, Statement::parse)?;
        Ok::<_, PlanError>(AddComment { id: CommentId(id), text, audience })
    };
    let command: CaseCommand = match then {
        Then::CaseReported => return Ok(Wish::Report),
        Then::LegacyActivityRecorded { concludes } => return Ok(Wish::Legacy { concludes: *concludes }),
        Then::CaseTriaged { category, kind, severity } => {
            let command = TriageCase {
                category: read.value(&key("category"), category, ServiceCategory::parse)?,
                kind: read.word(&key("kind"), kind, rule::kind)?,
                severity: read.word(&key("severity"), severity, rule::severity)?,
                correction_reason: None,
            };
            command.into()
        }
        Then::CaseEscalated { to, reason } => {
            let command = EscalateCase {
                to: read.word(&key("to"), to, rule::level)?,
                reason: read.value(&key("reason"), reason, Statement::parse)?,
            };
            command.into()
        }
        Then::ClockPaused { reason } => {
            PauseClock { reason: read.value(&key("reason"), reason, Statement::parse)? }.into()
        }
        Then::ClockResumed => ResumeClock {}.into(),
        Then::CommentAdded { text } => comment(text, Audience::Everybody)?.into(),
        Then::InternalCommentAdded { text } => comment(text, Audience::Internal)?.into(),
    };
    Ok(Wish::Order { fact: then.fact(), command: Box::new(command) })
}

impl Planned {
    /// The fact that the mapping makes of it.
    #[must_use]
    pub fn fact(&self) -> &'static str {
        match &self.wish {
            Wish::Report => "CaseReported",
            Wish::Order { fact, .. } | Wish::Unmade { fact, .. } => fact,
            Wish::Legacy { .. } => "LegacyActivityRecorded",
        }
    }

    /// The order that the mapping wishes for; whether the lifecycle allows it is for `decide`. `None` where nothing is
    /// wished for but [`Planned::legacy`], which also holds of a report of a case that is there already.
    ///
    /// # Parameters
    /// - `unopened`: the case that this event opens and what is known of its enrolment, where there is none yet.
    #[must_use]
    pub fn wished(&self, unopened: Option<(&Opening, EnrolmentFacts)>) -> Option<CaseCommand> {
        match (&self.wish, unopened) {
            (Wish::Report, Some((opening, enrolment))) => {
                let command = ReportCase {
                    number: opening.number.clone(),
                    title: opening.title.clone(),
                    problem: Some(opening.problem.clone()),
                    origin: Origin::Import,
                    division: Some(opening.division.clone()),
                    enrolment,
                };
                Some(command.into())
            }
            (Wish::Order { command, .. }, None) => Some(CaseCommand::clone(command)),
            (Wish::Report, None) | (Wish::Order { .. }, Some(_)) | (Wish::Unmade { .. } | Wish::Legacy { .. }, _) => {
                None
            }
        }
    }

    /// Whether what it becomes is internal to its case, so that it can become nothing else.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        INTERNAL.contains(&self.fact())
    }

    /// The order that every status allows: the event stands on the timeline in the other tracker's words.
    ///
    /// # Parameters
    /// - `unopened`: the case that this event opens and what is known of its enrolment, where there is none yet.
    #[must_use]
    pub fn legacy(&self, unopened: Option<(&Opening, EnrolmentFacts)>) -> CaseCommand {
        let opening = unopened.map(|(opening, enrolment)| LegacyCase {
            number: opening.number.clone(),
            title: opening.title.clone(),
            problem: opening.problem.clone(),
            enrolment,
            division: opening.division.clone(),
        });
        let concludes = matches!(self.wish, Wish::Legacy { concludes: true });
        RecordLegacyActivity { opening, concludes }.into()
    }
}

/// An event whose attributes fill templates.
struct Reading<'a> {
    event: &'a ForeignEvent,
}

impl Reading<'_> {
    fn value<T>(
        &self,
        key: &str,
        template: &Template,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Result<T, PlanError> {
        self.word(key, template, |text| parse(text).map_err(|error| error.message))
    }

    fn word<T>(
        &self,
        key: &str,
        template: &Template,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, PlanError> {
        let event = self.event;
        // An attribute of that very name comes before what every event has.
        let attribute = |name: &str| match (event.attributes.get(name), name) {
            (Some(text), _) => Some(text.as_str()),
            (None, "case") => Some(event.case.as_str()),
            (None, "activity") => Some(event.activity.as_str()),
            (None, _) => None,
        };
        let text = template.fill(attribute).map_err(|missing| {
            self.error(
                key,
                format!("the attribute `{0}` is missing or empty: `{{{0}|…}}` has a text for that", missing.0),
            )
        })?;
        parse(&text).map_err(|message| self.error(key, message))
    }

    fn error(&self, field: &str, message: String) -> PlanError {
        PlanError { place: self.event.place, field: field.to_owned(), message }
    }
}
