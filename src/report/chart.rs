//! Charts, as SVG. Texts stay texts: whoever shows them brings the font, Chinese included.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::interchange::xml::carried;

/// Why a chart cannot be drawn.
pub(super) type ChartError = DrawingAreaErrorKind<std::io::Error>;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Frame<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const WIDTH: u32 = 760;
/// Room for the labels on the left.
const LABELS: u32 = 240;
/// Between a label and what it is of, and between it and the picture's edge.
const SPACE: i32 = 8;
/// Of texts that are read beside a row.
const SIZE: u32 = 13;
/// Room for a row.
const ROW: u32 = 28;
const FONT: &str = "sans-serif";

const INK: RGBColor = RGBColor(0x1f, 0x29, 0x37);
const FAINT: RGBColor = RGBColor(0x6b, 0x72, 0x80);
const GRID: RGBColor = RGBColor(0xe5, 0xe7, 0xeb);
/// What is done, and what is good.
pub(super) const GREEN: RGBColor = RGBColor(0x0f, 0x76, 0x6e);
/// What goes on.
pub(super) const BLUE: RGBColor = RGBColor(0x60, 0xa5, 0xfa);
/// What is late, and what stands.
pub(super) const RED: RGBColor = RGBColor(0xc2, 0x41, 0x0c);
const PALE: RGBColor = RGBColor(0xbf, 0xdb, 0xfe);
const DARK: RGBColor = RGBColor(0x1d, 0x4e, 0xd8);

/// A part of every bar.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) color: RGBColor,
}

/// A bar, of as many parts as there are series.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) parts: Vec<u64>,
}

/// Bars from left to right, the first one on top.
pub(super) fn bars(series: &[Series], bars: &[Bar]) -> Result<String, ChartError> {
    let rows = bars.len() as u32;
    let longest = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0).max(1) as f64;
    drawn(68 + ROW * rows, |area| {
        legend(area, series)?;
        let mut chart = rows_from_the_left(area, longest, rows, whole)?;
        for (place, bar) in bars.iter().enumerate() {
            let top = f64::from(rows) - place as f64 - 0.18;
            let bottom = top - 0.64;
            let mut from = 0.0;
            for (part, series) in bar.parts.iter().zip(series) {
                let to = from + *part as f64;
                if *part > 0 {
                    let corners = [(from, bottom), (to, top)];
                    chart.draw_series([Rectangle::new(corners, series.color.filled())])?;
                }
                from = to;
            }
            let middle = (top + bottom) / 2.0;
            label(area, &bar.label, chart.backend_coord(&(0.0, middle)))?;
            let (x, y) = chart.backend_coord(&(from, middle));
            let total = bar.parts.iter().sum::<u64>().to_string();
            area.draw(&Text::new(total, (x + 6, y), anchored(text(12, INK), HPos::Left)))?;
        }
        Ok(())
    })
}

/// Bars from the ground up, side by side.
pub(super) fn columns(series: &[Series], bars: &[Bar]) -> Result<String, ChartError> {
    let count = bars.len().max(1) as f64;
    let highest = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0).max(1) as f64;
    drawn(250, |area| {
        legend(area, series)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(44)
            .margin_right(20)
            .margin_left(8)
            .margin_bottom(26)
            .y_label_area_size(34)
            .build_cartesian_2d(0.0..count, 0.0..highest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .y_labels(5)
            .y_label_formatter(&|y| whole(*y))
            .y_label_style(text(12, FAINT))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .draw()?;
        for (place, bar) in bars.iter().enumerate() {
            let left = place as f64 + 0.2;
            let right = left + 0.6;
            let mut from = 0.0;
            for (part, series) in bar.parts.iter().zip(series) {
                let to = from + *part as f64;
                if *part > 0 {
                    let corners = [(left, from), (right, to)];
                    chart.draw_series([Rectangle::new(corners, series.color.filled())])?;
                }
                from = to;
            }
            let centred = |style| anchored(style, HPos::Center);
            let (x, ground) = chart.backend_coord(&((left + right) / 2.0, 0.0));
            area.draw(&Text::new(bar.label.clone(), (x, ground + 14), centred(text(12, INK))))?;
            let total = bar.parts.iter().sum::<u64>();
            if total > 0 {
                let (_, y) = chart.backend_coord(&(0.0, from));
                area.draw(&Text::new(total.to_string(), (x, y - 9), centred(text(12, INK))))?;
            }
        }
        Ok(())
    })
}

