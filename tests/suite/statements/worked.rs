//! The open cases that somebody works on.

use etalon::app::App;
use etalon::domain::actor::Actor;
use etalon::domain::value::PersonId;
use etalon::store::{CaseRow, Moment, RowChanges};

use crate::statements::told::stating;
use crate::store::samples::{append, case_row, case_stream, commit, id, notes};
use crate::store::support::{Database, TestClock};

#[tokio::test]
async fn what_somebody_works_on_is_looked_up_by_who_they_are_and_listed_where_there_is_any() {
    let database = Database::postgres();
    let store = database.open().await;
    let (somebody, nobody) = (id(7), id(8));
    let row = CaseRow { members: format!(" {somebody} "), ..case_row(1) };
    let rows = RowChanges { case: Some(row), members_added: vec![somebody.to_string()], ..RowChanges::default() };
    for outcome in commit(&*store, &[append(case_stream(1), 0, "1", notes(&["x"], rows))]).await {
        outcome.expect("accepted");
    }
    let app = App::new(store, TestClock::new());
    for (person, numbers, taken) in [(somebody, &["GD-2026-0001"][..], 3), (nobody, &[], 2)] {
        let (found, statements) =
            stating(app.joined_by(&Actor::clock(), PersonId::from(person), Moment::Present)).await;
        assert_eq!(found.expect("it reads").numbers, numbers);
        let by_members = statements.iter().filter(|said| said.contains("case_members")).count();
        assert_eq!(by_members, taken, "{statements:#?}");
    }
    app.shutdown().await;
}
