//! Word of commits between servers: `NOTIFY` in the commit, `LISTEN` where somebody follows the log.

use std::sync::OnceLock;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::store::postgres::silence::Silence;
use crate::store::sql::HEAD;
use crate::store::stored::HeadRow;
use crate::telemetry::causes::with_causes;

/// What the statement of a commit tells. Channels are of one database, so databases of one PostgreSQL server do not
/// wake each other.
pub(super) const CHANNEL: &str = "etalon_log";

/// How long the listener waits before it tries to connect again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What commits by any process have told.
#[derive(Default)]
pub(super) struct News {
    heard: watch::Sender<u64>,
    /// Whoever listens for all: there is one from when somebody first wanted to know, until the database is closed.
    listener: OnceLock<AbortOnDropHandle<()>>,
}

impl News {
    /// How many events the log has, as commits tell from now on, on a connection to a server that is listened to for so
    /// long.
    pub(super) fn hear(&self, options: &PgConnectOptions, patience: Duration) -> watch::Receiver<u64> {
        let news = self.heard.subscribe();
        self.listener.get_or_init(|| {
            let listen = listen(options.clone(), patience, self.heard.clone());
            AbortOnDropHandle::new(tokio::spawn(listen))
        });
        news
    }
}

/// Passes on what commits tell. A lost connection is made again; what was told meanwhile is looked up.
async fn listen(options: PgConnectOptions, patience: Duration, heard: watch::Sender<u64>) {
    loop {
        if let Err(error) = hear(&options, patience, &heard).await {
            tracing::warn!(error = %with_causes(&error), "no word of other servers' commits for now");
        }
        tokio::time::sleep(TRY_AGAIN_AFTER).await;
    }
}

/// Listens on a connection of its own until that fails. One on which nothing was told for a while is asked something: a
/// server that has gone looks like one where nobody commits. The driver still says to a silent one that nobody listens
/// any more, in a task that nobody waits for.
async fn hear(options: &PgConnectOptions, patience: Duration, heard: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let silence = Silence::default();
    let begun = async {
        let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = own.connect_with(options.clone()).await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        Ok(listener)
    };
    let mut listener = silence.answer(patience, begun).await.flatten()?;
    loop {
        // Whatever was committed while nobody listened.
        let row: HeadRow = silence.answer(patience, sqlx::query_as(HEAD).fetch_one(&mut listener)).await.flatten()?;
        tell(heard, row.head().next_position);
        while let Ok(word) = timeout(patience, listener.try_recv()).await {
            // Nobody else uses the channel; a word that is no number tells nothing.
            let Some(word) = word? else { break };
            tell(heard, word.payload().parse().unwrap_or(0));
        }
    }
}

fn tell(heard: &watch::Sender<u64>, next_position: u64) {
    heard.send_if_modified(|known| {
        let is_news = next_position > *known;
        *known = next_position.max(*known);
        is_news
    });
}
