//! The whole demonstration on SQLite: what it holds, that it repeats itself, and what each role sees of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::ToSpan;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::app::{CasePage, Moment, RegisterPage, Vault};
use crate::domain::actor::ActorId;
use crate::domain::case::state::{File, Membership};
use crate::domain::case::values::{Audience, Status};
use crate::domain::enterprise::Enterprise;
use crate::domain::value::Level;
use crate::graphql::{Asked, Limits, Schema, Session, StreamLimits};
use crate::identity::credential::Credential;
use crate::store::{self, Condition, EventQuery, EventRecord, Store, StoredCase};

/// A Monday, so that the last working day lies behind a weekend.
const END: &str = "2026-11-23T03:20:00Z";

struct Demonstration {
    app: Arc<App>,
    store: Arc<dyn Store>,
    filled: Filled,
    _folder: TempDir,
}

impl Demonstration {
    async fn new() -> Self {
        Self::ending(END).await
    }

    async fn ending(end: &str) -> Self {
        let end = end.parse().expect("a timestamp");
        let folder = TempDir::new().expect("a temporary folder");
        let clock = Arc::new(ManualClock::new(begins(end), 2012));
        let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
        let store = store::open(&url, clock.clone()).await.expect("a new database");
        let vault = Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys");
        let app = Arc::new(App::new(store.clone(), clock.clone()).with_vault(vault));
        let filled =
            fill(&app, &clock, end).await.unwrap_or_else(|failure| panic!("refused at {}: {failure}", app.now()));
        Self { app, store, filled, _folder: folder }
    }

    async fn cases(&self, actor: &Actor) -> Vec<StoredCase> {
        let page = CasePage::of(Condition::All(Vec::new()), 100, Moment::Present);
        self.app.cases(actor, &page).await.expect("the store reads")
    }

    async fn files(&self, actor: &Actor) -> Vec<File> {
        let mut files = Vec::new();
        for case in self.cases(actor).await {
            let present = self
                .app
                .case_file(actor, case.row.case_id.into(), case.version, Moment::Present)
                .await
                .expect("the log reads");
            files.push(present.state.file.clone().expect("a listed case was reported"));
        }
        files
    }

    async fn events(&self) -> Vec<EventRecord> {
        let everything = EventQuery { limit: 5_000, ..EventQuery::default() };
        self.store.events(&everything).await.expect("the log reads")
    }

    fn persona(&self, role: Role) -> &Actor {
        let persona = self.filled.personas.iter().find(|persona| persona.role == role);
        &persona.unwrap_or_else(|| panic!("somebody is {role}")).actor
    }
}

#[tokio::test]
async fn it_holds_a_case_of_every_kind() {
    let demonstration = Demonstration::new().await;
    let manager = demonstration.persona(Role::Manager);
    let files = demonstration.files(manager).await;
    assert_eq!(files.len(), 30);
    let page = RegisterPage { limit: 100, ..RegisterPage::default() };
    let enterprises = demonstration.app.registers::<Enterprise>(manager, &page).await.expect("the store reads");
    assert_eq!(enterprises.len(), 12);

    let statuses: BTreeSet<_> = files.iter().map(|file| file.status).collect();
    assert_eq!(statuses, Status::ALL.iter().copied().collect());
    let escalated = [Level::City, Level::Province, Level::Nation];
    assert!(
        escalated
            .iter()
            .all(|level| files.iter().any(|file| file.level == *level && file.level != file.division.level()))
    );

    let has = |what: &str, holds: &dyn Fn(&File) -> bool| assert!(files.iter().any(holds), "no case is {what}");
    has("parked", &|file| file.parked_until.is_some() && file.level == Level::Nation);
    has("late and unanswered", &|file| file.deadline.is_some_and(|deadline| deadline.missed_on.is_some()));
    has("paused", &|file| file.paused_from.is_some());
    has("reopened", &|file| file.reopened > 0 && file.status == Status::Researching);
    has("part of another", &|file| !file.links.is_empty());
    has("a duplicate", &|file| file.duplicate_of.is_some());
    has("charged for", &|file| file.fees.len() > 1);
    has("charged for by mistake", &|file| file.fees.iter().any(|fee| fee.retraction.is_some()));
    has("measured by mistake", &|file| file.measurements.iter().any(|made| made.retraction.is_some()));
    has("required by mistake", &|file| file.requirements.iter().any(|stated| !stated.taken_to_be_of.is_empty()));
    has("published", &|file| file.publication.is_some());
    has("talked about internally", &|file| file.comments.iter().any(|comment| comment.audience == Audience::Internal));
    has("with a document", &|file| !file.attachments.is_empty());
    has("answered by a routine service", &|file| file.routine_service.is_some());
    has("with a gap that was closed", &|file| {
        file.gap_history().len() > 2 && file.capability_gap().is_some_and(|gap| gap.is_closed())
    });
    has("rid of who was invited by mistake", &|file| {
        file.experts.values().any(|membership| *membership == Membership::Removed)
    });
    let events = demonstration.events().await;
    assert!(events.iter().any(|event| event.event_type == "CasesUnlinked"), "no link is taken back");
    let sorted_anew =
        |event: &EventRecord| event.event_type == "CaseTriaged" && event.payload.contains("correctionReason");
    assert!(events.iter().any(sorted_anew), "no case is sorted anew");
    has("with a gap that stands", &|file| {
        file.gap_history().len() > 2 && file.capability_gap().is_some_and(|gap| !gap.is_closed())
    });
}

