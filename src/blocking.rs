//! Work that waits for a disk, a program or another's lock, or takes its time by itself: on a thread that may be kept
//! waiting.

use std::future::pending;
use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Does it there. A panic goes on here. While the process ends nothing new is begun, and whoever waits for that is let
/// go.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures::FutureExt;
    use tokio::runtime::Builder;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_that_of_the_work() {
        let ended = AssertUnwindSafe(blocking(|| panic!("of the work"))).catch_unwind().await;
        let panic = ended.map(|()| "none").expect_err("it panics");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the work"));
    }

    #[test]
    fn nothing_comes_of_what_is_begun_too_late() {
        let ended = Builder::new_current_thread().build().expect("a runtime");
        let handle = ended.handle().clone();
        ended.shutdown_background();
        let _entered = handle.enter();
        assert_eq!(blocking(|| 7).now_or_never(), None);
    }
}
