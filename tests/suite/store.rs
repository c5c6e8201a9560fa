//! The conformance suite of the store: every story is told on SQLite and on PostgreSQL.

/// Makes two tests of each story: one per database.
macro_rules! on_both_databases {
    ($($story:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::store::support::Database::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $story() {
                super::$story(crate::store::support::Database::postgres()).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;

pub(crate) mod support;

mod model;
pub(crate) mod samples;

mod append;
mod clocks;
mod leases;
mod ledger;
mod lists;
mod log;
mod migrating;
mod opening;
mod plans;
mod rebuild;
mod registers;
mod revocations;
mod roles;
mod searches;
mod sharing;
mod statistics;
mod stock;
mod texts;
mod versions;
mod writer;
