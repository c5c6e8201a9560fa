//! The page at `/graphiql`: a place to ask the API from, with its schema beside it. It sees what the GraphQL schema
//! shows, through the same door as every other client.
//!
//! Everything that it needs is in the program. It loads nothing from another host and runs nothing that stands in the
//! page itself, and its content security policy says so.

use axum::Router;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

/// Where the page is.
pub const PATH: &str = "/graphiql";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Clone, Copy)]
struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const FILES: [File; 8] = [
    File { path: PATH, media_type: "text/html; charset=utf-8", text: include_str!("page.html") },
    File { path: "/graphiql/style.css", media_type: "text/css; charset=utf-8", text: include_str!("style.css") },
    File { path: "/graphiql/mark.svg", media_type: "image/svg+xml", text: include_str!("mark.svg") },
    File { path: "/graphiql/examples.json", media_type: "application/json", text: include_str!("examples.json") },
    File { path: "/graphiql/page.js", media_type: "text/javascript; charset=utf-8", text: include_str!("page.js") },
    File { path: "/graphiql/editor.js", media_type: "text/javascript; charset=utf-8", text: include_str!("editor.js") },
    File {
        path: "/graphiql/operations.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("operations.js"),
    },
    File { path: "/graphiql/schema.js", media_type: "text/javascript; charset=utf-8", text: include_str!("schema.js") },
];

/// The routes of the page, and the way to it from the root for those who come with a browser.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = FILES.into_iter().fold(Router::new(), |router, file| router.route(file.path, get(async move || file)));
    files.route("/", get(root))
}

async fn root(headers: HeaderMap) -> Response {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    match accepts.flat_map(|value| value.split(',')).any(|range| range.trim_start().starts_with("text/html")) {
        true => Redirect::to(PATH).into_response(),
        false => {
            (StatusCode::NOT_FOUND, "the API is at /graphql, a page to ask it from at /graphiql\n").into_response()
        }
    }
}

impl IntoResponse for File {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, HeaderValue); 3] = [
            (CONTENT_TYPE, HeaderValue::from_static(self.media_type)),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            // Another version of the program has another page.
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        (headers, self.text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql;

    #[test]
    fn nothing_comes_from_another_host_and_nothing_runs_in_line() {
        for file in FILES {
            let text = file.text.replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http://", "https://", "eval(", "innerHTML", "onclick=", "style=\"", "<style", "src=\"//"] {
                assert!(!text.contains(foreign), "{} holds {foreign}", file.path);
            }
        }
    }

    #[test]
    fn what_the_page_names_is_there() {
        let named = FILES.iter().flat_map(|file| file.text.split('"')).filter(|word| word.starts_with("/graphiql/"));
        for path in named {
            assert!(FILES.iter().any(|file| file.path == path), "{path} is not served");
        }
    }

    /// What an expression about `given` comes to where a script of the page has run.
    fn told(script: &str, given: &str, expression: &str) -> serde_json::Value {
        let runtime = rquickjs::Runtime::new().expect("a JavaScript engine");
        let context = rquickjs::Context::full(&runtime).expect("with the usual objects");
        let told: String = context.with(|ctx| {
            ctx.eval::<(), _>(script.replace("export ", "")).expect("sound JavaScript");
            ctx.globals().set("given", given).expect("a text");
            ctx.eval(format!("JSON.stringify({expression})")).expect("an answer")
        });
        serde_json::from_str(&told).expect("JSON")
    }

    /// Kinds and names of the operations that the page finds in a document.
    fn found(document: &str) -> Vec<(String, Option<String>)> {
        let pairs = "operations(given).map(({ kind, name }) => [kind, name])";
        serde_json::from_value(told(include_str!("operations.js"), document, pairs)).expect("pairs")
    }

    #[test]
    fn a_key_of_an_input_method_is_left_to_it() {
        for (event, is_left) in [
            (r#"{ "key": "Enter", "keyCode": 13, "isComposing": true }"#, true),
            (r#"{ "key": "Process", "keyCode": 229, "isComposing": false }"#, true),
            (r#"{ "key": "Enter", "keyCode": 13, "isComposing": false }"#, false),
        ] {
            assert_eq!(told(include_str!("editor.js"), event, "isComposing(JSON.parse(given))"), is_left, "{event}");
        }
    }

    #[test]
    fn the_page_finds_the_operations_of_a_document_and_nothing_else() {
        let named = |kind: &str, name: Option<&str>| (kind.to_owned(), name.map(str::to_owned));
        let table = [
            ("{ viewer { id } }", vec![]),
            ("query { viewer { id } }", vec![named("query", None)]),
            (
                "query Waiting { cases { nodes { allowedCommands { mutation allowed reasons { code } } } } }",
                vec![named("query", Some("Waiting"))],
            ),
            (
                "query Search($query: String!) { search(query: $query) { totalCount } }",
                vec![named("query", Some("Search"))],
            ),
            (
                "query Then { asOf(point: { position: 1 }) { query { viewer { id } } } }",
                vec![named("query", Some("Then"))],
            ),
            (
                "# query No {\nquery Yes { a(b: \"} mutation No {\", c: \"\"\"} query \\\"\"\" No {\"\"\") }",
                vec![named("query", Some("Yes"))],
            ),
            (
                "fragment query on mutation { id } subscription S @mutation { events { position } }",
                vec![named("subscription", Some("S"))],
            ),
            (
                "query A { a } mutation B { b } subscription { c }",
                vec![named("query", Some("A")), named("mutation", Some("B")), named("subscription", None)],
            ),
            ("query Open { a(", vec![named("query", Some("Open"))]),
        ];
        for (document, expected) in table {
            assert_eq!(found(document), expected, "{document}");
        }
    }

    #[test]
    fn the_page_finds_the_operations_of_the_readme_and_its_examples() {
        let readme = include_str!("../../README.md");
        let blocks = readme.split("```graphql\n").skip(1).map(|rest| rest.split("```").next().expect("a block"));
        let examples: serde_json::Value = serde_json::from_str(include_str!("examples.json")).expect("JSON");
        let examples =
            examples.as_array().expect("a list").iter().map(|example| example["query"].as_str().expect("text"));
        let documents: Vec<_> = blocks.chain(examples).collect();
        assert!(documents.len() > 10, "{}", documents.len());
        for document in documents {
            let parsed = apollo_compiler::ast::Document::parse(document, "document").expect("sound GraphQL");
            let operations = parsed.definitions.iter().filter_map(|definition| definition.as_operation_definition());
            let named = operations.map(|operation| {
                (operation.operation_type.name().to_owned(), operation.name.as_ref().map(ToString::to_string))
            });
            // What is written in short has no kind to be found by, and is alone.
            let expected: Vec<_> = named.filter(|_| !document.trim_start().starts_with('{')).collect();
            assert_eq!(found(document), expected, "{document}");
        }
    }

    #[test]
    fn every_example_is_a_sound_question() {
        let schema = apollo_compiler::Schema::builder()
            .ignore_builtin_redefinitions()
            .parse(graphql::sdl(), "schema.graphql")
            .build()
            .and_then(|schema| schema.validate())
            .expect("a sound schema");
        let examples: serde_json::Value = serde_json::from_str(include_str!("examples.json")).expect("JSON");
        for example in examples.as_array().expect("a list") {
            let query = example["query"].as_str().expect("a question");
            let read = apollo_compiler::ExecutableDocument::parse_and_validate(&schema, query, "example");
            assert!(read.is_ok(), "{}: {}", example["title"], read.unwrap_err().errors);
        }
    }
}
