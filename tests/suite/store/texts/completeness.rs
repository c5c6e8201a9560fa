//! A search that leaves something out says so, and one that does not says that.

use std::ops::RangeInclusive;

use etalon::app::{App, Condition, Found, Moment, Search};
use etalon::search::question::Question;
use etalon::store::{RowChanges, Store, TextRow};
use uuid::Uuid;

use crate::figures::everybody;
use crate::store::samples::{append, case_row, case_stream, commit, id, notes, text};
use crate::store::support::{Database, TestClock};

/// How many cases are committed at once.
const AT_ONCE: usize = 500;

/// Every case says `gauge` once. As many texts say `thread`, three of a case each; 1,001 cases say both `pin` and `bore`,
/// and the first one alone says `laser`, after everything else.
fn texts_of(case: u128) -> Vec<TextRow> {
    let mut bodies = vec!["gauge"];
    if case <= 667 {
        bodies.extend(["thread"; 3]);
    }
    if case <= 1_001 {
        bodies.push("pin, bore");
    }
    if case == 1 {
        bodies.push("laser");
    }
    (0..).zip(bodies).map(|(index, body)| text(index, "FINDING", body)).collect()
}

async fn record(store: &dyn Store, cases: RangeInclusive<u128>) {
    let reports: Vec<_> = cases
        .map(|case| {
            let rows = RowChanges { case: Some(case_row(case)), texts: texts_of(case), ..RowChanges::default() };
            append(case_stream(case), 0, &case.to_string(), notes(&["x"], rows))
        })
        .collect();
    for batch in reports.chunks(AT_ONCE) {
        for outcome in commit(store, batch).await {
            outcome.expect("accepted");
        }
    }
}

async fn found(app: &App, question: &str) -> Found {
    let question = Question::parse(question).expect("a question");
    let search = Search { question, condition: Condition::All(Vec::new()), at: Moment::Present };
    app.search(&everybody(), &search).await.expect("it reads")
}

fn cases(found: &Found) -> Vec<Uuid> {
    found.hits.iter().map(|hit| hit.case_id).collect()
}

async fn a_search_says_whether_it_has_looked_at_everything(database: Database) {
    let store = database.open().await;
    let app = App::new(store.clone(), TestClock::new());
    record(&*store, 1..=1_999).await;
    let all = found(&app, "gauge").await;
    assert_eq!((all.hits.len(), all.is_complete), (1_999, true));
    record(&*store, 2_000..=2_001).await;
    let latest = found(&app, "gauge").await;
    assert_eq!((latest.hits.len(), latest.is_complete), (2_000, false));
    assert!(!cases(&latest).contains(&id(1)), "its text is the oldest");
    // Where another word is rare, what leaves out nothing that has both is whole.
    let rare = found(&app, "gauge laser").await;
    assert_eq!((cases(&rare), rare.is_complete), (vec![id(1)], true));
    assert_eq!(found(&app, "gauge micrometer").await, Found { hits: Vec::new(), is_complete: true });
    // The cases are few, and the texts many.
    let narrowed = found(&app, "thread -laser").await;
    assert!(!narrowed.is_complete && !cases(&narrowed).contains(&id(1)));
    // The texts are few, and the cases many that would have to be read for what they must not say.
    let both = found(&app, "pin bore").await;
    assert_eq!((both.hits.len(), both.is_complete), (1_001, true));
    let narrowed = found(&app, "pin bore -caliper").await;
    assert_eq!((narrowed.hits.len(), narrowed.is_complete), (1_000, false));
}

crate::store::on_both_databases!(a_search_says_whether_it_has_looked_at_everything);
