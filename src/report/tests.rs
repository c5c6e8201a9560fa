//! The report of the demonstration, in every format and language.

mod late;
mod sheet;
mod wide;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::app::{App, CasePage, FeeSum, Key, Moment, Request, StoredCase, Vault, YearQuestion};
use crate::clock::ManualClock;
use crate::demo;
use crate::domain::actor::{ActorId, Role};
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::case::Case;
use crate::domain::case::command::{CaseCommand, EscalateCase, ReportCase, TriageCase};
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{Kind, Origin, Severity};
use crate::domain::fixtures::actor;
use crate::domain::value::{Decimal, Division, Label, Level, ServiceCategory, Statement, Title};
use crate::report::gather::{of_the_year, reporter, within};
use crate::report::lines::{DifficultLine, GapLine};
use crate::store;

async fn data() -> (Data, TempDir) {
    data_of(2026, None).await
}

/// The report of a year as of the end of the demonstration, when it was that time.
async fn data_of(year: i16, time: Option<Timestamp>) -> (Data, TempDir) {
    let (app, _, folder) = demonstration().await;
    (gather(&app, question(&app, "44", year, time).await).await.expect("figures"), folder)
}

/// The question for the report of a division's year as of what is recorded now.
async fn question(app: &App, division: &str, year: i16, time: Option<Timestamp>) -> YearQuestion {
    let head = app.head().await.expect("the log is there").expect("it has events");
    let jurisdiction = Division::parse(division).expect("a division");
    YearQuestion { jurisdiction, year, at: Moment::Position(head), time, standing_at: None }
}

async fn demonstration() -> (App, Arc<ManualClock>, TempDir) {
    let end: Timestamp = "2026-10-26T03:20:00Z".parse().expect("a time");
    let folder = TempDir::new().expect("a temporary folder");
    let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
    let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
    let app = App::new(store::open(&url, clock.clone()).await.expect("a new database"), clock.clone());
    let app = app.with_vault(Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys"));
    demo::fill(&app, &clock, end).await.expect("the demonstration is allowed");
    (app, clock, folder)
}

fn text(data: &Data, format: Format, language: Language) -> String {
    let document = compose(data, language).expect("charts");
    write(&document, format, Some("report")).expect("lines").remove(0).text
}

#[tokio::test]
async fn a_report_says_what_its_figures_are() {
    let (data, _folder) = data().await;
    let figure = |wanted| {
        let figure = data.year.figures.iter().find(|figure| figure.name == wanted);
        figure.expect("every figure is told").value.to_string()
    };
    assert_eq!(figure(FigureName::CasesReported), data.whole.cases.to_string());
    let cases: u64 = data.divisions.iter().map(|group| group.cases).sum();
    assert_eq!(cases, data.whole.cases);
    assert!(data.divisions.len() > 2 && data.institutions.len() > 1 && data.kinds.len() > 1);
    assert!(data.gaps.iter().any(|line| line.closed) && data.gaps.iter().any(|line| !line.closed));
    assert!(!data.trainings.is_empty() && !data.typical.is_empty());
    assert!(data.difficult.iter().any(|line| line.owner.is_some() && line.reason.is_some()));

    let page = text(&data, Format::Html, Language::Both);
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert_eq!(page.matches("<svg").count(), 5);
    for outside in ["http://", "https://", "<script", "<link", "url("] {
        let found = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(outside), "the page asks for {outside}");
    }
    for line in &data.difficult {
        assert!(page.contains(&line.number), "{}", line.number);
    }
    for word in ["广东省计量难点问题服务2026年度报告", "收费（国家列名项目）", "Open difficult cases", "GD-L-012"]
    {
        assert!(page.contains(word), "{word}");
    }
}

/// Reports a case of the enterprise that has that one, as a problem of research: the open difficult cases are one more.
async fn researched(app: &App, like: &StoredCase, number: usize) -> Uuid {
    triaged(app, like, number, Kind::ResearchProblem).await
}

