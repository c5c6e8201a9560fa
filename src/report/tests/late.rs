//! Which of the cases with a deadline a report tells as difficult.

use std::time::Duration;

use super::*;
use crate::app::{Clockwork, RegisterPage};
use crate::domain::case::command::{PauseClock, ProvideRoutineService, SetDeadline};
use crate::domain::case::facts::InstitutionFacts;
use crate::domain::institution::Institution;
use crate::domain::value::calendar;

/// What is late is told as difficult by the same condition that counts it: be the miss answered, and not while the clock
/// is paused.
#[tokio::test]
async fn what_is_late_is_difficult_whatever_was_missed() {
    let (app, clock, _folder) = demonstration().await;
    let one = CasePage::of(within(&Division::parse("4403").expect("Shenzhen")), 1, Moment::Present);
    let like = app.cases(&reporter(), &one).await.expect("the store reads").remove(0);
    let deadline = calendar::date_of(app.now()).tomorrow().expect("a day");
    let mut cases = Vec::new();
    for number in 1..=3 {
        let case = triaged(&app, &like, number, Kind::Calibration).await;
        given(&app, case, SetDeadline { deadline }).await;
        cases.push(case);
    }
    let difficult = async || -> Vec<String> {
        let data = gather(&app, question(&app, "44", 2026, None).await).await.expect("figures");
        let titles = data.difficult.into_iter().map(|line| line.title);
        let mut titles: Vec<_> = titles.filter(|title| title.starts_with("难点 ")).collect();
        titles.sort();
        titles
    };
    assert_eq!(difficult().await, [""; 0]);

    clock.advance(SignedDuration::from_hours(48));
    let clockwork = Clockwork { every: Duration::from_secs(60), escalate_after_working_days: 10 };
    assert!(clockwork.round(&app, "a").await.expect("it looks").missed >= 3);
    assert_eq!(difficult().await, ["难点 1", "难点 2", "难点 3"]);
    let [_, served, paused] = cases[..] else { panic!("three cases") };
    let page = RegisterPage { limit: 1, ..RegisterPage::default() };
    let institution = app.registers::<Institution>(&reporter(), &page).await.expect("the store reads").remove(0);
    let service = ProvideRoutineService {
        institution: InstitutionFacts::of(institution.id.into()),
        certificate: Some(Label::parse("SZ-2026-0815").expect("a label")),
        report: None,
        regulation: None,
    };
    given(&app, served, service).await;
    given(&app, paused, PauseClock { reason: Statement::parse("等待样品").expect("a text") }).await;
    assert_eq!(difficult().await, ["难点 1", "难点 2"]);
}
