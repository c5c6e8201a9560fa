//! What a commit accepts, refuses and promises.

use etalon::store::{
    AggregateType, Append, AppendError, CaseRow, CommandKey, Committed, Content, Happened, LastEvent, Moment,
    NewAttachment, PastRow, PastState, RowChanges, StoreError, StreamId,
};

use crate::store::samples::{
    append, case_by_number, case_row, case_stream, commit, commit_one, event, events_of, id, note, notes, numbered,
    register_row, rows_of,
};
use crate::store::support::{Database, START, TestClock};

async fn what_was_appended_is_loaded_byte_for_byte(database: Database) {
    let store = database.open().await;
    let content = notes(&["one", "two"], RowChanges::default());
    let committed = commit_one(&*store, append(case_stream(1), 0, "a", content)).await;
    let stream = case_stream(1);
    let expected =
        Committed { stream, version: 2, first_position: 0, event_count: 2, recorded_at: START, replayed: false };
    assert_eq!(committed.expect("accepted"), expected);

    let loaded = events_of(&*store, case_stream(1), 0).await;
    let payload: serde_json::Value = serde_json::from_str(&event("two").payload).expect("a sample is JSON");
    assert_eq!(loaded.len(), 2);
    assert_eq!((loaded[1].sequence, &loaded[1].payload), (2, &payload));
    assert_eq!(loaded[1].aggregate_type, "Case");
    assert_eq!(events_of(&*store, case_stream(1), 1).await, loaded[1..]);
    assert_eq!(events_of(&*store, case_stream(2), 0).await, []);

    let events = store.events(&super::log::every_event()).await.expect("read");
    assert_eq!(events[1].payload, event("two").payload);
    assert_eq!(events[1].metadata, event("two").metadata);
}

async fn every_aggregate_type_has_streams_of_its_own(database: Database) {
    let store = database.open().await;
    for aggregate_type in AggregateType::ALL {
        let stream = StreamId { aggregate_type, aggregate_id: id(1) };
        commit_one(&*store, note(stream, 0, aggregate_type.as_str())).await.expect("accepted");
        let loaded = events_of(&*store, stream, 0).await;
        assert_eq!(loaded.len(), 1);
        assert_eq!(loaded[0].aggregate_type, aggregate_type.as_str());
    }
}

async fn a_conflict_fails_alone(database: Database) {
    let store = database.open().await;
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    let batch = [note(case_stream(2), 0, "b"), note(case_stream(1), 0, "c"), note(case_stream(3), 0, "d")];
    let outcomes = commit(&*store, &batch).await;
    assert_eq!(outcomes[0].as_ref().expect("accepted").first_position, 1);
    assert!(matches!(outcomes[1], Err(AppendError::Conflict { current_version: 1 })));
    assert_eq!(outcomes[2].as_ref().expect("accepted").first_position, 2);
    assert_eq!(store.head().await.expect("read").next_position, 3);
    assert!(store.command("p-1", "c").await.expect("read").is_none());
}

/// Two decisions that rest on each other's stream, such as two cases marked as duplicates of each other: the first holds.
async fn a_decision_falls_with_what_it_rested_on(database: Database) {
    let store = database.open().await;
    let first = note(case_stream(1), 0, "a");
    commit_one(&*store, first).await.expect("accepted");
    commit_one(&*store, note(case_stream(2), 0, "b")).await.expect("accepted");
    let resting =
        |number, key, on| Append { relied_on: vec![(case_stream(on), 1)], ..note(case_stream(number), 1, key) };
    let outcomes = commit(&*store, &[resting(1, "c", 2), resting(2, "d", 1), note(case_stream(3), 0, "e")]).await;
    assert_eq!(outcomes[0].as_ref().expect("accepted").version, 2);
    assert!(matches!(outcomes[1], Err(AppendError::Outdated { stream }) if stream == case_stream(1)));
    assert_eq!(outcomes[2].as_ref().expect("accepted").version, 1);
    let later = commit_one(&*store, resting(2, "f", 1)).await;
    assert!(matches!(later, Err(AppendError::Outdated { .. })), "also in a later batch");
    assert!(store.command("p-1", "d").await.expect("read").is_none());
}

async fn a_key_sent_again_gets_the_first_answer(database: Database) {
    let store = database.open().await;
    let first = commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    commit_one(&*store, note(case_stream(1), 1, "b")).await.expect("accepted");
    let again = commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    assert_eq!(again, Committed { replayed: true, ..first });
    assert_eq!(store.head().await.expect("read").next_position, 2);

    let stored = store.command("p-1", "a").await.expect("read").expect("it was committed");
    assert_eq!((stored.committed, stored.committed.stream), (again, case_stream(1)));
    assert_eq!(stored.digest, [7; 32]);
}

