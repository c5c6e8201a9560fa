//! Texts are found by their terms, the latest first, as of any moment and within the reader's scope.

mod completeness;

use std::collections::BTreeSet;

use etalon::domain::actor::ActorId;
use etalon::domain::case::event::FindingRecorded;
use etalon::domain::case::values::FindingId;
use etalon::domain::event::Recorded;
use etalon::domain::value::{Reference, Statement};
use etalon::projection::text::of_case;
use etalon::search::fold::Folded;
use etalon::search::question::Question;
use etalon::search::word::words;
use etalon::store::{
    AskedTexts, CaseRow, Condition, Confined, Moment, Reading, RowChanges, Scope, Store, Terms, TextQuery, TextRow,
    Texts,
};
use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::store::samples::{append, case_row, case_stream, commit_one, id, notes, text};
use crate::store::support::{Database, Raw, START, TestClock};

/// One event with these texts on a case.
pub(crate) async fn record(store: &dyn Store, case: u128, version: u64, texts: Vec<TextRow>) {
    let row = CaseRow { division: if case == 3 { "320500" } else { "440300" }.to_owned(), ..case_row(case) };
    let rows = RowChanges { case: Some(row), texts, ..RowChanges::default() };
    let key = format!("{case} {version}");
    commit_one(store, append(case_stream(case), version, &key, notes(&["x"], rows))).await.expect("accepted");
}

/// Whatever holds the first part of a question.
pub(crate) fn asked(question: &str, at: Moment) -> TextQuery {
    let terms = Question::parse(question).expect("a question").wanted.remove(0).terms;
    TextQuery {
        terms: Terms::All(terms),
        fields: Vec::new(),
        condition: Condition::All(Vec::new()),
        scope: Scope { everything: true, ..Scope::default() },
        confined: None,
        at,
        limit: 1_000,
    }
}

/// Case and field of what is found.
async fn found(store: &dyn Store, query: &TextQuery) -> Vec<(u128, String)> {
    let texts = store.texts_with(query).await.expect("read");
    texts.into_iter().map(|text| (text.case_id.as_u128() - id(0).as_u128(), text.field)).collect()
}

fn expected(list: &[(u128, &str)]) -> Vec<(u128, String)> {
    list.iter().map(|(case, field)| (*case, (*field).to_owned())).collect()
}

/// Positions: 0 and 1 and 2 report three cases, 3 renames the first, 4 comments on the second.
async fn stage(store: &dyn Store) {
    record(store, 1, 0, vec![text(0, "TITLE", "K型热电偶校准"), text(1, "PROBLEM", "提高计量技术水平 calibration")])
        .await;
    record(store, 2, 0, vec![text(0, "TITLE", "Gauge blocks, calibrated"), text(1, "PROBLEM", "能源计量")]).await;
    record(store, 3, 0, vec![text(0, "TITLE", "热电偶的难点")]).await;
    let renamed = TextRow { replaces: true, occurred_at: START - 50, ..text(0, "TITLE", "铂电阻校准") };
    record(store, 1, 1, vec![renamed]).await;
    record(store, 2, 1, vec![text(0, "COMMENT", "智能 热电偶 ０.０２㎜")]).await;
}

async fn words_are_found_in_both_scripts(database: Database) {
    let store = database.open().await;
    stage(&*store).await;
    for (question, list) in [
        ("校准", &[(1, "TITLE")][..]),
        ("热电偶", &[(2, "COMMENT"), (3, "TITLE")]),
        ("能", &[(2, "COMMENT"), (2, "PROBLEM")]),
        ("计量技术", &[(1, "PROBLEM")]),
        ("calibrating", &[(2, "TITLE"), (1, "PROBLEM")]),
        ("0.02", &[(2, "COMMENT")]),
        ("0", &[(2, "COMMENT")]),
        ("\"0 02\"", &[]),
        ("\"mm\"", &[(2, "COMMENT")]),
        ("没有", &[]),
    ] {
        assert_eq!(found(&*store, &asked(question, Moment::Present)).await, expected(list), "{question}");
    }
    let any = Terms::Any(BTreeSet::from(["难点".to_owned(), "能源".to_owned()]));
    let query = TextQuery { terms: any, ..asked("能", Moment::Present) };
    assert_eq!(found(&*store, &query).await, expected(&[(3, "TITLE"), (2, "PROBLEM")]));
    let query = TextQuery { fields: vec!["COMMENT".to_owned()], ..asked("能", Moment::Present) };
    assert_eq!(found(&*store, &query).await, expected(&[(2, "COMMENT")]));
    let query = TextQuery { limit: 1, ..asked("能", Moment::Present) };
    assert_eq!(found(&*store, &query).await, expected(&[(2, "COMMENT")]));
}

