//! What a server does beside answering requests. None of it ends before it is told to: where some of it does, the
//! server has to end as well, so that whoever runs it starts it again. It would go on without deadlines, seals or
//! erasures otherwise, or refuse every mutation.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

use crate::cli::problem::Problem;

/// Tasks that go on for as long as the server does.
#[derive(Default)]
pub(super) struct Attendants {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Attendants {
    /// Starts one. Its name goes before "has ended" in what is said when it does.
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Waits until one has ended, which none was told to, and says which and why.
    pub(super) async fn missed(&mut self) -> Problem {
        let Some(ended) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        let has_ended = |id: Id| format!("{} has ended by itself", self.names[&id]);
        match ended {
            Ok((id, ())) => Problem::new(has_ended(id)),
            Err(error) => Problem::while_doing(has_ended(error.id()))(error),
        }
    }

    /// Waits until all have ended, which were told to. A panic on the way has told of itself.
    pub(super) async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn whoever_ends_untold_is_named() {
        let mut attendants = Attendants::default();
        attendants.spawn("the work that goes on", pending());
        attendants.spawn("the work that ends", ready(()));
        assert_eq!(attendants.missed().await.to_string(), "the work that ends has ended by itself");
    }

    #[tokio::test]
    async fn a_panic_is_told_with_its_words() {
        let mut attendants = Attendants::default();
        attendants.spawn("the work that goes on", pending());
        attendants.spawn("the work that breaks", async { panic!("no day has 25 hours") });
        let told = attendants.missed().await.to_string();
        assert!(told.starts_with("the work that breaks has ended by itself: "), "{told}");
        assert!(told.contains("no day has 25 hours"), "{told}");
    }
}
