//! The tables of a report.

use crate::app::{Fault, FeeSum, GapSums, GroupSums, days, fee_total, gap_of};
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::case::values::{Kind, Status};
use crate::domain::value::ratio::{Ratio, Rounding};
use crate::domain::value::{Decimal, Division, ServiceCategory};
use crate::report::document::{Column, Table};
use crate::report::gather::Data;
use crate::report::words::Language;

/// What stands where nothing is known.
const NOTHING: &str = "–";

/// A month, with the cases that were reported in it.
pub(super) struct Month {
    /// As `2026-03`.
    name: String,
    pub(super) number: u8,
    /// How they stand.
    pub(super) parts: [u64; 3],
}

/// Done, going on, late.
pub(super) fn parts(group: &GroupSums) -> [u64; 3] {
    [group.cases - group.open, group.open.saturating_sub(group.late), group.late]
}

/// Cases by month of report, and where they stand.
pub(super) fn month_table(language: Language, months: &[Month]) -> Table {
    let mut columns =
        vec![Column::codes(language.say("月份", "Month")), Column::numbers(language.say("难点", "Cases"))];
    columns.extend(language.standings().map(Column::numbers));
    let row = |month: &Month| {
        let cases = month.parts.iter().sum::<u64>();
        let mut row = vec![month.name.clone(), cases.to_string()];
        row.extend(month.parts.map(|count| count.to_string()));
        row
    };
    Table { columns, rows: months.iter().map(row).collect() }
}

impl Data {
    /// Groups of cases, each on a row.
    ///
    /// # Errors
    /// When an amount of a fee is no number.
    pub(super) fn groups(
        &self,
        language: Language,
        title: String,
        groups: &[GroupSums],
        name: impl Fn(&str) -> String,
    ) -> Result<Table, Fault> {
        let columns = vec![
            Column::text(title),
            Column::numbers(language.say("难点", "Cases")),
            Column::numbers(language.say("未了结", "Open")),
            Column::numbers(language.say("逾期", "Late")),
            Column::numbers(language.say("曾解决", "Solved")),
            Column::numbers(language.say("重新打开", "Reopened")),
            Column::numbers(language.say("差距 前", "Gap before")),
            Column::numbers(language.say("差距 后", "Gap after")),
            Column::numbers(language.say("已消除", "Closed gaps")),
            Column::numbers(language.say("培训人次", "Trainees")),
            Column::numbers(language.say("收费（元）", "Fees, CNY")),
        ];
        let row = |group: &GroupSums| {
            let key = group.key.first().map_or("", String::as_str);
            Ok(vec![
                name(key),
                group.cases.to_string(),
                group.open.to_string(),
                group.late.to_string(),
                group.resolved.to_string(),
                group.reopened.to_string(),
                median(&group.gap_before),
                median(&group.gap_after),
                group.gap_after.closed.to_string(),
                group.trainees.to_string(),
                fee_total(&group.fees)?.to_string(),
            ])
        };
        Ok(Table { columns, rows: groups.iter().map(row).collect::<Result<_, Fault>>()? })
    }

    /// The months of the year, from November on.
    pub(super) fn by_month(&self) -> Vec<Month> {
        let year = self.year.question.year;
        let months = [11, 12].map(|number| (year - 1, number)).into_iter().chain((1..=10).map(|number| (year, number)));
        months
            .map(|(year, number)| {
                let name = format!("{year:04}-{number:02}");
                let group = self.months.iter().find(|group| group.key.first() == Some(&name));
                Month { name, number, parts: group.map_or([0; 3], parts) }
            })
            .collect()
    }

    pub(super) fn division_name(code: &str) -> String {
        let division = Division::of_code(code).ok();
        let name = division.as_ref().and_then(Division::name);
        name.map_or_else(|| code.to_owned(), |name| format!("{code} {name}").trim().to_owned())
    }

    pub(super) fn institution_name(&self, language: Language, id: &str) -> String {
        match id {
            "" => language.say("无攻关任务", "No assignment"),
            id => self.institution_names.get(id).cloned().unwrap_or_else(|| id.to_owned()),
        }
    }

    pub(super) fn category_name(language: Language, code: &str) -> String {
        if code.is_empty() {
            return language.say("未分诊", "Not triaged");
        }
        let category = ServiceCategory::try_from(code.to_owned()).ok();
        let name = category.as_ref().and_then(ServiceCategory::name);
        name.map_or_else(|| code.to_owned(), |name| format!("{code} {name}"))
    }

    pub(super) fn kind_name(language: Language, name: &str) -> String {
        Kind::named(name).map_or_else(|| language.say("未分诊", "Not triaged"), |kind| language.kind(kind))
    }

