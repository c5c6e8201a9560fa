//! Cases are committed side by side, so that one flush to disk serves many; the events of each stay in order.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::app::Failure;
use crate::interchange::import::lane::Lane;
use crate::interchange::import::{Import, Step};
use crate::interchange::read::Place;

/// How many cases are committed side by side; a case always takes the same lane, so that its events stay in order.
const LANES: usize = 64;
/// How many events may wait in a lane: with [`LANES`] the bound of what is in memory.
const WAITING: usize = 16;

/// Cases side by side, the events of each in order.
pub(super) struct Lanes {
    lanes: Vec<mpsc::Sender<Step>>,
    /// Each ends with what failed of its cases, and where that stands in the file.
    tasks: JoinSet<Result<(), (Place, Failure)>>,
}

impl Lanes {
    pub(super) fn open(import: &Import) -> Self {
        let mut tasks = JoinSet::new();
        let lanes = (0..LANES)
            .map(|_| {
                let (lane, mut steps) = mpsc::channel::<Step>(WAITING);
                let mut taking = Lane::new(import.clone());
                tasks.spawn(async move {
                    while let Some(step) = steps.recv().await {
                        taking.take(&step).await.map_err(|failure| (step.event.place, failure))?;
                    }
                    Ok(())
                });
                lane
            })
            .collect();
        Self { lanes, tasks }
    }

    /// Queues an event behind those of its case; `false` when its lane has failed.
    pub(super) async fn take(&mut self, step: Step) -> bool {
        let mut hasher = DefaultHasher::new();
        step.case.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).expect("below LANES");
        self.lanes[lane].send(step).await.is_ok()
    }

    /// Waits until everything queued is committed. Where several lanes failed, the failure that stands first in the
    /// file is told, whichever lane was the fastest: what stands before another was queued before it.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        self.lanes.clear();
        let mut first = None;
        while let Some(lane) = self.tasks.join_next().await {
            let failed = lane.expect("a lane does not panic").err();
            first = first.into_iter().chain(failed).min_by_key(|(place, _): &(Place, Failure)| *place);
        }
        first.map_or(Ok(()), |(_, failure)| Err(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Fault;

    #[tokio::test]
    async fn of_several_failures_the_one_that_stands_first_in_the_file_is_told() {
        let mut tasks = JoinSet::new();
        for (looks, line, fault) in [(0, 9, Fault::NoVault), (5, 4, Fault::KeyErased), (2, 7, Fault::NoWebhooks)] {
            tasks.spawn(async move {
                for _ in 0..looks {
                    tokio::task::yield_now().await;
                }
                Err((Place::Line(line), Failure::from(fault)))
            });
        }
        let told = Lanes { lanes: Vec::new(), tasks }.finish().await.expect_err("all of them failed");
        assert!(matches!(told, Failure::Fault(Fault::KeyErased)), "{told:?}");
    }
}
