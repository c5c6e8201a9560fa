//! Reading the log by position, and what its ledger entries promise.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etalon::ledger::entry::leaf_hash;
use etalon::store::{
    Access, AggregateType, Among, EventQuery, EventRecord, Keep, Picked, RegisterQuery, RowChanges, Scope, Span, Store,
    StreamId, StreamRange, Within,
};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::store::samples::{append, case_row, case_stream, commit, id, note, notes, register_row, rows_of};
use crate::store::support::{Database, START, TestClock};

pub(crate) fn every_event() -> EventQuery {
    EventQuery { limit: 10_000, ..EventQuery::default() }
}

async fn positions(store: &dyn Store, query: EventQuery) -> Vec<u64> {
    let events = store.events(&query).await.expect("read");
    events.iter().map(|event| event.position).collect()
}

async fn events_are_found_by_what_they_are(database: Database) {
    let store = database.open().await;
    let person = StreamId { aggregate_type: AggregateType::Person, aggregate_id: id(1) };
    let mut other = append(case_stream(2), 0, "d", notes(&["d"], RowChanges::default()));
    other.command.actor = "p-2".to_owned();
    let batch = [note(case_stream(1), 0, "a"), note(person, 0, "b"), note(case_stream(1), 1, "c"), other];
    commit(&*store, &batch).await;
    let all = every_event;
    let stream = Some(case_stream(1));
    let aggregate_type = Some(AggregateType::Case);
    let actor = Some("p-2".to_owned());
    let (known, unknown) = ("NoteTaken".to_owned(), "Unknown".to_owned());
    for (query, expected) in [
        (all(), vec![0, 1, 2, 3]),
        (EventQuery { after: Some(1), ..all() }, vec![2, 3]),
        (EventQuery { up_to: Some(1), ..all() }, vec![0, 1]),
        (EventQuery { after: Some(0), limit: 2, ..all() }, vec![1, 2]),
        (EventQuery { before: Some(2), ..all() }, vec![0, 1]),
        (EventQuery { limit: 2, keep: Keep::Last, ..all() }, vec![2, 3]),
        (EventQuery { stream, before: Some(3), limit: 1, keep: Keep::Last, ..all() }, vec![2]),
        (EventQuery { stream, ..all() }, vec![0, 2]),
        (EventQuery { stream, after: Some(0), ..all() }, vec![2]),
        (EventQuery { aggregate_type, ..all() }, vec![0, 2, 3]),
        (EventQuery { actor, ..all() }, vec![3]),
        (EventQuery { types: vec![unknown.clone()], ..all() }, vec![]),
        (EventQuery { but_types: vec![unknown.clone()], ..all() }, vec![0, 1, 2, 3]),
        (EventQuery { but_types: vec![unknown.clone(), known.clone()], ..all() }, vec![]),
        (EventQuery { types: vec![unknown, known], ..all() }, vec![0, 1, 2, 3]),
    ] {
        assert_eq!(positions(&*store, query.clone()).await, expected, "{query:?}");
    }
}

/// Whoever goes through the log or its streams finds the same events, a fold without what it needs nothing of.
async fn the_log_is_gone_through_as_it_is_read(database: Database) {
    let store = database.open().await;
    let person = StreamId { aggregate_type: AggregateType::Person, aggregate_id: id(3) };
    let batch =
        [note(case_stream(2), 0, "a"), note(person, 0, "b"), note(case_stream(1), 0, "校准"), note(person, 1, "d")];
    commit(&*store, &batch).await;
    let all = store.events(&every_event()).await.expect("read");
    assert_eq!(all.len(), 4);
    for (after, up_to, limit, expected) in [
        (None, None, 10, &all[..]),
        (Some(0), Some(2), 10, &all[1..3]),
        (Some(1), None, 1, &all[2..3]),
        (Some(3), None, 5, &[]),
    ] {
        assert_eq!(store.log(after, up_to, limit).await.expect("read"), expected, "{after:?} {up_to:?} {limit}");
    }
    let streams = StreamRange { aggregate_type: AggregateType::Case, after: None, until: None };
    let to_fold = |event: &EventRecord| EventRecord {
        metadata: String::new(),
        entry: Vec::new(),
        leaf_hash: [0; 32],
        ..event.clone()
    };
    let expected = [to_fold(&all[2]), to_fold(&all[0])];
    assert_eq!(store.events_of_streams(&streams, None).await.expect("read"), expected);
    assert_eq!(store.events_of_streams(&streams, Some(1)).await.expect("read"), expected[..1]);
}

