//! What the driver says of the statements that it has run.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// What comes of it, and how many statements it took.
pub async fn counting<T>(work: impl Future<Output = T>) -> (T, usize) {
    let (done, statements) = stating(work).await;
    (done, statements.len())
}

/// What comes of it, and what is said of each statement that it took.
pub async fn stating<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(Statements(said.clone()));
    let done = {
        let _here = tracing::subscriber::set_default(subscriber);
        work.await
    };
    let statements = std::mem::take(&mut *said.lock().expect("no test panics here"));
    (done, statements)
}

/// Keeps what the driver says of each statement that it has run.
struct Statements(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut said = Said(String::new());
            event.record(&mut said);
            self.0.lock().expect("no test panics here").push(said.0);
        }
    }
}

/// All that is said of a statement: a long one has its beginning in one field, and the whole in another.
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!("{field}: {value:?}\n"));
    }
}
