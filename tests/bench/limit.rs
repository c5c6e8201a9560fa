//! The limits: what the database does when it is asked for nothing but to keep an event.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::database::{Database, Kind};
use crate::load_driver::{Driven, drive};
use crate::pgbench::pgbench;

const EVENTS: &str = "create table events (
    position bigint primary key, aggregate_id text not null, sequence bigint not null, event_type text not null,
    payload text not null
)";

/// Limit A: pgbench, one row, one commit.
pub(crate) fn single_commits(database: &Database, clients: usize, lasts: Duration, payload: &str) -> Driven {
    let insert = format!(
        "insert into rows (aggregate_id, payload) values ('5c8e1f62-b7d4-4a90-9c3e-f6a2d0b85e17', '{payload}');\n"
    );
    pgbench(database, clients, lasts, &[insert])
}

/// Makes the table of limit A.
pub(crate) async fn prepare_single_commits(database: &Database) {
    let mut connection = PgConnection::connect(&database.url).await.expect("the server answers");
    let table = "create table rows (position bigserial primary key, aggregate_id text not null, payload text not null)";
    connection.execute(table).await.expect("the table is made");
}

type Waiting = (String, oneshot::Sender<()>);

/// Limit B: one connection takes whatever has queued and commits it as one transaction; an event has its row and
/// nothing else.
pub(crate) struct GroupCommit {
    queue: mpsc::Sender<Waiting>,
}

impl GroupCommit {
    pub(crate) async fn on(database: &Database) -> Arc<Self> {
        let (queue, mut waiting) = mpsc::channel::<Waiting>(1_024);
        let mut rows = Rows::of(database).await;
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while waiting.recv_many(&mut taken, 512).await > 0 {
                let payloads: Vec<_> = taken.iter().map(|(payload, _)| payload.as_str()).collect();
                rows.commit(&payloads).await;
                for (_, answer) in taken.drain(..) {
                    let _ = answer.send(());
                }
            }
        });
        Arc::new(Self { queue })
    }

    pub(crate) async fn drive(self: &Arc<Self>, clients: usize, lasts: Duration, payload: &str) -> Driven {
        let (group, payload) = (self.clone(), payload.to_owned());
        drive(clients, lasts, move |_, _| {
            let (group, payload) = (group.clone(), payload.clone());
            async move {
                let (answer, answered) = oneshot::channel();
                group.queue.send((payload, answer)).await.expect("it is taken");
                answered.await.expect("it is committed");
            }
        })
        .await
    }
}

/// A connection and the position that comes next.
struct Rows {
    connection: Raw,
    next: i64,
}

enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Rows {
    async fn of(database: &Database) -> Self {
        let connection = match database.kind {
            Kind::Sqlite => {
                let options = database.url.parse::<SqliteConnectOptions>().expect("a URL").create_if_missing(true);
                let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
                let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
                connection.execute(EVENTS).await.expect("the table is made");
                Raw::Sqlite(connection)
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&database.url).await.expect("the server answers");
                connection.execute(EVENTS).await.expect("the table is made");
                Raw::Postgres(connection)
            }
        };
        Self { connection, next: 0 }
    }

    async fn commit(&mut self, payloads: &[&str]) {
        let positions: Vec<i64> = (self.next..).take(payloads.len()).collect();
        let ids: Vec<String> = payloads.iter().map(|_| Uuid::new_v4().to_string()).collect();
        self.next += payloads.len() as i64;
        match &mut self.connection {
            Raw::Sqlite(connection) => {
                let mut transaction = connection.begin().await.expect("it begins");
                for ((position, id), payload) in positions.iter().zip(&ids).zip(payloads) {
                    let insert = "insert into events values ($1, $2, 1, 'NoteTaken', $3)";
                    let insert = sqlx::query(insert).bind(position).bind(id).bind(*payload);
                    transaction.execute(insert).await.expect("it is written");
                }
                transaction.commit().await.expect("it is durable");
            }
            Raw::Postgres(connection) => {
                // A statement alone is a transaction.
                let insert = "insert into events select position, id, 1, 'NoteTaken', payload \
                     from unnest($1::bigint[], $2::text[], $3::text[]) n (position, id, payload)";
                let insert = sqlx::query(insert).bind(&positions).bind(&ids).bind(payloads);
                connection.execute(insert).await.expect("it is durable");
            }
        }
    }
}
