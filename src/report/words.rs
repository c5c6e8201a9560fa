//! The words of a report, in Chinese, English or both.

use clap::ValueEnum;

use crate::domain::case::values::{Kind, Status};
use crate::domain::value::Level;

/// In which language a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Chinese
    Zh,
    /// English
    En,
    /// Both, Chinese first
    Both,
}

impl Language {
    /// As HTML names it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Zh | Self::Both => "zh-CN",
            Self::En => "en",
        }
    }

    /// The words in the language.
    pub(super) fn say(self, chinese: &str, english: &str) -> String {
        match self {
            Self::Zh => chinese.to_owned(),
            Self::En => english.to_owned(),
            Self::Both => format!("{chinese} {english}"),
        }
    }

    /// Done, going on, late: how cases stand.
    pub(super) fn standings(self) -> [String; 3] {
        [self.say("已了结", "Done"), self.say("进行中", "Going on"), self.say("逾期", "Late")]
    }

    pub(super) fn status(self, status: Status) -> String {
        match status {
            Status::Reported => self.say("已报告", "Reported"),
            Status::Triaged => self.say("已分诊", "Triaged"),
            Status::Assigned => self.say("已下达", "Assigned"),
            Status::Researching => self.say("攻关中", "Researching"),
            Status::SolutionProposed => self.say("已提出方案", "Solution proposed"),
            Status::OnTrial => self.say("试用中", "On trial"),
            Status::AwaitingConfirmation => self.say("待企业确认", "Awaiting confirmation"),
            Status::Resolved => self.say("已解决", "Resolved"),
            Status::Closed => self.say("已结案", "Closed"),
            Status::Withdrawn => self.say("已撤回", "Withdrawn"),
            Status::Duplicate => self.say("重复", "Duplicate"),
        }
    }

    pub(super) fn kind(self, kind: Kind) -> String {
        match kind {
            Kind::InstrumentProvision => self.say("计量器具配备", "Instrument provision"),
            Kind::Verification => self.say("检定", "Verification"),
            Kind::Calibration => self.say("校准", "Calibration"),
            Kind::Testing => self.say("测试", "Testing"),
            Kind::AssuranceSystem => self.say("计量保证体系", "Assurance system"),
            Kind::Training => self.say("培训", "Training"),
            Kind::EnergyMetrology => self.say("能源计量", "Energy metrology"),
            Kind::ResearchProblem => self.say("技术攻关", "Research problem"),
        }
    }

    pub(super) fn level(self, level: Level) -> String {
        match level {
            Level::County => self.say("县级", "County"),
            Level::City => self.say("市级", "City"),
            Level::Province => self.say("省级", "Province"),
            Level::Nation => self.say("国家级", "Nation"),
        }
    }
}
