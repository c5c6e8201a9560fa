//! A log in which everything is there that commands ask for, and the commands that ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tempfile::TempDir;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::personal::Vault;
use crate::app::request::{Key, Request};
use crate::clock::ManualClock;
use crate::domain::actor::{Actor, Role};
use crate::domain::annual_summary::command::{Beside, SubmitAnnualSummary, TypicalCaseFacts};
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignFacts, CloseCampaign, OpenCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::case::Case;
use crate::domain::case::command::{LinkCases, MarkDuplicate, RecordFee, RecordLegacyActivity, ReportCase};
use crate::domain::case::facts::{CaseFacts, EnrolmentFacts, LegacyCase, PersonFacts};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{FeeId, LinkRelation, Origin};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::ListChargeableItem;
use crate::domain::change::Change;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::{AmendEnterprise, EnrolEnterprise, RecordFieldVisit};
use crate::domain::enterprise::values::Identity;
use crate::domain::fixtures::{NOW, actor, categories, day, division, label, period, personal, statement, time};
use crate::domain::institution::Institution;
use crate::domain::institution::command::RegisterInstitution;
use crate::domain::institution::values::InstitutionKind;
use crate::domain::order::Order;
use crate::domain::person::Person;
use crate::domain::person::command::{AffiliationFacts, AmendPerson, RegisterPerson};
use crate::domain::person::values::Capacity;
use crate::domain::value::{
    CampaignId, CaseId, CatalogueId, Division, EnterpriseId, InstitutionId, Money, PersonId, Reference, Title,
    UnifiedSocialCreditCode, VisitId,
};
use crate::store::{self, StreamId};

/// An item on the list of the province, and on no other.
pub(super) const LISTED: &str = "JL-0101";

/// A log in which everything is there that commands ask for.
pub(super) struct House {
    app: App,
    pub(super) clock: Arc<ManualClock>,
    pub(super) folder: TempDir,
}

impl House {
    pub(super) async fn set() -> Self {
        let (folder, clock) = (TempDir::new().expect("a folder"), Arc::new(ManualClock::new(time(NOW), 2012)));
        let house = Self { app: server(&folder, &clock).await, clock, folder };
        house.fill_registers().await;
        house.report_cases().await;
        house
    }

    async fn fill_registers(&self) {
        for name in ["past", "this", "next", "another"] {
            self.does::<Campaign>(campaign(name).uuid(), opened(name)).await;
        }
        let succeeded = CloseCampaign { this: campaign("past"), ..closed(Some("this")) };
        self.does::<Campaign>(campaign("past").uuid(), succeeded).await;
        self.does::<Enterprise>(enterprise().uuid(), enrolled()).await;
        self.does::<Institution>(institution().uuid(), institute()).await;
        for name in ["lead", "expert"] {
            let bureau = AffiliationFacts::Bureau { division: division("44") };
            self.does::<Person>(person(name).uuid(), registered(bureau)).await;
        }
        self.does::<Catalogue>(catalogue("44").uuid(), listed_item()).await;
    }

    /// A case with two parts that is part of another, and one that is a duplicate of a duplicate.
    async fn report_cases(&self) {
        for name in ["top", "whole", "part", "other part", "last", "original", "duplicate"] {
            self.does::<Case>(case(name).uuid(), reported()).await;
        }
        for (part, whole) in [("whole", "top"), ("part", "whole"), ("other part", "whole")] {
            self.does::<Case>(case(part).uuid(), part_of(part, whole)).await;
        }
        for (duplicate, original) in [("duplicate", "original"), ("original", "last")] {
            self.does::<Case>(case(duplicate).uuid(), duplicate_of(duplicate, original)).await;
        }
    }

    async fn does<A: Commanded>(&self, id: Uuid, command: impl Into<A::Body>) {
        let request = Request {
            actor: bureau(),
            key: Key::unique(self.app.new_id()),
            expected_version: None,
            occurred_at: None,
            source: None,
        };
        self.app.execute::<A>(&request, id, command.into()).await.expect("it is allowed");
    }

    /// The stream as it stands.
    pub(super) async fn at<A: Commanded>(&self, id: impl Into<Uuid>) -> (StreamId, u64) {
        let (streams, id) = (A::streams(&self.app.aggregates), id.into());
        (streams.stream(id), streams.present(id).await.expect("it reads").version)
    }

    pub(super) async fn cases<const N: usize>(&self, names: [&str; N]) -> BTreeSet<(StreamId, u64)> {
        let mut cases = BTreeSet::new();
        for name in names {
            cases.insert(self.at::<Case>(case(name)).await);
        }
        cases
    }

    /// What that command would rely on.
    pub(super) async fn relied_on<A: Commanded>(
        &self,
        id: impl Into<Uuid>,
        command: impl Into<A::Body>,
    ) -> BTreeSet<(StreamId, u64)> {
        relied_on::<A>(&self.app, bureau(), id.into(), command.into()).await
    }
}

/// One more server of that log, which has nothing of it in memory.
pub(super) async fn server(folder: &TempDir, clock: &Arc<ManualClock>) -> App {
    let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
    let vault = Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys");
    let store = store::open(&url, clock.clone()).await.expect("the database opens");
    App::new(store, clock.clone()).with_vault(vault)
}

/// What that command would rely on, at that server.
pub(super) async fn relied_on<A: Commanded>(
    app: &App,
    by: Actor,
    id: Uuid,
    command: A::Body,
) -> BTreeSet<(StreamId, u64)> {
    let known = A::streams(&app.aggregates).present(id).await.expect("it reads");
    let mut order = Order::new(by, app.now(), command);
    A::look_up(app, id, &known.state, &mut order).await.expect("it reads").into_iter().collect()
}

