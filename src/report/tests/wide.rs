//! The report of a jurisdiction with more institutions than an answer of the API has groups.

use futures::{StreamExt, stream};

use super::*;
use crate::app::MOST_GROUPS;
use crate::domain::case::command::AssignResearch;
use crate::domain::case::facts::PersonFacts;
use crate::domain::fixtures::day;
use crate::domain::institution::Institution;
use crate::domain::institution::command::RegisterInstitution;
use crate::domain::institution::values::InstitutionKind;
use crate::domain::person::Person;
use crate::domain::person::command::{AffiliationFacts, RegisterPerson};
use crate::domain::person::values::Capacity;
use crate::domain::value::Personal;

/// A table of institutions has as many lines as there are institutions with cases, each by its name.
#[tokio::test]
async fn a_report_has_every_institution_however_many_there_are() {
    let (app, _, _folder) = demonstration().await;
    let one = CasePage::of(within(&Division::parse("4403").expect("Shenzhen")), 1, Moment::Present);
    let like = app.cases(&reporter(), &one).await.expect("the store reads").remove(0);
    let before = gather(&app, question(&app, "44", 2026, None).await).await.expect("figures").institutions.len();
    let more = MOST_GROUPS as usize;
    stream::iter(0..more).for_each_concurrent(64, |number| served(&app, &like, number)).await;
    let data = gather(&app, question(&app, "44", 2026, None).await).await.expect("figures");
    assert_eq!(data.institutions.len(), before + more);
    let names: BTreeSet<_> = data.institution_names.values().filter(|name| name.starts_with("县级计量所 ")).collect();
    assert_eq!(names.len(), more);
}

/// Registers an institution and an expert of it, who is then assigned a case.
async fn served(app: &App, like: &StoredCase, number: usize) {
    let (institution, lead) = (app.new_id(), app.new_id());
    let command = RegisterInstitution {
        name: Label::parse(&format!("县级计量所 {number}")).expect("a name"),
        division: Division::parse("44").expect("Guangdong"),
        kind: InstitutionKind::MetrologyInstitute,
        capabilities: [ServiceCategory::parse("L").expect("a category")].into(),
        accreditation: None,
    };
    app.execute::<Institution>(&by_a_coordinator(app), institution, command.into()).await.expect("it is allowed");
    let command = RegisterPerson {
        name: Personal::parse("领衔人").expect("a name"),
        telephone: None,
        affiliation: Some(AffiliationFacts::Institution { institution: institution.into(), known: None }),
        capacity: Capacity::Expert,
        fields: BTreeSet::new(),
    };
    app.execute::<Person>(&by_a_coordinator(app), lead, command.into()).await.expect("it is allowed");
    let case = researched(app, like, number).await;
    let assignment = AssignResearch {
        institution: institution.into(),
        lead: Some(PersonFacts::of(lead.into())),
        deadline: day("2027-03-31"),
    };
    given(app, case, assignment).await;
}