async fn no_characters_are_found_together_that_punctuation_parts(database: Database) {
    let store = database.open().await;
    record(&*store, 1, 0, vec![text(0, "PROBLEM", "厚度无法在线测量，具体要求见附件。")]).await;
    record(&*store, 2, 0, vec![text(0, "PROBLEM", "车间的量\n具：（㐀）")]).await;
    for (question, list) in
        [("量具", &[(2, "PROBLEM")][..]), ("具体", &[(1, "PROBLEM")]), ("\"量 具\"", &[(2, "PROBLEM")]), ("具㐀", &[])]
    {
        assert_eq!(found(&*store, &asked(question, Moment::Present)).await, expected(list), "{question}");
    }
}

async fn a_text_is_found_while_it_stands(database: Database) {
    let store = database.open().await;
    stage(&*store).await;
    for (question, at, list) in [
        ("热电偶", Moment::Position(0), &[(1, "TITLE")][..]),
        ("热电偶", Moment::Position(2), &[(3, "TITLE"), (1, "TITLE")]),
        ("热电偶", Moment::Position(3), &[(3, "TITLE")]),
        ("铂电阻", Moment::Position(2), &[]),
        ("铂电阻", Moment::Position(3), &[(1, "TITLE")]),
    ] {
        assert_eq!(found(&*store, &asked(question, at)).await, expected(list), "{question} {at:?}");
    }
    // By what its authors say, the second title came fifty microseconds before the case was recorded.
    for (at, bodies) in [
        (Moment::Position(0), &["提高计量技术水平 calibration", "K型热电偶校准"][..]),
        (Moment::Present, &["铂电阻校准", "提高计量技术水平 calibration"]),
        (Moment::Occurred(START - 51), &["提高计量技术水平 calibration", "K型热电偶校准"]),
        (Moment::Occurred(START - 50), &["铂电阻校准", "提高计量技术水平 calibration"]),
        (Moment::Occurred(START - 101), &[]),
    ] {
        let of_the_first =
            Texts::OfCases { cases: vec![id(1)], at, fields: Vec::new(), confined: None, before: None, limit: 10 };
        let texts = store.texts(&of_the_first, Reading::Bodies).await.expect("read");
        let found: Vec<_> = texts.iter().map(|text| &*text.body).collect();
        assert_eq!(found, bodies, "{at:?}");
    }
}

async fn texts_are_read_a_few_at_a_time(database: Database) {
    let store = database.open().await;
    stage(&*store).await;
    let of = |before, limit| Texts::OfCases {
        cases: vec![id(1), id(2)],
        at: Moment::Present,
        fields: Vec::new(),
        confined: None,
        before,
        limit,
    };
    let read = async |which: Texts, reading| store.texts(&which, reading).await.expect("read");
    let all = read(of(None, 100), Reading::Places).await;
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|later, earlier| later.text_id > earlier.text_id));
    assert!(all.iter().all(|text| text.words.is_empty() && text.body.is_empty() && text.length > 0));
    let mut parts = read(of(None, 2), Reading::Places).await;
    while let Some(last) = parts.last().filter(|_| parts.len() < all.len()) {
        let next = read(of(Some(last.text_id), 2), Reading::Places).await;
        parts.extend(next);
    }
    assert_eq!(parts, all, "by pages what it is at once");
    let ids: Vec<_> = all.iter().rev().map(|text| text.text_id).collect();
    let words = read(Texts::These(ids), Reading::Words).await;
    for (text, place) in words.iter().zip(&all) {
        assert_eq!((text.text_id, text.length, text.case_id), (place.text_id, place.length, place.case_id));
        assert!(!text.words.is_empty() && text.body.is_empty());
    }
    let titles = Texts::OfCases {
        cases: vec![id(1), id(2)],
        at: Moment::Present,
        fields: vec!["TITLE".to_owned()],
        confined: None,
        before: None,
        limit: 9,
    };
    let titles = read(titles, Reading::Bodies).await;
    let bodies: Vec<_> = titles.iter().map(|text| &*text.body).collect();
    assert_eq!(bodies, ["铂电阻校准", "Gauge blocks, calibrated"]);
}