    /// The figures of the year, beside what was submitted, and then what was submitted that the log does not count. What
    /// is held against figures of another moment than the report's has a column of those.
    pub(super) fn figures(&self, language: Language) -> Table {
        let submitted = self.submitted.as_ref();
        let of_then = submitted.and_then(|file| Some((file, self.title_of_then(language, file)?)));
        let mut columns = vec![
            Column::text(language.say("数据", "Figure")),
            Column::numbers(language.say("按记录计算", "From the log")),
            Column::numbers(language.say("已上报", "Submitted")),
            Column::text(language.say("是否一致", "Agrees")),
        ];
        let or_nothing = |number: Option<&Decimal>| number.map_or_else(|| NOTHING.to_owned(), ToString::to_string);
        let of_the_log = self.year.figures.iter().map(|figure| {
            let then = of_then.as_ref().map(|(file, _)| self.year.compared_with(file, figure));
            let agreement = submitted.and_then(|file| {
                let with = self.year.compared_with(file, figure);
                Some(figure.name.held_against(with, &file.figures)? == with)
            });
            let agrees = match agreement {
                None => NOTHING.to_owned(),
                Some(true) => language.say("一致", "yes"),
                Some(false) => language.say("不一致", "NO"),
            };
            let reported = submitted.and_then(|file| figure.name.submitted(&file.figures));
            let row = vec![label(language, figure.name), figure.value.to_string(), or_nothing(reported), agrees];
            (row, or_nothing(then))
        });
        let others = submitted.into_iter().flat_map(|file| FigureName::beside_these(&file.figures));
        let others = others.map(|(name, value)| {
            (vec![name.to_string(), String::new(), value.to_string(), NOTHING.to_owned()], String::new())
        });
        let (mut rows, then): (Vec<_>, Vec<_>) = of_the_log.chain(others).unzip();
        if let Some((_, title)) = of_then {
            columns.insert(2, Column::numbers(title));
            rows.iter_mut().zip(then).for_each(|(row, then)| row.insert(2, then));
        }
        Table { columns, rows }
    }

    /// What the figures of another moment are called that a summary is held against: those to the last amendment where that
    /// was after the year, and else those as of the year's end where the report is of later.
    fn title_of_then(&self, language: Language, summary: &AnnualSummaryFile) -> Option<String> {
        if summary.at_amendment().is_some() {
            return Some(language.say("修改时按记录计算", "From the log at the amendment"));
        }
        self.year.when_due.as_ref().map(|_| language.say("10 月 31 日按记录计算", "From the log as of 31 October"))
    }

    pub(super) fn times(&self, language: Language) -> Table {
        let columns = vec![
            Column::text(language.say("状态", "Status")),
            Column::numbers(language.say("难点", "Cases")),
            Column::numbers(language.say("中位数（天）", "Median, days")),
            Column::numbers(language.say("90%（天）", "90th percentile, days")),
        ];
        let rows = self.times_in_order().into_iter().map(|(status, time)| {
            vec![
                language.status(status),
                time.cases.to_string(),
                days(time.median).to_string(),
                days(time.ninetieth).to_string(),
            ]
        });
        Table { columns, rows: rows.collect() }
    }

    /// In the order of a case's life.
    pub(super) fn times_in_order(&self) -> Vec<(Status, &crate::app::TimeToState)> {
        let find = |status: &Status| self.whole.times.iter().find(|time| time.status == status.name());
        Status::ALL.iter().filter_map(|status| Some((*status, find(status)?))).collect()
    }

    pub(super) fn gap_table(&self, language: Language) -> Table {
        let columns = vec![
            Column::codes(language.say("编号", "Number")),
            Column::text(language.say("难点", "Case")),
            Column::numbers(language.say("最初差距", "Gap before")),
            Column::numbers(language.say("现有差距", "Gap after")),
            Column::text(language.say("已消除", "Closed")),
        ];
        let rows = self.gaps.iter().map(|line| {
            vec![
                line.number.clone(),
                line.title.clone(),
                rounded(&line.before),
                rounded(&line.after),
                if line.closed { language.say("是", "yes") } else { language.say("否", "no") },
            ]
        });
        Table { columns, rows: rows.collect() }
    }

