//! Work that may panic, apart from what goes on beside it.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use uuid::Uuid;

/// What the work for an endpoint comes to; `None`, and a line in the log, when it panics. What it leaves behind is looked
/// at by nobody.
pub(super) async fn apart<T>(webhook: Uuid, work: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => Some(outcome),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
            tracing::error!(%webhook, said, "the work for a webhook broke off");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_work_and_nothing_else() {
        let beside = async { Ok::<_, ()>(7) };
        let broken = async {
            tokio::task::yield_now().await;
            Ok::<_, ()>("x".parse::<u8>().expect("a number"))
        };
        let (broken, beside) = tokio::join!(apart(Uuid::nil(), broken), apart(Uuid::nil(), beside));
        assert_eq!((broken, beside), (None, Some(Ok(7))));
    }
}
