//! What is asked of streams, cut where it is too much to be read at once.

use uuid::Uuid;

/// How many events of some streams are in memory at once, to be folded and let go. A longer stream is read by itself.
pub(super) const EVENTS_AT_ONCE: u64 = 2_000;

/// What is asked of a stream.
pub(super) struct Part {
    pub(super) id: Uuid,
    /// Only what comes after so many events.
    pub(super) after: u64,
    /// At which version it is asked for.
    pub(super) up_to: u64,
}

/// Cuts what is asked of streams where it is too much to be read at once: of each of them there may be as many events as
/// from the least that is known of any to the most that is asked of any.
pub(super) fn batches(mut asked: Vec<Part>) -> Vec<Vec<Part>> {
    asked.sort_unstable_by_key(|part| (part.after, part.up_to));
    let mut batches: Vec<Vec<Part>> = Vec::new();
    for part in asked {
        match batches.last_mut() {
            Some(batch) if events_of(batch.iter().chain([&part])) <= EVENTS_AT_ONCE => batch.push(part),
            _ => batches.push(vec![part]),
        }
    }
    batches
}

/// How many events are read at once for these.
fn events_of<'a>(parts: impl Iterator<Item = &'a Part>) -> u64 {
    let (mut streams, mut least, mut most) = (0_u64, u64::MAX, 0_u64);
    for part in parts {
        (streams, least, most) = (streams + 1, least.min(part.after), most.max(part.up_to));
    }
    most.saturating_sub(least).saturating_mul(streams)
}