#[tokio::test]
async fn an_enterprise_has_another_name_and_had_its_own_before() {
    let demonstration = Demonstration::new().await;
    let events = demonstration.events().await;
    let amended = events.iter().find(|event| event.event_type == "EnterpriseAmended").expect("one is amended");
    let its_own = demonstration.persona(Role::Enterprise);
    let named = async |at| {
        let page = RegisterPage { limit: 100, at, ..RegisterPage::default() };
        let entries = demonstration.app.registers::<Enterprise>(its_own, &page).await.expect("the store reads");
        entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
    };
    let [before, now] = [named(Moment::Position(amended.position - 1)).await, named(Moment::Present).await];
    assert!(before.len() == 1 && now.len() == 1 && before != now, "{before:?} {now:?}");
}

#[tokio::test]
async fn a_missed_deadline_goes_up_by_itself() {
    let demonstration = Demonstration::new().await;
    let clock = ActorId::clock();
    let events = demonstration.events().await;
    let by_the_clock =
        |name: &str| events.iter().filter(|event| event.event_type == name && event.actor == clock.as_str()).count();
    assert!(by_the_clock("DeadlineMissed") >= 3);
    assert!(by_the_clock("CaseEscalated") >= 1);
}

#[tokio::test]
async fn everybody_sees_something() {
    let demonstration = Demonstration::new().await;
    let roles: Vec<_> = demonstration.filled.personas.iter().map(|persona| persona.role).collect();
    let of_tokens = Role::ALL.iter().copied().filter(|role| !matches!(role, Role::Clock | Role::Importer));
    assert_eq!(roles, of_tokens.collect::<Vec<_>>());
    for persona in &demonstration.filled.personas {
        assert!(persona.actor.holds(persona.role), "{} is held", persona.role);
        assert!(!demonstration.cases(&persona.actor).await.is_empty(), "{} sees a case", persona.role);
    }
    // Each has something to do that only this role can.
    let waiting = [
        (Role::Enterprise, Status::AwaitingConfirmation),
        (Role::Coordinator, Status::Reported),
        (Role::Lead, Status::Assigned),
        (Role::Reviewer, Status::SolutionProposed),
    ];
    for (role, status) in waiting {
        let files = demonstration.files(demonstration.persona(role)).await;
        assert!(files.iter().any(|file| file.status == status), "{role} has a case {status}");
    }
    // The expert works on a case of another institution than its own.
    let expert = demonstration.persona(Role::Expert);
    let elsewhere =
        |file: &File| file.assignment.as_ref().map(|assignment| assignment.institution) != expert.institution;
    assert!(demonstration.files(expert).await.iter().any(elsewhere));
}

