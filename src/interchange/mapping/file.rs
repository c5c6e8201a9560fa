//! The mapping file as it is written: TOML, in which every key is known.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    pub(super) log: String,
    #[serde(default)]
    pub(super) personal: Vec<String>,
    pub(super) campaign: CampaignTable,
    pub(super) case: CaseTable,
    pub(super) event: EventTable,
    #[serde(default)]
    pub(super) csv: CsvTable,
    #[serde(default, rename = "rule")]
    pub(super) rules: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignTable {
    pub(super) name: String,
    pub(super) jurisdiction: String,
    pub(super) starts_on: Datetime,
    pub(super) reporting_deadline: Datetime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseTable {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) problem: String,
    pub(super) organisation: String,
    pub(super) division: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventTable {
    pub(super) activity: String,
    pub(super) at: String,
    pub(super) format: Option<String>,
    pub(super) utc_offset: Option<String>,
    pub(super) transition: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsvTable {
    pub(super) delimiter: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    #[serde(default)]
    pub(super) when: WhenTable,
    pub(super) then: String,
    pub(super) category: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) to: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) text: Option<String>,
    pub(super) concludes: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenTable {
    pub(super) first: Option<bool>,
    pub(super) activity: Option<OneOf>,
    pub(super) transition: Option<OneOf>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, OneOf>,
}

/// `"a"` or `["a", "b"]`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts")]
pub(super) enum OneOf {
    One(String),
    Some(Vec<String>),
}

impl OneOf {
    pub(super) fn texts(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Some(texts) => texts,
        }
    }
}