/// A text of more words than an index takes is found by its beginning, and by the same on both databases.
async fn what_is_too_long_for_an_index_is_found_by_its_beginning(database: Database) {
    let character = |place: u32| char::from_u32(0x4E00 + place % 20_000).expect("a character");
    // No two of these lines have the same neighbours, so that there are more pairs than an index takes.
    let line = |step: u32| -> String { (0..500).map(|place| character(step * 7_919 + place * (step + 1))).collect() };
    let citations = (0..2_000).map(|step| Reference::parse(&line(step)).expect("a reference"));
    let fact = FindingRecorded {
        id: FindingId(id(7)),
        text: Statement::parse("三针法测量螺纹中径").expect("a statement"),
        citations: citations.collect(),
    };
    let event = Recorded {
        by: ActorId::parse("p-1").expect("an id"),
        occurred_at: Timestamp::from_microsecond(START).expect("a time"),
        source: None,
        fact: fact.into(),
    };
    let store = database.open().await;
    record(&*store, 1, 0, of_case(&[event])).await;
    record(&*store, 2, 0, vec![text(0, "FINDING", "三针法")]).await;
    let both = expected(&[(2, "FINDING"), (1, "FINDING")]);
    assert_eq!(found(&*store, &asked("三针法", Moment::Present)).await, both);
    let first: String = line(0).chars().take(9).collect();
    assert_eq!(found(&*store, &asked(&first, Moment::Present)).await, expected(&[(1, "FINDING")]));
    let last: String = line(1_999).chars().take(9).collect();
    assert_eq!(found(&*store, &asked(&last, Moment::Present)).await, []);
}

async fn nobody_finds_what_they_may_not_see(database: Database) {
    let store = database.open().await;
    stage(&*store).await;
    let scopes = [
        (Scope::default(), &[][..]),
        (Scope { division_prefix: Some("32".to_owned()), ..Scope::default() }, &[(3, "TITLE")]),
        (Scope { division_prefix: Some("4403".to_owned()), ..Scope::default() }, &[(2, "COMMENT")]),
        (Scope { division_prefix: Some(String::new()), ..Scope::default() }, &[(2, "COMMENT"), (3, "TITLE")]),
        (Scope { enterprise: Some(id(9)), ..Scope::default() }, &[]),
    ];
    for (scope, list) in scopes {
        let query = TextQuery { scope: scope.clone(), ..asked("热电偶", Moment::Present) };
        assert_eq!(found(&*store, &query).await, expected(list), "{scope:?}");
    }
}

/// A text that is for some alone is found and read by those in their cases, whatever the moment.
async fn what_is_confined_is_found_where_it_may_be_read(database: Database) {
    let store = database.open().await;
    stage(&*store).await;
    let confined = |field: &str, scope: Scope| Some(Confined { field: field.to_owned(), scope });
    let within = |code: &str| Scope { division_prefix: Some(code.to_owned()), ..Scope::default() };
    let own = Scope { but_of_enterprise: Some(case_row(2).enterprise_id), ..within("") };
    let (comment, title) = ((2, "COMMENT"), (3, "TITLE"));
    for (confined, list) in [
        (None, &[comment, title][..]),
        (confined("COMMENT", Scope::default()), &[title]),
        (confined("COMMENT", within("32")), &[title]),
        (confined("COMMENT", within("4403")), &[comment, title]),
        (confined("COMMENT", own), &[title]),
        (confined("TITLE", within("4403")), &[comment]),
    ] {
        let query = TextQuery { confined: confined.clone(), ..asked("热电偶", Moment::Present) };
        assert_eq!(found(&*store, &query).await, expected(list), "{confined:?}");
        for at in [Moment::Present, Moment::Position(4), Moment::Occurred(START)] {
            let (cases, fields) = (vec![id(2), id(3)], vec!["COMMENT".to_owned(), "TITLE".to_owned()]);
            let known = Texts::OfCases { cases, at, fields, confined: confined.clone(), before: None, limit: 10 };
            let read = store.texts(&known, Reading::Places).await.expect("read");
            for (case, field) in [comment, title] {
                let is_read = read.iter().any(|text| text.case_id == id(case) && text.field == field);
                assert_eq!(is_read, list.contains(&(case, field)), "{confined:?} {at:?}");
            }
        }
    }
}

