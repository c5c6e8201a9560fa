//! Rules: when an event looks like this, it is that fact.
//!
//! There are rules for the facts that another tracker can honestly have recorded: what asks for a person, an
//! institution or a measurement that is registered here has no counterpart there, and stays what it was in that
//! tracker's words.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NotAWord, StrDeserializer};

use crate::domain::case::values::{Kind, Severity};
use crate::domain::value::{Level, ServiceCategory, Statement};
use crate::interchange::mapping::file::{OneOf, RuleTable, WhenTable};
use crate::interchange::mapping::personal::PersonalNames;
use crate::interchange::mapping::{Wrong, template};
use crate::interchange::read::ForeignEvent;
use crate::interchange::template::Template;

/// A rule; the first one whose conditions all hold counts.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    when: When,
    /// What the event then is.
    pub(super) then: Then,
}

#[derive(Clone, Debug)]
struct When {
    first: Option<bool>,
    activity: Option<Vec<String>>,
    transition: Option<Vec<String>>,
    attributes: Vec<(String, Vec<String>)>,
}

/// The fact that an event is, with the texts that its values are read from.
#[derive(Clone, Debug)]
pub(super) enum Then {
    CaseReported,
    CaseTriaged { category: Template, kind: Template, severity: Template },
    CaseEscalated { to: Template, reason: Template },
    ClockPaused { reason: Template },
    ClockResumed,
    CommentAdded { text: Template },
    InternalCommentAdded { text: Template },
    LegacyActivityRecorded { concludes: bool },
}

impl Then {
    /// The fact's name.
    pub(super) fn fact(&self) -> &'static str {
        match self {
            Self::CaseReported => "CaseReported",
            Self::CaseTriaged { .. } => "CaseTriaged",
            Self::CaseEscalated { .. } => "CaseEscalated",
            Self::ClockPaused { .. } => "ClockPaused",
            Self::ClockResumed => "ClockResumed",
            Self::CommentAdded { .. } => "CommentAdded",
            Self::InternalCommentAdded { .. } => "InternalCommentAdded",
            Self::LegacyActivityRecorded { .. } => "LegacyActivityRecorded",
        }
    }
}

/// The facts that there are rules for, with the keys that each one needs.
const FACTS: &[(&str, &[&str])] = &[
    ("CaseReported", &[]),
    ("CaseTriaged", &["category", "kind", "severity"]),
    ("CaseEscalated", &["to", "reason"]),
    ("ClockPaused", &["reason"]),
    ("ClockResumed", &[]),
    ("CommentAdded", &["text"]),
    ("InternalCommentAdded", &["text"]),
    ("LegacyActivityRecorded", &[]),
];

impl Rule {
    /// Whether the rule is about this event.
    pub(super) fn holds(&self, event: &ForeignEvent, transition: Option<&str>) -> bool {
        let When { first, activity, transition: transitions, attributes } = &self.when;
        let among = |texts: &[String], text: &str| texts.iter().any(|one| one == text);
        first.is_none_or(|first| first == (event.index == 0))
            && activity.as_ref().is_none_or(|texts| among(texts, &event.activity))
            && transitions.as_ref().is_none_or(|texts| among(texts, transition.unwrap_or("")))
            && attributes.iter().all(|(name, texts)| {
                // An absent attribute says as much as an empty one.
                among(texts, event.attributes.get(name).map_or("", String::as_str))
            })
    }
}