#[tokio::test]
async fn the_manager_is_answered() {
    let demonstration = Demonstration::new().await;
    let schema = Schema::new(demonstration.app.clone(), Limits::default(), StreamLimits::default());
    let session = Session {
        actor: demonstration.persona(Role::Manager).clone(),
        expires_at: demonstration.app.now(),
        credential: Credential::of_actor("manager", demonstration.app.now()),
        request_id: "test".to_owned(),
    };
    let query = demonstration.filled.query;
    assert!(!query.contains('\''), "it is shown between single quotes, for a shell");
    let document = schema.read(Asked { query: Some(query.to_owned()), ..Asked::default() });
    let document = document.unwrap_or_else(|refused| panic!("{:?}", refused.errors));
    let response = schema.execute(document, session).await;
    assert_eq!(response.errors, []);
    let cases = &response.data.into_json().expect("an answer in JSON")["cases"];
    assert_eq!(cases["totalCount"], 30);
    let nodes = cases["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 30);
    let told = |field: &str| nodes.iter().filter(|node| !node[field].is_null()).count();
    assert_eq!((told("title"), told("status"), told("enterprise")), (30, 30, 30));
    assert!(told("gap") >= 15 && told("lead") >= 15 && told("institution") >= 15);
}

#[tokio::test]
async fn it_is_the_same_every_time() {
    let (one, other) = (Demonstration::new().await, Demonstration::new().await);
    assert_eq!(one.filled.personas, other.filled.personas);
    let (its, others) = (one.events().await, other.events().await);
    assert!(its.is_sorted_by_key(|event| event.recorded_at));
    let told = |events: &[EventRecord]| events.iter().map(without_what_is_drawn).collect::<Vec<_>>();
    assert_eq!(told(&its), told(&others));
    let one = one.app.rebuild(|_, _| {}).await.expect("the rows are made anew");
    assert_eq!(one.after, one.before);
}

/// What an event says, without what seals its personal data: that is drawn anew by the operating system every time.
fn without_what_is_drawn(event: &EventRecord) -> (u64, String, String, String, i64) {
    let mut payload = serde_json::from_str(&event.payload).expect("JSON");
    unseal(&mut payload);
    let stream = format!("{}/{} {}", event.aggregate_type, event.aggregate_id, event.sequence);
    (event.position, stream, event.event_type.clone(), payload.to_string(), event.recorded_at)
}

fn unseal(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.contains_key("$p") => *value = Value::Null,
        Value::Object(fields) => fields.values_mut().for_each(unseal),
        Value::Array(values) => values.iter_mut().for_each(unseal),
        _ => {}
    }
}

#[test]
fn the_script_ends_before_the_demonstration_does() {
    for entry in script::read() {
        let taken: usize = entry.steps.iter().map(|step| step.after).sum();
        assert!(taken < entry.began, "{} takes {taken} working days of {}", entry.key, entry.began);
    }
}

#[test]
fn it_can_end_on_any_day() {
    let (registers, script) = (Registers::read(), script::read());
    let first: Timestamp = "2026-01-01T16:30:00Z".parse().expect("a timestamp");
    for days in 0..730 {
        let end = first + (24_i64 * days).hours();
        let agenda = agenda(end, &registers, &script);
        let (begins, _) = agenda[0];
        let (ends, _) = agenda[agenda.len() - 1];
        assert_eq!(agenda[0], (super::begins(end), Task::Begin));
        assert!(ends < end, "{ends} is before {end}");
        let span = calendar::date_of(end).since(calendar::date_of(begins)).expect("two dates").get_days();
        assert!((280..340).contains(&span), "{span} days before {end}");
    }
}

/// Across a new year, over the long holidays of spring and autumn, in a year whose holidays nobody has announced, and
/// where a year of summaries ends between these and their amendment.
#[tokio::test]
async fn the_rules_allow_it_whenever_it_ends() {
    for end in [
        "2026-01-01T16:00:00Z",
        "2026-02-24T00:30:00Z",
        "2026-10-09T09:00:00Z",
        "2031-07-12T23:59:59Z",
        "2026-08-25T03:00:00Z",
    ] {
        let demonstration = Demonstration::ending(end).await;
        let files = demonstration.files(demonstration.persona(Role::Auditor)).await;
        let statuses: BTreeSet<_> = files.iter().map(|file| file.status).collect();
        assert_eq!(statuses.len(), Status::ALL.len(), "{end}");
        let is_late = |file: &File| file.deadline.is_some_and(|deadline| deadline.missed_on.is_some());
        assert!(files.iter().any(is_late), "{end}");
    }
}
