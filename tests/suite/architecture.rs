//! The house rules, checked on the source: who may import what, and what stands nowhere.
//!
//! A rule that is in the way is changed here, in the open, with its reason.

mod source;

use std::collections::BTreeSet;

use source::{Source, read_all};

use crate::support::of_the_repository;

/// A room of `src` and the other rooms that it may not name.
struct Wall {
    room: &'static str,
    may_not_name: Rooms,
    because: &'static str,
}

enum Rooms {
    These(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}
use Rooms::{AllBut, These};

const WALLS: [Wall; 23] = [
    Wall { room: "domain", may_not_name: AllBut(&[]), because: "decisions need nothing of the house" },
    Wall { room: "codec", may_not_name: AllBut(&["domain"]), because: "it turns the domain's events into bytes" },
    Wall {
        room: "projection",
        may_not_name: AllBut(&["domain", "search", "store"]),
        because: "a row is a function of the aggregate",
    },
    Wall { room: "ledger", may_not_name: AllBut(&[]), because: "an auditor can take it out of the house" },
    Wall {
        room: "store",
        may_not_name: These(&["domain", "codec", "projection", "app", "graphql", "http", "console", "identity", "cli"]),
        because: "rows and records are plain data",
    },
    Wall {
        room: "app",
        may_not_name: These(&["graphql", "http", "console", "interchange", "cli"]),
        because: "commands walk down",
    },
    Wall {
        room: "graphql",
        may_not_name: These(&["store", "vault", "http", "console", "cli"]),
        because: "a resolver parses, calls and shapes",
    },
    Wall {
        room: "report",
        may_not_name: These(&["store", "graphql", "http", "console", "identity", "cli"]),
        because: "a report asks the application and looks like a document",
    },
    Wall { room: "http", may_not_name: These(&["store", "cli"]), because: "bytes in, bytes out" },
    Wall {
        room: "console",
        may_not_name: These(&["app", "store", "domain", "cli"]),
        because: "it sees what the schema shows",
    },
    Wall {
        room: "audit",
        may_not_name: These(&["store", "graphql", "http", "console", "cli"]),
        because: "an auditor sees what the application and the ledger show",
    },
    Wall {
        room: "signer",
        may_not_name: AllBut(&[
            "ledger",
            "identity",
            "outbound",
            "clock",
            "telemetry",
            "blocking",
            "small_file",
            "whole_file",
        ]),
        because: "who signs does not depend on what is signed",
    },
    Wall { room: "search", may_not_name: AllBut(&[]), because: "words are the same wherever they stand" },
    Wall { room: "vault", may_not_name: AllBut(&[]), because: "an auditor can take it out of the house, too" },
    Wall {
        room: "identity",
        // A provider's keys are fetched, and the log is told why they are not.
        may_not_name: AllBut(&["clock", "outbound", "small_file", "telemetry"]),
        because: "who asks does not depend on what for",
    },
    Wall { room: "outbound", may_not_name: AllBut(&[]), because: "it knows where bytes may go, not what they say" },
    Wall {
        room: "telemetry",
        may_not_name: AllBut(&["outbound"]),
        because: "everybody tells it figures and failures, and it tells nobody anything but those",
    },
    Wall { room: "config", may_not_name: AllBut(&[]), because: "everything else is configured by it" },
    Wall { room: "clock", may_not_name: AllBut(&[]), because: "everything else is timed by it" },
    Wall { room: "blocking", may_not_name: AllBut(&[]), because: "it knows nothing of the work" },
    Wall { room: "small_file", may_not_name: AllBut(&[]), because: "it knows nothing of what is read" },
    Wall { room: "tally", may_not_name: AllBut(&[]), because: "it knows nothing of what is counted" },
    Wall { room: "whole_file", may_not_name: AllBut(&[]), because: "it knows nothing of what is written" },
];

/// Words that only some places may say.
struct Ban {
    phrases: &'static [&'static str],
    /// Where the rule holds: beginnings of paths.
    within: &'static [&'static str],
    /// Beginnings of paths that are let off.
    except: &'static [&'static str],
    tests: Tests,
    because: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Tests {
    Included,
    LetOff,
    Only,
}