    /// The fees of the year by item, and their sum.
    ///
    /// # Errors
    /// When an amount is no number.
    pub(super) fn fees(&self, language: Language) -> Result<Table, Fault> {
        let columns = vec![
            Column::codes(language.say("收费项目", "Item")),
            Column::text(language.say("收费目录", "List")),
            Column::text(language.say("名称", "Name")),
            Column::numbers(language.say("笔数", "Count")),
            Column::numbers(language.say("金额（元）", "CNY")),
        ];
        let fees = self.year.figures.iter().find(|figure| figure.name == FigureName::FeeTotal);
        let fees = fees.map_or(&[][..], |figure| &figure.amounts);
        let mut rows: Vec<_> = fees
            .chunk_by(FeeSum::is_of_the_item_of)
            .map(|fees| {
                let FeeSum { item, list, .. } = &fees[0];
                let name = self.item_names.get(&(list.clone(), item.clone())).cloned();
                let name = name.unwrap_or_else(|| NOTHING.to_owned());
                let count = fees.iter().map(|fee| fee.count).sum::<u64>().to_string();
                Ok(vec![key_of_item(list, item), Self::division_name(list), name, count, fee_total(fees)?.to_string()])
            })
            .collect::<Result<_, Fault>>()?;
        let count = fees.iter().map(|fee| fee.count).sum::<u64>().to_string();
        rows.push(vec![
            language.say("合计", "Total"),
            String::new(),
            String::new(),
            count,
            fee_total(fees)?.to_string(),
        ]);
        Ok(Table { columns, rows })
    }

    pub(super) fn training_table(&self, language: Language) -> Table {
        let columns = vec![
            Column::codes(language.say("日期", "Date")),
            Column::codes(language.say("编号", "Case")),
            Column::text(language.say("内容", "Topic")),
            Column::numbers(language.say("人次", "Trainees")),
            Column::numbers(language.say("学时", "Hours")),
        ];
        let rows = self.trainings.iter().map(|line| {
            vec![
                line.on.to_string(),
                line.number.clone(),
                line.topic.clone(),
                line.trainees.to_string(),
                line.hours.as_ref().map_or_else(|| NOTHING.to_owned(), ToString::to_string),
            ]
        });
        Table { columns, rows: rows.collect() }
    }

    pub(super) fn typical_table(&self, language: Language) -> Table {
        let columns = vec![
            Column::codes(language.say("编号", "Number")),
            Column::text(language.say("难点", "Case")),
            Column::text(language.say("企业", "Enterprise")),
            Column::text(language.say("经验", "What is told")),
            Column::text(language.say("启示", "Lesson")),
        ];
        let rows = self.typical.iter().map(|line| {
            let lesson = line.lesson.clone().unwrap_or_else(|| NOTHING.to_owned());
            vec![line.number.clone(), line.title.clone(), line.enterprise.clone(), line.summary.clone(), lesson]
        });
        Table { columns, rows: rows.collect() }
    }

    pub(super) fn difficult_table(&self, language: Language) -> Table {
        let columns = vec![
            Column::codes(language.say("编号", "Number")),
            Column::text(language.say("难点", "Case")),
            Column::text(language.say("层级与状态", "Level, status")),
            Column::text(language.say("负责", "Owner")),
            Column::codes(language.say("期限", "Deadline")),
            Column::numbers(language.say("差距", "Gap")),
            Column::text(language.say("原因", "Reason")),
        ];
        let rows = self.difficult.iter().map(|line| {
            let level = line.level.map(|level| language.level(level)).unwrap_or_default();
            let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| NOTHING.to_owned());
            vec![
                line.number.clone(),
                format!("{} · {}", line.title, line.enterprise),
                format!("{level} · {}", language.status(line.status)),
                line.owner.clone().unwrap_or_else(|| language.say("待下达", "to be assigned")),
                or_nothing(&line.deadline),
                line.gap.as_ref().map_or_else(|| NOTHING.to_owned(), rounded),
                or_nothing(&line.reason),
            ]
        });
        Table { columns, rows: rows.collect() }
    }

    /// What each figure rests on.
    pub(super) fn evidence_table(&self, language: Language) -> Table {
        let columns = vec![
            Column::text(language.say("数据", "Figure")),
            Column::numbers(language.say("事件数", "Events")),
            Column::text(language.say("事件位置", "Positions")),
        ];
        let rows = self.evidence.iter().zip(&self.year.figures).map(|((name, positions), figure)| {
            let mut shown = positions.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            if figure.events > positions.len() as u64 {
                shown.push_str(", …");
            }
            vec![label(language, *name), figure.events.to_string(), shown]
        });
        Table { columns, rows: rows.collect() }
    }
}

pub(super) fn label(language: Language, name: FigureName) -> String {
    language.say(name.chinese(), name.english())
}

/// Tells an item from those of its code on other lists: of a row, a line of a spreadsheet has the first cell alone.
fn key_of_item(list: &str, item: &str) -> String {
    let list = Division::of_code(list).map_or_else(|_| list.to_owned(), |division| division.to_string());
    format!("{list}/{item}")
}

/// A gap for reading: three significant digits, rounded up, so that one above 1 does not read 1.
pub(super) fn rounded(gap: &Decimal) -> String {
    Ratio::from(gap).to_significant(3, Rounding::Up).to_string()
}

fn median(gaps: &GapSums) -> String {
    match gaps.cases {
        0 => NOTHING.to_owned(),
        _ => rounded(&gap_of(gaps.median_ppm)),
    }
}