/// How far something was, and is now.
pub(super) struct Stretch {
    pub(super) label: String,
    pub(super) before: f64,
    pub(super) after: f64,
    /// Whether it has arrived, which rounding does not tell.
    pub(super) closed: bool,
}

/// The gaps that a chart has room for. What lies beyond is drawn at its edge.
pub(super) const LEAST_GAP: f64 = 0.01;
pub(super) const LARGEST_GAP: f64 = 1e9;

impl Stretch {
    /// Whether a gap of it lies beyond the chart.
    pub(super) fn is_beyond(&self) -> bool {
        [self.before, self.after].iter().any(|gap| !(LEAST_GAP..=LARGEST_GAP).contains(gap))
    }
}

/// Gaps before and after, on a logarithmic scale with a line at 1.
pub(super) fn gaps(legends: [String; 3], stretches: &[Stretch]) -> Result<String, ChartError> {
    let rows = stretches.len() as u32;
    let drawn_at = |gap: f64| gap.clamp(LEAST_GAP, LARGEST_GAP);
    let all = || stretches.iter().flat_map(|stretch| [stretch.before, stretch.after]).map(drawn_at);
    let low = all().fold(0.5, f64::min) / 1.15;
    let high = all().fold(2.0, f64::max) * 1.15;
    let [before, stands, closed] = legends;
    let series = [(before, FAINT), (stands, RED), (closed, GREEN)].map(|(name, color)| Series { name, color });
    drawn(68 + ROW * rows, |area| {
        legend(area, &series)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(34)
            .margin_right(46)
            .margin_left(LABELS)
            .x_label_area_size(26)
            .build_cartesian_2d((low..high).log_scale(), 0.0..f64::from(rows))?;
        for Tick { at: tick, name } in ticks(low, high) {
            let (color, width) = if tick == 1.0 { (GREEN, 2) } else { (GRID, 1) };
            let line = [(tick, 0.0), (tick, f64::from(rows))];
            chart.draw_series([PathElement::new(line, color.stroke_width(width))])?;
            let (x, ground) = chart.backend_coord(&(tick, 0.0));
            area.draw(&Text::new(name, (x, ground + 13), anchored(text(12, FAINT), HPos::Center)))?;
        }
        for (place, stretch) in stretches.iter().enumerate() {
            let y = f64::from(rows) - place as f64 - 0.5;
            let (before, after) = (drawn_at(stretch.before), drawn_at(stretch.after));
            let color = if stretch.closed { GREEN } else { RED };
            chart.draw_series([PathElement::new([(before, y), (after, y)], color.mix(0.45).stroke_width(3))])?;
            chart.draw_series([Circle::new((before, y), 4, FAINT.filled())])?;
            chart.draw_series([Circle::new((after, y), 6, color.filled())])?;
            label(area, &stretch.label, chart.backend_coord(&(low, y)))?;
        }
        Ok(())
    })
}

/// A line across a logarithmic scale.
#[derive(Debug, PartialEq)]
struct Tick {
    at: f64,
    name: String,
}

/// Over the whole of a scale: 1, 2 and 5 of every power of ten, and the powers alone where the scale is long.
fn ticks(low: f64, high: f64) -> Vec<Tick> {
    const LONG: f64 = 1e5;
    let parts: &[u32] = if high / low > LONG { &[1] } else { &[1, 2, 5] };
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = powers.flat_map(|power| parts.iter().map(move |part| tick(*part, power)));
    all.filter(|tick| (low..=high).contains(&tick.at)).collect()
}

