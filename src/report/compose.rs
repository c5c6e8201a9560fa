//! The order of a report: what is read first, then tables and charts, then what all of it rests on.

use crate::app::{GroupSums, rate};
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::value::{Decimal, calendar};
use crate::report::ReportError;
use crate::report::chart::{self, BLUE, Bar, GREEN, RED, Series, Spread, Stretch};
use crate::report::document::{Block, Chart, Document, Headline, LongTable, ROWS_ON_A_PAGE, SmallPrint, Table};
use crate::report::gather::Data;
use crate::report::tables::{label, month_table, parts};
use crate::report::words::Language;

/// The figures that are read first.
const FIRST: [FigureName; 10] = [
    FigureName::EnterprisesServed,
    FigureName::VisitsMade,
    FigureName::CasesReported,
    FigureName::CasesResolved,
    FigureName::CasesOpen,
    FigureName::GapsClosed,
    FigureName::EnergyCases,
    FigureName::Trainees,
    FigureName::TypicalCases,
    FigureName::FeeTotal,
];

/// How many gaps are drawn: more are no chart.
const MOST_GAPS: usize = 30;

pub(super) fn compose(data: &Data, language: Language) -> Result<Document, ReportError> {
    let question = &data.year.question;
    let name = question.jurisdiction.name().unwrap_or_default();
    let code = question.jurisdiction.to_string();
    let year = question.year;
    let title = language.say(
        &format!("{name}计量难点问题服务{year}年度报告"),
        &format!("Measurement bottlenecks: report of {name} ({code}), {year}"),
    );
    let mut writer = Writer { data, language, blocks: Vec::new() };
    writer.headlines();
    writer.over_the_year()?;
    writer.groups()?;
    writer.times()?;
    writer.gaps()?;
    writer.money_and_people()?;
    writer.difficult();
    writer.sources();
    let subtitle = vec![
        format!("{}: {}", language.say("截至", "As of"), moment(data, language)),
        language.say(
            "依据质检量函〔2012〕26号，服务免费，只收取国家列名的费用。",
            "Service is free; only fees listed by the state are charged (notice 质检量函〔2012〕26号).",
        ),
    ];
    Ok(Document { language: language.tag(), title, subtitle, blocks: writer.blocks })
}

/// The day whose end a report is of; of any other moment its time and the position, for a day has many.
fn moment(data: &Data, language: Language) -> String {
    let time = data.year.time;
    let day = calendar::date_of(time);
    match data.year.question.at.last_position() {
        Some(position) if calendar::end_of(day) != time => {
            format!("{time} ({} {position})", language.say("位置", "position"))
        }
        Some(_) | None => format!("{day} (UTC+8)"),
    }
}

struct Writer<'a> {
    data: &'a Data,
    language: Language,
    blocks: Vec<Block>,
}

