//! The figures of a year that can be computed from the log, and how a submitted one is told to be one of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::value::{Decimal, Label};
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// A figure of a year. The notice asks for what was done, for whom, and with what outcome.
    FigureName {
        /// 走访次数: visits made.
        VisitsMade = "VISITS_MADE",
        /// 报名企业: enterprises that enrolled.
        EnterprisesEnrolled = "ENTERPRISES_ENROLLED",
        /// 服务企业: enterprises that were visited or had a case that moved.
        EnterprisesServed = "ENTERPRISES_SERVED",
        /// 受理难点: cases reported.
        CasesReported = "CASES_REPORTED",
        /// 已解决难点: cases resolved.
        CasesResolved = "CASES_RESOLVED",
        /// 已结案难点: cases closed.
        CasesClosed = "CASES_CLOSED",
        /// 撤回难点: cases withdrawn by their enterprises.
        CasesWithdrawn = "CASES_WITHDRAWN",
        /// 重复难点: cases that turned out to be others.
        CasesDuplicate = "CASES_DUPLICATE",
        /// 重新打开: solved cases that were taken up again.
        CasesReopened = "CASES_REOPENED",
        /// 上报难点: cases escalated.
        CasesEscalated = "CASES_ESCALATED",
        /// 未了结难点: cases open as of the moment, of any year.
        CasesOpen = "CASES_OPEN",
        /// 逾期次数: deadlines missed.
        DeadlinesMissed = "DEADLINES_MISSED",
        /// 能力差距消除: cases whose capability gap came to 1 or less.
        GapsClosed = "GAPS_CLOSED",
        /// 能源计量难点: cases of energy metrology reported.
        EnergyCases = "ENERGY_CASES",
        /// 培训次数: trainings.
        Trainings = "TRAININGS",
        /// 培训人次: who learnt something.
        Trainees = "TRAINEES",
        /// 引进技术: techniques brought in.
        TechniquesIntroduced = "TECHNIQUES_INTRODUCED",
        /// 典型案例: cases published as typical in the year, and still so.
        TypicalCases = "TYPICAL_CASES",
        /// 收费笔数: fees charged.
        FeesCharged = "FEES_CHARGED",
        /// 收费金额: the sum of the fees, CNY.
        FeeTotal = "FEE_TOTAL",
    }
}

/// The figures of a year as the log gave them when it was reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputedFigures {
    /// The last position that is in them.
    pub position: u64,
    /// Every figure.
    pub figures: BTreeMap<FigureName, Decimal>,
}

impl ComputedFigures {
    /// The given figures, and beside them each of these that has none under any of its names.
    #[must_use]
    pub fn beside(&self, given: &BTreeMap<Label, Decimal>) -> BTreeMap<Label, Decimal> {
        let missing = self.figures.iter().filter(|(name, _)| name.submitted(given).is_none());
        let label = |name: FigureName| Label::parse(name.chinese()).expect("the name of a figure is a label");
        let added = missing.map(|(name, value)| (label(*name), value.clone()));
        given.iter().map(|(label, value)| (label.clone(), value.clone())).chain(added).collect()
    }
}

