//! Rows with many columns go in as `values` lists of a few fixed lengths, so that the prepared
//! statements are few and a batch needs few of them.

use crate::store::plan::NewCommand;
use crate::store::row_writes::{CaseVersion, FigureWrite, RegisterVersion, TextWrite};
use crate::store::sql::OPEN;
use crate::store::sqlite::script::Script;
use crate::store::{EventRecord, LedgerNode, NewAttachment, NewCiphertext};

/// Rows of one statement, longest first; a batch of up to 64 needs four at most.
const LENGTHS: [usize; 11] = [64, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// How a row of this type is written.
pub(super) trait Inserted: Sized + Sync {
    /// Number of placeholders of a row.
    const COLUMNS: usize;

    /// Binds the columns in the order of the statement.
    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>);
}

/// Inserts the rows with `into`, which ends in `values `. A list of several is the last of its script: with others
/// beside it of any length each, hardly any script would be one that is prepared already.
pub(super) async fn insert_all<'q, T: Inserted + 'q>(
    script: &mut Script<'_, 'q>,
    into: &str,
    rows: impl IntoIterator<Item = &'q T>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<&'q T> = rows.into_iter().collect();
    let mut rest = &rows[..];
    while !rest.is_empty() {
        let length = LENGTHS.into_iter().find(|length| *length <= rest.len()).expect("the shortest length is 1");
        let (chunk, later) = rest.split_at(length);
        script.add(&values(into, T::COLUMNS, length));
        chunk.iter().for_each(|row| row.bind(script));
        if rows.len() > 1 {
            script.run().await?;
        }
        rest = later;
    }
    Ok(())
}

fn values(into: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("{into}{}", vec![row; rows].join(", "))
}

impl Inserted for EventRecord {
    const COLUMNS: usize = 13;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script
            .bind(self.position.cast_signed())
            .bind(&self.aggregate_type)
            .bind(&self.aggregate_id)
            .bind(self.sequence.cast_signed())
            .bind(&self.event_type)
            .bind(&self.event_version)
            .bind(&self.payload)
            .bind(&self.metadata)
            .bind(self.recorded_at)
            .bind(&self.actor)
            .bind(&self.command_id)
            .bind(&self.entry)
            .bind(&self.leaf_hash[..]);
    }
}

impl Inserted for LedgerNode {
    const COLUMNS: usize = 3;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script.bind(i64::from(self.level)).bind(self.index.cast_signed()).bind(&self.hash[..]);
    }
}

impl Inserted for NewCommand {
    const COLUMNS: usize = 9;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script
            .bind(&self.key.actor)
            .bind(&self.key.idempotency_key)
            .bind(&self.key.digest[..])
            .bind(self.stream.aggregate_type.as_str())
            .bind(self.stream.aggregate_id.to_string())
            .bind(self.committed.version.cast_signed())
            .bind(self.committed.first_position.cast_signed())
            .bind(self.committed.event_count.cast_signed())
            .bind(self.committed.recorded_at);
    }
}

impl Inserted for NewAttachment {
    const COLUMNS: usize = 4;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script.bind(&self.digest).bind(self.content.len() as i64).bind(&self.media_type).bind(&self.content[..]);
    }
}

impl Inserted for NewCiphertext {
    const COLUMNS: usize = 3;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script.bind(&self.digest[..]).bind(self.key_id.to_string()).bind(&self.ciphertext);
    }
}

impl Inserted for CaseVersion {
    const COLUMNS: usize = 33;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        let row = &self.row;
        script
            .bind(row.case_id.to_string())
            .bind(self.span.from_position)
            .bind(self.span.version)
            .bind(self.span.recorded_at)
            .bind(&row.number)
            .bind(&row.title)
            .bind(&row.status)
            .bind(&row.kind)
            .bind(&row.category)
            .bind(&row.severity)
            .bind(&row.level)
            .bind(&row.division)
            .bind(row.enterprise_id.to_string())
            .bind(row.campaign_id.to_string())
            .bind(row.institution_id.map(|id| id.to_string()))
            .bind(row.lead_id.map(|id| id.to_string()))
            .bind(&row.origin)
            .bind(row.is_open)
            .bind(row.reported_at)
            .bind(&row.deadline_on)
            .bind(&row.deadline_missed_on)
            .bind(row.clock_paused)
            .bind(&row.parked_until)
            .bind(row.gap_ppm)
            .bind(&row.fee_total)
            .bind(row.typical)
            .bind(&row.reported_by)
            .bind(&row.members)
            .bind(row.fee_fen)
            .bind(self.span.to_position)
            .bind(self.span.lane)
            .bind(self.span.occurred_from)
            .bind(self.span.occurred_to);
    }
}

impl Inserted for FigureWrite {
    const COLUMNS: usize = 12;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        let row = &self.row;
        script
            .bind(self.aggregate_id.to_string())
            .bind(self.position)
            .bind(row.kind.name())
            .bind(i64::from(row.happened.lane))
            .bind(self.from_position)
            .bind(&row.detail)
            .bind(row.number)
            .bind(&row.amount)
            .bind(row.occurred_at)
            .bind(&row.counted_on)
            .bind(row.happened.from)
            .bind(row.happened.to.unwrap_or(OPEN));
    }
}

impl Inserted for RegisterVersion {
    const COLUMNS: usize = 14;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        let row = &self.row;
        script
            .bind(self.stream.aggregate_type.as_str())
            .bind(self.stream.aggregate_id.to_string())
            .bind(self.span.from_position)
            .bind(self.span.version)
            .bind(&row.code)
            .bind(&row.name)
            .bind(&row.division)
            .bind(&row.state)
            .bind(&row.document)
            .bind(self.span.recorded_at)
            .bind(self.span.to_position)
            .bind(self.span.lane)
            .bind(self.span.occurred_from)
            .bind(self.span.occurred_to);
    }
}

impl Inserted for TextWrite {
    const COLUMNS: usize = 10;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script
            .bind(self.text_id)
            .bind(self.case_id.to_string())
            .bind(&self.row.field)
            .bind(self.from_position)
            .bind(self.to_position)
            .bind(self.row.occurred_at)
            .bind(self.occurred_until)
            .bind(self.row.length)
            .bind(&self.row.words)
            .bind(&self.row.body);
    }
}

/// The terms of a text, for the index.
pub(super) struct IndexedTerms {
    pub(super) text_id: i64,
    terms: String,
}

impl From<&TextWrite> for IndexedTerms {
    fn from(text: &TextWrite) -> Self {
        Self { text_id: text.text_id, terms: text.row.terms() }
    }
}

impl Inserted for IndexedTerms {
    const COLUMNS: usize = 2;

    fn bind<'q>(&'q self, script: &mut Script<'_, 'q>) {
        script.bind(self.text_id).bind(&self.terms);
    }
}
