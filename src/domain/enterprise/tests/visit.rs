use super::*;
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::values::Kind;
use crate::domain::enterprise::event::FieldVisitRecorded;
use crate::domain::enterprise::values::Visitor;
use crate::domain::refusal::Code;
use crate::domain::value::{PersonId, Statement};

fn visitor() -> Actor {
    actor(Role::Visitor, "44")
}

fn visited_by(by: &Actor) -> FieldVisitRecorded {
    FieldVisitRecorded {
        id: VisitId::named("first"),
        campaign: this_year(),
        visitors: vec![Visitor { actor: by.id.clone(), person_version: None }],
        visited_on: day("2026-03-10"),
        place: Some(label("thread rolling")),
        seen: statement("gauges are checked against each other"),
        needs: [].into(),
    }
}

fn visiting(by: Actor, command: RecordFieldVisit) -> Outcome<Enterprise> {
    given_enrolled().when(order(by, command))
}

fn person(name: &str, version: u64) -> PersonFacts {
    PersonFacts { version, ..PersonFacts::of(PersonId::named(name)) }
}

#[test]
fn visitors_and_coordinators_record_visits_in_their_jurisdiction() {
    visiting(visitor(), visit()).then(visited_by(&visitor()));
    visiting(coordinator(), visit()).then(visited_by(&coordinator()));
    visiting(actor(Role::Visitor, "4401"), visit()).then_refused(Code::OutsideJurisdiction, "");
    for by in [own_contact(), actor(Role::Manager, "44"), importer()] {
        visiting(by, visit()).then_refused(Code::NotPermitted, "");
    }
}

#[test]
fn a_visit_names_everybody_who_went_once() {
    let together = RecordFieldVisit {
        visitors: vec![person("wang", 3), person("li", 1), person("wang", 3)],
        needs: vec![Kind::Calibration, Kind::Training, Kind::Calibration],
        ..visit()
    };
    let named = |name, version| Visitor { actor: PersonId::named(name).into(), person_version: Some(version) };
    let recorded = FieldVisitRecorded {
        visitors: vec![named("wang", 3), named("li", 1)],
        needs: [Kind::Calibration, Kind::Training].into(),
        ..visited_by(&visitor())
    };
    visiting(visitor(), together).then(recorded.clone());

    let state = given_enrolled().and(recorded).state();
    let visit = state.visit(VisitId::named("first")).expect("it is on record");
    assert_eq!(visit.visitors.len(), 2);
    let facts = state.enrolment_facts(2, this_year(), Some(VisitId::named("first")));
    assert!(facts.expect("it is registered").visit_known);
}

#[test]
fn visitors_are_registered() {
    let with_a_stranger = RecordFieldVisit { visitors: vec![person("wang", 3), person("stranger", 0)], ..visit() };
    visiting(visitor(), with_a_stranger).then_refused(Code::PersonUnknown, "visitorIds.1");
}

#[test]
fn visitors_are_known_by_a_name() {
    let erased = PersonFacts { erased: true, ..person("li", 2) };
    let with_somebody_erased = RecordFieldVisit { visitors: vec![person("wang", 3), erased], ..visit() };
    visiting(visitor(), with_somebody_erased).then_refused(Code::AlreadyErased, "visitorIds.1");
}

#[test]
fn only_an_enrolled_enterprise_is_visited() {
    Given::<Enterprise>::nothing()
        .when(order(visitor(), visit()))
        .then_refused(Code::EnterpriseUnknown, "enterpriseId");
    given_enrolled().and(withdrawn()).when(order(visitor(), visit())).then_refused(Code::NotEnrolled, "campaignId");
}

#[test]
fn a_visit_is_recorded_once() {
    given_enrolled()
        .and(visited_by(&visitor()))
        .when(order(visitor(), visit()))
        .then_refused(Code::AlreadyExists, "id");
}

#[test]
fn a_visit_lies_not_in_the_future() {
    let tomorrow = RecordFieldVisit { visited_on: day("2026-03-11"), ..visit() };
    visiting(visitor(), tomorrow).then_refused(Code::VisitInFuture, "visitedOn");
    given_enrolled().when(order_of_tomorrow(visitor(), visit())).then_refused(Code::OccurredInFuture, "occurredAt");
}

/// The enterprise after so many visits, of which one actor after the other has recorded a quarter of the most, and which
/// take so many bytes each.
fn visited(times: usize, bytes: usize) -> Given<Enterprise> {
    (0..times).fold(given_enrolled(), |given, number| {
        let by = actor(Role::Visitor, ["4401", "4402", "4403", "4404"][number / 250]);
        let id = VisitId::named(&number.to_string());
        let fact = FieldVisitRecorded { id, place: None, seen: seen_of(bytes), ..visited_by(&by) };
        given.and_by(&by, fact)
    })
}

/// What was seen at a visit without a place that takes so many bytes.
fn seen_of(bytes: usize) -> Statement {
    statement(&"x".repeat(bytes - 256))
}