/// By when the log took them and by when they say that they happened, to the fraction of a second.
async fn events_are_found_by_their_times(database: Database) {
    let clock = TestClock::new();
    let store = database.open_with(clock.clone()).await;
    let said = ["05:00:00Z", "05:00:00.5Z", "05:00:00.000001Z", "04:59:59.999999Z", "05:00:01Z", "05:00:00.1234567Z"];
    let day = |time: &str| format!("2026-03-04T{time}");
    for (version, time) in (0..).zip(said) {
        clock.set(START + version);
        let mut content = notes(&["x"], RowChanges::default());
        content.events[0].payload = format!(r#"{{"by":"p-1","occurredAt":"{}","fact":{{}}}}"#, day(time));
        let added = append(case_stream(1), version.cast_unsigned(), time, content);
        commit(&*store, &[added]).await.remove(0).expect("accepted");
    }
    let time = |text: &str| Some(day(text).parse().expect("a time"));
    let micros = |micros| Some(Timestamp::from_microsecond(START + micros).expect("a time"));
    let nanos = |nanos| micros(2).map(|time| time + SignedDuration::from_nanos(nanos));
    let (from, until) = (|from| Span { from, until: None }, |until| Span { from: None, until });
    let all = || EventQuery { stream: Some(case_stream(1)), ..every_event() };
    for (query, expected) in [
        (EventQuery { occurred: from(time("05:00:00Z")), ..all() }, vec![0, 1, 2, 4, 5]),
        (EventQuery { occurred: from(time("05:00:00.123456Z")), ..all() }, vec![1, 4, 5]),
        (EventQuery { occurred: from(time("05:00:00.1234568Z")), ..all() }, vec![1, 4]),
        (EventQuery { occurred: until(time("05:00:00Z")), ..all() }, vec![3]),
        (EventQuery { occurred: until(time("05:00:00.000001Z")), ..all() }, vec![0, 3]),
        (EventQuery { occurred: Span { from: time("05:00:00.1Z"), until: time("05:00:01Z") }, ..all() }, vec![1, 5]),
        (EventQuery { recorded: from(micros(2)), ..all() }, vec![2, 3, 4, 5]),
        (EventQuery { recorded: from(nanos(1)), ..all() }, vec![3, 4, 5]),
        (EventQuery { recorded: until(micros(2)), ..all() }, vec![0, 1]),
        (EventQuery { recorded: until(nanos(1)), ..all() }, vec![0, 1, 2]),
        (EventQuery { after_version: 4, ..all() }, vec![4, 5]),
    ] {
        assert_eq!(positions(&*store, query.clone()).await, expected, "{query:?}");
        let last = EventQuery { limit: 1, keep: Keep::Last, ..query.clone() };
        assert_eq!(positions(&*store, last.clone()).await, expected[expected.len() - 1..], "{query:?}");
        let counted = store.count_events(&last).await.expect("counted");
        assert_eq!(counted.into_values().sum::<u64>(), expected.len() as u64, "{query:?}");
    }
}

/// Of each of them so many, in its own order, however they lie in the log.
async fn the_same_page_of_several_streams_is_read_at_once(database: Database) {
    let store = database.open().await;
    let (one, two, three) = (case_stream(1), case_stream(2), case_stream(3));
    let batch = [
        note(one, 0, "a"),
        note(two, 0, "b"),
        note(one, 1, "c"),
        note(three, 0, "d"),
        note(two, 1, "e"),
        note(one, 2, "f"),
    ];
    commit(&*store, &batch).await;
    let of = |streams: &[StreamId]| EventQuery {
        aggregate_type: Some(AggregateType::Case),
        aggregate_ids: streams.iter().map(|stream| stream.aggregate_id).collect(),
        ..every_event()
    };
    let both = || of(&[one, two]);
    for (query, of_one, of_two) in [
        (both(), vec![0, 2, 5], vec![1, 4]),
        (EventQuery { limit: 2, ..both() }, vec![0, 2], vec![1, 4]),
        (EventQuery { limit: 1, keep: Keep::Last, ..both() }, vec![5], vec![4]),
        (EventQuery { limit: 1, after: Some(1), ..both() }, vec![2], vec![4]),
        (EventQuery { limit: 2, before: Some(5), keep: Keep::Last, ..both() }, vec![0, 2], vec![1, 4]),
        (EventQuery { limit: 1, keep: Keep::Last, ..of(&[one]) }, vec![5], vec![]),
    ] {
        let events = store.events(&query).await.expect("read");
        let found = |stream: StreamId| -> Vec<u64> {
            events.iter().filter(|event| event.stream() == Some(stream)).map(|event| event.position).collect()
        };
        assert_eq!((found(one), found(two), found(three)), (of_one, of_two, vec![]), "{query:?}");
    }
    let counted = store.count_events(&EventQuery { limit: 1, after: Some(0), ..both() }).await.expect("counted");
    assert_eq!(counted, [(one.aggregate_id, 2), (two.aggregate_id, 2)].into());
}

/// Those of several aggregates in the order of the log, by whichever way they are come by.
async fn events_of_some_aggregates_are_in_one_order(database: Database) {
    let store = database.open().await;
    let person = StreamId { aggregate_type: AggregateType::Person, aggregate_id: id(1) };
    let registered = RowChanges { register: Some(register_row("Ada")), ..RowChanges::default() };
    let batch = [
        append(case_stream(1), 0, "a", notes(&["a"], rows_of(case_row(1)))),
        append(person, 0, "b", notes(&["b"], registered)),
        append(case_stream(2), 0, "c", notes(&["c"], rows_of(case_row(2)))),
        append(case_stream(1), 1, "d", notes(&["d"], rows_of(case_row(1)))),
        note(case_stream(3), 0, "e"),
    ];
    commit(&*store, &batch).await;
    let cases = |picked| Among { aggregate_type: AggregateType::Case, picked };
    let these = |ids: &[u128]| cases(Picked::These(ids.iter().copied().map(id).collect()));
    let persons = || Among { aggregate_type: AggregateType::Person, picked: Picked::All };
    let seen = |division: &str, within: Option<&str>| {
        let scope = Scope { division_prefix: Some(division.to_owned()), ..Scope::default() };
        cases(Picked::Cases { scope, division_prefix: within.map(str::to_owned) })
    };
    let entries = |division: &str| {
        let within = Within { division_prefix: division.to_owned(), own: None };
        let query = RegisterQuery::of(AggregateType::Person, Vec::new());
        let query = RegisterQuery { ids: None, within: Some(within), ..query };
        Among { aggregate_type: AggregateType::Person, picked: Picked::Entries(Box::new(query)) }
    };
    for (among, expected) in [
        (vec![], vec![0, 1, 2, 3, 4]),
        (vec![cases(Picked::All)], vec![0, 2, 3, 4]),
        (vec![cases(Picked::All), persons()], vec![0, 1, 2, 3, 4]),
        (vec![these(&[1, 3])], vec![0, 3, 4]),
        (vec![these(&[2]), persons()], vec![1, 2]),
        (vec![these(&[])], vec![]),
        (vec![these(&[]), persons()], vec![1]),
        // Only two of the cases have a row, and lie in the same city.
        (vec![seen("44", None)], vec![0, 2, 3]),
        (vec![seen("44", Some("4403")), entries("44")], vec![0, 1, 2, 3]),
        (vec![seen("44", Some("4404"))], vec![]),
        (vec![seen("32", None), persons()], vec![1]),
        (vec![seen("32", None), entries("32")], vec![]),
    ] {
        for access in [Access::Walk, Access::Gather] {
            let query = EventQuery { among: among.clone(), access, ..every_event() };
            assert_eq!(positions(&*store, query.clone()).await, expected, "{query:?}");
            let last = EventQuery { limit: 2, keep: Keep::Last, before: Some(4), ..query };
            let before: Vec<_> = expected.iter().copied().filter(|position| *position < 4).collect();
            assert_eq!(positions(&*store, last.clone()).await, before[before.len().saturating_sub(2)..], "{last:?}");
        }
    }
}

async fn hashes_are_recomputable_from_the_stored_bytes(database: Database) {
    let store = database.open().await;
    let quoted = append(case_stream(1), 1, "\"quoted\"\n", notes(&["b"], RowChanges::default()));
    commit(&*store, &[note(case_stream(1), 0, "a"), quoted]).await;
    let origin = store.origin().await.expect("read");
    assert!(origin.starts_with("etalon.local/"));
    let events = store.events(&every_event()).await.expect("read");
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(leaf_hash(&event.entry), event.leaf_hash);
        let entry: serde_json::Value = serde_json::from_slice(&event.entry).expect("JSON");
        let EventRecord { position, aggregate_type, aggregate_id, sequence, .. } = &event;
        let expected = serde_json::json!({
            "v": "1",
            "log": origin,
            "i": position.to_string(),
            "agg": [aggregate_type, aggregate_id],
            "n": sequence.to_string(),
            "type": event.event_type,
            "tv": event.event_version,
            "at": "2026-03-04T05:06:07.000000Z",
            "actor": event.actor,
            "cmd": event.command_id,
            "r": entry["r"],
            "ph": STANDARD.encode(Sha256::digest(event.payload.as_bytes())),
            "mh": STANDARD.encode(Sha256::digest(event.metadata.as_bytes())),
        });
        assert_eq!(entry, expected);
        let random = entry["r"].as_str().expect("text");
        assert_eq!(STANDARD.decode(random).expect("base64").len(), 16);
        // serde_json keeps the members of an object sorted: so this is the canonical order.
        assert_eq!(serde_json::to_vec(&entry).expect("JSON"), event.entry);
    }
}

on_both_databases! {
    events_are_found_by_what_they_are,
    events_are_found_by_their_times,
    the_log_is_gone_through_as_it_is_read,
    the_same_page_of_several_streams_is_read_at_once,
    events_of_some_aggregates_are_in_one_order,
    hashes_are_recomputable_from_the_stored_bytes,
}
