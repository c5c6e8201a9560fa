//! What a batch builds on: where the log ends, command keys, stream versions and number series. The database is asked
//! for it in one statement while the head of the log is locked; or it is assumed, and looked at by the statement that
//! writes.

use std::collections::{HashMap, HashSet};

use sqlx::FromRow;

use crate::ledger::tree::Frontier;
use crate::store::row::ROWS_VERSION;
use crate::store::stored::{corrupt, hash, recorded, scanned, stream, time, tree};
use crate::store::{Append, Body, Committed, Head, StoreError, StoredCommand, StreamId};

/// The keys of a batch, as columns.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) actors: Vec<&'a str>,
    pub(super) idempotency_keys: Vec<&'a str>,
    pub(super) streams: Vec<StreamId>,
    pub(super) aggregate_types: Vec<&'static str>,
    pub(super) aggregate_ids: Vec<String>,
    /// Of the streams, as the batch takes them to be before any of it.
    pub(super) versions: Vec<i64>,
    pub(super) series: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(batch: &'a [Append]) -> Self {
        let mut asked = Self::default();
        let (mut streams, mut series) = (HashSet::new(), HashSet::new());
        for append in batch {
            asked.actors.push(&append.command.actor);
            asked.idempotency_keys.push(&append.command.idempotency_key);
            for (stream, version) in append.relied_on.iter().copied().chain([(append.stream, append.expected_version)])
            {
                if streams.insert(stream) {
                    asked.streams.push(stream);
                    asked.versions.push(version.cast_signed());
                    asked.aggregate_types.push(stream.aggregate_type.as_str());
                    asked.aggregate_ids.push(stream.aggregate_id.to_string());
                }
            }
            if let Body::Numbered { series: name, .. } = &append.body
                && series.insert(name)
            {
                asked.series.push(name);
            }
        }
        asked
    }
}

/// What the database says.
#[derive(Debug)]
pub(super) struct Known {
    /// The time by its clock, in microseconds since the Unix epoch; `None` where the statement that writes looks at that.
    pub(super) time: Option<i64>,
    pub(super) head: Head,
    pub(super) origin: String,
    /// Over the events before the head.
    pub(super) tree: Frontier,
    /// By actor and idempotency key.
    pub(super) commands: HashMap<(String, String), StoredCommand>,
    /// Streams that are not here have no events.
    pub(super) versions: HashMap<StreamId, u64>,
    /// Series that are not here have given no number.
    pub(super) series: HashMap<String, u64>,
}

/// One answer; what the columns mean depends on the kind.
#[derive(FromRow)]
pub(super) struct KnownRow {
    kind: i64,
    text_1: String,
    text_2: String,
    text_3: String,
    text_4: String,
    number_1: i64,
    number_2: i64,
    number_3: i64,
    number_4: i64,
    digest: Vec<u8>,
}

scanned!(KnownRow: kind text_1 text_2 text_3 text_4 number_1 number_2 number_3 number_4 digest);

/// `kind` of the rows; the statements have these as literals.
const HEAD: i64 = 0;
const COMMAND: i64 = 1;
const STREAM: i64 = 2;
const SERIES: i64 = 3;

impl Known {
    /// # Errors
    /// [`StoreError::OtherRows`] when read rows of this program would not go with those that are there.
    pub(super) fn from_rows(rows: Vec<KnownRow>) -> Result<Self, StoreError> {
        let mut log = None;
        let (mut commands, mut versions, mut series) = (HashMap::new(), HashMap::new(), HashMap::new());
        for row in rows {
            match row.kind {
                HEAD => {
                    let next_position = row.number_1.cast_unsigned();
                    let stored = row.number_3.cast_unsigned();
                    if stored != ROWS_VERSION {
                        return Err(StoreError::OtherRows { stored, ours: ROWS_VERSION });
                    }
                    let tree = tree(row.number_1, &row.digest)?;
                    let head = Head { next_position, recorded_at: row.number_2 };
                    log = Some((row.number_4, head, row.text_1, tree));
                }
                COMMAND => {
                    let stored = StoredCommand {
                        digest: hash("commands.digest", &row.digest)?,
                        committed: Committed {
                            stream: stream("commands", &row.text_3, &row.text_4)?,
                            version: row.number_1.cast_unsigned(),
                            first_position: row.number_2.cast_unsigned(),
                            event_count: recorded(row.number_2, row.number_3)?,
                            recorded_at: time("commands.recorded_at", row.number_4)?,
                            replayed: true,
                        },
                    };
                    commands.insert((row.text_1, row.text_2), stored);
                }
                STREAM => {
                    let stream = stream("events", &row.text_1, &row.text_2)?;
                    versions.insert(stream, row.number_1.cast_unsigned());
                }
                SERIES => {
                    series.insert(row.text_1, row.number_1.cast_unsigned());
                }
                kind => return Err(corrupt("the answer to a batch", "kind", &kind.to_string())),
            }
        }
        let Some((time, head, origin, tree)) = log else {
            return Err(corrupt("log_head", "number of rows", "0"));
        };
        Ok(Self { time: Some(time), head, origin, tree, commands, versions, series })
    }
}