async fn a_key_is_for_one_command_of_one_actor(database: Database) {
    let store = database.open().await;
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    let other = note(case_stream(1), 1, "a");
    let reused = Append { command: CommandKey { digest: [8; 32], ..other.command.clone() }, ..other.clone() };
    assert!(matches!(commit_one(&*store, reused).await, Err(AppendError::KeyReused)));
    let of_another = Append { command: CommandKey { actor: "p-2".to_owned(), ..other.command.clone() }, ..other };
    assert_eq!(commit_one(&*store, of_another).await.expect("accepted").version, 2);
}

async fn appends_of_a_batch_see_each_other(database: Database) {
    let store = database.open().await;
    let reused = note(case_stream(2), 0, "a");
    let reused = Append { command: CommandKey { digest: [8; 32], ..reused.command.clone() }, ..reused };
    let batch = [
        note(case_stream(1), 0, "a"),
        note(case_stream(1), 1, "b"),
        note(case_stream(1), 1, "late"),
        note(case_stream(1), 0, "a"),
        reused,
    ];
    let outcomes = commit(&*store, &batch).await;
    let first = *outcomes[0].as_ref().expect("accepted");
    assert_eq!(outcomes[1].as_ref().expect("accepted").version, 2);
    assert!(matches!(outcomes[2], Err(AppendError::Conflict { current_version: 2 })));
    assert_eq!(*outcomes[3].as_ref().expect("accepted"), Committed { replayed: true, ..first });
    assert!(matches!(outcomes[4], Err(AppendError::KeyReused)));
    assert_eq!(store.head().await.expect("read").next_position, 2);
}

async fn case_numbers_have_no_gap(database: Database) {
    let store = database.open().await;
    let refused = Append { expected_version: 5, ..numbered(2, "b") };
    let batch = [numbered(1, "a"), refused, numbered(3, "c"), numbered(1, "a")];
    let outcomes = commit(&*store, &batch).await;
    assert!(matches!(outcomes[1], Err(AppendError::Conflict { current_version: 0 })));
    commit_one(&*store, numbered(4, "d")).await.expect("accepted");
    for (number, case) in [("GD-2026-0001", 1), ("GD-2026-0002", 3), ("GD-2026-0003", 4)] {
        let found = case_by_number(&*store, number, Moment::Present).await.expect("it is there");
        assert_eq!(found.row.case_id, id(case));
    }
    assert!(case_by_number(&*store, "GD-2026-0004", Moment::Present).await.is_none());
}

async fn time_never_goes_back_in_the_log(database: Database) {
    let clock = TestClock::new();
    let store = database.open_with(clock.clone()).await;
    let mut recorded = Vec::new();
    for (case, now) in [(1, START), (2, START - 1_000), (3, START + 5), (4, START + 4)] {
        clock.set(now);
        let committed = commit_one(&*store, note(case_stream(case), 0, &now.to_string())).await;
        recorded.push(committed.expect("accepted").recorded_at);
    }
    assert_eq!(recorded, [START, START, START + 5, START + 5]);
    for (time, last) in [(START - 1, None), (START, Some(1)), (START + 4, Some(1)), (START + 9, Some(3))] {
        assert_eq!(store.position_at(time).await.expect("read"), last);
    }
}

/// As where the clock was set back between a decision and its commit.
async fn nothing_is_recorded_before_it_has_happened(database: Database) {
    let store = database.open().await;
    let happened = |case, key: &str, at| {
        let rows = RowChanges { happened: Happened::InOrder { at }, ..RowChanges::default() };
        append(case_stream(case), 0, key, notes(&[key], rows))
    };
    let refused = Append { expected_version: 5, ..happened(3, "c", START + 9) };
    let batch = [happened(1, "a", START - 5), happened(2, "b", START + 5), refused, happened(4, "d", START)];
    let outcomes = commit(&*store, &batch).await;
    let recorded: Vec<_> = outcomes.into_iter().flatten().map(|committed| committed.recorded_at).collect();
    assert_eq!(recorded, [START, START + 5, START + 5]);
    let events = store.events(&super::log::every_event()).await.expect("read");
    assert_eq!(events.iter().map(|event| event.recorded_at).collect::<Vec<_>>(), recorded);
    assert_eq!(store.head().await.expect("read").recorded_at, START + 5);
    let next = commit_one(&*store, note(case_stream(5), 0, "e")).await;
    assert_eq!(next.expect("accepted").recorded_at, START + 5);
}

