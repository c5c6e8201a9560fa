//! Which words of another tracker are which facts here: the mapping file, read and checked.
//!
//! `schema/mappings/example-csv.toml` shows every key and says what it is for.

pub mod personal;
pub mod plan;
pub mod rule;

mod file;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use toml::value::Datetime;

use crate::domain::value::{CampaignId, Division, Label, ValueError};
use crate::interchange::mapping::file::{CampaignTable, CaseTable, EventTable, MappingFile};
use crate::interchange::mapping::personal::{PersonalNames, Sought};
use crate::interchange::mapping::rule::Rule;
use crate::interchange::read::Columns;
use crate::interchange::read::moment::TimeFormat;
use crate::interchange::template::Template;

/// How a log of another tracker becomes cases here.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The log's name: with a case's id and an event's place it tells what is there already.
    pub log: Label,
    /// The campaign of kind *import* that the cases belong to.
    pub campaign: ImportCampaign,
    /// Which attributes the readers need.
    pub columns: Columns,
    case: CaseTemplates,
    transition: Option<String>,
    personal: PersonalNames,
    rules: Vec<Rule>,
}

/// The campaign that holds what is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportCampaign {
    /// Its id: the same for every import of the same log.
    pub id: CampaignId,
    /// Its name.
    pub name: Label,
    /// Where it runs.
    pub jurisdiction: Division,
    /// Its first day.
    pub starts_on: Date,
    /// The day by which it is reported on.
    pub reporting_deadline: Date,
}

/// What a case is made of, when its first event comes.
#[derive(Clone, Debug)]
struct CaseTemplates {
    title: Template,
    problem: Template,
    organisation: Template,
    division: Template,
}