/// Reports a case of the enterprise that has that one, as one of that kind.
async fn triaged(app: &App, like: &StoredCase, number: usize, kind: Kind) -> Uuid {
    let id = app.new_id();
    let report = ReportCase {
        number: CaseNumber::default(),
        title: Title::parse(&format!("难点 {number}")).expect("a title"),
        problem: Some(Statement::parse("相差 8 µm").expect("a text")),
        origin: Origin::OwnReport,
        division: None,
        enrolment: EnrolmentFacts::of(like.row.enterprise_id.into(), like.row.campaign_id.into()),
    };
    given(app, id, report).await;
    let category = ServiceCategory::parse("L").expect("a category");
    given(app, id, TriageCase { category, kind, severity: Severity::Major, correction_reason: None }).await;
    id
}

async fn given(app: &App, case: Uuid, command: impl Into<CaseCommand>) {
    app.execute::<Case>(&by_a_coordinator(app), case, command.into()).await.expect("it is allowed");
}

fn by_a_coordinator(app: &App) -> Request {
    Request {
        actor: actor(Role::Coordinator, "44"),
        key: Key::unique(app.new_id()),
        expected_version: None,
        occurred_at: None,
        source: None,
    }
}

#[tokio::test]
async fn of_many_difficult_cases_a_page_has_those_that_are_researched_and_the_highest() {
    let (app, clock, _folder) = demonstration().await;
    let one = CasePage::of(within(&Division::parse("4403").expect("Shenzhen")), 1, Moment::Present);
    let like = app.cases(&reporter(), &one).await.expect("the store reads").remove(0);
    for number in 0..100 {
        researched(&app, &like, number).await;
    }
    // The youngest of all.
    clock.advance(SignedDuration::from_hours(1));
    let highest = researched(&app, &like, 100).await;
    let mut level = Division::of_code(&like.row.division).expect("a division").level();
    while let Some(to) = level.up().filter(|to| *to <= Level::Province) {
        let reason = Statement::parse("市县无能力").expect("a text");
        given(&app, highest, EscalateCase { to, reason }).await;
        level = to;
    }
    let question = question(&app, "44", 2026, None).await;
    let data = gather(&app, question.clone()).await.expect("figures");
    let is_researched = |line: &&DifficultLine| line.owner.is_some() && line.gap.is_some();
    let researched = data.difficult.iter().take_while(is_researched).count();
    let (researched, others) = data.difficult.split_at(researched);
    assert!(researched.len() > 1 && researched.is_sorted_by(|one, next| one.gap >= next.gap), "{researched:?}");
    assert!(!others.iter().any(|line| is_researched(&line)), "{others:?}");
    assert!(others.is_sorted_by_key(|line| std::cmp::Reverse(line.level)), "{others:?}");
    let numbers = |lines: &[DifficultLine]| lines.iter().map(|line| line.number.clone()).collect::<Vec<_>>();
    let few = lines::difficult(&app, &question, 7).await.expect("the store reads");
    assert_eq!(numbers(&few), numbers(&data.difficult), "a few at a time");

    let of_this_test = |lines: &[DifficultLine]| {
        let lines = lines.iter().filter(|line| line.title.starts_with("难点 "));
        lines.map(|line| format!("{} · ", line.title)).collect::<Vec<_>>()
    };
    let (all, first) = (of_this_test(&data.difficult), of_this_test(&data.difficult[..100]));
    assert!(all.len() == 101 && first.contains(&"难点 100 · ".to_owned()), "{first:?}");
    for (format, expected) in [(Format::Md, &first), (Format::Html, &first), (Format::Csv, &all)] {
        let written = text(&data, format, Language::En);
        let shown: Vec<_> = all.iter().filter(|title| written.contains(title.as_str())).collect();
        assert_eq!(shown.len(), expected.len(), "{format:?}");
        assert!(expected.iter().all(|title| shown.contains(&title)), "{format:?}");
        let says = format!("The table has 100 cases of {}: first those that somebody", data.difficult.len());
        assert_eq!(written.contains(&says), format != Format::Csv, "{format:?}");
    }
}