async fn what_the_database_would_refuse_is_refused_alone(database: Database) {
    let store = database.open().await;
    let mut not_json = notes(&["x"], RowChanges::default());
    not_json.events[0].payload.push('}');
    let mut escaped = notes(&["x"], RowChanges::default());
    escaped.events[0].payload = escaped.events[0].payload.replace('x', "\\u0000");
    let mut of_actor = notes(&["x"], RowChanges::default());
    of_actor.events[0].metadata = r#"{"role":"\u0000"}"#.to_owned();
    let mut harmless = notes(&["x"], RowChanges::default());
    harmless.events[0].payload = harmless.events[0].payload.replace('x', r"\\u0000");
    let with_nul = |change: fn(&mut CaseRow)| {
        let mut row = case_row(2);
        change(&mut row);
        row
    };
    let titled = with_nul(|row| row.title = "a\0b".to_owned());
    let reported = with_nul(|row| row.reported_by = "a\0b".to_owned());
    let worked_on = with_nul(|row| row.members = " a\0b ".to_owned());
    let (from, version, last) = (START - 9, 1, LastEvent::OfAppend { followed_by: 1 });
    let states = vec![PastState { from, version, last, row: PastRow::Case(titled.clone()) }];
    let past = RowChanges { happened: Happened::Anew { states, last_at: START }, ..rows_of(case_row(2)) };
    let renamed = Content { origin: Some("a\0b".to_owned()), ..notes(&["x"], RowChanges::default()) };
    let long_name = Content { origin: Some("o".repeat(70_000)), ..notes(&["x"], RowChanges::default()) };
    let foreign = RowChanges { register: Some(register_row("r")), ..RowChanges::default() };
    let long_key = "k".repeat(70_000);
    let batch = [
        append(case_stream(1), 0, "not json", not_json),
        append(case_stream(1), 0, "escaped", escaped),
        append(case_stream(1), 0, "of an actor", of_actor),
        append(case_stream(2), 0, "titled", notes(&["x"], rows_of(titled))),
        append(case_stream(2), 0, "reported", notes(&["x"], rows_of(reported))),
        append(case_stream(2), 0, "worked on", notes(&["x"], rows_of(worked_on))),
        append(case_stream(2), 0, "past", notes(&["x", "y"], past)),
        append(case_stream(2), 0, "renamed", renamed),
        append(case_stream(2), 0, "renamed at length", long_name),
        append(case_stream(3), 0, "register", notes(&["x"], foreign)),
        append(case_stream(4), 0, "other case", notes(&["x"], rows_of(case_row(5)))),
        append(case_stream(5), 0, "nothing", Content::default()),
        note(case_stream(6), 0, &long_key),
        append(case_stream(7), 0, "good", harmless),
    ];
    let mut outcomes = commit(&*store, &batch).await;
    let good = outcomes.pop().expect("as many answers as appends").expect("accepted");
    assert_eq!(good.first_position, 0);
    for outcome in outcomes {
        assert!(matches!(outcome, Err(AppendError::Store(StoreError::Invalid { .. }))));
    }
    assert_eq!(store.head().await.expect("read").next_position, 1);
    assert!(store.origin().await.expect("read").starts_with("etalon.local/"));
    assert!(events_of(&*store, case_stream(7), 0).await[0].payload.to_string().contains(r"\\u0000 计量"));
}

async fn an_attachment_is_kept_once(database: Database) {
    let store = database.open().await;
    let attachment = NewAttachment {
        digest: "ab".repeat(32),
        media_type: "application/pdf".to_owned(),
        content: [0, 1, 255].into(),
    };
    for (case, key) in [(1, "a"), (2, "b")] {
        let attachments = vec![attachment.clone(), attachment.clone()];
        let content = Content { attachments, ..notes(&[key], RowChanges::default()) };
        commit_one(&*store, append(case_stream(case), 0, key, content)).await.expect("accepted");
    }
    let kept = store.attachment(&attachment.digest).await.expect("read").expect("it is there");
    assert_eq!((kept.media_type, kept.content), (attachment.media_type, attachment.content.to_vec()));
    assert!(store.attachment("cd").await.expect("read").is_none());
}

async fn an_empty_batch_is_no_commit(database: Database) {
    let store = database.open().await;
    assert!(commit(&*store, &[]).await.is_empty());
    assert_eq!(store.head().await.expect("read").last_position(), None);
}

/// Where a write fails, as on a full disk, SQLite ends the transaction by itself. Here a trigger does that.
#[tokio::test]
async fn a_transaction_that_sqlite_has_ended_is_not_the_last() {
    let database = Database::sqlite();
    let (store, raw) = (database.open().await, database.raw().await);
    raw.execute("create trigger no_room before insert on commands begin select raise(rollback, 'no room'); end").await;
    for key in ["a", "b"] {
        let failed = store.commit(vec![note(case_stream(1), 0, key)]).await.expect_err("there is no room");
        assert!(failed.is_retryable(), "{failed}");
    }
    raw.execute("drop trigger no_room").await;
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    assert_eq!(store.head().await.expect("read").next_position, 1);
}

on_both_databases! {
    what_was_appended_is_loaded_byte_for_byte,
    every_aggregate_type_has_streams_of_its_own,
    a_conflict_fails_alone,
    a_decision_falls_with_what_it_rested_on,
    a_key_sent_again_gets_the_first_answer,
    a_key_is_for_one_command_of_one_actor,
    appends_of_a_batch_see_each_other,
    case_numbers_have_no_gap,
    time_never_goes_back_in_the_log,
    nothing_is_recorded_before_it_has_happened,
    what_the_database_would_refuse_is_refused_alone,
    an_attachment_is_kept_once,
    an_empty_batch_is_no_commit,
}