/// What is wrong with a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}: {message}")]
pub struct MappingError {
    /// The file's name, as it was given.
    pub file: String,
    /// The key, such as `case.title` or `rule 3, reason`; the line where the file cannot be read as such.
    pub place: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Parameters
    /// - `file`: the name for messages.
    /// - `text`: what it says.
    ///
    /// # Errors
    /// The first thing that is wrong: keys that are missing, unknown or misplaced, values that are none, templates that
    /// would copy personal data.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingError> {
        let written: MappingFile = toml::from_str(text).map_err(|error| MappingError {
            file: file.to_owned(),
            place: line_of(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        checked(written).map_err(|Wrong { key, message }| MappingError {
            file: file.to_owned(),
            place: format!("`{key}`"),
            message,
        })
    }

    /// What it lists as personal, to be met in a file: a name that is misspelt would keep nothing apart.
    #[must_use]
    pub fn personal_names(&self) -> Sought {
        self.personal.sought()
    }
}

/// The key that is wrong, and why.
struct Wrong {
    key: String,
    message: String,
}

impl Wrong {
    fn new(key: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { key: key.into(), message: message.to_string() }
    }
}

fn line_of(text: &str, position: usize) -> String {
    let line = 1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count();
    format!("line {line}")
}

fn checked(written: MappingFile) -> Result<Mapping, Wrong> {
    let log: Label = value("log", Label::parse(&written.log))?;
    if log.as_str().contains(':') {
        return Err(Wrong::new("log", "ids are made of `import:<log>:<case>`: a log's name has no colon"));
    }
    let personal = PersonalNames::new(written.personal);
    let transition = written.event.transition.clone();
    let columns = columns(written.event, &written.case.id, written.csv.delimiter.as_deref())?;
    refuse_personal_in("case.id", &columns.case, &personal)?;
    let attributes = [
        ("event.activity", Some(&columns.activity)),
        ("event.at", Some(&columns.at)),
        ("event.transition", transition.as_ref()),
    ];
    for (key, attribute) in attributes {
        attribute.map_or(Ok(()), |attribute| refuse_personal(key, attribute, &personal))?;
    }
    let case = case_templates(&written.case, &personal)?;
    let campaign = campaign(written.campaign, &log)?;
    let rules = (1..)
        .zip(written.rules)
        .map(|(number, table)| {
            rule::checked(table, transition.is_some(), &personal)
                .map_err(|wrong| Wrong::new(format!("rule {number}, {}", wrong.key), wrong.message))
        })
        .collect::<Result<_, _>>()?;
    Ok(Mapping { log, campaign, columns, case, transition, personal, rules })
}

fn campaign(written: CampaignTable, log: &Label) -> Result<ImportCampaign, Wrong> {
    let campaign = ImportCampaign {
        id: CampaignId::named(&format!("import:{log}")),
        name: value("campaign.name", Label::parse(&written.name))?,
        jurisdiction: value("campaign.jurisdiction", Division::parse(&written.jurisdiction))?,
        starts_on: date("campaign.starts_on", written.starts_on)?,
        reporting_deadline: date("campaign.reporting_deadline", written.reporting_deadline)?,
    };
    if campaign.reporting_deadline < campaign.starts_on {
        return Err(Wrong::new(
            "campaign.reporting_deadline",
            format!("{} lies before the campaign's start, {}", campaign.reporting_deadline, campaign.starts_on),
        ));
    }
    Ok(campaign)
}

fn case_templates(written: &CaseTable, personal: &PersonalNames) -> Result<CaseTemplates, Wrong> {
    Ok(CaseTemplates {
        title: template("case.title", &written.title, personal)?,
        problem: template("case.problem", &written.problem, personal)?,
        organisation: template("case.organisation", &written.organisation, personal)?,
        division: template("case.division", &written.division, personal)?,
    })
}

fn columns(written: EventTable, case: &str, delimiter: Option<&str>) -> Result<Columns, Wrong> {
    if let Some(pattern) = &written.format {
        // A pattern is judged by writing with it: reading takes a text.
        strtime::format(pattern, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
            .map_err(|error| Wrong::new("event.format", error))?;
    }
    let offset = written
        .utc_offset
        .map(|text| {
            BrokenDownTime::parse("%:z", &text)
                .ok()
                .and_then(|broken| broken.offset())
                .ok_or_else(|| Wrong::new("event.utc_offset", format!("{text:?} is no offset: write it as \"+08:00\"")))
        })
        .transpose()?;
    let delimiter = match delimiter.map(str::as_bytes) {
        None => b',',
        Some([byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => *byte,
        Some(_) => {
            return Err(Wrong::new("csv.delimiter", "a delimiter is one ASCII character, such as \";\" or \"\\t\""));
        }
    };
    Ok(Columns {
        case: parse_template("case.id", case)?,
        activity: written.activity,
        at: written.at,
        time: TimeFormat { pattern: written.format, offset },
        delimiter,
    })
}

/// A template that copies nothing about persons into text that everybody reads.
fn template(key: &str, source: &str, personal: &PersonalNames) -> Result<Template, Wrong> {
    let template = parse_template(key, source)?;
    refuse_personal_in(key, &template, personal)?;
    Ok(template)
}

fn parse_template(key: &str, source: &str) -> Result<Template, Wrong> {
    Template::parse(source).map_err(|message| Wrong::new(key, message))
}

fn refuse_personal_in(key: &str, template: &Template, personal: &PersonalNames) -> Result<(), Wrong> {
    template.attributes().try_for_each(|attribute| refuse_personal(key, attribute, personal))
}

fn refuse_personal(key: &str, attribute: &str, personal: &PersonalNames) -> Result<(), Wrong> {
    let by = match personal.lists(attribute) {
        None => return Ok(()),
        Some(name) if name == attribute => String::new(),
        Some(name) => format!(" by `{name}`"),
    };
    let message =
        format!("`{attribute}` is listed as personal{by}: it is kept apart, and nothing else may be made of it");
    Err(Wrong::new(key, message))
}

fn value<T>(key: &str, parsed: Result<T, ValueError>) -> Result<T, Wrong> {
    parsed.map_err(|error| Wrong::new(key, error))
}

fn date(key: &str, written: Datetime) -> Result<Date, Wrong> {
    let text = written.to_string();
    match written.time {
        None => text.parse().map_err(|_| Wrong::new(key, format!("{text} is no day"))),
        Some(_) => Err(Wrong::new(key, format!("{text} is more than a day: write it as 2012-10-31"))),
    }
}
