//! A history such as a ministry has after three years: cases reported all along, each with a life of some months, so
//! that at any moment most are closed and some thousands are at every stage.
//!
//! It is written by the store's own commits, some events at a time, with the rows that the projection makes of
//! them. Texts for the search and figures are left out: no list reads them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use etalon::app::Commanded;
use etalon::clock::ManualClock;
use etalon::codec;
use etalon::domain::case::Case;
use etalon::domain::case::event::CaseFact;
use etalon::domain::event::{Fact, Recorded};
use etalon::domain::institution::Institution;
use etalon::domain::person::Person;
use etalon::domain::value::Division;
use etalon::store::{
    AggregateType, Append, Body, CommandKey, Content, Happened, LastEvent, NewEvent, PastRow, PastState, RowChanges,
    Store, StreamId,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, Kind};
use crate::life::{BEGIN, Dice, Life, STEPS, Surroundings};

/// Events in one commit, as many as a busy server takes together.
const AT_ONCE: usize = 32;

/// Has the history of so many cases in a database; one that is there already is taken as it is. How many events it has.
pub(crate) async fn told(database: &Database, cases: u32) -> u64 {
    if !database.has_log().await {
        let begin = std::time::Instant::now();
        let clock = Arc::new(ManualClock::new(Timestamp::from_microsecond(BEGIN).expect("a time"), 2023));
        let hurried = database.hurried().await;
        write(hurried.store(clock.clone()).await, &clock, cases).await;
        hurried.done().await;
        database.settle().await;
        eprintln!("{}: a history in {:.0} s", database.kind.name(), begin.elapsed().as_secs_f64());
    }
    database.length().await.cast_unsigned()
}

/// A copy of the history of so many cases, for one workload to do with it what it likes; and how many events it has.
pub(crate) async fn copy_of_history(kind: Kind, cases: u32, name: &str) -> (Database, u64) {
    let kept = Database::kept(kind, &format!("history_{cases}")).await;
    let events = told(&kept, cases).await;
    kept.settle().await;
    (kept.copied(name).await, events)
}

async fn write(store: Arc<dyn Store>, clock: &ManualClock, cases: u32) {
    let mut registered = Vec::new();
    let mut surroundings = Surroundings {
        divisions: divisions(),
        leads: Vec::new(),
        institutions: Vec::new(),
        enterprises: (0..500).map(|number| Uuid::from_u128(7 << 64 | number)).collect(),
        campaign: Uuid::from_u128(11 << 64),
    };
    for number in 0..20 {
        let institution = Uuid::from_u128(13 << 64 | number);
        surroundings.institutions.push(institution);
        registered.push(register::<Institution>(institution, &institution_registered(number)));
        for place in 0..3 {
            let person = Uuid::from_u128(17 << 64 | (3 * number + place));
            surroundings.leads.push(person);
            registered.push(register::<Person>(person, &person_registered(3 * number + place, institution)));
        }
    }
    for outcome in store.commit(registered).await.expect("it commits") {
        outcome.expect("it is accepted");
    }
    let dice = Dice(1);
    Chronicle { store, clock, surroundings: &surroundings, cases, open: HashMap::new(), dice }.write().await;
}

fn institution_registered(number: u128) -> Value {
    let fact = json!({ "InstitutionRegistered": {
        "name": format!("示范计量院 {number}"), "division": "44", "kind": "METROLOGY_INSTITUTE",
        "capabilities": ["L/DimMet-2.4.2"],
    } });
    json!({ "by": "bureau", "occurredAt": "2023-01-02T01:00:00Z", "fact": fact })
}

fn person_registered(number: u128, institution: Uuid) -> Value {
    let fact = json!({ "PersonRegistered": {
        "name": { "$p": { "v": format!("领衔人 {number}") } }, "division": "44", "capacity": "EXPERT", "fields": [],
        "affiliation": { "kind": "INSTITUTION", "institution": institution, "version": 1 },
    } });
    json!({ "by": "bureau", "occurredAt": "2023-01-02T01:00:00Z", "fact": fact })
}

/// The append that registers something.
fn register<A: Commanded>(id: Uuid, event: &Value) -> Append {
    let event: Recorded<A::Fact> = serde_json::from_value(event.clone()).expect("the shape of an event");
    let mut after = A::default();
    after.evolve(&event);
    let happened = Happened::InOrder { at: event.occurred_at.as_microsecond() };
    let rows = RowChanges { happened, ..A::rows(id, &A::default(), &after) };
    append(StreamId { aggregate_type: A::AGGREGATE, aggregate_id: id }, 0, id.to_string(), &event, rows)
}

/// The append of one event.
fn append<F: Fact>(stream: StreamId, version: u64, key: String, event: &Recorded<F>, rows: RowChanges) -> Append {
    let encoded = codec::encode(event);
    let event = NewEvent {
        event_type: encoded.event_type,
        event_version: encoded.event_version,
        payload: encoded.payload,
        metadata: r#"{"role":"COORDINATOR"}"#.to_owned(),
    };
    Append {
        stream,
        expected_version: version,
        relied_on: Vec::new(),
        command: CommandKey { actor: "bureau".to_owned(), idempotency_key: key, digest: [7; 32] },
        body: Body::Ready(Content { events: vec![event], rows, ..Content::default() }),
    }
}

