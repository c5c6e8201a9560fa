//! Cases are committed side by side, so that one flush to disk serves many; the events of each stay in order.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::app::Failure;
use crate::interchange::import::{Import, Step};

/// How many cases are committed side by side; a case always takes the same lane, so that its events stay in order.
const LANES: usize = 64;
/// How many events may wait in a lane: with [`LANES`] the bound of what is in memory.
const WAITING: usize = 16;

/// Cases side by side, the events of each in order.
pub(super) struct Lanes {
    lanes: Vec<mpsc::Sender<Step>>,
    tasks: JoinSet<Result<(), Failure>>,
}

impl Lanes {
    pub(super) fn open(import: &Import) -> Self {
        let mut tasks = JoinSet::new();
        let lanes = (0..LANES)
            .map(|_| {
                let (lane, mut steps) = mpsc::channel(WAITING);
                let import = import.clone();
                tasks.spawn(async move {
                    while let Some(step) = steps.recv().await {
                        import.take(step).await?;
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
        step.planned.case.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).expect("below LANES");
        self.lanes[lane].send(step).await.is_ok()
    }

    /// Waits until everything queued is committed.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        self.lanes.clear();
        while let Some(lane) = self.tasks.join_next().await {
            lane.expect("a lane does not panic")?;
        }
        Ok(())
    }
}
