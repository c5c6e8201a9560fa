//! Which events of a stretch of the log are of one command.

use crate::app::follow::BATCH;
use crate::store::EventRecord;

/// Drops the command at the end of a page that may go on behind it, so that it comes whole with the next page; unless
/// it is all there is.
pub(super) fn keep_whole<T>(page: &mut Vec<T>, record: impl Fn(&T) -> &EventRecord) {
    let command = last_command(page, record);
    if command > 0 {
        page.truncate(command);
    }
}

/// Drops the command at the end of a stretch that may go on behind it, so that it comes whole with the next one: where
/// the stretch is left. One that is longer than a batch comes in pieces.
pub(super) fn leave_open(stretch: &mut Vec<EventRecord>, end: u64) -> u64 {
    let command = last_command(stretch, |event| event);
    let Some(begins) = stretch.get(command).map(|event| event.position) else { return end };
    if begins + u64::from(BATCH) <= end + 1 {
        return end;
    }
    stretch.truncate(command);
    begins - 1
}

/// The place of the first event of a page that is of its last command.
fn last_command<T>(page: &[T], record: impl Fn(&T) -> &EventRecord) -> usize {
    let Some(last) = page.last() else { return 0 };
    let earlier = page.iter().rposition(|event| !record(event).is_of_the_same_command(record(last)));
    earlier.map_or(0, |earlier| earlier + 1)
}

/// Where the command of each event of a gap-free page ends; unknown for the last one of a full page, which may go on.
pub(super) fn ends(page: &[EventRecord], is_full: bool) -> Vec<Option<u64>> {
    let last_of_page = page.last().map(|last| last.position);
    let end = |command: &[EventRecord]| {
        let end = command.last().map(|last| last.position);
        end.filter(|_| !is_full || end != last_of_page)
    };
    page.chunk_by(EventRecord::is_of_the_same_command).flat_map(|command| vec![end(command); command.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(commands: &[&str]) -> Vec<EventRecord> {
        let event = |(position, command): (usize, &&str)| EventRecord {
            position: position as u64,
            aggregate_type: "Case".to_owned(),
            aggregate_id: String::new(),
            sequence: 1,
            event_type: String::new(),
            event_version: String::new(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at: 0,
            actor: "somebody".to_owned(),
            command_id: (*command).to_owned(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        };
        commands.iter().enumerate().map(event).collect()
    }

    fn kept(commands: &[&str]) -> usize {
        let mut page = page(commands);
        keep_whole(&mut page, |record| record);
        page.len()
    }

    #[test]
    fn a_command_at_the_end_of_a_page_comes_whole_with_the_next() {
        assert_eq!(kept(&["a", "a", "b", "b"]), 2);
        assert_eq!(kept(&["a", "b", "c"]), 2);
        assert_eq!(kept(&["a", "a"]), 2, "one that fills a page comes in pieces");
        assert_eq!(kept(&[]), 0);
    }

    #[test]
    fn a_command_that_may_go_on_behind_a_stretch_comes_whole_with_the_next() {
        let left = |first: u64, end| {
            let mut stretch = page(&["a", "a", "b", "b"]);
            stretch.iter_mut().for_each(|event| event.position += first);
            let through = leave_open(&mut stretch, end);
            (stretch.len(), through)
        };
        let batch = u64::from(BATCH);
        // The command `b` begins two positions behind the first.
        assert_eq!(left(1_000, 1_002 + batch - 1), (4, 1_002 + batch - 1), "it has ended");
        assert_eq!(left(1_000, 1_002 + batch - 2), (2, 1_001));
        let mut alone = page(&["a"]);
        alone[0].position = 1_000;
        assert_eq!((leave_open(&mut alone, 1_000), alone.len()), (999, 0));
        assert_eq!(leave_open(&mut Vec::new(), 1_000), 1_000);
    }

    #[test]
    fn an_event_knows_where_its_command_ends() {
        assert_eq!(ends(&page(&["a", "a", "b"]), false), [Some(1), Some(1), Some(2)]);
        assert_eq!(ends(&page(&["a", "a"]), false), [Some(1), Some(1)]);
        assert_eq!(ends(&page(&["a", "a"]), true), [None, None]);
        assert_eq!(ends(&page(&["a", "b", "b"]), true), [Some(0), None, None]);
    }
}