impl Writer<'_> {
    fn say(&self, chinese: &str, english: &str) -> String {
        self.language.say(chinese, english)
    }

    fn heading(&mut self, chinese: &str, english: &str) {
        self.blocks.push(Block::Heading(self.say(chinese, english)));
    }

    fn note(&mut self, chinese: &str, english: &str) {
        self.blocks.push(Block::Note(self.say(chinese, english)));
    }

    fn chart(&mut self, name: &'static str, title: String, svg: String) {
        self.blocks.push(Block::Chart(Chart { name, title, svg }));
    }

    fn headlines(&mut self) {
        self.heading("主要数据", "Headline figures");
        let find = |name: FigureName| self.data.year.figures.iter().find(move |figure| figure.name == name);
        let headlines = FIRST.iter().filter_map(|name| {
            let figure = find(*name)?;
            let note = match name {
                FigureName::CasesOpen => {
                    let (measure, value) = (self.say("其中逾期", "late"), self.data.open.late.to_string());
                    Some(SmallPrint { shown: format!("{measure} {value}"), measure, value })
                }
                FigureName::FeeTotal => {
                    // Not the events that it rests on: one that takes a fee back is no fee.
                    let charged = find(FigureName::FeesCharged);
                    charged.map(|charged| self.counted(&charged.value, ["笔", "fees"], "收费笔数"))
                }
                FigureName::Trainees => Some(self.counted(&figure.events, ["次培训", "trainings"], "培训次数")),
                _ => None,
            };
            let label = label(self.language, *name);
            Some(Headline { label, value: figure.value.clone(), note })
        });
        self.blocks.push(Block::Headlines(headlines.collect()));
        self.heading("年度数据与上报", "Figures of the year, and what was submitted");
        self.note(
            "本年度自上年 11 月 1 日至当年 10 月 31 日。“未了结难点”为截至当日的全部未了结难点；其余为本年度发生的事项。",
            "The year goes from 1 November of the year before to 31 October. “Cases open” are all that were open on the day; everything else happened in the year.",
        );
        self.lateness();
        self.blocks.push(Block::Table(self.data.figures(self.language)));
    }

    /// So many of what a figure adds up. In Chinese a count has another name than what stands behind a number.
    fn counted(&self, count: &dyn ToString, [chinese, english]: [&str; 2], measure: &str) -> SmallPrint {
        let value = count.to_string();
        let shown = format!("{value} {}", self.say(chinese, english));
        SmallPrint { measure: self.say(measure, english), value, shown }
    }

    /// What came after its day.
    fn lateness(&mut self) {
        let Some(file) = &self.data.submitted else { return };
        if file.late || file.amendments.iter().any(|amendment| amendment.late) {
            self.note(
                "逾期：年度总结应于 10 月 31 日前上报，此处所列为逾期上报或修改的数据。",
                "Late: the summary was due on 31 October, and was submitted or amended after it.",
            );
        }
        if file.at_amendment().is_some() {
            self.note(
                "上报数据在 10 月 31 日之后修改过，故与修改时的记录相比：含此后补录的本年度事项；“未了结难点”和“典型案例”仍为 10 月 31 日的，以修改时所知为准。",
                "What was submitted has been amended after 31 October, and is compared with the log at the amendment: with what of the year was recorded later; “Cases open” and “Typical cases” are still those of 31 October, by what was known at the amendment.",
            );
        }
    }

    fn over_the_year(&mut self) -> Result<(), ReportError> {
        self.heading("各月受理情况", "Cases by month of report");
        let months = self.data.by_month();
        let bars: Vec<_> =
            months.iter().map(|month| Bar { label: month.number.to_string(), parts: month.parts.into() }).collect();
        let svg = chart::columns(&self.series(), &bars)?;
        self.chart("months", self.say("各月受理的难点及其现状", "Cases by month of report, and where they stand"), svg);
        self.blocks.push(Block::Table(month_table(self.language, &months)));
        Ok(())
    }

    /// What the parts of a bar are.
    fn series(&self) -> [Series; 3] {
        let [done, going_on, late] = self.language.standings();
        [Series { name: done, color: GREEN }, Series { name: going_on, color: BLUE }, Series { name: late, color: RED }]
    }

    fn groups(&mut self) -> Result<(), ReportError> {
        let (data, language) = (self.data, self.language);
        self.heading("按行政区划", "By division");
        self.note(
            "本年度受理的难点。差距为能力差距 U/U要求 的中位数（最近秩法，居中有两个时取较小者），不大于 1 即已消除。",
            "Cases reported in the year. Gaps are medians of U/U_required by nearest rank, of two in the middle the lower; at or below 1 a gap is closed.",
        );
        let title = language.say("行政区划", "Division");
        self.bars("divisions", &data.divisions, &Data::division_name)?;
        self.table(data.groups(language, title, &data.divisions, Data::division_name)?);
        if !data.divisions.is_empty() {
            self.fees_and_trainees_of_cases();
        }
        self.heading("按机构", "By institution");
        let name = |id: &str| data.institution_name(language, id);
        self.bars("institutions", &data.institutions, &name)?;
        self.table(data.groups(language, language.say("机构", "Institution"), &data.institutions, name)?);
        self.heading("按类型", "By kind");
        let name = |kind: &str| Data::kind_name(language, kind);
        self.table(data.groups(language, language.say("类型", "Kind"), &data.kinds, name)?);
        self.heading("按服务类别", "By service category (KCDB)");
        let name = |code: &str| Data::category_name(language, code);
        self.table(data.groups(language, language.say("服务类别", "Category"), &data.categories, name)?);
        Ok(())
    }

    /// What the tables of groups add up is not what the figures of the year do.
    fn fees_and_trainees_of_cases(&mut self) {
        self.note(
            "本表及以下按机构、类型、服务类别各表中的培训人次和收费，为本年度受理的难点的全部培训和收费，不论发生在哪一天；“主要数据”以及收费、培训两节，则为本年度内发生的全部培训和收费，不论难点何时受理。故两者合计可以不同。",
            "The trainees and fees in this table, and in those by institution, kind and service category below, are all those of the cases reported in the year, of whatever day. The headline figures and the tables of fees and trainings hold those of the days of the year, whenever their cases were reported: the sums may differ.",
        );
    }

    fn bars(
        &mut self,
        name: &'static str,
        groups: &[GroupSums],
        title: &dyn Fn(&str) -> String,
    ) -> Result<(), ReportError> {
        let bars: Vec<_> = groups
            .iter()
            .map(|group| Bar { label: title(group.key.first().map_or("", String::as_str)), parts: parts(group).into() })
            .collect();
        if !bars.is_empty() {
            let svg = chart::bars(&self.series(), &bars)?;
            self.chart(name, self.say("难点数及其现状", "Cases, and where they stand"), svg);
        }
        Ok(())
    }

    fn table(&mut self, table: Table) {
        match table.rows.is_empty() {
            true => self.note("没有。", "None."),
            false => self.blocks.push(Block::Table(table)),
        }
    }

    /// The note says which rows a page has, where those are not all.
    fn long_table(&mut self, table: Table, note: String) {
        match table.rows.is_empty() {
            true => self.table(table),
            false => self.blocks.push(Block::LongTable(LongTable { table, note })),
        }
    }

    fn times(&mut self) -> Result<(), ReportError> {
        self.heading("历时", "Times");
        self.note(
            "自报告至首次进入各状态的天数，按发生时间；百分位数用最近秩法。",
            "Days from the report to the first entry into each status, by when both happened; percentiles by nearest rank.",
        );
        let days = |microseconds: i64| microseconds as f64 / 86_400e6;
        let spreads: Vec<_> = self
            .data
            .times_in_order()
            .into_iter()
            .map(|(status, time)| Spread {
                label: self.language.status(status),
                median: days(time.median),
                ninetieth: days(time.ninetieth),
            })
            .collect();
        if !spreads.is_empty() {
            let legends = [self.say("中位数", "Median"), self.say("第90百分位数", "90th percentile")];
            let svg = chart::spreads(legends, &spreads)?;
            self.chart("times", self.say("自报告起的天数", "Days from the report"), svg);
        }
        self.table(self.data.times(self.language));
        let GroupSums { resolved, reopened, .. } = self.data.whole;
        let share = rate(reopened, resolved).map_or_else(|| "–".to_owned(), |share| percent(&share));
        self.note(
            &format!("曾解决 {resolved} 件，其中重新打开 {reopened} 件（{share}）。"),
            &format!("Solved at some time: {resolved}; reopened of them: {reopened} ({share})."),
        );
        Ok(())
    }

    fn gaps(&mut self) -> Result<(), ReportError> {
        self.heading("能力差距", "Capability gaps, before and after");
        let stretches: Vec<_> = self
            .data
            .gaps
            .iter()
            .take(MOST_GAPS)
            .map(|line| Stretch {
                label: format!("{} {}", line.number, line.title),
                before: to_float(&line.before),
                after: to_float(&line.after),
                closed: line.closed,
            })
            .collect();
        if !stretches.is_empty() {
            let legends = [
                self.say("最初", "Before"),
                self.say("现有，仍存在", "Now, stands"),
                self.say("现有，已消除", "Now, closed"),
            ];
            let svg = chart::gaps(legends, &stretches)?;
            self.chart("gaps", self.say("U/U要求，对数坐标", "U/U_required, logarithmic"), svg);
            let all = self.data.gaps.len();
            if all > MOST_GAPS {
                self.note(
                    &format!("图中为现有差距最大的 {MOST_GAPS} 件难点，共 {all} 件。"),
                    &format!("The chart has the {MOST_GAPS} cases of the greatest gaps that are left, of {all}."),
                );
            }
            let beyond = stretches.iter().filter(|stretch| stretch.is_beyond()).count();
            if beyond > 0 {
                self.note(
                    &format!("图示范围为 0.01 至 10⁹；{beyond} 件难点的差距超出此范围，画在边缘，数值见下表。"),
                    &format!(
                        "The chart goes from 0.01 to 10⁹. Gaps beyond are drawn at its edge, those of {beyond} of the cases; the table has their values."
                    ),
                );
            }
        }
        self.gap_table();
        Ok(())
    }

    fn gap_table(&mut self) {
        let table = self.data.gap_table(self.language);
        let all = table.rows.len();
        let note = self.say(
            &format!("表中列出现有差距最大的 {ROWS_ON_A_PAGE} 件，共 {all} 件；csv 格式的报告列出全部。"),
            &format!(
                "The table has the {ROWS_ON_A_PAGE} cases of the greatest gaps that are left, of {all}; the report in csv has all."
            ),
        );
        self.long_table(table, note);
    }

    fn money_and_people(&mut self) -> Result<(), ReportError> {
        self.heading("收费（国家列名项目）", "Fees, by item of the state list");
        self.table(self.data.fees(self.language)?);
        self.heading("培训", "Trainings");
        self.table(self.data.training_table(self.language));
        self.heading("典型案例", "Typical cases");
        self.table(self.data.typical_table(self.language));
        Ok(())
    }

    fn difficult(&mut self) {
        self.heading("未了结的疑难问题", "Open difficult cases");
        let all = self.data.difficult.len();
        self.note(
            &format!("技术攻关类、层级为省级及以上、逾期或暂存的未解决难点，共 {all} 件。疑难问题不得回避。"),
            &format!(
                "Unsolved cases that are research problems, of the level of the province or above, late or parked: {all}. Difficult ones may not be avoided."
            ),
        );
        let note = self.say(
            &format!(
                "表中列出 {ROWS_ON_A_PAGE} 件，共 {all} 件：先列已下达攻关任务且差距已知的，差距大者在前；再列其余的，层级高者在前，同级报告早者在前。csv 格式的报告列出全部。"
            ),
            &format!(
                "The table has {ROWS_ON_A_PAGE} cases of {all}: first those that somebody researches and whose gap is known, the greatest gap first; then the others, the highest level first, and of a level those that were reported first. The report in csv has all."
            ),
        );
        self.long_table(self.data.difficult_table(self.language), note);
    }

    fn sources(&mut self) {
        self.heading("数据来源", "Sources");
        let position = self.data.year.question.at.last_position();
        let position = position.map_or_else(|| "–".to_owned(), |position| position.to_string());
        let (origin, time) = (&self.data.origin, self.data.year.time);
        self.note(
            &format!("事件日志 {origin}，截至位置 {position}（{time}）。以下为各项数据所依据的事件在日志中的位置。"),
            &format!(
                "Event log {origin}, up to position {position} ({time}). The positions in the log of the events that each figure rests on follow."
            ),
        );
        self.table(self.data.evidence_table(self.language));
    }
}

/// `0.0833` as `8.33 %`.
fn percent(share: &Decimal) -> String {
    format!("{:.2} %", to_float(share) * 100.0)
}

/// For drawing only.
fn to_float(number: &Decimal) -> f64 {
    number.to_string().parse().unwrap_or(0.0)
}
