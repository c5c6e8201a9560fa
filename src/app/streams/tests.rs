//! What is read of streams, and what is not.

use proptest::prelude::*;
use tempfile::TempDir;

use super::parts::EVENTS_AT_ONCE;
use super::*;
use crate::app::App;
use crate::app::request::{Key, Request};
use crate::clock::ManualClock;
use crate::domain::actor::Role;
use crate::domain::case::Case;
use crate::domain::change::Change;
use crate::domain::fixtures::{NOW, actor, categories, division, label, time};
use crate::domain::institution::Institution;
use crate::domain::institution::command::{AmendInstitution, InstitutionCommand, RegisterInstitution};
use crate::domain::institution::values::InstitutionKind;
use crate::store;

/// A stream that is asked for at so much, of which so much is known.
fn part(id: u128, after: u64, up_to: u64) -> Part {
    Part { id: Uuid::from_u128(id), after, up_to }
}

/// How the batches are cut of streams that are asked for at these versions, of which these are known.
fn cut(asked: &[(u64, u64)]) -> Vec<Vec<(u64, u64)>> {
    let asked = (0..).zip(asked).map(|(id, (after, up_to))| part(id, *after, *up_to)).collect();
    batches(asked).into_iter().map(|batch| batch.into_iter().map(|part| (part.after, part.up_to)).collect()).collect()
}

#[test]
fn what_is_long_is_read_in_parts() {
    let unknown = |versions: &[u64]| versions.iter().map(|version| (0, *version)).collect::<Vec<_>>();
    assert_eq!(cut(&[]), [[(0, 0); 0]; 0]);
    assert_eq!(cut(&unknown(&[20; 100])), [unknown(&[20; 100])]);
    let expected = [&[2, 3][..], &[1_000, 1_000], &[5_000]].map(unknown);
    assert_eq!(cut(&unknown(&[5_000, 3, 1_000, 2, 1_000])), expected);
}

#[test]
fn what_is_known_of_a_long_stream_makes_it_a_short_one() {
    assert_eq!(cut(&[(4_999, 5_000), (4_000, 4_900), (0, 1)]), [vec![(0, 1)], vec![(4_000, 4_900), (4_999, 5_000)]]);
}

proptest! {
    #[test]
    fn no_more_is_read_at_once_than_fits_or_one_stream(
        asked in prop::collection::vec((0_u64..3_000, 1_u64..3_000), 0..200),
    ) {
        let asked: Vec<_> = asked.into_iter().map(|(after, more)| (after, after + more)).collect();
        let batches = cut(&asked);
        for batch in &batches {
            let least = batch.iter().map(|(after, _)| after).min().expect("a batch has a stream");
            let most = batch.iter().map(|(_, up_to)| up_to).max().expect("a batch has a stream");
            let read = (most - least) * batch.len() as u64;
            prop_assert!(read <= EVENTS_AT_ONCE || batch.len() == 1, "{read} of {batch:?}");
        }
        let mut sorted = asked;
        sorted.sort_unstable();
        prop_assert_eq!(batches.concat(), sorted);
    }
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let kept = kept_within::<Case>(1 << 20);
    for number in 0..100 {
        let case = Versioned { size_bytes: 100 << 10, ..Versioned::default() };
        kept.insert(Uuid::from_u128(number), Arc::new(case)).await;
    }
    kept.run_pending_tasks().await;
    assert!(kept.weighted_size() <= 1 << 20, "{} bytes", kept.weighted_size());
    assert!((1..=10).contains(&kept.entry_count()), "{} cases", kept.entry_count());
}

#[tokio::test]
async fn what_weighs_more_than_there_is_room_for_is_kept_all_the_same() {
    let kept = kept_within::<Case>(1 << 20);
    for version in 1..=3 {
        let heavy = Versioned { version, size_bytes: 3 << 20, ..Versioned::default() };
        kept.insert(Uuid::from_u128(1), Arc::new(heavy)).await;
        kept.run_pending_tasks().await;
        assert_eq!(kept.get(&Uuid::from_u128(1)).await.map(|case| case.version), Some(version));
    }
}