const BANS: [Ban; 10] = [
    Ban {
        phrases: &["tokio", "sqlx", "rusqlite", "axum", "async_graphql", "async fn", "std::fs", "std::net"],
        within: &["src/domain/", "src/projection", "src/search/", "src/codec", "src/ledger"],
        // The interface of cqrs-es is async; `decide` and `evolve` behind it are not.
        except: &["src/domain/aggregate.rs"],
        tests: Tests::LetOff,
        because: "decisions, rows and hashes are computed, without input or output",
    },
    Ban {
        phrases: &["sqlx", "rusqlite"],
        within: &["src/"],
        except: &["src/store"],
        tests: Tests::Included,
        because: "only the store speaks SQL",
    },
    Ban {
        phrases: &["std::env", "env::var", "env::vars", "env::var_os", "env::vars_os"],
        within: &["src/"],
        except: &["src/config"],
        tests: Tests::Included,
        because: "only config reads the environment",
    },
    Ban {
        phrases: &[
            "Timestamp::now",
            "Zoned::now",
            "SystemTime",
            "std::time::Instant",
            "getrandom",
            "Uuid::new_v4",
            "Uuid::now_v7",
            "rand::",
        ],
        within: &["src/"],
        except: &["src/clock.rs", "src/ledger/timestamp/tests.rs"],
        tests: Tests::Included,
        because: "only clock reads time and randomness",
    },
    Ban {
        phrases: &["store::sqlite", "store::postgres", "SqlitePool", "PgPool"],
        within: &["src/"],
        except: &["src/main.rs", "src/store"],
        tests: Tests::LetOff,
        because: "only main names a backend",
    },
    Ban {
        phrases: &["open_without_ledger"],
        within: &["src/", "tests/suite/"],
        except: &["src/store/mod.rs", "src/store/unproved.rs"],
        tests: Tests::Included,
        because: "no server and no setting leaves the ledger out: only a bench measures without it",
    },
    Ban {
        phrases: &["super::super::super::"],
        within: &["src/", "tests/"],
        except: &[],
        tests: Tests::Included,
        because: "a path from crate:: says where it leads",
    },
    Ban {
        phrases: &["%fault", "%error", "as &dyn std::error::Error"],
        within: &["src/"],
        except: &[],
        tests: Tests::Included,
        because: "a failure is logged with_causes: it says what failed, and its causes why",
    },
    Ban {
        phrases: &["todo!", "unimplemented!", "dbg!"],
        within: &["src/", "tests/"],
        except: &[],
        tests: Tests::Included,
        because: "what is not done is not here",
    },
    Ban {
        phrases: &["#[ignore", "sleep("],
        within: &["src/", "tests/"],
        except: &[],
        tests: Tests::Only,
        because: "a test runs, and waits for what it tests rather than for time to pass",
    },
];

/// Where a file is split, with some room for the one that is nearly done.
const MOST_LINES: usize = 400;

/// Every broken rule, as `file:line: what, and why not`.
fn violations(sources: &[Source]) -> Vec<String> {
    let rooms: BTreeSet<String> = sources
        .iter()
        .filter_map(Source::room)
        .filter(|room| !matches!(*room, "main" | "lib"))
        .map(str::to_owned)
        .collect();
    let mut found = Vec::new();
    for source in sources {
        if source.lines > MOST_LINES {
            found.push(format!("{}: {} lines; a file has at most {MOST_LINES}", source.path, source.lines));
        }
        found.extend(broken_walls(source, &rooms));
        found.extend(broken_bans(source));
    }
    found
}

fn broken_walls(source: &Source, rooms: &BTreeSet<String>) -> Vec<String> {
    let Some(wall) = WALLS.iter().find(|wall| source.room() == Some(wall.room)) else { return Vec::new() };
    let forbidden = |name: &str| match wall.may_not_name {
        These(rooms) => rooms.contains(&name),
        AllBut(rooms) => name != wall.room && !rooms.contains(&name),
    };
    source
        .rooms_named(rooms)
        .into_iter()
        // A test may build what it needs from any room; only the domain's tests stay at home.
        .filter(|mention| forbidden(&mention.name) && (wall.room == "domain" || !mention.in_tests))
        .map(|mention| {
            format!("{}:{}: {} names {}: {}", source.path, mention.line, wall.room, mention.name, wall.because)
        })
        .collect()
}

fn broken_bans(source: &Source) -> Vec<String> {
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| source.path.starts_with(beginning));
    let mut found = Vec::new();
    for ban in BANS.iter().filter(|ban| starts(ban.within) && !starts(ban.except)) {
        for mention in ban.phrases.iter().flat_map(|phrase| source.mentions(phrase)) {
            let banned = match ban.tests {
                Tests::Included => true,
                Tests::LetOff => !mention.in_tests,
                Tests::Only => mention.in_tests,
            };
            if banned {
                found.push(format!("{}:{}: `{}`: {}", source.path, mention.line, mention.name, ban.because));
            }
        }
    }
    found
}

