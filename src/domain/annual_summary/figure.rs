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
        /// 重新打开: cases reopened.
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

/// The figures of a year as the log gave them.
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
        self.found(figures).map(|(_, value)| value)
    }

    fn found(self, figures: &BTreeMap<Label, Decimal>) -> Option<(&Label, &Decimal)> {
        let names = [self.name(), self.chinese(), self.english()];
        figures.iter().find(|(label, _)| {
            let label = label.to_string();
            names.iter().any(|name| label.eq_ignore_ascii_case(name))
        })
    }

    /// What a summary submitted beside all of these, in the order of its names.
    pub fn beside_these(figures: &BTreeMap<Label, Decimal>) -> impl Iterator<Item = (&Label, &Decimal)> {
        let of_these: Vec<_> =
            Self::ALL.iter().filter_map(|name| name.found(figures)).map(|(label, _)| label).collect();
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

    #[test]
    fn what_the_log_does_not_count_stands_beside() {
        let names = ["cases reported", "受理难点", "平均用时（工作日）"];
        let figures =
            names.iter().zip(1_i64..).map(|(name, value)| (Label::parse(name).unwrap(), Decimal::from(value)));
        let figures: BTreeMap<_, _> = figures.collect();
        let shown = FigureName::CasesReported.submitted(&figures).unwrap();
        let beside: Vec<_> = FigureName::beside_these(&figures).collect();
        assert_eq!(beside.len(), 2, "of two names of a figure one is compared: {beside:?}");
        assert!(beside.iter().all(|(_, value)| *value != shown), "{beside:?}");
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
