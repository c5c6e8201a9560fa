//! Commands that lose a race: what they rest on is looked at again, and whoever loses every race is told so, and may
//! send them again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use etalon::app::{App, Failure, Fault};
use etalon::clock::{Clock, SystemClock};
use etalon::domain::actor::Role;
use etalon::domain::campaign::Campaign;
use etalon::domain::campaign::command::{CampaignFacts, CloseCampaign, OpenCampaign};
use etalon::domain::campaign::values::CampaignKind;
use etalon::domain::change::Change;
use etalon::domain::enterprise::Enterprise;
use etalon::domain::enterprise::command::EnrolEnterprise;
use etalon::domain::enterprise::values::{Contact, Identity};
use etalon::domain::person::Person;
use etalon::domain::person::command::AmendPerson;
use etalon::domain::refusal::Code;
use etalon::domain::value::{CampaignId, Division, Label, Period, Personal, Statement, UnifiedSocialCreditCode};
use jiff::Timestamp;
use jiff::civil::date;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::erasure::servers::{register, request};
use crate::faults::CREDIT_CODE;
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

/// When this server draws an id, as it does for the data key of a contact, after it has looked at the campaign and before
/// it commits, another one has just closed that.
struct ClosingClock {
    other: App,
    time: Arc<TestClock>,
    campaign: Mutex<Option<CampaignId>>,
}

impl Clock for ClosingClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn random(&self) -> [u8; 16] {
        SystemClock.random()
    }

    fn new_id(&self) -> Uuid {
        let campaign = self.campaign.lock().expect("whoever had it lives").take();
        if let Some(campaign) = campaign {
            let command = CloseCampaign { this: campaign, open_cases: 0, successor: None, reason: None };
            let closed =
                async { self.other.execute::<Campaign>(&request(&self.other), campaign.uuid(), command.into()).await };
            block_in_place(|| Handle::current().block_on(closed)).expect("it is closed");
        }
        SystemClock.new_id()
    }
}

fn service() -> OpenCampaign {
    OpenCampaign {
        name: Label::parse("计量服务走进万家中小企业").expect("a label"),
        kind: CampaignKind::Service,
        jurisdiction: Division::parse("44").expect("Guangdong"),
        period: Period::new(date(2026, 1, 5), None).expect("a period"),
        reporting_deadline: date(2026, 10, 31),
    }
}

fn enrolment(campaign: CampaignId) -> EnrolEnterprise {
    let name = Personal::parse("王建国").expect("a name");
    EnrolEnterprise {
        identity: Identity::CreditCode { code: UnifiedSocialCreditCode::parse(CREDIT_CODE).expect("a credit code") },
        name: Label::parse("示例轴承厂").expect("a label"),
        division: Division::parse("440305").expect("Nanshan"),
        address: None,
        contact: Some(Contact { name, telephone: None }),
        campaign: CampaignFacts::of(campaign),
        campaigns: Vec::new(),
        consent: Some(Statement::parse("signed").expect("a statement")),
    }
}

async fn what_a_command_rests_on_is_looked_at_again_where_another_server_was_faster(database: Database) {
    let time = TestClock::new();
    let server = async |clock: Arc<dyn Clock>| App::new(database.open().await, clock).with_vault(database.vault());
    let other = server(time.clone()).await;
    let campaign = CampaignId::from(other.new_id());
    other.execute::<Campaign>(&request(&other), campaign.uuid(), service().into()).await.expect("it is opened");
    let mut enrolling = request(&other);
    enrolling.actor.roles = [Role::Coordinator].into();
    let clock = Arc::new(ClosingClock { other, time, campaign: Mutex::new(Some(campaign)) });
    let app = server(clock).await;
    let command = enrolment(campaign);
    let enterprise = command.identity.enterprise();
    let refused = app.execute::<Enterprise>(&enrolling, enterprise.uuid(), command.into()).await.expect_err("closed");
    let Failure::Refused(refusal) = &refused else { panic!("{refused:?}") };
    assert_eq!(refusal.code, Code::CampaignClosed, "{refusal}");
    let events = app.log(None, None, 10).await.expect("it reads");
    let events: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(events, ["CampaignOpened", "CampaignClosed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_rests_on_is_looked_at_again_on_sqlite() {
    what_a_command_rests_on_is_looked_at_again_where_another_server_was_faster(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_rests_on_is_looked_at_again_on_postgresql() {
    what_a_command_rests_on_is_looked_at_again_where_another_server_was_faster(Database::postgres()).await;
}
