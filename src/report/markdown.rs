//! A report as Markdown, with the charts as files beside it. Without a name of its own it has no files beside it.

use std::fmt::Write;

use crate::report::File;
use crate::report::document::{Block, Document, Holds, Table};

pub(super) fn files(document: &Document, name: Option<&str>) -> Vec<File> {
    let mut text = format!("# {}\n\n", escaped(&document.title));
    for line in &document.subtitle {
        let _ = writeln!(text, "{}  ", escaped(line));
    }
    let mut charts = Vec::new();
    for block in &document.blocks {
        text.push('\n');
        match block {
            Block::Heading(heading) => {
                let _ = writeln!(text, "## {}", escaped(heading));
            }
            Block::Note(note) => {
                let _ = writeln!(text, "{}", escaped(note));
            }
            Block::Headlines(headlines) => {
                for headline in headlines {
                    let _ = write!(text, "- {}: **{}**", escaped(&headline.label), escaped(&headline.shown()));
                    let note = headline.note.as_ref().map(|note| format!(" ({})", escaped(&note.shown)));
                    let _ = writeln!(text, "{}", note.unwrap_or_default());
                }
            }
            Block::Table(table) => push_table(&mut text, table),
            Block::LongTable(table) => {
                let (note, table) = table.on_a_page();
                if let Some(note) = note {
                    let _ = writeln!(text, "{}\n", escaped(note));
                }
                push_table(&mut text, &table);
            }
            Block::Chart(chart) => {
                let Some(name) = name else { continue };
                let suffix = format!("-{}.svg", chart.name);
                // In angle brackets a name may have spaces.
                let _ = writeln!(text, "![{}](<{name}{suffix}>)", escaped(&chart.title));
                charts.push(File { suffix: Some(suffix), text: chart.svg.clone() });
            }
        }
    }
    charts.insert(0, File { suffix: None, text });
    charts
}

fn push_table(text: &mut String, table: &Table) {
    let mut row = |cells: Vec<String>| {
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    };
    row(table.columns.iter().map(|column| escaped(&column.title)).collect());
    let rules = table.columns.iter().map(|column| match column.holds {
        Holds::Text | Holds::Codes => "---".to_owned(),
        Holds::Numbers => "---:".to_owned(),
    });
    row(rules.collect());
    for cells in &table.rows {
        row(table.columns.iter().zip(cells).map(|(column, cell)| escaped(&column.shown(cell))).collect());
    }
}

/// A text on one line that is nothing but text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_makes_no_markup() {
        assert_eq!(escaped("a|b <script>\n*x*"), "a\\|b \\<script\\> \\*x\\*");
    }
}