/// The counties of Guangdong and of three other provinces.
fn divisions() -> Vec<String> {
    let provinces = ["11", "32", "33", "44"];
    let codes = provinces.iter().flat_map(|province| (100..2_400).map(move |rest| format!("{province}{rest:04}")));
    let known: Vec<_> = codes.filter(|code| Division::parse(code).is_ok_and(|known| known.code() == code)).collect();
    assert!(known.len() > 100, "{} divisions are known", known.len());
    known
}

/// A case that goes on.
struct Open {
    life: Life,
    next: usize,
    state: Case,
    happened: Vec<(Recorded<CaseFact>, LastEvent)>,
    happened_until: Timestamp,
}

struct Chronicle<'a> {
    store: Arc<dyn Store>,
    clock: &'a ManualClock,
    surroundings: &'a Surroundings,
    cases: u32,
    open: HashMap<u32, Open>,
    dice: Dice,
}

impl Chronicle<'_> {
    /// Writes everything in the order of time.
    async fn write(&mut self) {
        let mut due = BinaryHeap::new();
        let mut reported = 0;
        let mut position = self.store.head().await.expect("it reads").next_position;
        let whole = u64::from(self.cases) * STEPS as u64;
        loop {
            let mut turn = Vec::with_capacity(AT_ONCE);
            while turn.len() < AT_ONCE {
                while reported < self.cases {
                    let soonest = Life::begins_after(reported, self.cases);
                    if due.peek().is_some_and(|Reverse((next, _))| *next < soonest) {
                        break;
                    }
                    let life = Life::of(reported, self.cases, self.surroundings);
                    if let Some(first) = life.steps.first() {
                        due.push(Reverse((first.recorded_at, reported)));
                        self.open.insert(reported, Open::new(life));
                    }
                    reported += 1;
                }
                let Some(Reverse((at, number))) = due.pop() else { break };
                let open = &self.open[&number];
                let position_in_life = open.next + turn.iter().filter(|(_, of)| *of == number).count();
                if let Some(step) = open.life.steps.get(position_in_life + 1) {
                    due.push(Reverse((step.recorded_at, number)));
                }
                turn.push((at, number));
            }
            let Some((last, _)) = turn.last() else { return };
            let recorded_at = *last;
            self.clock.set(Timestamp::from_microsecond(recorded_at).expect("a time"));
            let mut batch = Vec::with_capacity(turn.len());
            for (place, (_, number)) in turn.iter().enumerate() {
                let place = LastEvent::Stored { position: position + place as u64, recorded_at };
                let key = Uuid::from_u64_pair(self.dice.bits(), self.dice.bits()).to_string();
                let open = self.open.get_mut(number).expect("it goes on");
                batch.push(open.append(key, place));
                if open.next == open.life.steps.len() {
                    self.open.remove(number);
                }
            }
            for outcome in self.store.commit(batch).await.expect("it commits") {
                position = outcome.expect("it is accepted").last_position() + 1;
            }
            if position % 100_000 < AT_ONCE as u64 {
                eprintln!("{position} of {whole} events");
            }
        }
    }
}

impl Open {
    fn new(life: Life) -> Self {
        Self { life, next: 0, state: Case::default(), happened: Vec::new(), happened_until: Timestamp::MIN }
    }

    /// The append of the next event, which gets that place in the log.
    fn append(&mut self, key: String, place: LastEvent) -> Append {
        let id = self.life.id;
        let event = self.life.steps[self.next].event.clone();
        let before = self.state.clone();
        self.state.evolve(&event);
        let in_order = event.occurred_at >= self.happened_until;
        self.happened_until = self.happened_until.max(event.occurred_at);
        self.happened.push((event.clone(), place));
        let happened = match in_order {
            true => Happened::InOrder { at: event.occurred_at.as_microsecond() },
            false => self.anew(),
        };
        let rows = RowChanges { happened, ..Case::rows(id, &before, &self.state) };
        self.next += 1;
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: id };
        append(stream, self.next as u64 - 1, key, &event, rows)
    }

    /// The states on the axis of what had happened, as the application makes them of an append that is back-dated.
    fn anew(&self) -> Happened {
        let mut times: Vec<_> = self.happened.iter().map(|(event, _)| event.occurred_at).collect();
        times.sort_unstable();
        times.dedup();
        let last_at = times.pop().expect("there is an event").as_microsecond();
        let newest = self.happened.len() - 1;
        let state = |until: Timestamp| {
            let mut state = Case::default();
            let (mut version, mut last) = (0, None);
            for (place, (event, stored)) in self.happened.iter().enumerate() {
                if event.occurred_at <= until {
                    state.evolve(event);
                    version += 1;
                    last = Some(if place == newest { LastEvent::OfAppend { followed_by: 0 } } else { *stored });
                }
            }
            let row = Case::rows(self.life.id, &Case::default(), &state).case.map(PastRow::Case)?;
            Some(PastState { from: until.as_microsecond(), version, last: last?, row })
        };
        Happened::Anew { states: times.into_iter().filter_map(state).collect(), last_at }
    }
}
