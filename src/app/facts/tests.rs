//! Which streams a command relies on that needs to know something of others.

mod house;

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::app::facts::tests::house::*;
use crate::domain::actor::Role;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::CampaignFacts;
use crate::domain::case::Case;
use crate::domain::case::command::{
    AssignResearch, CaseCommand, CloseCase, InviteExpert, ProvideRoutineService, ReassignResearch,
};
use crate::domain::case::facts::InstitutionFacts;
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::EnrolEnterprise;
use crate::domain::fixtures::{actor, day, division};
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::person::command::AffiliationFacts;
use crate::store::StreamId;

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
    let table: [(&str, CaseCommand, BTreeSet<_>); 6] = [
        ("whole", close.into(), house.cases(["part", "other part"]).await),
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
async fn an_enterprise_relies_on_its_campaigns_and_on_who_came() {
    let house = House::set().await;
    let [this, next] = [house.at::<Campaign>(campaign("this")).await, house.at::<Campaign>(campaign("next")).await];
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), enrolled()).await, [this].into());
    let in_next = EnrolEnterprise { campaign: CampaignFacts::of(campaign("next")), ..enrolled() };
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), in_next.clone()).await, [next].into());
    // Where it moves, on those that have it on their list as well.
    let there = EnrolEnterprise { division: division("440306"), ..in_next };
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), there).await, [this, next].into());
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), moved("440306")).await, [this].into());
    assert_eq!(house.relied_on::<Enterprise>(enterprise(), moved("440305")).await, BTreeSet::new());
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

#[tokio::test]
async fn an_annual_summary_relies_on_the_cases_that_it_names_and_reads_none_of_them_whole() {
    let house = House::set().await;
    let another = server(&house.folder, &house.clock).await;
    let names = ["whole", "nowhere", "part"];
    let asked = async |by| relied_on::<AnnualSummary>(&another, by, Uuid::nil(), summary(&names).into()).await;
    assert_eq!(asked(bureau()).await, house.cases(["whole", "part"]).await);
    for name in names {
        assert!(another.aggregates.cases.kept(case(name).into()).await.is_none(), "{name}");
    }
    // Who sees cases and reports no year has nothing looked up for them.
    assert_eq!(asked(actor(Role::Coordinator, "CN")).await, BTreeSet::new());
}