async fn a_question_is_never_a_command(database: Database) {
    const HOSTILE: [&str; 18] = [
        "'; drop table search_texts; --",
        "\" OR \"\"=\"",
        "a* NEAR(b c) AND terms:x",
        "^title NOT x",
        "a & !b | (c <-> d):*",
        "\\' \\\\ '' ::tsquery",
        "%_[]{}$1 $$x$$",
        "/* */ ; \u{1} \u{7f}",
        "\u{202e}gnirts\u{202c} שלום مرحبا",
        "😀😀 👩‍🔧",
        "\u{feff}\u{200b}零\u{200d}宽",
        "𠮷野家 㐀 豈",
        "İıſßŉ ǅ",
        "a\u{300}\u{301}\u{302}b",
        "가나다 한국어",
        "AND",
        "or not near",
        "1e9 0x1F 10.5.3 .5 5.",
    ];
    let store = database.open().await;
    for (case, hostile) in (10..).zip(HOSTILE) {
        record(&*store, case, 0, vec![text(0, "PROBLEM", hostile)]).await;
    }
    for (case, hostile) in (10..).zip(HOSTILE) {
        let Ok(question) = Question::parse(&hostile.replace('-', " ")) else {
            assert!(words(&Folded::of(hostile)).is_empty(), "{hostile}");
            continue;
        };
        for part in question.wanted {
            let query = TextQuery { terms: Terms::All(part.terms), ..asked("能", Moment::Present) };
            let found = found(&*store, &query).await;
            assert!(found.contains(&(case, "PROBLEM".to_owned())), "{hostile}: {found:?}");
        }
    }
    let longest = "难".repeat(19_000) + &"a".repeat(1_000);
    record(&*store, 90, 0, vec![text(0, "PROBLEM", &longest)]).await;
    assert_eq!(found(&*store, &asked("难难难", Moment::Present)).await, expected(&[(90, "PROBLEM")]));
    assert_eq!(found(&*store, &asked(&"a".repeat(128), Moment::Present)).await, expected(&[(90, "PROBLEM")]));
}

async fn every_part_of_a_text_finds_it(database: Database) {
    let store = database.open().await;
    let mut runner = TestRunner::deterministic();
    let mut drawn = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).expect("a pattern");
        strategy.new_tree(&mut runner).expect("a value").current()
    };
    // Few characters, so that parts of one text stand in others too.
    let bodies: Vec<String> = (0..40).map(|_| drawn("([计量能技术热电偶校准]{1,9}[，。 a-c]{0,2}){1,6}")).collect();
    for (case, body) in (100..).zip(&bodies) {
        record(&*store, case, 0, vec![text(0, "FINDING", body)]).await;
    }
    for body in &bodies {
        for part in body.split(|c: char| c.is_ascii() || "，。".contains(c)).filter(|part| !part.is_empty()) {
            let found = found(&*store, &asked(part, Moment::Present)).await;
            for (case, other) in (100..).zip(&bodies) {
                let is_found = found.contains(&(case, "FINDING".to_owned()));
                assert!(is_found || !other.contains(part), "{part} in {other}");
            }
        }
    }
}

async fn the_index_is_used(database: Database) {
    let store = database.open_explained(TestClock::new()).await;
    for case in 0..200 {
        let texts = (0..8).map(|index| text(index, "FINDING", &format!("发现 {case} {index} {}", "量".repeat(200))));
        record(&*store, 1_000 + case, 0, texts.collect()).await;
    }
    assert_eq!(found(&*store, &asked("17", Moment::Present)).await.len(), 8);
    let raw = database.raw().await;
    if let Raw::Postgres(_) = &raw {
        raw.execute("analyze search_texts, cases, case_versions").await;
    }
    let member = Scope { member: Some("p-1".to_owned()), ..Scope::default() };
    for at in [Moment::Present, Moment::Position(100), Moment::Occurred(START)] {
        let confined = Some(Confined { field: "COMMENT".to_owned(), scope: member.clone() });
        let query = TextQuery {
            terms: Terms::All(BTreeSet::from(["17".to_owned(), "发现".to_owned()])),
            confined: confined.clone(),
            scope: Scope { division_prefix: Some("44".to_owned()), ..Scope::default() },
            limit: 2_000,
            ..asked("能", at)
        };
        let plan = store.plan_of_texts(&AskedTexts::With(query)).await.expect("a plan").join("\n");
        if let Raw::Sqlite(_) = &raw {
            assert!(plan.contains("VIRTUAL TABLE INDEX") && !plan.contains("TEMP B-TREE"), "{at:?}:\n{plan}");
        } else {
            let is_used = plan.contains("search_texts_terms_idx") && !plan.contains("Seq Scan on search_texts");
            assert!(is_used, "{at:?}:\n{plan}");
        }
        let cases = vec![id(1_000), id(1_001)];
        let texts = Texts::OfCases { cases, at, fields: Vec::new(), confined, before: None, limit: 2_000 };
        let plan = store.plan_of_texts(&AskedTexts::Known(texts, Reading::Bodies)).await.expect("a plan").join("\n");
        assert!(plan.contains("search_texts_case_id_text_id_idx"), "{at:?}:\n{plan}");
    }
}

crate::store::on_both_databases! {
    words_are_found_in_both_scripts,
    no_characters_are_found_together_that_punctuation_parts,
    a_text_is_found_while_it_stands,
    texts_are_read_a_few_at_a_time,
    what_is_too_long_for_an_index_is_found_by_its_beginning,
    nobody_finds_what_they_may_not_see,
    what_is_confined_is_found_where_it_may_be_read,
    a_question_is_never_a_command,
    every_part_of_a_text_finds_it,
    the_index_is_used,
}
