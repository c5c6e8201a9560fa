//! What was measured, as tables on the terminal, as JSON and as charts.

use std::fs;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde_json::{Value, json};

/// A column of figures.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) decimals: usize,
}

/// What was measured of one workload.
pub(crate) struct Table {
    /// Of the files.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<(String, Vec<f64>)>,
    /// Which columns are drawn, and where the line of the goal stands.
    pub(crate) charted: Charted,
}

pub(crate) struct Charted {
    pub(crate) columns: &'static [&'static str],
    pub(crate) goal: Option<f64>,
}

impl Table {
    #[expect(clippy::print_stdout, reason = "it is what the bench is for")]
    pub(crate) fn print(&self) {
        let label = self.rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        println!("\n{}\n", self.title);
        let names: Vec<_> = self.columns.iter().map(|column| format!(" {:>9} |", column.name)).collect();
        println!("| {:label$} |{}", "", names.concat());
        let rules: Vec<_> =
            self.columns.iter().map(|column| format!(" {}: |", "-".repeat(column.name.len().max(9) - 1))).collect();
        println!("| {} |{}", "-".repeat(label), rules.concat());
        for (name, figures) in &self.rows {
            let figures: Vec<_> = self
                .columns
                .iter()
                .zip(figures)
                .map(|(column, figure)| {
                    let width = column.name.len().max(9);
                    match figure.is_nan() {
                        true => format!(" {:>width$} |", ""),
                        false => format!(" {figure:>width$.*} |", column.decimals),
                    }
                })
                .collect();
            println!("| {name:label$} |{}", figures.concat());
        }
    }

    fn json(&self) -> Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(label, figures)| {
                let named =
                    self.columns.iter().zip(figures).map(|(column, figure)| (column.name.to_owned(), json!(figure)));
                json!({ "name": label, "figures": named.collect::<serde_json::Map<_, _>>() })
            })
            .collect();
        json!({ "name": self.name, "title": self.title, "rows": rows })
    }

    /// The charted columns as bars, the goal as a line.
    fn draw(&self, path: &Path) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        const BAR: u32 = 13;
        const LABELS: u32 = 300;
        const COLORS: [RGBColor; 3] =
            [RGBColor(0x0f, 0x76, 0x6e), RGBColor(0x60, 0xa5, 0xfa), RGBColor(0xc2, 0x41, 0x0c)];
        let shown: Vec<_> = self
            .charted
            .columns
            .iter()
            .filter_map(|name| self.columns.iter().position(|column| column.name == *name))
            .collect();
        let figures = self.rows.iter().flat_map(|(_, figures)| shown.iter().map(|place| figures[*place]));
        let longest =
            figures.filter(|figure| figure.is_finite()).fold(self.charted.goal.unwrap_or(0.0), f64::max) * 1.12;
        let height = BAR * shown.len() as u32 + 9;
        let size = (860, 70 + height * self.rows.len() as u32);
        let area = SVGBackend::new(path, size).into_drawing_area();
        let text = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
        let at = |horizontal| Pos::new(horizontal, VPos::Center);
        area.fill(&WHITE)?;
        area.draw(&Text::new(self.title.clone(), (10, 16), text(14).pos(at(HPos::Left))))?;
        for (place, column) in shown.iter().enumerate() {
            let left = 10 + 200 * place as i32;
            area.draw(&Rectangle::new([(left, 34), (left + 10, 44)], COLORS[place % 3].filled()))?;
            area.draw(&Text::new(self.columns[*column].name, (left + 16, 39), text(12).pos(at(HPos::Left))))?;
        }
        let x = |figure: f64| LABELS as i32 + (figure / longest * f64::from(size.0 - LABELS - 60)) as i32;
        for (row, (label, figures)) in self.rows.iter().enumerate() {
            let top = 58 + (height * row as u32) as i32;
            let middle = top + (BAR * shown.len() as u32) as i32 / 2;
            area.draw(&Text::new(label.clone(), (LABELS as i32 - 8, middle), text(12).pos(at(HPos::Right))))?;
            for (place, column) in shown.iter().enumerate() {
                let figure = figures[*column];
                if !figure.is_finite() {
                    continue;
                }
                let (top, right) = (top + (BAR * place as u32) as i32, x(figure));
                let bar = [(x(0.0), top), (right, top + BAR as i32 - 2)];
                area.draw(&Rectangle::new(bar, COLORS[place % 3].filled()))?;
                let told = format!("{figure:.*}", self.columns[*column].decimals);
                area.draw(&Text::new(told, (right + 4, top + BAR as i32 / 2), text(11).pos(at(HPos::Left))))?;
            }
        }
        if let Some(goal) = self.charted.goal {
            area.draw(&PathElement::new([(x(goal), 52), (x(goal), size.1 as i32 - 8)], BLACK.stroke_width(1)))?;
        }
        area.present()
    }
}

/// Writes the figures of all tables into one file and a chart of each.
pub(crate) fn write(folder: &Path, tables: &[Table]) {
    fs::create_dir_all(folder).expect("the folder of the figures can be made");
    let figures: Vec<_> = tables.iter().map(Table::json).collect();
    let figures = serde_json::to_string_pretty(&figures).expect("figures are JSON");
    fs::write(folder.join("figures.json"), figures).expect("the figures can be written");
    for table in tables {
        table.draw(&folder.join(format!("{}.svg", table.name))).expect("the chart can be drawn");
    }
    eprintln!("\nfigures and charts: {}", folder.display());
}