/// Whoever may do all of this.
pub(super) fn bureau() -> Actor {
    Actor { roles: [Role::Coordinator, Role::Manager].into(), ..actor(Role::Manager, "CN") }
}

pub(super) fn campaign(name: &str) -> CampaignId {
    CampaignId::named(name)
}

pub(super) fn case(name: &str) -> CaseId {
    CaseId::named(name)
}

pub(super) fn catalogue(keeper: &str) -> CatalogueId {
    CatalogueId::of(&division(keeper))
}

pub(super) fn person(name: &str) -> PersonId {
    PersonId::named(name)
}

pub(super) fn facts_of(name: &str) -> PersonFacts {
    PersonFacts::of(person(name))
}

pub(super) fn institution() -> InstitutionId {
    InstitutionId::named("an institute")
}

pub(super) fn enterprise() -> EnterpriseId {
    enrolled().identity.enterprise()
}

fn opened(name: &str) -> OpenCampaign {
    OpenCampaign {
        name: label(name),
        kind: CampaignKind::Service,
        jurisdiction: Division::nation(),
        period: period("2026-01-05", None),
        reporting_deadline: day("2026-10-31"),
    }
}

pub(super) fn closed(successor: Option<&str>) -> CloseCampaign {
    let successor = successor.map(|name| CampaignFacts::of(campaign(name)));
    CloseCampaign { this: campaign("this"), open_cases: 0, successor, reason: None }
}

pub(super) fn enrolled() -> EnrolEnterprise {
    EnrolEnterprise {
        identity: Identity::CreditCode { code: UnifiedSocialCreditCode::parse("914403001922038216").expect("a code") },
        name: label("深圳精密机械有限公司"),
        division: division("440305"),
        address: None,
        contact: None,
        campaign: CampaignFacts::of(campaign("this")),
        campaigns: Vec::new(),
        consent: Some(statement("signed on 5 March")),
    }
}

pub(super) fn moved(to: &str) -> AmendEnterprise {
    AmendEnterprise {
        name: None,
        division: Some(division(to)),
        address: Change::Keep,
        contact: Change::Keep,
        campaigns: Vec::new(),
    }
}

fn institute() -> RegisterInstitution {
    RegisterInstitution {
        name: label("深圳市计量质量检测研究院"),
        division: division("4403"),
        kind: InstitutionKind::MetrologyInstitute,
        capabilities: categories(&["L"]),
        accreditation: None,
    }
}

pub(super) fn registered(affiliation: AffiliationFacts) -> RegisterPerson {
    RegisterPerson {
        name: personal("李明"),
        telephone: None,
        affiliation: Some(affiliation),
        capacity: Capacity::Expert,
        fields: BTreeSet::new(),
    }
}

pub(super) fn amended(affiliation: AffiliationFacts) -> AmendPerson {
    let affiliation = Some(affiliation);
    AmendPerson { name: None, telephone: Change::Keep, affiliation, capacity: None, fields: None }
}

fn listed_item() -> ListChargeableItem {
    ListChargeableItem {
        division: division("44"),
        code: label(LISTED),
        name: label("螺纹塞规检定"),
        unit: label("件"),
        tariff: Money::parse("300").expect("an amount"),
        basis: Reference::parse("粤价〔2012〕1号").expect("a reference"),
        period: period("2012-01-01", None),
    }
}

fn enrolment() -> EnrolmentFacts {
    EnrolmentFacts::of(enterprise(), campaign("this"))
}

fn title() -> Title {
    Title::parse("螺纹塞规中径无法溯源").expect("a title")
}

pub(super) fn reported() -> ReportCase {
    ReportCase {
        number: CaseNumber::default(),
        title: title(),
        problem: Some(statement("相差 8 µm")),
        origin: Origin::OwnReport,
        division: None,
        enrolment: enrolment(),
    }
}

pub(super) fn told_by_another_tracker() -> RecordLegacyActivity {
    let opening = LegacyCase {
        number: CaseNumber::default(),
        title: title(),
        problem: statement("recorded by another tracker"),
        enrolment: enrolment(),
        division: division("4403"),
    };
    RecordLegacyActivity { opening: Some(opening), concludes: false }
}

pub(super) fn part_of(part: &str, whole: &str) -> LinkCases {
    let (this, other) = (case(part), CaseFacts::of(case(whole)));
    LinkCases { this, other, relation: LinkRelation::SubCaseOf }
}

pub(super) fn duplicate_of(duplicate: &str, original: &str) -> MarkDuplicate {
    let (this, of) = (case(duplicate), CaseFacts::of(case(original)));
    MarkDuplicate { this, of, open_sub_cases: Vec::new() }
}

pub(super) fn fee(item: &str) -> RecordFee {
    RecordFee {
        id: FeeId(Uuid::nil()),
        item: label(item),
        service_date: day("2026-03-02"),
        amount: Money::zero(),
        listed: None,
    }
}

/// What tells of these cases.
pub(super) fn summary(cases: &[&str]) -> SubmitAnnualSummary {
    SubmitAnnualSummary {
        jurisdiction: division("44"),
        year: 2026,
        text: statement("41 solved"),
        figures: BTreeMap::new(),
        computed: None,
        beside: Beside::Nothing,
        good_practice: Vec::new(),
        typical_cases: cases.iter().map(|name| TypicalCaseFacts::of(case(name))).collect(),
    }
}

pub(super) fn visit(visitors: &[&str]) -> RecordFieldVisit {
    RecordFieldVisit {
        id: VisitId::named("first"),
        campaign: campaign("this"),
        visitors: visitors.iter().map(|name| facts_of(name)).collect(),
        visited_on: day("2026-03-10"),
        place: None,
        seen: statement("gauges are checked against each other"),
        needs: Vec::new(),
    }
}
