//! Rows as the log makes them.

use uuid::Uuid;

use crate::store::NumberTaken;
use crate::store::line::Line;
use crate::store::row_writes::{CaseVersion, FigureWrite, LinkWrite, RegisterVersion, TextWrite};
use crate::store::sql::OPEN;

/// For how many bytes of lines there is room at once.
const MOST_RESERVED: usize = 1 << 20;

/// A row of a read table as the log makes it.
pub(in crate::store) trait Made {
    /// Its key, which is in the order that texts have in both databases.
    type Key<'a>: Ord
    where
        Self: 'a;

    fn key(&self) -> Self::Key<'_>;

    /// Writes its values in the order of the columns.
    fn write(&self, line: &mut Line<'_>);
}

/// The lines of rows, in the order of their keys, each with a line break behind it. A row that is made again changes
/// nothing.
pub(in crate::store) fn lines_of<Row: Made>(rows: impl IntoIterator<Item = Row>) -> Vec<u8> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|one, other| one.key().cmp(&other.key()));
    rows.dedup_by(|later, earlier| later.key() == earlier.key());
    let mut lines = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let mut line = Line::begin(&mut lines);
        row.write(&mut line);
        line.end();
        if place == 0 {
            // Most rows of a table are about as long as the first; the texts of a case are not.
            lines.reserve(((rows.len() - 1) * lines.len() * 9 / 8).min(MOST_RESERVED));
        }
    }
    lines
}

/// The columns of both tables of cases.
fn write_case(version: &CaseVersion, line: &mut Line<'_>) {
    let CaseVersion { row, span } = version;
    line.id(row.case_id).integer(span.from_position).integer(span.version).integer(span.recorded_at);
    line.text(&row.number).text(&row.title).text(&row.status);
    line.maybe_text(row.kind.as_deref()).maybe_text(row.category.as_deref()).maybe_text(row.severity.as_deref());
    line.text(&row.level).text(&row.division).id(row.enterprise_id).id(row.campaign_id);
    line.maybe_id(row.institution_id).maybe_id(row.lead_id).text(&row.origin).truth(row.is_open);
    line.integer(row.reported_at).maybe_text(row.deadline_on.as_deref());
    line.maybe_text(row.deadline_missed_on.as_deref()).truth(row.clock_paused);
    line.maybe_text(row.parked_until.as_deref()).maybe_integer(row.gap_ppm).text(&row.fee_total).truth(row.typical);
    line.text(&row.reported_by).text(&row.members).integer(row.fee_fen);
}

/// A version of a case.
pub(in crate::store) struct MadeCase<'a>(pub(in crate::store) &'a CaseVersion);

impl Made for MadeCase<'_> {
    type Key<'b>
        = (Uuid, i64, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.0.row.case_id, self.0.span.from_position, self.0.span.lane)
    }

    fn write(&self, line: &mut Line<'_>) {
        write_case(self.0, line);
        let span = self.0.span;
        line.integer(span.to_position).integer(span.lane).integer(span.occurred_from).integer(span.occurred_to);
    }
}

/// A case as it is.
pub(in crate::store) struct MadePresentCase<'a>(pub(in crate::store) &'a CaseVersion);

impl Made for MadePresentCase<'_> {
    type Key<'b>
        = Uuid
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        self.0.row.case_id
    }

    fn write(&self, line: &mut Line<'_>) {
        write_case(self.0, line);
        line.integer(self.0.span.occurred_from);
    }
}

/// A case and an actor who is a member.
pub(in crate::store) struct MadeMember<'a>(pub(in crate::store) (String, &'a str));

impl Made for MadeMember<'_> {
    type Key<'b>
        = (&'b str, &'b str)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        let (case_id, actor) = &self.0;
        (case_id, actor)
    }

    fn write(&self, line: &mut Line<'_>) {
        let (case_id, actor) = &self.0;
        line.text(case_id).text(actor);
    }
}

