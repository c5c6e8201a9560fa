//! Tables with other columns, or with other demands on their rows, than the migrations make are told.

use crate::ledger::guards::{each_is_told, found};
use crate::store::on_both_databases;
use crate::store::support::{Database, Raw};

on_both_databases! {
    a_check_that_is_gone_is_told,
}

async fn a_check_that_is_gone_is_told(database: Database) {
    let store = database.open().await;
    let raw = database.raw().await;
    let (deed, undone) = match &raw {
        Raw::Sqlite(_) => {
            let (whole, less) = ("level bigint not null check (level > 0),", "level bigint not null,");
            let written = |from: &str, to: &str| {
                format!(
                    "pragma writable_schema = on; \
                     update sqlite_master set sql = replace(sql, '{from}', '{to}') where name = 'ledger_nodes'; \
                     pragma writable_schema = off"
                )
            };
            (written(whole, less), written(less, whole))
        }
        Raw::Postgres(_) => (
            "alter table ledger_nodes drop constraint ledger_nodes_level_check".to_owned(),
            "alter table ledger_nodes add constraint ledger_nodes_level_check check (level > 0)".to_owned(),
        ),
    };
    each_is_told(&*store, &raw, &[(&deed, &undone, "TABLE_ALTERED", "ledger_nodes")]).await;
}

#[tokio::test]
async fn columns_that_no_migration_makes_so_are_told() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    for (deed, undone, told) in [
        (
            "alter table commands alter column version type integer",
            "alter table commands alter column version type bigint",
            "the column version of commands is `integer not null`, and the migrations make it `bigint not null`",
        ),
        (
            "alter table attachments alter column media_type type text collate \"POSIX\"",
            "alter table attachments alter column media_type type text collate \"C\"",
            "the column media_type of attachments is `text collate \"POSIX\" not null`",
        ),
        (
            "alter table events alter column actor drop not null",
            "alter table events alter column actor set not null",
            "the column actor of events is `text collate \"C\"`",
        ),
        (
            "alter table cases alter column severity set not null",
            "alter table cases alter column severity drop not null",
            "the column severity of cases is `text collate \"C\" not null`",
        ),
        (
            "alter table log_head alter column rows_version set default 4",
            "alter table log_head alter column rows_version set default 0",
            "the column rows_version of log_head is `bigint not null default 4`",
        ),
        (
            "alter table search_texts alter column to_position drop default",
            "alter table search_texts alter column to_position set default 9223372036854775807",
            "the column to_position of search_texts is `bigint not null`",
        ),
        // What reaches a terminal is harmless there.
        (
            "alter table log_head alter column origin set default E'\\x1b[2J'",
            "alter table log_head alter column origin drop default",
            "the column origin of log_head is `text collate \"C\" not null default '\u{fffd}[2J'::text`",
        ),
        (
            "alter table figures rename column detail to details",
            "alter table figures rename column details to detail",
            "the column detail of figures is not there",
        ),
        (
            "alter table leases add column more bigint generated always as (expires_at + 1) stored",
            "alter table leases drop column more",
            "no migration makes the column more of leases",
        ),
    ] {
        each_is_told(&*store, &raw, &[(deed, undone, "TABLE_ALTERED", told)]).await;
    }
}

#[tokio::test]
async fn constraints_that_no_migration_makes_so_are_told() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let of_webhooks = |states: &str| {
        format!(
            "alter table webhooks drop constraint if exists webhooks_state_check; \
             alter table webhooks add constraint webhooks_state_check check (state in ({states}))"
        )
    };
    let states = "'ENABLED', 'PAUSED', 'GONE'";
    each_is_told(
        &*store,
        &raw,
        &[
            (
                "alter table webhooks drop constraint webhooks_state_check",
                &of_webhooks(states),
                "TABLE_ALTERED",
                "the constraint webhooks_state_check of webhooks is not there",
            ),
            // What a literal says is looked at to the letter.
            (
                &of_webhooks(&states.to_lowercase()),
                &of_webhooks(states),
                "TABLE_ALTERED",
                "the constraint webhooks_state_check of webhooks is `CHECK ((state = ANY (ARRAY['enabled'::text",
            ),
            (
                "alter table events drop constraint events_position_check; \
                 alter table events add constraint events_position_check check (position >= 0) not valid",
                "alter table events validate constraint events_position_check",
                "TABLE_ALTERED",
                "NOT VALID",
            ),
            (
                "alter table commands add constraint none check (false)",
                "alter table commands drop constraint none",
                "TABLE_ALTERED",
                "no migration makes the constraint none of commands",
            ),
            (
                "alter table cosignatures add constraint signed foreign key (size) references checkpoints",
                "alter table cosignatures drop constraint signed",
                "TABLE_ALTERED",
                "no migration makes the constraint signed of cosignatures",
            ),
        ],
    )
    .await;
    // Rows that were made anew have those of the rows before.
    raw.execute("select etalon_start_rebuild(); select etalon_finish_rebuild()").await;
    assert_eq!(found(&*store).await, []);
}