#[tokio::test]
async fn all_gaps_of_the_year_are_told_the_greatest_first() {
    let (app, _, _folder) = demonstration().await;
    let question = question(&app, "44", 2026, None).await;
    let cases = of_the_year(&question);
    let numbers = async |at_once| {
        let lines = lines::gaps(&app, &cases, question.at, at_once).await.expect("the store reads");
        assert!(lines.is_sorted_by(|one, next| one.after >= next.after), "{lines:?}");
        lines.into_iter().map(|line| line.number).collect::<Vec<_>>()
    };
    let all = numbers(lines::AT_ONCE).await;
    assert!(all.len() > 4, "{all:?}");
    assert_eq!(numbers(2).await, all, "a few at a time");
}

#[tokio::test]
async fn a_spreadsheet_has_every_gap_and_a_page_says_that_there_are_more() {
    let (mut data, _folder) = data().await;
    let line = data.gaps[0].clone();
    data.gaps = (0..120).map(|number| GapLine { number: format!("GD-2026-9{number:03}"), ..line.clone() }).collect();
    let shown = |text: &str| (0..120).filter(|number| text.contains(&format!("GD-2026-9{number:03}"))).count();
    let says = "The table has the 100 cases of the greatest gaps that are left, of 120; the report in csv has all.";
    for (format, rows) in [(Format::Md, 100), (Format::Html, 100), (Format::Csv, 120)] {
        let written = text(&data, format, Language::En);
        assert_eq!((shown(&written), written.contains(says)), (rows, rows < 120), "{format:?}");
        assert!(written.contains("The chart has the 30 cases of the greatest gaps that are left, of 120."));
    }
    let files = write(&compose(&data, Language::En).expect("charts"), Format::Md, Some("report")).expect("lines");
    let chart = files.iter().find(|file| file.suffix.as_deref() == Some("-gaps.svg")).expect("a chart");
    assert_eq!(shown(&chart.text), 30);
    data.gaps.truncate(30);
    for format in [Format::Md, Format::Html, Format::Csv] {
        assert!(!text(&data, format, Language::En).contains("of the greatest gaps that are left"), "{format:?}");
    }
}

#[tokio::test]
async fn fees_are_told_by_list_with_the_names_of_their_items() {
    let (app, _, _folder) = demonstration().await;
    let data = gather(&app, question(&app, "CN", 2026, None).await).await.expect("figures");
    let fees = data.fees(Language::En).expect("amounts are numbers");
    let (_, items) = fees.rows.split_last().expect("the sum is there");
    let lists: BTreeSet<_> = items.iter().map(|row| row[1].as_str()).collect();
    assert!(lists.contains("44 广东省") && lists.contains("32 江苏省"), "{lists:?}");
    assert!(items.iter().all(|row| row[2].contains('/')), "every item is called as its list has it: {items:?}");
}

#[tokio::test]
async fn a_spreadsheet_tells_items_of_one_code_on_several_lists_apart() {
    let (mut data, _folder) = data().await;
    let fee = |list: &str, count| FeeSum { item: "A-1".into(), list: list.into(), amount: "100.00".into(), count };
    let total = data.year.figures.iter_mut().find(|figure| figure.name == FigureName::FeeTotal);
    total.expect("every figure is told").amounts = vec![fee("", 1), fee("33", 2), fee("44", 3)];
    let lines = text(&data, Format::Csv, Language::En);
    for line in [",CN/A-1,Count,1\r\n", ",33/A-1,Count,2\r\n", ",44/A-1,Count,3\r\n"] {
        assert!(lines.contains(line), "{line} in {lines}");
    }
}

#[tokio::test]
async fn a_report_is_written_in_one_language() {
    let (data, _folder) = data().await;
    let english = text(&data, Format::Md, Language::En);
    assert!(english.starts_with("# Measurement bottlenecks: report of 广东省 (44), 2026\n"));
    assert!(english.contains("\n## Headline figures\n") && !english.contains("主要数据"));
    let chinese = text(&data, Format::Md, Language::Zh);
    assert!(chinese.contains("\n## 主要数据\n") && !chinese.contains("Headline figures"));
    assert!(english.contains("of two in the middle the lower") && chinese.contains("居中有两个时取较小者"));
}