/// A relation of a case to another.
pub(in crate::store) struct MadeLink<'a>(pub(in crate::store) &'a LinkWrite);

impl Made for MadeLink<'_> {
    type Key<'b>
        = (Uuid, Uuid, &'b str)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.0.case_id, self.0.link.other_id, &self.0.link.relation)
    }

    fn write(&self, line: &mut Line<'_>) {
        let LinkWrite { case_id, link, from_position } = self.0;
        line.id(*case_id).id(link.other_id).text(&link.relation).integer(*from_position);
    }
}

/// A text that is searched.
pub(in crate::store) struct MadeText<'a>(pub(in crate::store) &'a TextWrite);

impl Made for MadeText<'_> {
    type Key<'b>
        = (Uuid, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.0.case_id, self.0.text_id)
    }

    fn write(&self, line: &mut Line<'_>) {
        let TextWrite { text_id, case_id, from_position, to_position, occurred_until, row } = self.0;
        line.integer(*text_id).id(*case_id).text(&row.field).integer(*from_position).integer(*to_position);
        line.integer(row.occurred_at).integer(*occurred_until).integer(row.length.into());
        line.text(&row.words).text(&row.body);
    }
}

/// The terms of a text.
pub(in crate::store) struct MadeTerms<'a>(pub(in crate::store) &'a TextWrite);

impl Made for MadeTerms<'_> {
    type Key<'b>
        = (Uuid, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.0.case_id, self.0.text_id)
    }

    fn write(&self, line: &mut Line<'_>) {
        line.id(self.0.case_id).integer(self.0.text_id).text(&self.0.row.terms());
    }
}

/// A version of an entry of a register. All that are compared at a time are of one type.
pub(in crate::store) struct MadeRegister<'a>(pub(in crate::store) &'a RegisterVersion);

impl Made for MadeRegister<'_> {
    type Key<'b>
        = (Uuid, i64, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.0.stream.aggregate_id, self.0.span.from_position, self.0.span.lane)
    }

    fn write(&self, line: &mut Line<'_>) {
        let RegisterVersion { stream, row, span } = self.0;
        line.text(stream.aggregate_type.as_str()).id(stream.aggregate_id);
        line.integer(span.from_position).integer(span.version);
        line.text(&row.code).text(&row.name).text(&row.division).text(&row.state).text(&row.document);
        line.integer(span.recorded_at);
        line.integer(span.to_position).integer(span.lane).integer(span.occurred_from).integer(span.occurred_to);
    }
}

/// What an event adds to a figure.
pub(in crate::store) struct MadeFigure<'a>(pub(in crate::store) &'a FigureWrite);

impl Made for MadeFigure<'_> {
    type Key<'b>
        = (Uuid, i64, &'static str, u32, &'b str)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        let FigureWrite { aggregate_id, position, row, .. } = self.0;
        (*aggregate_id, *position, row.kind.name(), row.happened.lane, &row.counted_on)
    }

    fn write(&self, line: &mut Line<'_>) {
        let FigureWrite { aggregate_id, position, from_position, row } = self.0;
        line.id(*aggregate_id).integer(*position).text(row.kind.name()).integer(row.happened.lane.into());
        line.integer(*from_position).text(&row.detail).maybe_integer(row.number).maybe_text(row.amount.as_deref());
        line.integer(row.occurred_at).text(&row.counted_on);
        line.integer(row.happened.from).integer(row.happened.to.unwrap_or(OPEN));
    }
}

/// The last number of a series.
pub(in crate::store) struct MadeSeries<'a>(pub(in crate::store) &'a NumberTaken);

impl Made for MadeSeries<'_> {
    type Key<'b>
        = &'b str
    where
        Self: 'b;

    fn key(&self) -> &str {
        &self.0.series
    }

    fn write(&self, line: &mut Line<'_>) {
        line.text(&self.0.series).integer(self.0.number.cast_signed());
    }
}
