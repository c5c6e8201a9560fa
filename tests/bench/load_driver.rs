//! Clients that each do one thing after another, as fast as they are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::samples::Samples;

/// What so many clients got done.
pub(crate) struct Driven {
    pub(crate) per_second: f64,
    pub(crate) samples: Samples,
}

/// Has so many clients do the work for so long. The work is told which client does it and for the how-manieth time.
pub(crate) async fn drive<W, F>(clients: usize, lasts: Duration, work: W) -> Driven
where
    W: Fn(usize, usize) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let work = Arc::new(work);
    let begin = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|client| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut samples = Samples::default();
                let mut times = 0;
                while begin.elapsed() < lasts {
                    samples.time(work(client, times)).await;
                    times += 1;
                }
                samples
            })
        })
        .collect();
    let mut samples = Samples::default();
    for client in clients {
        samples.append(client.await.expect("no client panics"));
    }
    Driven { per_second: samples.count() as f64 / begin.elapsed().as_secs_f64(), samples }
}