/// A rule as it was written, checked.
pub(super) fn checked(mut table: RuleTable, has_transition: bool, personal: &PersonalNames) -> Result<Rule, Wrong> {
    let Some((fact, needed)) = FACTS.iter().find(|(fact, _)| *fact == table.then) else {
        let known: Vec<_> = FACTS.iter().map(|(fact, _)| *fact).collect();
        return Err(Wrong::new(
            "then",
            format!("there is no rule for `{}`: write one of {}", table.then, known.join(", ")),
        ));
    };
    let when = conditions(std::mem::take(&mut table.when), has_transition)?;
    let mut texts = Texts { fact, needed, personal };
    let category =
        texts.take("category", table.category, |text| ServiceCategory::parse(text).map_err(|error| error.message))?;
    let kind = texts.take("kind", table.kind, kind)?;
    let severity = texts.take("severity", table.severity, severity)?;
    let to = texts.take("to", table.to, level)?;
    let reason = texts.take("reason", table.reason, |text| Statement::parse(text).map_err(|error| error.message))?;
    let text = texts.take("text", table.text, |text| Statement::parse(text).map_err(|error| error.message))?;
    let then = match (*fact, category, kind, severity, to, reason, text) {
        ("CaseReported", ..) => Then::CaseReported,
        ("CaseTriaged", Some(category), Some(kind), Some(severity), ..) => {
            Then::CaseTriaged { category, kind, severity }
        }
        ("CaseEscalated", _, _, _, Some(to), Some(reason), _) => Then::CaseEscalated { to, reason },
        ("ClockPaused", _, _, _, _, Some(reason), _) => Then::ClockPaused { reason },
        ("ClockResumed", ..) => Then::ClockResumed,
        ("CommentAdded", .., Some(text)) => Then::CommentAdded { text },
        ("InternalCommentAdded", .., Some(text)) => Then::InternalCommentAdded { text },
        _ => Then::LegacyActivityRecorded { concludes: table.concludes.unwrap_or(false) },
    };
    if table.concludes.is_some() && !matches!(then, Then::LegacyActivityRecorded { .. }) {
        return Err(Wrong::new("concludes", "only a LegacyActivityRecorded concludes"));
    }
    Ok(Rule { when, then })
}

fn conditions(table: WhenTable, has_transition: bool) -> Result<When, Wrong> {
    if table.transition.is_some() && !has_transition {
        return Err(Wrong::new("when.transition", "`event.transition` does not say which attribute that is"));
    }
    Ok(When {
        first: table.first,
        activity: table.activity.map(OneOf::texts),
        transition: table.transition.map(OneOf::texts),
        attributes: table.attributes.into_iter().map(|(name, texts)| (name, texts.texts())).collect(),
    })
}

/// The texts of one rule: each has to be there if the fact needs it, and only then.
struct Texts<'a> {
    fact: &'static str,
    needed: &'static [&'static str],
    personal: &'a PersonalNames,
}

impl Texts<'_> {
    fn take<T>(
        &mut self,
        key: &'static str,
        written: Option<String>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Template>, Wrong> {
        let fact = self.fact;
        match (written, self.needed.contains(&key)) {
            (None, false) => Ok(None),
            (None, true) => Err(Wrong::new(key, format!("{fact} needs a {key}: write `{key} = \"…\"`"))),
            (Some(_), false) => Err(Wrong::new(key, format!("{fact} has no {key}: leave it out"))),
            (Some(source), true) => {
                let template = template(key, &source, self.personal)?;
                // What no event changes is judged before any event is read.
                if template.attributes().next().is_none() {
                    let text = template.fill(|_| None).expect("no attribute can be missing where there is none");
                    parse(&text).map_err(|message| Wrong::new(key, message))?;
                }
                Ok(Some(template))
            }
        }
    }
}

/// Reads the name of a kind of help.
pub(super) fn kind(text: &str) -> Result<Kind, String> {
    let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    Kind::named(text).ok_or_else(|| format!("{text:?} is no kind: write one of {}", known.join(", ")))
}

/// Reads the name of a severity.
pub(super) fn severity(text: &str) -> Result<Severity, String> {
    let known: Vec<_> = Severity::ALL.iter().map(|severity| severity.name()).collect();
    Severity::named(text).ok_or_else(|| format!("{text:?} is no severity: write one of {}", known.join(", ")))
}

/// Reads the name of a level of administration.
pub(super) fn level(text: &str) -> Result<Level, String> {
    let name: StrDeserializer<'_, NotAWord> = text.into_deserializer();
    Level::deserialize(name).map_err(|_| format!("{text:?} is no level: write one of COUNTY, CITY, PROVINCE, NATION"))
}