#[test]
fn the_house_keeps_its_rules() {
    let root = of_the_repository("");
    let mut sources = read_all(&root, "src");
    sources.extend(read_all(&root, "tests"));
    let found = violations(&sources);
    assert!(found.is_empty(), "{} broken rules:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_broken_rule_is_found_where_it_is() {
    let seeded = [
        ("src/domain/case/mod.rs", "\nuse crate::store::Row;", "src/domain/case/mod.rs:2: domain names store"),
        ("src/domain/case/mod.rs", "use crate::{domain::x, app};", "src/domain/case/mod.rs:1: domain names app"),
        ("src/domain/actor.rs", "use tokio::sync::Mutex;", "src/domain/actor.rs:1: `tokio`"),
        ("src/projection/case.rs", "use crate::codec::Event;", "src/projection/case.rs:1: projection names codec"),
        ("src/codec.rs", "fn f() { crate::store::g() }", "src/codec.rs:1: codec names store"),
        ("src/ledger/tree.rs", "use super::super::domain::x;", "src/ledger/tree.rs:1: ledger names domain"),
        ("src/store/mod.rs", "use crate::app::Receipt;", "src/store/mod.rs:1: store names app"),
        ("src/graphql/query.rs", "use crate::store::Store;", "src/graphql/query.rs:1: graphql names store"),
        ("src/graphql/query.rs", "use sqlx::Row;", "src/graphql/query.rs:1: `sqlx`"),
        ("src/app/mod.rs", "use crate::graphql::Schema;", "src/app/mod.rs:1: app names graphql"),
        ("src/app/mod.rs", "std::env::var(\"HOME\")", "src/app/mod.rs:1: `std::env`"),
        ("src/app/mod.rs", "let now = jiff::Timestamp::now();", "src/app/mod.rs:1: `Timestamp::now`"),
        ("src/app/mod.rs", "let id = Uuid::new_v4();", "src/app/mod.rs:1: `Uuid::new_v4`"),
        ("src/app/mod.rs", "use crate::store::sqlite::Sqlite;", "src/app/mod.rs:1: `store::sqlite`"),
        ("src/cli/serve.rs", "store::open_without_ledger(url)", "src/cli/serve.rs:1: `open_without_ledger`"),
        ("src/app/mod.rs", "fn f() { todo!() }", "src/app/mod.rs:1: `todo!`"),
        ("src/app/mod.rs", "tracing::warn!(%fault, \"broken\")", "src/app/mod.rs:1: `%fault`"),
        ("src/store/mod.rs", "tracing::warn!(why = %error)", "src/store/mod.rs:1: `%error`"),
        ("src/app/tests.rs", "#[ignore]", "src/app/tests.rs:1: `#[ignore`"),
        ("tests/suite/life.rs", "tokio::time::sleep(wait).await", "tests/suite/life.rs:1: `sleep(`"),
        ("src/app/mod.rs", "#[cfg(test)]\nmod tests {\nsleep(1);\n}", "src/app/mod.rs:3: `sleep(`"),
    ];
    // Every room exists beside the seeded file, as in the real house.
    let rooms = ["domain", "codec", "projection", "ledger", "store", "app", "graphql", "http"];
    for (path, text, expected) in seeded {
        let mut sources: Vec<_> = rooms.iter().map(|room| Source::new(&format!("src/{room}/x.rs"), "")).collect();
        sources.push(Source::new(path, text));
        let found = violations(&sources);
        assert!(found.iter().any(|broken| broken.starts_with(expected)), "`{expected}` is not in {found:?}");
    }
    let long = Source::new("src/app/long.rs", &"\n".repeat(MOST_LINES + 1));
    assert_eq!(violations(&[long]), ["src/app/long.rs: 401 lines; a file has at most 400"]);
}

#[test]
fn what_the_rules_allow_is_not_reported() {
    let allowed = [
        ("src/domain/mod.rs", "use crate::domain::actor::Actor; // never crate::store or sqlx"),
        ("src/store/sqlite.rs", "use sqlx::SqlitePool; use crate::ledger::leaf;"),
        ("src/app/mod.rs", "tokio::time::Instant::now(); tokio::time::sleep(wait);"),
        ("src/app/mod.rs", "tracing::warn!(fault = %with_causes(&fault), %errors)"),
        ("src/main.rs", "use etalon::store::sqlite::Sqlite;"),
        ("src/config.rs", "std::env::vars_os()"),
        ("src/clock.rs", "Timestamp::now(); getrandom::fill(&mut bytes)"),
        ("src/app/mod.rs", "#[cfg(test)]\nmod tests {\nuse crate::store::sqlite::Sqlite;\n}"),
    ];
    for (path, text) in allowed {
        let sources = [Source::new(path, text), Source::new("src/store/mod.rs", ""), Source::new("src/ledger.rs", "")];
        assert_eq!(violations(&sources), [] as [&str; 0], "{path}");
    }
}
