//! A replay compares every row of every table with what the log makes, and misses nothing while commits go on.

use etalon::audit::{Fault, Trusted, replay};

use crate::interchange::support::{House, Log};
use crate::ledger::hostile::Intruder;
use crate::ledger::processes::demonstration;
use crate::store::on_both_databases;
use crate::store::support::{Database, Raw};

on_both_databases! {
    a_changed_row_of_any_table_is_found,
    commits_that_go_on_make_no_difference,
    faults_all_over_the_log_are_told_once_and_in_order,
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const NOT_SERVED: &str = "ROW_NOT_SERVED";
const SERVED_WRONGLY: &str = "ROW_SERVED_WRONGLY";

async fn a_changed_row_of_any_table_is_found(database: Database) {
    const TABLES: [&str; 8] = [
        "cases",
        "case_versions",
        "case_members",
        "case_links",
        "register_versions",
        "figures",
        "case_number_series",
        "search_texts",
    ];
    let demonstration = demonstration(database).await;
    let is_postgres = matches!(demonstration.database.raw().await, Raw::Postgres(_));
    let intruder = Intruder::of(&demonstration.database).await;
    for table in TABLES {
        intruder.does(&format!("create table kept_{table} as select * from {table}")).await;
    }
    let first = |table: &str, column: &str| format!("{column} = (select min({column}) from {table})");
    let changed = [SERVED_WRONGLY, NOT_SERVED].as_slice();
    let (added, lost) = ([SERVED_WRONGLY].as_slice(), [NOT_SERVED].as_slice());
    let mut changes = vec![
        ("cases", format!("update cases set title = 'other' where {}", first("cases", "case_id")), changed),
        ("cases", format!("update cases set version = version + 1 where {}", first("cases", "case_id")), changed),
        ("cases", format!("delete from cases where {}", first("cases", "case_id")), lost),
        ("cases", format!("update cases set case_id = '{NOBODY}' where {}", first("cases", "case_id")), changed),
        (
            "case_versions",
            format!("update case_versions set fee_fen = fee_fen + 1 where {}", first("case_versions", "from_position")),
            changed,
        ),
        ("case_versions", format!("delete from case_versions where {}", first("case_versions", "from_position")), lost),
        (
            "case_versions",
            format!("update case_versions set case_id = '{NOBODY}' where {}", first("case_versions", "from_position")),
            changed,
        ),
        ("case_members", format!("insert into case_members (case_id, actor) values ('{NOBODY}', 'x')"), added),
        ("case_members", format!("delete from case_members where {}", first("case_members", "case_id")), lost),
        (
            "case_links",
            format!(
                "insert into case_links (case_id, other_id, relation, from_position) select case_id, '{NOBODY}', 'SUB_CASE_OF', 1 from case_versions where {}",
                first("case_versions", "from_position")
            ),
            added,
        ),
        (
            "register_versions",
            format!(
                "update register_versions set to_position = to_position - 1 where {}",
                first("register_versions", "from_position")
            ),
            changed,
        ),
        (
            "register_versions",
            format!(
                "update register_versions set aggregate_type = 'Ghost' where {}",
                first("register_versions", "from_position")
            ),
            changed,
        ),
        (
            "figures",
            format!("update figures set counted_on = '1999-01-01' where {}", first("figures", "position")),
            changed,
        ),
        (
            "figures",
            format!("update figures set aggregate_id = '{NOBODY}' where {}", first("figures", "position")),
            changed,
        ),
        ("figures", "delete from figures".to_owned(), lost),
        ("case_number_series", "update case_number_series set last = last + 1".to_owned(), changed),
        ("case_number_series", "insert into case_number_series (series, last) values ('XX-1999', 7)".to_owned(), added),
        ("case_number_series", "delete from case_number_series".to_owned(), lost),
        (
            "search_texts",
            format!("update search_texts set body = 'other' where {}", first("search_texts", "text_id")),
            changed,
        ),
        (
            "search_texts",
            format!("update search_texts set occurred_until = 5 where {}", first("search_texts", "text_id")),
            changed,
        ),
        ("search_texts", format!("delete from search_texts where {}", first("search_texts", "text_id")), lost),
    ];
    if is_postgres {
        // Words that nobody finds any more.
        let change = format!("update search_texts set terms = '' where {}", first("search_texts", "text_id"));
        changes.push(("search_texts", change, changed));
    }
    let found = async || -> Vec<Fault> {
        replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads").faults().to_vec()
    };
    assert!(found().await.is_empty());
    for (table, change, kinds) in changes {
        intruder.does(&change).await;
        let (of_index, faults): (Vec<_>, Vec<_>) =
            found().await.into_iter().partition(|fault| fault.message.starts_with("search_index"));
        // A text that is gone has left its words behind.
        assert_eq!(
            !of_index.is_empty(),
            !is_postgres && change.starts_with("delete from search_texts"),
            "{of_index:?}"
        );
        assert!(
            !faults.is_empty() && faults.iter().all(|fault| fault.message.starts_with(table)),
            "{change}: {faults:?}"
        );
        for kind in [SERVED_WRONGLY, NOT_SERVED] {
            let is_told = faults.iter().any(|fault| fault.kind == kind);
            assert_eq!(is_told, kinds.contains(&kind), "{change}: {kind} in {faults:?}");
        }
        intruder.does(&format!("delete from {table}")).await;
        intruder.does(&format!("insert into {table} select * from kept_{table}")).await;
    }
    assert!(found().await.is_empty(), "as it was, it is good");
}

#[tokio::test]
async fn a_text_that_the_index_of_sqlite_holds_otherwise_is_told() {
    let demonstration = demonstration(Database::sqlite()).await;
    let intruder = Intruder::of(&demonstration.database).await;
    let raw = demonstration.database.raw().await;
    let text = raw.texts("select cast(min(text_id) as text) from search_texts where words like '%量%'").await.remove(0);
    let found = async || -> Vec<(&str, String)> {
        let verdict = replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads");
        verdict.faults().iter().map(|fault| (fault.kind, fault.message.clone())).collect()
    };
    let of_text = |(kind, message): &(&str, String), expected: &str| {
        *kind == expected && message.starts_with(&format!("search_index text_id {text}:"))
    };
    for (change, repair, expected) in [
        ("(search_index, rowid, terms) values ('delete', {}, '量')", "(rowid, terms) values ({}, '量')", NOT_SERVED),
        (
            "(rowid, terms) values ({}, 'ghost')",
            "(search_index, rowid, terms) values ('delete', {}, 'ghost')",
            SERVED_WRONGLY,
        ),
    ] {
        let with = |values: &str| format!("insert into search_index {}", values.replace("{}", &text));
        intruder.does(&with(change)).await;
        let faults = found().await;
        assert!(faults.len() == 1 && of_text(&faults[0], expected), "{change}: {faults:?}");
        intruder.does(&with(repair)).await;
        assert_eq!(found().await, [], "{repair}");
    }
    intruder.does("delete from search_index_idx").await;
    let faults = found().await;
    let all_are_lost =
        faults.iter().all(|(kind, message)| *kind == NOT_SERVED && message.starts_with("search_index text_id"));
    assert!(!faults.is_empty() && all_are_lost, "the terms are there, and not found: {faults:?}");
    intruder.does("insert into search_index (search_index) values ('delete-all')").await;
    let faults = found().await;
    assert!(faults.len() == 100 && faults.iter().all(|(kind, _)| *kind == NOT_SERVED), "{faults:?}");
}

#[tokio::test]
async fn an_index_of_sqlite_that_cannot_be_read_is_told_and_the_rows_are_compared() {
    let demonstration = demonstration(Database::sqlite()).await;
    let intruder = Intruder::of(&demonstration.database).await;
    // What the index is kept in.
    intruder.does("delete from search_index_data").await;
    intruder.does("update case_number_series set last = last + 1").await;
    let verdict = replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads");
    let of = |table: &str| verdict.faults().iter().filter(|fault| fault.message.starts_with(table)).collect::<Vec<_>>();
    let of_index = of("search_index");
    assert!(of_index.len() == 1 && of_index[0].message.contains("cannot be read"), "{verdict}");
    let of_series = of("case_number_series");
    assert!(!of_series.is_empty() && of_series.len() + 1 == verdict.faults().len(), "{verdict}");
}

async fn commits_that_go_on_make_no_difference(database: Database) {
    let house = House::on(&database).await;
    let log = Log::of_the_problem_desk();
    let auditor = house.another(&database).await;
    let import = async { assert_eq!(house.import(&log).await.expect("imported").events_read, 6_660) };
    let audits = async {
        let (mut seen, mut audits) = (0, 0);
        while seen < 1 + 13 + 6_660 {
            let verdict = replay(&auditor, &Trusted::default(), |_, _| ()).await.expect("it reads");
            // Nor is a node taken for a stray whose events have come meanwhile.
            let of_commits = |fault: &&Fault| fault.kind.starts_with("ROW_") || fault.kind == "NODE_STRAY";
            let found: Vec<_> = verdict.faults().iter().filter(of_commits).collect();
            assert!(found.is_empty(), "after {seen} events: {found:?}");
            seen = verdict.events;
            audits += 1;
        }
        audits
    };
    let ((), audits) = tokio::join!(import, audits);
    assert!(audits > 1, "it was audited while it was written");
}

async fn faults_all_over_the_log_are_told_once_and_in_order(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::of_the_problem_desk()).await.expect("imported");
    let auditor = house.another(&database).await;
    let found = async || replay(&auditor, &Trusted::default(), |_, _| ()).await.expect("it reads");
    let good = found().await;
    assert!(good.faults().is_empty(), "{:?}", good.faults());
    // Whatever is compared beside one another, each has one of these.
    let intruder = Intruder::of(&database).await;
    intruder.does("update case_versions set fee_fen = fee_fen + 1 where lane = 0 and from_position % 97 = 0").await;
    let verdict = found().await;
    let of_kind = |kind: &str| -> Vec<(String, u64)> {
        let told = verdict.faults().iter().filter(|fault| fault.kind == kind);
        let rows = told.map(|fault| {
            let (case, rest) = fault.message.split_once(", from_position ").expect("the key of a row");
            let (position, _) = rest.split_once(',').expect("what comes after a position");
            (case.to_owned(), position.parse().expect("a position"))
        });
        rows.collect()
    };
    let (lost, added) = (of_kind(NOT_SERVED), of_kind(SERVED_WRONGLY));
    assert_eq!(lost, added, "a changed row is one of either side");
    assert!(
        lost.len() > 50 && verdict.fault_count == 2 * lost.len() as u64,
        "{} of {}",
        lost.len(),
        verdict.fault_count
    );
    assert!(lost.is_sorted_by(|one, next| one < next), "{lost:?}");
    let digests = |table: &str, is_it: bool| -> Vec<_> {
        let both = verdict.projections.iter().zip(&good.projections);
        both.filter(|(one, _)| (one.table == table) == is_it).map(|(one, other)| one == other).collect()
    };
    assert_eq!(digests("case_versions", true), [false]);
    assert_eq!(digests("case_versions", false), [true; 7]);
}