#[tokio::test]
async fn a_report_says_which_moment_it_is_of() {
    let (mut data, _folder) = data().await;
    let (time, at) = (data.year.time, data.year.question.at);
    let position = at.last_position().expect("it has events");
    let said = text(&data, Format::Csv, Language::En);
    assert!(said.contains(&format!("As of: {time} (position {position})\r\n")), "{said}");
    data.year.time = "2026-10-31T15:59:59.999999Z".parse().expect("a time");
    let said = text(&data, Format::Csv, Language::En);
    assert!(said.contains("As of: 2026-10-31 (UTC+8)\r\n"), "{said}");
}

#[tokio::test]
async fn late_are_those_of_the_open_cases_whenever_they_were_reported() {
    // A year later all deadlines are over, and of the year that began in November no case has been reported.
    let (data, _folder) = data_of(2027, Some("2027-10-15T02:00:00Z".parse().expect("a time"))).await;
    let open = data.year.figures.iter().find(|figure| figure.name == FigureName::CasesOpen).expect("it is told");
    assert_eq!(open.value.to_string(), data.open.open.to_string());
    assert_eq!((data.whole.cases, data.whole.late), (0, 0));
    assert!(data.open.late > 0 && data.open.late <= data.open.open, "{:?}", data.open);
    let said = text(&data, Format::Md, Language::En);
    let line = format!("- Cases open: **{}** (late {})\n", data.open.open, data.open.late);
    assert!(said.contains(&line), "{line} in {said}");
}

#[tokio::test]
async fn a_report_says_whose_fees_and_trainees_its_tables_hold() {
    let (mut data, _folder) = data().await;
    let said = ["全部培训和收费，不论发生在哪一天", "are all those of the cases reported in the year, of whatever day"];
    for format in [Format::Md, Format::Html, Format::Csv] {
        for (language, says) in
            [(Language::Zh, [true, false]), (Language::En, [false, true]), (Language::Both, [true, true])]
        {
            let written = text(&data, format, language);
            assert_eq!(said.map(|words| written.contains(words)), says, "{format:?} {language:?}");
        }
    }
    data.divisions.clear();
    assert!(!text(&data, Format::Md, Language::En).contains(said[1]), "there is no table to speak of");
}

#[tokio::test]
async fn charts_stand_beside_markdown() {
    let (data, _folder) = data().await;
    let document = compose(&data, Language::Both).expect("charts");
    let files = write(&document, Format::Md, Some("report")).expect("lines");
    let charts: Vec<_> = files.iter().skip(1).filter_map(|file| file.suffix.clone()).collect();
    assert_eq!(charts, ["-months.svg", "-divisions.svg", "-institutions.svg", "-times.svg", "-gaps.svg"]);
    for chart in &charts {
        assert!(files[0].text.contains(&format!("](<report{chart}>)")), "{chart}");
    }
    assert_eq!(write(&document, Format::Md, None).expect("lines").len(), 1, "nothing stands beside standard output");
}

#[tokio::test]
async fn no_cell_is_a_formula() {
    let (mut data, _folder) = data().await;
    data.difficult[0].title = "=HYPERLINK(\"http://example.com\")".to_owned();
    data.difficult[0].reason = Some("@SUM(1+1)\n, \"quoted\";=1+1".to_owned());
    let lines = text(&data, Format::Csv, Language::Both);
    let body = lines.strip_prefix('\u{feff}').expect("a mark for spreadsheets");
    let mut reader = ::csv::Reader::from_reader(body.as_bytes());
    let mut cells = 0;
    for record in reader.records() {
        let record = record.expect("as many cells as titles");
        for cell in &record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            assert!(!cell.contains(['\u{202f}', '→']), "a number is one, as a spreadsheet reads it: {cell}");
            cells += 1;
        }
    }
    assert!(cells > 400, "{cells} cells");
    assert!(lines.contains("'@SUM(1+1)") && lines.contains(";'=1+1"), "nor is what is one where semicolons part cells");
}

