//! When loads run: after everything that can ask has asked, on the request's own task.
//!
//! Siblings ask in one turn of their request, and what a load brings reaches all of them before their next one. So a
//! batch is as large as it can be whatever the machine does meanwhile, without a clock, and loads end with their
//! request.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache};
use async_graphql::runtime::Timer;
use futures::StreamExt;
use futures::future::{self, BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use futures::task::{FutureObj, Spawn, SpawnError};

/// A loader that remembers what it loaded for as long as the request lives.
pub(super) type Remembering<L> = DataLoader<L, HashMapCache>;

/// The loads of one request.
#[derive(Clone, Default)]
pub(crate) struct Loads {
    /// Asked for since the last turn.
    asked: Arc<Mutex<Vec<FutureObj<'static, ()>>>>,
}

impl Loads {
    /// Does the work of the request, and loads what it asks for between its turns.
    pub(crate) async fn serve<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut running = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = work.as_mut().poll(context) {
                    return Poll::Ready(done);
                }
                let mut has_news = false;
                loop {
                    running.extend(self.take());
                    match running.poll_next_unpin(context) {
                        Poll::Ready(Some(())) => has_news = true,
                        _ if self.asked().is_empty() => break,
                        _ => {}
                    }
                }
                if !has_news {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn asked(&self) -> MutexGuard<'_, Vec<FutureObj<'static, ()>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<FutureObj<'static, ()>> {
        std::mem::take(&mut *self.asked())
    }

    pub(super) fn remembering<L>(&self, loader: L) -> Remembering<L> {
        DataLoader::with_cache(loader, self.clone(), AtOnce, HashMapCache::default())
    }

    /// A loader that remembers nothing: mutations of one request change what it gives.
    pub(super) fn batching<L>(&self, loader: L) -> DataLoader<L> {
        DataLoader::new(loader, self.clone(), AtOnce)
    }
}

impl Spawn for Loads {
    fn spawn_obj(&self, load: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.asked().push(load);
        Ok(())
    }
}

/// A load waits for the end of the turn, and for no time besides.
struct AtOnce;

impl Timer for AtOnce {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        future::ready(()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_graphql::dataloader::Loader;
    use futures::future::join_all;

    use super::*;

    /// Tells of each number the next one, after as many turns as it is large.
    #[derive(Clone, Default)]
    struct Next {
        batches: Arc<AtomicUsize>,
    }

    impl Loader<usize> for Next {
        type Value = usize;
        type Error = String;

        async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, usize>, String> {
            self.batches.fetch_add(1, Ordering::Relaxed);
            for _ in 0..keys.iter().copied().max().unwrap_or(0) {
                tokio::task::yield_now().await;
            }
            Ok(keys.iter().map(|key| (*key, key + 1)).collect())
        }
    }

    #[tokio::test]
    async fn all_that_siblings_ask_for_is_one_batch_at_every_level() {
        let (loads, next) = (Loads::default(), Next::default());
        let loader = loads.batching(next.clone());
        let chain = |key: usize| {
            let loader = &loader;
            async move {
                let second = loader.load_one(key).await?.expect("the next");
                tokio::task::yield_now().await;
                loader.load_one(second).await
            }
        };
        let found: Vec<_> = loads.serve(join_all((0..100).map(chain))).await;
        assert_eq!(found, (0..100).map(|key| Ok(Some(key + 2))).collect::<Vec<_>>());
        assert_eq!(next.batches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_remembered_is_not_loaded_again() {
        let (loads, next) = (Loads::default(), Next::default());
        let loader = loads.remembering(next.clone());
        let found = loads.serve(async { (loader.load_one(1).await, loader.load_one(1).await) }).await;
        assert_eq!(found, (Ok(Some(2)), Ok(Some(2))));
        assert_eq!(next.batches.load(Ordering::Relaxed), 1);
    }
}
