//! Commands that lose every race: whoever gave them is told so, and may send them again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use etalon::app::{App, Failure, Fault};
use etalon::clock::{Clock, SystemClock};
use etalon::domain::change::Change;
use etalon::domain::person::Person;
use etalon::domain::person::command::AmendPerson;
use etalon::domain::value::Personal;
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::erasure::servers::{register, request};
use crate::store::support::{Database, TestClock};

/// Whenever this server looks at the time, which it does before it decides, another one has just renamed the person.
struct OvertakenClock {
    other: App,
    person: OnceLock<Uuid>,
    names: AtomicU64,
}

impl OvertakenClock {
    fn another_name(&self) -> AmendPerson {
        let name = format!("王建国 {}", self.names.fetch_add(1, Ordering::SeqCst));
        let name = Some(Personal::parse(&name).expect("a name"));
        AmendPerson { name, telephone: Change::Keep, affiliation: None, capacity: None, fields: None }
    }
}

impl Clock for OvertakenClock {
    fn now(&self) -> Timestamp {
        if let Some(person) = self.person.get() {
            let renamed = async {
                self.other.execute::<Person>(&request(&self.other), *person, self.another_name().into()).await
            };
            block_in_place(|| Handle::current().block_on(renamed)).expect("it is renamed");
        }
        SystemClock.now()
    }

    fn random(&self) -> [u8; 16] {
        SystemClock.random()
    }

    fn new_id(&self) -> Uuid {
        SystemClock.new_id()
    }
}

async fn who_loses_every_race_is_told_so(database: Database) {
    let server = async |clock: Arc<dyn Clock>| App::new(database.open().await, clock).with_vault(database.vault());
    let other = server(TestClock::new()).await;
    let id = register(&other).await;
    let clock = Arc::new(OvertakenClock { other, person: OnceLock::new(), names: AtomicU64::new(0) });
    let app = server(clock.clone()).await;
    clock.person.set(id).expect("it is set once");
    let refused = app.execute::<Person>(&request(&app), id, clock.another_name().into()).await.expect_err("outrun");
    let Failure::Fault(fault @ Fault::Outrun { attempts }) = &refused else { panic!("{refused:?}") };
    assert!(fault.is_retryable());
    assert_eq!(fault.to_string(), format!("others were faster at each of {attempts} attempts: nothing was recorded"));
    let head = app.head().await.expect("it reads").expect("it has begun");
    assert_eq!(head + 2, clock.names.load(Ordering::SeqCst) + 1, "a registration, and what the other one did");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_every_race_is_told_so_on_sqlite() {
    who_loses_every_race_is_told_so(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_every_race_is_told_so_on_postgresql() {
    who_loses_every_race_is_told_so(Database::postgres()).await;
}
