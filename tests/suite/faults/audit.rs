//! What the log has, beside what was acknowledged.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use etalon::app::{App, Replayed};
use etalon::clock::SystemClock;
use etalon::ledger::tree::Frontier;
use etalon::store;

use crate::support::server::Installation;

/// The findings, of which all but the first should be none.
#[derive(Debug, Default)]
pub struct Counts {
    pub acknowledged: usize,
    /// Acknowledged, and not in the log where the receipt says.
    lost: usize,
    /// In the log a second time.
    duplicated: usize,
    /// Positions that nothing has.
    gaps: u64,
    /// Recorded before what stands before them.
    reversed: usize,
    /// Rows that a replay of the log does not make, or makes otherwise.
    rows_differing: u64,
    /// Whether the root of the tree is not that of these events.
    has_other_root: bool,
}

impl Counts {
    pub fn are_sound(&self) -> bool {
        let wrong = self.lost + self.duplicated + self.reversed;
        wrong == 0 && self.gaps == 0 && self.rows_differing == 0 && !self.has_other_root
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, lost, duplicated, gaps, reversed, rows_differing, has_other_root } = self;
        write!(out, "acknowledged {acknowledged}, lost {lost}, duplicated {duplicated}, gaps {gaps}")?;
        write!(out, ", back in time {reversed}, rows differing from replay {rows_differing}")?;
        write!(out, ", another root {}", u8::from(*has_other_root))
    }
}

/// Counts what is wrong with the log of that installation.
pub async fn of(installation: &Installation, acknowledged: &HashMap<String, u64>) -> Counts {
    let clock = Arc::new(SystemClock);
    let store = store::open(&installation.database(), clock.clone()).await.expect("the database opens");
    let app = App::new(store, clock);
    let mut counts = Counts { acknowledged: acknowledged.len(), ..Counts::default() };
    let (mut tree, mut sequences, mut found) = (Frontier::default(), HashSet::new(), HashMap::new());
    let (mut after, mut next_position, mut recorded_at) = (None, 0, i64::MIN);
    loop {
        let events = app.log(after, None, 1_000).await.expect("the log can be read");
        let Some(last) = events.last() else { break };
        after = Some(last.position);
        for event in events {
            counts.gaps += event.position.abs_diff(next_position);
            next_position = event.position + 1;
            counts.reversed += usize::from(event.recorded_at < recorded_at);
            recorded_at = event.recorded_at;
            tree.append(event.leaf_hash, |_, _, _| {});
            counts.duplicated += usize::from(!sequences.insert((event.aggregate_id, event.sequence)));
            if acknowledged.contains_key(&event.command_id) {
                counts.duplicated += usize::from(found.insert(event.command_id, event.position).is_some());
            }
        }
    }
    counts.lost = acknowledged.iter().filter(|(key, position)| found.get(*key) != Some(*position)).count();
    counts.has_other_root = app.tree().await.expect("the tree can be read").root() != tree.root();
    counts.rows_differing = match app.replay(|_| {}).await.expect("the log can be replayed") {
        Replayed::Compared(folded) => folded.count,
        other => panic!("{other:?}"),
    };
    app.shutdown().await;
    counts
}