#[tokio::test]
async fn every_submitted_figure_is_listed() {
    let (mut data, _folder) = data().await;
    let figures = [("受理难点", "1"), ("平均用时（工作日）", "38.5"), ("=1+1", "7")];
    let of = |(name, value)| (Label::parse(name).expect("a label"), Decimal::parse(value).expect("a number"));
    data.submitted = Some(AnnualSummaryFile {
        jurisdiction: data.year.question.jurisdiction.clone(),
        year: 2026,
        late: false,
        text: Statement::parse("本年度。").expect("a text"),
        figures: figures.map(of).into(),
        computed: None,
        good_practice: Vec::new(),
        typical_cases: Vec::new(),
        submitted_by: ActorId::clock(),
        submitted_at: data.year.time,
        amendments: Vec::new(),
    });
    let page = text(&data, Format::Html, Language::En);
    let markdown = text(&data, Format::Md, Language::En);
    for written in [&page, &markdown] {
        assert!(written.contains("平均用时（工作日）") && written.contains("38.5"), "{written}");
    }
    assert_eq!(markdown.matches("受理难点").count(), 0, "a figure of the log stands on its own row, once");
    let lines = text(&data, Format::Csv, Language::En);
    for line in
        ["平均用时（工作日）,From the log,\r\n", "平均用时（工作日）,Submitted,38.5\r\n", ",'=1+1,Submitted,7\r\n"]
    {
        assert!(lines.contains(line), "{line} in {lines}");
    }
}

#[tokio::test]
async fn a_chart_of_gaps_tells_cases_apart_and_what_lies_beyond() {
    let (mut data, _folder) = data().await;
    let number = data.gaps[0].number.clone();
    let said = "drawn at its edge, those of 1 of the cases";
    assert!(!text(&data, Format::Md, Language::En).contains(said));
    data.gaps[0].after = Decimal::parse("0.0001").expect("a number");
    let document = compose(&data, Language::En).expect("charts");
    let files = write(&document, Format::Md, Some("report")).expect("lines");
    assert!(files[0].text.contains(said), "{}", files[0].text);
    let chart = files.iter().find(|file| file.suffix.as_deref() == Some("-gaps.svg")).expect("a chart");
    assert!(chart.text.contains(&number), "{number} in {}", chart.text);
}

#[tokio::test]
async fn a_number_is_written_one_way_to_be_read_and_another_for_programs() {
    let (mut data, _folder) = data().await;
    let fees = data.year.figures.iter_mut().find(|figure| figure.name == FigureName::FeeTotal);
    fees.expect("every figure is told").value = Decimal::parse("1234567.5").expect("a number");
    let read = "1\u{202f}234\u{202f}567.5";
    for language in [Language::Zh, Language::En, Language::Both] {
        let page = text(&data, Format::Html, language);
        assert!(page.contains(&format!("<dd>{read}<small>")) && page.contains(&format!(">{read}</td>")), "{page}");
        let markdown = text(&data, Format::Md, language);
        assert!(markdown.contains(&format!(": **{read}**")) && markdown.contains(&format!(" | {read} | ")));
        assert!(!page.contains("1234567.5") && !markdown.contains("1234567.5"));
        assert!(text(&data, Format::Csv, language).contains(",1234567.5\r\n"));
    }
}

#[tokio::test]
async fn a_cell_tells_its_column_where_there_is_no_room_for_a_head() {
    let (data, _folder) = data().await;
    let page = text(&data, Format::Html, Language::En);
    assert!(page.contains("<td class=\"number\" data-label=\"From the log\">"), "{page}");
    assert!(page.contains("<tr><td>Visits made</td>"), "the first cell is the name of its row");
}

#[tokio::test]
async fn a_text_is_no_markup() {
    let (mut data, _folder) = data().await;
    data.difficult[0].title = "<script>alert(1)</script> & \"x\"".to_owned();
    data.gaps[0].title = "</svg><script>alert(2)</script>".to_owned();
    let page = text(&data, Format::Html, Language::Zh);
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;"));
}