fn tick(part: u32, power: i32) -> Tick {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    // Read from its digits, a tick is the same number as a gap that is read from them.
    let at = format!("{part}e{power}").parse().unwrap_or(f64::NAN);
    let name = match (part, usize::try_from(power)) {
        (1, Ok(power @ 4..=9)) => format!("10{}", DIGITS[power]),
        (part, Ok(power @ 4..=9)) => format!("{part}·10{}", DIGITS[power]),
        _ => short(at),
    };
    Tick { at, name }
}

/// A median and what nine of ten stay below, in days.
pub(super) struct Spread {
    pub(super) label: String,
    pub(super) median: f64,
    pub(super) ninetieth: f64,
}

/// Times, the median over the 90th percentile.
pub(super) fn spreads(legends: [String; 2], spreads: &[Spread]) -> Result<String, ChartError> {
    let rows = spreads.len() as u32;
    let longest = spreads.iter().map(|spread| spread.ninetieth).fold(1.0, f64::max);
    let [median, ninetieth] = legends;
    let series = [(median, DARK), (ninetieth, PALE)].map(|(name, color)| Series { name, color });
    drawn(68 + ROW * rows, |area| {
        legend(area, &series)?;
        let mut chart = rows_from_the_left(area, longest, rows, short)?;
        for (place, spread) in spreads.iter().enumerate() {
            let y = f64::from(rows) - place as f64 - 0.5;
            chart.draw_series([Rectangle::new([(0.0, y - 0.32), (spread.ninetieth, y + 0.32)], PALE.filled())])?;
            chart.draw_series([Rectangle::new([(0.0, y - 0.16), (spread.median, y + 0.16)], DARK.filled())])?;
            label(area, &spread.label, chart.backend_coord(&(0.0, y)))?;
        }
        Ok(())
    })
}

/// The frame of rows that begin at 0 on the left.
fn rows_from_the_left<'a, 'b>(
    area: &'a Area<'b>,
    longest: f64,
    rows: u32,
    shown: fn(f64) -> String,
) -> Result<Frame<'a, 'b>, ChartError> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(34)
        .margin_right(46)
        .margin_left(LABELS)
        .x_label_area_size(26)
        .build_cartesian_2d(0.0..longest, 0.0..f64::from(rows))?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(8)
        .x_label_formatter(&|x| shown(*x))
        .x_label_style(text(12, FAINT))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GRID)
        .draw()?;
    Ok(chart)
}

fn drawn(height: u32, draw: impl FnOnce(&Area<'_>) -> Result<(), ChartError>) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    // The drawing library escapes texts, and lets through what no XML has.
    Ok(svg.chars().map(carried).collect())
}

/// From left to right along the top.
fn legend(area: &Area<'_>, series: &[Series]) -> Result<(), ChartError> {
    let mut x = SPACE;
    for Series { name, color } in series {
        area.draw(&Rectangle::new([(x, 10), (x + 12, 22)], color.filled()))?;
        area.draw(&Text::new(name.clone(), (x + 18, 16), anchored(text(SIZE, INK), HPos::Left)))?;
        x += 36 + width_of(name).cast_signed();
    }
    Ok(())
}

/// To the left of a place.
fn label(area: &Area<'_>, label: &str, (x, y): (i32, i32)) -> Result<(), ChartError> {
    let shown = shortened(label, (x - 2 * SPACE).unsigned_abs());
    area.draw(&Text::new(shown, (x - SPACE, y), anchored(text(SIZE, INK), HPos::Right)))
}

fn text(size: u32, color: RGBColor) -> TextStyle<'static> {
    (FONT, size).into_font().color(&color)
}

