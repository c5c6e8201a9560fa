//! Annual summaries.

use std::collections::BTreeMap;

use async_graphql::{ID, InputObject};
use serde::Serialize;

use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::command::{AmendAnnualSummary, Beside, SubmitAnnualSummary, TypicalCaseFacts};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{self, AnnualSummaryId, Division, Label, ValueError};
use crate::graphql::door::Door;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Decimal;
use crate::graphql::types::annual_summary::AnnualSummaryNode;
use crate::graphql::types::conflict::RegisterConflict;

mutations! {
    /// 年度总结: what a jurisdiction reports of a year, due on 31 October.
    AnnualSummaryMutation answers annual_summary: AnnualSummaryNode, RegisterConflict {
        /// 上报年度总结: reports a year, which goes from 1 November to the 31 October on which the summary is due. Late is flagged, not refused. What the log gives for the year then is recorded with it. By a manager of the jurisdiction.
        submit_annual_summary(SubmitAnnualSummaryInput) -> SubmitAnnualSummaryPayload;
        /// 修改年度总结: replaces what was reported, and says why. What the log gives for the year then is recorded with it and compared with it: after 31 October, what happened in the year and has been recorded until now. By a manager of the jurisdiction.
        amend_annual_summary(AmendAnnualSummaryInput) -> AmendAnnualSummaryPayload;
    }
}

/// 数据: a figure of a summary.
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct FigureInput {
    /// 名称: what it counts.
    pub(crate) name: String,
    /// 数值: how many or how much.
    pub(crate) value: Decimal,
}

/// Figures by name; `None` when one was unsound.
fn figures(door: &mut Door, input: Option<&[FigureInput]>) -> Option<BTreeMap<Label, value::Decimal>> {
    let input = input.unwrap_or_default();
    let mut figures = BTreeMap::new();
    for (place, figure) in input.iter().enumerate() {
        door.within(&format!("figures.{place}"), |door| {
            let name = door.text::<Label>("name", &figure.name);
            let value = door.number("value", &figure.value);
            let (name, value) = (name?, value?);
            if figures.contains_key(&name) {
                let field = format!("figures.{place}.name");
                door.refused(Refusal::new(Code::AlreadyExists, field, format!("there is a figure {name} already")));
                return None;
            }
            figures.insert(name, value);
            Some(())
        });
    }
    (figures.len() == input.len()).then_some(figures)
}

fn beside(fill_from_log: Option<bool>) -> Beside {
    if fill_from_log == Some(true) { Beside::TheComputed } else { Beside::Nothing }
}

/// The year, as far as a calendar can have it; the domain says which years are reported.
fn year(door: &mut Door, year: i32) -> Option<i16> {
    let read = i16::try_from(year)
        .map_err(|_| ValueError::new(Code::YearInvalid, format!("{year} is not a year: write one such as 2026")));
    door.value("year", read)
}

input! {
    /// 上报年度总结: whose, which year, and what.
    SubmitAnnualSummaryInput creates AnnualSummary by SubmitAnnualSummary, about "year" {
        /// 行政区划: whose report: a code of GB/T 2260 of 2, 4 or 6 digits, or `CN`.
        division_code: String,
        /// 年度: which year: that of the 31 October on which the summary is due.
        year: i32,
        /// 总结: what is reported.
        text: String,
        /// 数据: figures by name, each figure once, whichever of its names it has.
        figures: Option<Vec<FigureInput>>,
        /// 以计算数据补足: whether each figure that the log gives for the year, and that `figures` has under none of its names, is reported too, as `annualFigures` computes it for you, as of the moment that it says; not when left out.
        fill_from_log: Option<bool>,
        /// 典型经验: good practice worth spreading.
        good_practice: Option<Vec<String>>,
        /// 典型案例: cases worth telling: published ones of the jurisdiction.
        typical_case_ids: Option<Vec<ID>>,
    }
    |input, door| {
        let jurisdiction = door.text::<Division>("divisionCode", &input.division_code);
        let year = year(door, input.year);
        let text = door.text("text", &input.text);
        let figures = figures(door, input.figures.as_deref());
        let good_practice = door.all("goodPractice", input.good_practice.as_deref().unwrap_or_default());
        let typical_cases = door.all_ids("typicalCaseIds", input.typical_case_ids.as_deref().unwrap_or_default());
        let (jurisdiction, year) = (jurisdiction?, year?);
        Some(Ordered::new(AnnualSummaryId::of(&jurisdiction, year), SubmitAnnualSummary {
            jurisdiction,
            year,
            text: text?,
            figures: figures?,
            computed: None,
            beside: beside(input.fill_from_log),
            good_practice: good_practice?,
            typical_cases: typical_cases?.into_iter().map(TypicalCaseFacts::of).collect(),
        }))
    }
}

input! {
    /// 修改年度总结: what replaces it, and why.
    AmendAnnualSummaryInput updates AnnualSummary by AmendAnnualSummary, about "year" {
        /// 行政区划: whose report.
        division_code: String,
        /// 年度: which year: that of the 31 October on which the summary is due.
        year: i32,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
        /// 总结: what is reported.
        text: String,
        /// 数据: figures by name, each figure once, whichever of its names it has.
        figures: Option<Vec<FigureInput>>,
        /// 以计算数据补足: whether each figure that the log gives for the year, and that `figures` has under none of its names, is reported too, as you see it: after 31 October with what of the year was recorded late, and `CASES_OPEN` and `TYPICAL_CASES` as of that day; until then as `annualFigures` computes it; not when left out.
        fill_from_log: Option<bool>,
        /// 典型经验: good practice worth spreading.
        good_practice: Option<Vec<String>>,
        /// 典型案例: cases worth telling: published ones of the jurisdiction.
        typical_case_ids: Option<Vec<ID>>,
    }
    |input, door| {
        let jurisdiction = door.text::<Division>("divisionCode", &input.division_code);
        let year = year(door, input.year);
        let reason = door.optional("reason", input.reason.as_deref());
        let text = door.text("text", &input.text);
        let figures = figures(door, input.figures.as_deref());
        let good_practice = door.all("goodPractice", input.good_practice.as_deref().unwrap_or_default());
        let typical_cases = door.all_ids("typicalCaseIds", input.typical_case_ids.as_deref().unwrap_or_default());
        Some(Ordered::new(AnnualSummaryId::of(&jurisdiction?, year?), AmendAnnualSummary {
            reason: reason?,
            text: text?,
            figures: figures?,
            computed: None,
            beside: beside(input.fill_from_log),
            good_practice: good_practice?,
            typical_cases: typical_cases?.into_iter().map(TypicalCaseFacts::of).collect(),
        }))
    }
}
