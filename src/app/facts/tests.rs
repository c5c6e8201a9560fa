//! Which streams a command relies on that needs to know something of others.

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::*;
use crate::app::personal::Vault;
use crate::app::request::{Key, Request};
use crate::clock::ManualClock;
use crate::domain::actor::Role;
use crate::domain::campaign::command::{CloseCampaign, OpenCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::case::command::{
    AssignResearch, CloseCase, InviteExpert, LinkCases, MarkDuplicate, ProvideRoutineService, ReassignResearch,
    RecordFee, RecordLegacyActivity, ReopenCase,
};
use crate::domain::case::facts::{InstitutionFacts, LegacyCase};
use crate::domain::case::values::FeeId;
use crate::domain::catalogue::command::ListChargeableItem;
use crate::domain::change::Change;
use crate::domain::enterprise::command::{EnrolEnterprise, RecordFieldVisit};
use crate::domain::enterprise::values::Identity;
use crate::domain::fixtures::{NOW, actor, categories, day, division, label, period, personal, statement, time};
use crate::domain::institution::command::RegisterInstitution;
use crate::domain::institution::values::InstitutionKind;
use crate::domain::person::command::{AmendPerson, RegisterPerson};
use crate::domain::person::values::Capacity;
use crate::domain::value::{EnterpriseId, InstitutionId, Money, PersonId, Reference, Title, UnifiedSocialCreditCode};
use crate::store;

/// An item on the list of the province, and on no other.
const LISTED: &str = "JL-0101";

/// A log in which everything is there that commands ask for.
struct House {
    app: App,
    _folder: TempDir,
}

impl House {
    async fn set() -> Self {
        let (folder, clock) = (TempDir::new().expect("a folder"), Arc::new(ManualClock::new(time(NOW), 2012)));
        let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
        let vault = Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys");
        let app = App::new(store::open(&url, clock.clone()).await.expect("a new database"), clock).with_vault(vault);
        let house = Self { app, _folder: folder };
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
    async fn at<A: Commanded>(&self, id: impl Into<Uuid>) -> (StreamId, u64) {
        let (streams, id) = (A::streams(&self.app.aggregates), id.into());
        (streams.stream(id), streams.present(id).await.expect("it reads").version)
    }

    async fn cases<const N: usize>(&self, names: [&str; N]) -> BTreeSet<(StreamId, u64)> {
        let mut cases = BTreeSet::new();
        for name in names {
            cases.insert(self.at::<Case>(case(name)).await);
        }
        cases
    }

    /// What that command would rely on.
    async fn relied_on<A: Commanded>(
        &self,
        id: impl Into<Uuid>,
        command: impl Into<A::Body>,
    ) -> BTreeSet<(StreamId, u64)> {
        let id = id.into();
        let known = A::streams(&self.app.aggregates).present(id).await.expect("it reads");
        let mut order = Order::new(bureau(), self.app.now(), command.into());
        A::look_up(&self.app, id, &known.state, &mut order).await.expect("it reads").into_iter().collect()
    }
}

/// Whoever may do all of this.
fn bureau() -> Actor {
    Actor { roles: [Role::Coordinator, Role::Manager].into(), ..actor(Role::Manager, "CN") }
}

fn campaign(name: &str) -> CampaignId {
    CampaignId::named(name)
}

fn case(name: &str) -> CaseId {
    CaseId::named(name)
}

fn catalogue(keeper: &str) -> CatalogueId {
    CatalogueId::of(&division(keeper))
}

fn person(name: &str) -> PersonId {
    PersonId::named(name)
}

fn facts_of(name: &str) -> PersonFacts {
    PersonFacts::of(person(name))
}

fn institution() -> InstitutionId {
    InstitutionId::named("an institute")
}

fn enterprise() -> EnterpriseId {
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

fn closed(successor: Option<&str>) -> CloseCampaign {
    let successor = successor.map(|name| CampaignFacts::of(campaign(name)));
    CloseCampaign { this: campaign("this"), open_cases: 0, successor, reason: None }
}

fn enrolled() -> EnrolEnterprise {
    EnrolEnterprise {
        identity: Identity::CreditCode { code: UnifiedSocialCreditCode::parse("914403001922038216").expect("a code") },
        name: label("深圳精密机械有限公司"),
        division: division("440305"),
        address: None,
        contact: None,
        campaign: CampaignFacts::of(campaign("this")),
        consent: Some(statement("signed on 5 March")),
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

fn registered(affiliation: AffiliationFacts) -> RegisterPerson {
    RegisterPerson {
        name: personal("李明"),
        telephone: None,
        affiliation: Some(affiliation),
        capacity: Capacity::Expert,
        fields: BTreeSet::new(),
    }
}

fn amended(affiliation: AffiliationFacts) -> AmendPerson {
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

fn reported() -> ReportCase {
    ReportCase {
        number: CaseNumber::default(),
        title: title(),
        problem: Some(statement("相差 8 µm")),
        origin: Origin::OwnReport,
        division: None,
        enrolment: enrolment(),
    }
}

fn told_by_another_tracker() -> RecordLegacyActivity {
    let opening = LegacyCase {
        number: CaseNumber::default(),
        title: title(),
        problem: statement("recorded by another tracker"),
        enrolment: enrolment(),
        division: division("4403"),
    };
    RecordLegacyActivity { opening: Some(opening), concludes: false }
}

fn part_of(part: &str, whole: &str) -> LinkCases {
    let (this, other) = (case(part), CaseFacts::of(case(whole)));
    LinkCases { this, other, relation: LinkRelation::SubCaseOf }
}

fn duplicate_of(duplicate: &str, original: &str) -> MarkDuplicate {
    let (this, of) = (case(duplicate), CaseFacts::of(case(original)));
    MarkDuplicate { this, of, open_sub_cases: Vec::new() }
}

fn fee(item: &str) -> RecordFee {
    RecordFee {
        id: FeeId(Uuid::nil()),
        item: label(item),
        service_date: day("2026-03-02"),
        amount: Money::zero(),
        listed: None,
    }
}

fn visit(visitors: &[&str]) -> RecordFieldVisit {
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

#[tokio::test]
async fn a_case_relies_on_whom_and_what_it_is_told_of_registers() {
    let house = House::set().await;
    let (lead, deadline, institution) = (Some(facts_of("lead")), day("2026-06-30"), institution());
    let service = ProvideRoutineService {
        institution: InstitutionFacts::of(institution),
        certificate: None,
        report: None,
        regulation: None,
    };
    let assignment = AssignResearch { institution, lead: lead.clone(), deadline };
    let reassignment = ReassignResearch { institution, lead, deadline: None, reason: None };
    let invitation = InviteExpert { expert: facts_of("expert"), message: None };
    let enrolment = [house.at::<Enterprise>(enterprise()).await, house.at::<Campaign>(campaign("this")).await];
    let lead = house.at::<Person>(person("lead")).await;
    let province = house.at::<Catalogue>(catalogue("44")).await;
    let nation = house.at::<Catalogue>(catalogue("CN")).await;
    let table: [(CaseCommand, &[(StreamId, u64)]); 8] = [
        (reported().into(), &enrolment),
        (told_by_another_tracker().into(), &enrolment),
        (service.into(), &[house.at::<Institution>(institution).await]),
        (assignment.into(), &[lead]),
        (reassignment.into(), &[lead]),
        (invitation.into(), &[house.at::<Person>(person("expert")).await]),
        (fee(LISTED).into(), &[province]),
        // What the province does not list, it might list by the time of the commit.
        (fee("JL-0102").into(), &[province, nation]),
    ];
    for (command, expected) in table {
        let told = format!("{command:?}");
        let relied_on = house.relied_on::<Case>(case("whole"), command).await;
        assert_eq!(relied_on, BTreeSet::from_iter(expected.iter().copied()), "{told}");
    }
}

#[tokio::test]
async fn a_case_relies_on_every_other_that_was_looked_at() {
    let house = House::set().await;
    let close = CloseCase { lesson: None, fee_total: None, open_sub_cases: Vec::new() };
    let reopen = ReopenCase { reason: None, goes_on_in: None };
    let table: [(&str, CaseCommand, BTreeSet<_>); 7] = [
        ("whole", close.into(), house.cases(["part", "other part"]).await),
        ("duplicate", reopen.into(), house.cases(["original", "last"]).await),
        // All that the other one is part of, and what it is a duplicate of, through others as well.
        ("last", part_of("last", "part").into(), house.cases(["part", "whole", "top"]).await),
        ("top", part_of("top", "duplicate").into(), house.cases(["duplicate", "original", "last"]).await),
        ("last", duplicate_of("last", "part").into(), house.cases(["part", "whole", "top"]).await),
        ("part", duplicate_of("part", "duplicate").into(), house.cases(["duplicate", "original", "last"]).await),
        ("whole", duplicate_of("whole", "last").into(), house.cases(["last", "part", "other part"]).await),
    ];
    for (name, command, expected) in table {
        let told = format!("{name}: {command:?}");
        assert_eq!(house.relied_on::<Case>(case(name), command).await, expected, "{told}");
    }
}

#[tokio::test]
async fn an_enterprise_relies_on_its_campaign_and_on_who_came() {
    let house = House::set().await;
    let this = house.at::<Campaign>(campaign("this")).await;
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), enrolled()).await, [this].into());
    let visitors = [house.at::<Person>(person("lead")).await, house.at::<Person>(person("expert")).await];
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), visit(&["lead", "expert"])).await, visitors.into());
}

#[tokio::test]
async fn a_campaign_that_is_closed_relies_on_every_other_that_is_open() {
    let house = House::set().await;
    let open = [house.at::<Campaign>(campaign("next")).await, house.at::<Campaign>(campaign("another")).await];
    for successor in [None, Some("next")] {
        let relied_on = house.relied_on::<Campaign>(campaign("this"), closed(successor)).await;
        assert_eq!(relied_on, open.into(), "{successor:?}");
    }
}

#[tokio::test]
async fn a_person_relies_on_where_it_belongs() {
    let house = House::set().await;
    let institute = AffiliationFacts::Institution { institution: institution(), known: None };
    let company = AffiliationFacts::Enterprise { enterprise: enterprise(), known: None };
    for (affiliation, expected) in [
        (institute, house.at::<Institution>(institution()).await),
        (company, house.at::<Enterprise>(enterprise()).await),
    ] {
        let relied_on = house.relied_on::<Person>(person("new"), registered(affiliation.clone())).await;
        assert_eq!(relied_on, [expected].into(), "{affiliation:?}");
        assert_eq!(house.relied_on::<Person>(person("lead"), amended(affiliation)).await, [expected].into());
    }
}