/// A visit without a place that takes so many bytes, and what comes of it.
fn visit_of(bytes: usize) -> (RecordFieldVisit, FieldVisitRecorded) {
    let seen = seen_of(bytes);
    let recorded = FieldVisitRecorded { place: None, seen: seen.clone(), ..visited_by(&visitor()) };
    (RecordFieldVisit { place: None, seen, ..visit() }, recorded)
}

#[test]
fn a_campaign_has_so_many_visits_to_an_enterprise() {
    visited(999, 300).when(order(visitor(), visit())).then(visited_by(&visitor()));
    visited(1_000, 300).when(order(visitor(), visit())).then_refused(Code::TooManyVisits, "campaignId");

    let campaign = campaign_of("2027");
    let in_the_next = visited(1_000, 300).and(EnterpriseEnrolled { campaign, ..enrolled() });
    let next = FieldVisitRecorded { campaign, ..visited_by(&visitor()) };
    in_the_next.when(order(visitor(), RecordFieldVisit { campaign, ..visit() })).then(next);
}

#[test]
fn one_actor_records_a_quarter_of_the_visits_of_a_campaign() {
    let recorded_by_one = |times: u32| {
        (0..times).fold(given_enrolled(), |given, number| {
            let id = VisitId::named(&number.to_string());
            given.and_by(&coordinator(), FieldVisitRecorded { id, ..visited_by(&coordinator()) })
        })
    };
    recorded_by_one(249).when(order(coordinator(), visit())).then(visited_by(&coordinator()));
    recorded_by_one(250).when(order(coordinator(), visit())).then_refused(Code::TooManyVisits, "campaignId");
    recorded_by_one(250).when(order(visitor(), visit())).then(visited_by(&visitor()));
}

#[test]
fn the_visits_of_a_campaign_to_an_enterprise_tell_so_much() {
    // 512 of 16 KiB are 8 MiB.
    let (last, recorded) = visit_of(16 << 10);
    visited(511, 16 << 10).when(order(visitor(), last)).then(recorded);
    let (longer, _) = visit_of((16 << 10) + 1);
    visited(511, 16 << 10).when(order(visitor(), longer)).then_refused(Code::TooManyVisits, "campaignId");
}

#[test]
fn one_actor_tells_a_quarter_of_what_the_visits_of_a_campaign_tell() {
    // 128 of 16 KiB are 2 MiB.
    let own = || {
        (0..127_u32).fold(given_enrolled(), |given, number| {
            let fact = FieldVisitRecorded { id: VisitId::named(&number.to_string()), ..visit_of(16 << 10).1 };
            given.and_by(&visitor(), fact)
        })
    };
    let (last, recorded) = visit_of(16 << 10);
    own().when(order(visitor(), last)).then(recorded);
    let (longer, _) = visit_of((16 << 10) + 1);
    own().when(order(visitor(), longer.clone())).then_refused(Code::TooManyVisits, "campaignId");
    let seen = longer.seen.clone();
    let recorded = FieldVisitRecorded { place: None, seen, ..visited_by(&coordinator()) };
    own().when(order(coordinator(), longer)).then(recorded);
}

#[test]
fn a_later_enrolment_leaves_the_visits_as_they_are() {
    let again = EnterpriseEnrolled { campaign: campaign_of("2027"), ..enrolled() };
    let state = given_enrolled().and(visited_by(&visitor())).and(again).state();
    assert_eq!(state.visits.len(), 1);
}

#[test]
fn a_visit_had_been_made_when_it_is_said_to_have_happened() {
    let of_earlier = |visited_on: &str| {
        let command = RecordFieldVisit { visited_on: day(visited_on), ..visit() };
        given_enrolled().when(order(visitor(), command).occurred(time("2026-03-05T02:00:00Z")))
    };
    of_earlier("2026-03-06").then_refused(Code::VisitInFuture, "visitedOn");
    of_earlier("2026-03-05").then(FieldVisitRecorded { visited_on: day("2026-03-05"), ..visited_by(&visitor()) });
    of_earlier("1948-12-31").then_refused(Code::YearInvalid, "visitedOn");
    of_earlier("0026-03-05").then_refused(Code::YearInvalid, "visitedOn");
    of_earlier("1949-01-01").then(FieldVisitRecorded { visited_on: day("1949-01-01"), ..visited_by(&visitor()) });
}

#[test]
fn a_visit_of_an_earlier_day_had_been_made_by_its_end() {
    let recorded_at = |ordered: Order<EnterpriseCommand>| {
        let events = given_enrolled().state().decide(&ordered).expect("the visit is recorded");
        let [event] = events.as_slice() else { panic!("{events:?}") };
        event.occurred_at
    };
    let of = |visited_on: &str| {
        let command = RecordFieldVisit { visited_on: day(visited_on), ..visit() };
        order(visitor(), command)
    };
    assert_eq!(recorded_at(of("2026-03-09")), time("2026-03-09T15:59:59.999999Z"));
    assert_eq!(recorded_at(of("1949-01-01")), time("1949-01-01T15:59:59.999999Z"));
    assert_eq!(recorded_at(of("2026-03-10")), time(NOW), "the day goes on");
    let said = time("2026-03-10T01:00:00Z");
    assert_eq!(recorded_at(of("2026-03-09").occurred(said)), said);
}