/// A log in which an institution is called by one name after the other.
struct Log {
    store: Arc<dyn Store>,
    institution: Uuid,
    events: Vec<EventRecord>,
    _folder: TempDir,
}

/// A new database.
async fn empty() -> (Arc<dyn Store>, Arc<ManualClock>, TempDir) {
    let (folder, clock) = (TempDir::new().expect("a folder"), Arc::new(ManualClock::new(time(NOW), 2012)));
    let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
    (store::open(&url, clock.clone()).await.expect("a new database"), clock, folder)
}

impl Log {
    async fn of(names: &[&str]) -> Self {
        let (store, clock, folder) = empty().await;
        let app = App::new(store.clone(), clock);
        let institution = app.new_id();
        for (earlier, name) in names.iter().enumerate() {
            let request = Request {
                actor: actor(Role::Coordinator, "44"),
                key: Key::unique(app.new_id()),
                expected_version: Some(earlier as u64),
                occurred_at: None,
                source: None,
            };
            let command = if earlier == 0 { registered(name) } else { renamed(name) };
            app.execute::<Institution>(&request, institution, command).await.expect("it is allowed");
        }
        let events = store.log(None, None, 100).await.expect("it reads");
        assert_eq!(events.len(), names.len());
        Self { store, institution, events, _folder: folder }
    }
}

fn registered(name: &str) -> InstitutionCommand {
    let command = RegisterInstitution {
        name: label(name),
        division: division("44"),
        kind: InstitutionKind::MetrologyInstitute,
        capabilities: categories(&["L"]),
        accreditation: None,
    };
    command.into()
}

fn renamed(name: &str) -> InstitutionCommand {
    let name = Some(label(name));
    AmendInstitution { name, division: None, kind: None, capabilities: None, accreditation: Change::Keep }.into()
}

fn institutions(store: &Arc<dyn Store>) -> Streams<Institution> {
    Streams::new(AggregateType::Institution, store.clone(), codec::upcasters())
}

/// The version that an institution is at, and what it is called.
fn told(institution: &Versioned<Institution>) -> (u64, Option<&str>) {
    (institution.version, institution.state.file.as_ref().map(|file| file.name.as_str()))
}

#[tokio::test]
async fn what_is_known_as_it_was_before_events_goes_on_by_them_without_a_read() {
    let log = Log::of(&["first", "second", "third", "fourth"]).await;
    // It has none of them: whatever is read there is nothing.
    let (nowhere, _, _folder) = empty().await;
    let streams = institutions(&nowhere);
    for (events, expected) in [
        (&log.events[..1], (1, Some("first"))),
        (&log.events[1..3], (3, Some("third"))),
        // Some of them are known.
        (&log.events[2..], (4, Some("fourth"))),
        (&log.events[..2], (4, Some("fourth"))),
    ] {
        let found = streams.after(events).await.expect("the database is there");
        assert_eq!(told(&found[&log.institution]), expected);
        let kept = streams.kept(log.institution).await.expect("it is kept");
        assert_eq!(kept, found[&log.institution]);
    }
    // Nobody knows what came before, and it is nowhere.
    let found = institutions(&nowhere).after(&log.events[1..]).await.expect("the database is there");
    assert!(found.is_empty());
}

#[tokio::test]
async fn of_what_is_known_only_what_came_after_is_read() {
    let log = Log::of(&["first", "second", "third", "fourth"]).await;
    let found = institutions(&log.store).after(&log.events[3..]).await.expect("the database is there");
    assert_eq!(told(&found[&log.institution]), (4, Some("fourth")), "nothing is known, and all of it read");
    let streams = institutions(&log.store);
    // As the log does not have it: nothing that comes later makes an institution of it.
    streams.keep(log.institution, Arc::new(Versioned { version: 1, ..Versioned::default() })).await;
    let found = streams.after(&log.events[3..]).await.expect("the database is there");
    assert_eq!(told(&found[&log.institution]), (4, None), "its first event is not read again");
}