fn anchored(style: TextStyle<'static>, horizontally: HPos) -> TextStyle<'static> {
    style.pos(Pos::new(horizontally, VPos::Center))
}

/// How wide a text is at most, in pixels. Whoever shows it brings the font: these are the widths of a wide one, DejaVu
/// Sans, and what is no ASCII is taken to be as wide as Chinese.
fn width_of(text: &str) -> u32 {
    (text.chars().map(thousandths_of).sum::<u32>() * SIZE).div_ceil(1_000)
}

/// The width of a character, in thousandths of its height.
fn thousandths_of(character: char) -> u32 {
    match character {
        ' ' | '!' | '\'' | '(' | ')' | ',' | '-' | '.' | '/' | ':' | ';' | 'I' | '[' | ']' | '\\' | '|' => 400,
        'f' | 'i' | 'j' | 'l' | 'r' | 't' => 420,
        '"' | '*' | '?' | 's' | 'z' | 'k' | 'c' | '_' | '`' => 590,
        '%' | '@' | 'M' | 'W' | 'm' | 'w' => 1_010,
        '#' | '&' | '+' | '<' | '=' | '>' | '^' | '~' | 'A'..='Z' => 850,
        character if character.is_ascii() => 650,
        _ => 1_010,
    }
}

/// The text within so many pixels.
fn shortened(text: &str, most: u32) -> String {
    if width_of(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if width_of(&format!("{kept}…")) > most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Nothing between whole numbers: there is no half of a case.
fn whole(number: f64) -> String {
    if number.fract().abs() < 1e-9 { format!("{number:.0}") } else { String::new() }
}

fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_to_its_room() {
        assert_eq!(shortened("bore gauge", width_of("bore gauge")), "bore gauge");
        assert_eq!(shortened("bore gauge", width_of("bore gauge") - 1), "bore gau…");
        assert_eq!(shortened("计量难点问题", width_of("计量难点问题")), "计量难点问题");
        assert_eq!(shortened("计量难点问题", width_of("计量难点…")), "计量难点…");
        assert!(width_of(&shortened("Tsinghua, \"Precision\" ‹Laboratory›", 200)) <= 200);
    }

    #[test]
    fn ticks_are_on_the_whole_of_a_scale() {
        let names = |low, high| ticks(low, high).into_iter().map(|tick| tick.name).collect::<Vec<_>>();
        assert_eq!(names(0.4, 3.0), ["0.5", "1", "2"]);
        assert_eq!(names(0.009, 1.2e7), ["0.01", "0.1", "1", "10", "100", "1000", "10⁴", "10⁵", "10⁶", "10⁷"]);
        assert_eq!(names(0.4, 25_000.0).last().map(String::as_str), Some("2·10⁴"));
    }

    #[test]
    fn what_is_drawn_at_the_edge_is_told() {
        let of = |before, after| Stretch { label: String::new(), before, after, closed: false };
        assert!(!of(LARGEST_GAP, LEAST_GAP).is_beyond());
        assert!(of(2.0, 0.009).is_beyond() && of(1.1e9, 2.0).is_beyond() && of(f64::INFINITY, 2.0).is_beyond());
        let legends = ["a", "b", "c"].map(str::to_owned);
        assert!(gaps(legends, &[of(f64::INFINITY, 0.0)]).unwrap().contains("circle"));
    }

    #[test]
    fn texts_are_escaped_and_chinese_stays_text() {
        let series = [Series { name: "<已解决>".to_owned(), color: GREEN }];
        let bar = Bar { label: "A&B\u{ffff} 深圳".to_owned(), parts: vec![3] };
        for svg in [bars(&series, &[bar]).unwrap(), columns(&series, &[]).unwrap()] {
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert!(svg.contains("&lt;已解决&gt;") && !svg.contains("<已解决>") && !svg.contains('\u{ffff}'));
        }
    }

    #[test]
    fn a_gap_of_nothing_is_drawn() {
        let stretch = Stretch { label: "x".to_owned(), before: 0.0, after: 0.0, closed: true };
        let legends = ["a", "b", "c"].map(str::to_owned);
        assert!(gaps(legends, &[stretch]).unwrap().contains("circle"));
    }
}
