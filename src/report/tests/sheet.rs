//! What a report is without its charts.

use super::*;

/// The lines of a section in a spreadsheet.
fn lines_of<'a>(csv: &'a str, section: &str) -> Vec<&'a str> {
    let section = format!("{section},");
    csv.lines().filter_map(|line| line.strip_prefix(&section)).collect()
}

#[tokio::test]
async fn the_months_of_the_year_stand_in_every_format() {
    let (data, _folder) = data().await;
    let csv = text(&data, Format::Csv, Language::En);
    let lines = lines_of(&csv, "Cases by month of report");
    assert_eq!(lines.len(), 12 * 4, "{lines:?}");
    assert!(lines[0].starts_with("2025-11,Cases,") && lines[47].starts_with("2026-10,Late,"), "{lines:?}");
    let sum = |measure: &str| {
        let of = lines.iter().filter_map(|line| line.split_once(&format!(",{measure},")));
        of.map(|(_, value)| value.parse::<u64>().expect("a number")).sum::<u64>()
    };
    let whole = &data.whole;
    assert_eq!(
        ["Cases", "Done", "Going on", "Late"].map(sum),
        [whole.cases, whole.cases - whole.open, whole.open - whole.late, whole.late]
    );
    // On standard output Markdown has no chart.
    let document = compose(&data, Language::En).expect("charts");
    let markdown = write(&document, Format::Md, None).expect("lines").remove(0).text;
    let (_, section) = markdown.split_once("## Cases by month of report\n").expect("the section");
    let table = "| Month | Cases | Done | Going on | Late |\n| --- | ---: | ---: | ---: | ---: |\n| 2025-11 |";
    assert!(section.trim_start().starts_with(table), "{section}");
    assert!(text(&data, Format::Html, Language::En).contains("<td class=\"code\">2026-10</td>"));
}

#[tokio::test]
async fn a_spreadsheet_has_what_stands_in_small_print() {
    let (data, _folder) = data().await;
    let figure = |wanted| data.year.figures.iter().find(|figure| figure.name == wanted).expect("every figure is told");
    let csv = text(&data, Format::Csv, Language::En);
    let lines = lines_of(&csv, "Headline figures");
    for line in [
        format!("Cases open,late,{}", data.open.late),
        format!("\"Fees, CNY\",fees,{}", figure(FigureName::FeesCharged).value),
        format!("Trainees,trainings,{}", figure(FigureName::Trainees).events),
    ] {
        assert!(lines.contains(&line.as_str()), "{line} in {lines:?}");
    }
}