impl FigureName {
    /// What people call it, in Chinese.
    #[must_use]
    pub fn chinese(self) -> &'static str {
        match self {
            Self::VisitsMade => "走访次数",
            Self::EnterprisesEnrolled => "报名企业",
            Self::EnterprisesServed => "服务企业",
            Self::CasesReported => "受理难点",
            Self::CasesResolved => "已解决难点",
            Self::CasesClosed => "已结案难点",
            Self::CasesWithdrawn => "撤回难点",
            Self::CasesDuplicate => "重复难点",
            Self::CasesReopened => "重新打开难点",
            Self::CasesEscalated => "上报难点",
            Self::CasesOpen => "未了结难点",
            Self::DeadlinesMissed => "逾期次数",
            Self::GapsClosed => "能力差距消除",
            Self::EnergyCases => "能源计量难点",
            Self::Trainings => "培训次数",
            Self::Trainees => "培训人次",
            Self::TechniquesIntroduced => "引进技术",
            Self::TypicalCases => "典型案例",
            Self::FeesCharged => "收费笔数",
            Self::FeeTotal => "收费金额（元）",
        }
    }

    /// What people call it, in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::VisitsMade => "Visits made",
            Self::EnterprisesEnrolled => "Enterprises enrolled",
            Self::EnterprisesServed => "Enterprises served",
            Self::CasesReported => "Cases reported",
            Self::CasesResolved => "Cases resolved",
            Self::CasesClosed => "Cases closed",
            Self::CasesWithdrawn => "Cases withdrawn",
            Self::CasesDuplicate => "Duplicate cases",
            Self::CasesReopened => "Cases reopened",
            Self::CasesEscalated => "Cases escalated",
            Self::CasesOpen => "Cases open",
            Self::DeadlinesMissed => "Deadlines missed",
            Self::GapsClosed => "Capability gaps closed",
            Self::EnergyCases => "Energy metrology cases",
            Self::Trainings => "Trainings",
            Self::Trainees => "Trainees",
            Self::TechniquesIntroduced => "Techniques introduced",
            Self::TypicalCases => "Typical cases",
            Self::FeesCharged => "Fees charged",
            Self::FeeTotal => "Fees, CNY",
        }
    }

    /// What a summary submitted for it, under the name of the API or what people call it in either language.
    #[must_use]
    pub fn submitted(self, figures: &BTreeMap<Label, Decimal>) -> Option<&Decimal> {
        self.found(figures).map(|(_, value)| value).next()
    }

    /// What a summary submitted for it, to be held against what the log gives. One of the time when a figure could be
    /// given twice may have it under several names: what contradicts the log stands for all, so that they agree only if
    /// each does.
    #[must_use]
    pub fn held_against<'a>(self, computed: &Decimal, figures: &'a BTreeMap<Label, Decimal>) -> Option<&'a Decimal> {
        let mut values = self.found(figures).map(|(_, value)| value);
        values.find(|value| *value != computed).or_else(|| self.submitted(figures))
    }

    /// Two names under which one of these is given.
    #[must_use]
    pub fn given_twice(figures: &BTreeMap<Label, Decimal>) -> Option<(&Label, &Label)> {
        Self::ALL.iter().find_map(|figure| {
            let mut names = figure.found(figures).map(|(label, _)| label);
            Some((names.next()?, names.next()?))
        })
    }

    fn found(self, figures: &BTreeMap<Label, Decimal>) -> impl Iterator<Item = (&Label, &Decimal)> {
        let names = [self.name(), self.chinese(), self.english()];
        figures.iter().filter(move |(label, _)| {
            let label = label.to_string();
            names.iter().any(|name| label.eq_ignore_ascii_case(name))
        })
    }

    /// What a summary submitted beside all of these, in the order of its names. Nothing is left out: where it has one of
    /// these under several names, that is the first, and the others stand here.
    pub fn beside_these(figures: &BTreeMap<Label, Decimal>) -> impl Iterator<Item = (&Label, &Decimal)> {
        let of_these: Vec<_> =
            Self::ALL.iter().filter_map(|name| name.found(figures).next()).map(|(label, _)| label).collect();
        figures.iter().filter(move |(label, _)| !of_these.contains(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submitted_figure_is_found_by_any_of_its_names() {
        for name in ["CASES_REPORTED", "受理难点", "cases reported"] {
            let figures = BTreeMap::from([(Label::parse(name).unwrap(), Decimal::from(7))]);
            assert_eq!(FigureName::CasesReported.submitted(&figures), Some(&Decimal::from(7)), "{name}");
            assert_eq!(FigureName::CasesClosed.submitted(&figures), None);
        }
    }

    /// The names, with the values 1, 2 and so on.
    fn numbered(names: &[&str]) -> BTreeMap<Label, Decimal> {
        names.iter().zip(1_i64..).map(|(name, value)| (Label::parse(name).unwrap(), Decimal::from(value))).collect()
    }

    #[test]
    fn what_the_log_does_not_count_stands_beside() {
        let figures = numbered(&["cases reported", "平均用时（工作日）"]);
        let beside: Vec<_> = FigureName::beside_these(&figures).map(|(label, _)| label.to_string()).collect();
        assert_eq!(beside, ["平均用时（工作日）"]);
    }

    #[test]
    fn a_figure_under_two_names_agrees_only_if_both_do() {
        let figures = numbered(&["CASES_REPORTED", "受理难点", "平均用时（工作日）"]);
        let held = |computed: i64| FigureName::CasesReported.held_against(&Decimal::from(computed), &figures);
        assert_eq!(held(1), Some(&Decimal::from(2)), "the second contradicts");
        assert_eq!(held(2), Some(&Decimal::from(1)), "the first contradicts");
        assert_eq!(FigureName::CasesClosed.held_against(&Decimal::from(1), &figures), None);
        let both = figures.into_keys().map(|label| (label, Decimal::from(3))).collect();
        assert_eq!(FigureName::CasesReported.held_against(&Decimal::from(3), &both), Some(&Decimal::from(3)));
        let beside: Vec<_> = FigureName::beside_these(&both).map(|(label, _)| label.to_string()).collect();
        assert_eq!(beside, ["受理难点", "平均用时（工作日）"], "nothing that was submitted is left out");
    }

    #[test]
    fn two_names_of_one_figure_are_found() {
        let names = |names: &[&str]| {
            FigureName::given_twice(&numbered(names)).map(|(one, other)| [one.to_string(), other.to_string()])
        };
        assert_eq!(names(&["走访次数", "Cases reported", "走访"]), None);
        assert_eq!(names(&["Visits made", "走访次数"]), Some(["Visits made", "走访次数"].map(str::to_owned)));
        assert_eq!(names(&["Trainings", "TRAININGS"]), Some(["TRAININGS", "Trainings"].map(str::to_owned)));
    }

    #[test]
    fn what_is_given_goes_before_what_is_computed() {
        let figures: BTreeMap<_, _> = FigureName::ALL.iter().map(|name| (*name, Decimal::from(1))).collect();
        let computed = ComputedFigures { position: 7, figures };
        let label = |text| Label::parse(text).unwrap();
        let given = BTreeMap::from([(label("cases reported"), Decimal::from(2)), (label("别的"), Decimal::from(3))]);
        let all = computed.beside(&given);
        assert_eq!(all.len(), FigureName::ALL.len() + 1);
        assert_eq!(FigureName::CasesReported.submitted(&all), Some(&Decimal::from(2)));
        assert_eq!(FigureName::CasesClosed.submitted(&all), Some(&Decimal::from(1)));
        assert_eq!(all.get(&label("别的")), Some(&Decimal::from(3)));
    }

    #[test]
    fn no_two_figures_have_a_name_in_common() {
        let names = |figure: &FigureName| [figure.name(), figure.chinese(), figure.english()];
        let mut all: Vec<_> = FigureName::ALL.iter().flat_map(names).map(str::to_ascii_lowercase).collect();
        all.sort();
        all.dedup();
        // "TRAININGS" and "Trainings" are one figure's.
        let own: usize = FigureName::ALL
            .iter()
            .map(|figure| if figure.name().eq_ignore_ascii_case(figure.english()) { 2 } else { 3 })
            .sum();
        assert_eq!(all.len(), own);
    }
}
