//! A report as one page: self-contained, printable, every text escaped.

use std::fmt::Write;

use crate::report::document::{Block, Document, Headline, Holds, Table};

const STYLE: &str = include_str!("page.css");

pub(super) fn page(document: &Document) -> String {
    let mut page = String::new();
    let title = escaped(&document.title);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n",
        document.language
    );
    for line in &document.subtitle {
        let _ = writeln!(page, "<p>{}</p>", escaped(line));
    }
    page.push_str("</header>\n");
    let mut is_open = false;
    for block in &document.blocks {
        if let Block::Heading(text) = block {
            page.push_str(if is_open { "</section>\n" } else { "" });
            is_open = true;
            let _ = writeln!(page, "<section>\n<h2>{}</h2>", escaped(text));
            continue;
        }
        push(&mut page, block);
    }
    page.push_str(if is_open { "</section>\n" } else { "" });
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn push(page: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => {
            let _ = writeln!(page, "<h2>{}</h2>", escaped(text));
        }
        Block::Note(text) => push_note(page, text),
        Block::Headlines(headlines) => push_headlines(page, headlines),
        Block::Table(table) => push_table(page, table),
        Block::LongTable(table) => {
            let (note, table) = table.on_a_page();
            if let Some(note) = note {
                push_note(page, note);
            }
            push_table(page, &table);
        }
        // The drawing library has escaped its texts.
        Block::Chart(chart) => {
            let _ =
                writeln!(page, "<figure>\n<figcaption>{}</figcaption>\n{}</figure>", escaped(&chart.title), chart.svg);
        }
    }
}

fn push_note(page: &mut String, text: &str) {
    let _ = writeln!(page, "<p class=\"note\">{}</p>", escaped(text));
}

fn push_headlines(page: &mut String, headlines: &[Headline]) {
    page.push_str("<dl class=\"headlines\">\n");
    for headline in headlines {
        let _ = write!(page, "<div><dt>{}</dt><dd>{}", escaped(&headline.label), escaped(&headline.shown()));
        if let Some(note) = &headline.note {
            let _ = write!(page, "<small>{}</small>", escaped(&note.shown));
        }
        page.push_str("</dd></div>\n");
    }
    page.push_str("</dl>\n");
}

fn push_table(page: &mut String, table: &Table) {
    let class = |place: usize| match table.columns[place].holds {
        Holds::Numbers => " class=\"number\"",
        Holds::Codes => " class=\"code\"",
        Holds::Text => "",
    };
    page.push_str("<table>\n<thead><tr>");
    for (place, column) in table.columns.iter().enumerate() {
        let _ = write!(page, "<th{}>{}</th>", class(place), escaped(&column.title));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let column = &table.columns[place];
            // Where the page is too narrow for a head, each cell tells its column; the first one names the row.
            let label = if place == 0 { String::new() } else { format!(" data-label=\"{}\"", escaped(&column.title)) };
            let _ = write!(page, "<td{}{label}>{}</td>", class(place), escaped(&column.shown(cell)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

/// A text as HTML has it, in elements and attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
