use super::*;

#[test]
fn a_number_that_is_too_large_is_told_from_what_is_no_graphql() {
    let reader = Reader::new(&crate::graphql::sdl(), Limits::default());
    let digits = "9".repeat(1_000);
    for (query, told) in [
        (
            format!("{{ cases(first: {digits}) {{ totalCount }} }}"),
            "a number of the document is too large: line 1, column 16",
        ),
        (
            "query ($a: Float = -1e999) { viewer { id } }".to_owned(),
            "a number of the document is too large: line 1, column 20",
        ),
        ("{ cases(first: 1x) { totalCount } }".to_owned(), "the document is no GraphQL: line 1, column "),
    ] {
        let errors = reader.judge(&query).err().expect("it cannot be read");
        assert!(errors[0].message.starts_with(told), "{}", errors[0].message);
        let code = errors[0].extensions.as_ref().and_then(|extensions| extensions.get("code"));
        assert_eq!(code, Some(&Value::from("GRAPHQL_PARSE_FAILED")), "{query}");
    }
}

/// Each time a map has its operations in another order.
#[test]
fn of_several_operations_the_same_is_told_every_time() {
    let limits = Limits { root_fields: 2, depth: 3, ..Limits::default() };
    let reader = Reader::new(&crate::graphql::sdl(), limits);
    let wide = "query A { a: viewer { id } b: viewer { id } c: viewer { id } }";
    let deep = "query B { cases { nodes { events { nodes { id } } } } }";
    for _ in 0..20 {
        for (query, told) in
            [(format!("{wide} {deep}"), Measure::RootFields), (format!("{deep} {wide}"), Measure::Depth)]
        {
            let errors = reader.judge(&query).err().expect("it is over both limits");
            let limit = errors[0].extensions.as_ref().and_then(|extensions| extensions.get("limit"));
            assert_eq!(limit, Some(&Value::from(told.name())));
        }
        let query = "query A { viewer { id } }\nquery B { viewer { id } }\n{ viewer { id } }".to_owned();
        let errors = reader.judge(&query).err().expect("one of them has no name");
        assert_eq!(errors[0].locations, [Pos { line: 3, column: 1 }]);
    }
}

#[test]
fn a_document_is_kept_at_what_it_takes_when_parsed() {
    let reader = Reader::new(&crate::graphql::sdl(), Limits::default());
    let query = "{ viewer { id } }".to_owned();
    let verdict = reader.judge(&query);
    assert_eq!(memory_of(&verdict), 4_096 + 40 * query.len());
    assert_eq!(memory_of(&reader.judge("{")), 512);
    let ask = |query: String| reader.read(Asked { query: Some(query), ..Asked::default() }).is_ok();
    // Documents of a megabyte each: more than fit are never kept.
    for place in 0..100 {
        assert!(ask(format!("{{ viewer {{ id }} }} # {place} {}", "x".repeat(26_000))));
    }
    reader.kept.run_pending_tasks();
    let (kept, size) = (reader.kept.entry_count(), reader.kept.weighted_size());
    assert!((1..=64).contains(&kept) && size <= KEPT_BYTES, "{kept} documents of {size} bytes");
}
