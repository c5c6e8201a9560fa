//! Small contents, so that a story shows only what it is about.

use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use etalon::search::fold::Folded;
use etalon::search::word::{Sequence, words};
use etalon::store::{
    AggregateType, Append, AppendError, Body, CaseColumn, CaseQuery, CaseRow, CommandKey, Committed, Condition,
    Content, Keep, Moment, NewEvent, Operator, RebuiltRow, RegisterRow, RowChanges, Scope, Store, StoredCase,
    StreamEvent, StreamId, TextRow,
};
use serde_json::Value;
use uuid::Uuid;

use crate::store::support::START;

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number)
}

pub(crate) fn case_stream(number: u128) -> StreamId {
    StreamId { aggregate_type: AggregateType::Case, aggregate_id: id(number) }
}

pub(crate) fn event(note: &str) -> NewEvent {
    NewEvent {
        event_type: "NoteTaken",
        event_version: "1.0",
        // The odd spacing must survive: the stored bytes are what was hashed.
        payload: format!("{{\"fact\" :  {{\"NoteTaken\":{{\"note\":\"{note} 计量\"}}}}}}"),
        metadata: r#"{"role":"COORDINATOR"}"#.to_owned(),
    }
}

pub(crate) fn case_row(number: u128) -> CaseRow {
    CaseRow {
        case_id: id(number),
        number: format!("GD-2026-{number:04}"),
        title: "内径测量 bore gauge".to_owned(),
        status: "REPORTED".to_owned(),
        kind: None,
        category: None,
        severity: None,
        level: "CITY".to_owned(),
        division: "440300".to_owned(),
        enterprise_id: id(1_001),
        campaign_id: id(2_001),
        institution_id: None,
        lead_id: None,
        origin: "VISIT".to_owned(),
        is_open: true,
        reported_at: 1_700_000_000_000_000,
        deadline_on: None,
        deadline_missed_on: None,
        clock_paused: false,
        parked_until: None,
        gap_ppm: None,
        fee_total: "0".to_owned(),
        typical: false,
        reported_by: "p-1".to_owned(),
        members: String::new(),
        fee_fen: 0,
    }
}

pub(crate) fn register_row(name: &str) -> RegisterRow {
    RegisterRow {
        code: format!("code of {name}"),
        name: name.to_owned(),
        division: "4403".to_owned(),
        state: "ACTIVE".to_owned(),
        document: format!("{{\"name\":\"{name}\"}}"),
    }
}

/// A text of an append's last event, as it is cut for the index.
pub(crate) fn text(index: u8, field: &str, body: &str) -> TextRow {
    let folded = Folded::of(body);
    let words = words(&folded);
    TextRow {
        events_after: 0,
        index,
        field: field.to_owned(),
        replaces: false,
        occurred_at: START - 100,
        length: words.len() as u32,
        words: Sequence::of(&words).as_str().to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn rows_of(case: CaseRow) -> RowChanges {
    RowChanges { case: Some(case), ..RowChanges::default() }
}

pub(crate) fn notes(notes: &[&str], rows: RowChanges) -> Content {
    let events = notes.iter().map(|note| event(note)).collect();
    Content { events, rows, ..Content::default() }
}

pub(crate) fn command(key: &str) -> CommandKey {
    CommandKey { actor: "p-1".to_owned(), idempotency_key: key.to_owned(), digest: [7; 32] }
}

pub(crate) fn append(stream: StreamId, expected_version: u64, key: &str, content: Content) -> Append {
    Append { stream, expected_version, relied_on: Vec::new(), command: command(key), body: Body::Ready(content) }
}

/// One note on a stream without read rows.
pub(crate) fn note(stream: StreamId, expected_version: u64, key: &str) -> Append {
    append(stream, expected_version, key, notes(&[key], RowChanges::default()))
}

/// A case whose number is given in the commit.
pub(crate) fn numbered(number: u128, key: &str) -> Append {
    let write = move |given| {
        let row = CaseRow { number: format!("GD-2026-{given:04}"), ..case_row(number) };
        notes(&[&format!("number {given}")], rows_of(row))
    };
    Append {
        stream: case_stream(number),
        expected_version: 0,
        relied_on: Vec::new(),
        command: command(key),
        body: Body::Numbered { series: "GD-2026".to_owned(), write: Arc::new(write) },
    }
}

pub(crate) async fn commit_one(store: &dyn Store, append: Append) -> Result<Committed, AppendError> {
    commit(store, &[append]).await.remove(0)
}

pub(crate) async fn commit(store: &dyn Store, batch: &[Append]) -> Vec<Result<Committed, AppendError>> {
    store.commit(batch.to_vec()).await.expect("the transaction succeeds")
}

/// Every case at present, in the order of their ids.
/// The case, as of a moment.
pub(crate) async fn case_by_id(store: &dyn Store, case_id: Uuid, at: Moment) -> Option<StoredCase> {
    case_with(store, CaseColumn::CaseId, &case_id.to_string(), at).await
}

/// The case of that number, as of a moment.
pub(crate) async fn case_by_number(store: &dyn Store, number: &str, at: Moment) -> Option<StoredCase> {
    case_with(store, CaseColumn::Number, number, at).await
}

async fn case_with(store: &dyn Store, column: CaseColumn, value: &str, at: Moment) -> Option<StoredCase> {
    let condition = Condition::Compare { column, operator: Operator::Equal, value: value.into() };
    // Numbers of samples are not always given once: the last of them has it.
    store.cases(&CaseQuery { condition, at, ..all_cases() }).await.expect("read").pop()
}

pub(crate) fn all_cases() -> CaseQuery {
    CaseQuery {
        condition: Condition::All(Vec::new()),
        scope: Scope { everything: true, ..Scope::default() },
        order: Vec::new(),
        after: None,
        before: None,
        limit: 10_000,
        keep: Keep::First,
        at: Moment::Present,
    }
}

/// What a rebuild computes again from an append with known content.
pub(crate) fn rebuilt(append: &Append, committed: &Committed) -> RebuiltRow {
    let (content, number_taken) = match &append.body {
        Body::Ready(content) => (content.clone(), None),
        Body::Numbered { .. } => panic!("number this one by hand"),
    };
    RebuiltRow {
        stream: append.stream,
        version: committed.version,
        event_count: committed.event_count,
        position: committed.last_position(),
        recorded_at: committed.recorded_at,
        changes: content.rows,
        number_taken,
    }
}

/// The events of a stream after a version, their payloads parsed, without their metadata.
pub(crate) async fn events_of(store: &dyn Store, stream: StreamId, after_version: u64) -> Vec<SerializedEvent> {
    let loaded = store.load(stream, after_version).await.expect("loaded");
    let parsed = |event| match event {
        StreamEvent::Parsed(event) => SerializedEvent { metadata: Value::Null, ..event },
        StreamEvent::Stored(record) => SerializedEvent {
            aggregate_id: record.aggregate_id,
            sequence: record.sequence as usize,
            aggregate_type: record.aggregate_type,
            event_type: record.event_type,
            event_version: record.event_version,
            payload: serde_json::from_str(&record.payload).expect("JSON"),
            metadata: Value::Null,
        },
    };
    loaded.into_iter().map(parsed).collect()
}
