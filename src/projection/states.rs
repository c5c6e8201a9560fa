//! The states that a list of events makes by each of the times at which they happened.
//!
//! Pure, and of no kind of event: times in, and for each of them the places in the list that count.

/// Shows, for every time in the list, what the events of no later time make in the order of the list, and which of them
/// is the last; in no order of the times.
///
/// Times whose events begin alike share the fold of that beginning, so that an event is taken once for each way to go
/// on behind it, never once for each time. Events that were put on record as they happened are taken once; one that
/// came late is taken anew for every time behind it, which no fold can spare: each of these states has it in its middle
/// or at its end. Beside what is taken it costs O(n log n).
///
/// The earlier times go first, so that no more states are held at once than the longest row has of events that each came
/// after one that happened later: one where all came as they happened, two where those that came late did so in the order
/// in which they happened.
pub(crate) fn every_state<S: Clone>(
    times: &[i64],
    start: S,
    mut take: impl FnMut(&mut S, usize),
    mut show: impl FnMut(i64, &S, usize),
) {
    let earliest = Earliest::of(times);
    let mut distinct = times.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    // Times from and up to a place in their order, whose events are the same before that place in the list; what these
    // make.
    let mut groups = vec![(0, distinct.len(), 0, start, None)];
    while let Some((mut low, mut high, mut place, mut state, mut last)) = groups.pop() {
        // The next event that the latest time of the group has. Times before it do not have it.
        while low < high
            && let Some(next) = earliest.next(place, distinct[high - 1])
        {
            let without = low + distinct[low..high].partition_point(|time| *time < times[next]);
            if low < without {
                let latest = distinct[without - 1];
                match (earliest.next(next + 1, latest), last) {
                    // Nothing more comes: what is there now is shown as it is.
                    (None, Some(last)) => show(latest, &state, last),
                    _ => {
                        let earlier = state.clone();
                        take(&mut state, next);
                        groups.push((without, high, next + 1, state, Some(next)));
                        (high, place, state) = (without, next + 1, earlier);
                        continue;
                    }
                }
                low = without;
            }
            take(&mut state, next);
            (place, last) = (next + 1, Some(next));
        }
        // Of two times the later one has an event more: what is left is one.
        if let (Some(time), Some(last)) = (distinct.get(low).filter(|_| low < high), last) {
            show(*time, &state, last);
        }
    }
}

/// Finds the next place in a list whose time is not later than another: a tree of the earliest times of halves.
struct Earliest {
    /// The root at 1, the two halves of each at twice its place; the list at the end.
    tree: Vec<i64>,
    width: usize,
}

impl Earliest {
    fn of(times: &[i64]) -> Self {
        let width = times.len().next_power_of_two();
        let mut tree = vec![i64::MAX; 2 * width];
        tree[width..width + times.len()].copy_from_slice(times);
        for node in (1..width).rev() {
            tree[node] = tree[2 * node].min(tree[2 * node + 1]);
        }
        Self { tree, width }
    }

    /// The first place from that one on with a time up to that one.
    fn next(&self, from: usize, until: i64) -> Option<usize> {
        if from >= self.width {
            return None;
        }
        let mut node = self.width + from;
        // Up to a subtree that has one and lies behind all that was passed over, then down to its first.
        while self.tree[node] > until {
            while node % 2 == 1 {
                node /= 2;
            }
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < self.width {
            node *= 2;
            if self.tree[node] > until {
                node += 1;
            }
        }
        Some(node - self.width)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    /// By the definition: for every time the places of what had happened by then, in the order of the log.
    fn naive(times: &[i64]) -> Vec<(i64, Vec<usize>)> {
        let mut distinct = times.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let by = |until: i64| (0..times.len()).filter(|place| times[*place] <= until).collect();
        distinct.into_iter().map(|until| (until, by(until))).collect()
    }

    /// The same, and how many events were taken for it.
    fn shared(times: &[i64]) -> (Vec<(i64, Vec<usize>)>, usize) {
        let (mut taken, mut states) = (0, Vec::new());
        let take = |state: &mut Vec<usize>, place| {
            taken += 1;
            state.push(place);
        };
        every_state(times, Vec::new(), take, |time, state, last| {
            assert_eq!(state.last(), Some(&last));
            states.push((time, state.clone()));
        });
        states.sort_unstable();
        (states, taken)
    }

    /// A state that is counted as long as it is held: how many are, and how many were at most.
    struct Held<'a>(&'a Cell<(usize, usize)>);

    impl<'a> Held<'a> {
        fn one(count: &'a Cell<(usize, usize)>) -> Self {
            let (held, most) = count.get();
            count.set((held + 1, most.max(held + 1)));
            Self(count)
        }
    }

    impl Clone for Held<'_> {
        fn clone(&self) -> Self {
            Self::one(self.0)
        }
    }

    impl Drop for Held<'_> {
        fn drop(&mut self) {
            let (held, most) = self.0.get();
            self.0.set((held - 1, most));
        }
    }

    /// How many states were held at once.
    fn held(times: &[i64]) -> usize {
        let count = Cell::default();
        every_state(times, Held::one(&count), |_, _| (), |_, _, _| ());
        assert_eq!(count.get().0, 0);
        count.get().1
    }

    /// How many events the longest row has of which each came after one that happened later.
    fn nested(times: &[i64]) -> usize {
        let mut rows: Vec<usize> = Vec::new();
        for (place, time) in times.iter().enumerate() {
            let before = times[..place].iter().zip(&rows).filter(|(before, _)| *before > time);
            let longest = before.map(|(_, row)| *row).max().unwrap_or(0);
            rows.push(longest + 1);
        }
        rows.into_iter().max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn every_state_is_what_the_definition_says(times in prop::collection::vec(-9_i64..9, 0..40)) {
            prop_assert_eq!(shared(&times).0, naive(&times));
        }

        #[test]
        fn nothing_is_taken_more_often_than_the_order_asks(times in prop::collection::vec(0_i64..1_000, 1..200)) {
            let late = |place: usize| times[..place].iter().filter(|before| **before > times[place]).count();
            let pairs: usize = (0..times.len()).map(late).sum();
            let (_, taken) = shared(&times);
            prop_assert!(taken <= times.len() + pairs, "{} of {} and {}", taken, times.len(), pairs);
        }

        #[test]
        fn no_more_states_are_held_than_late_events_nest(times in prop::collection::vec(0_i64..1_000, 1..200)) {
            let (held, nested) = (held(&times), nested(&times));
            prop_assert!(held <= nested, "{held} of {nested}");
        }

        #[test]
        fn the_earliest_next_is_found(times in prop::collection::vec(0_i64..20, 0..40), from in 0_usize..50, until in 0_i64..20) {
            let next = (from..times.len()).find(|place| times[*place] <= until);
            prop_assert_eq!(Earliest::of(&times).next(from, until), next);
        }
    }

    #[test]
    fn a_long_history_with_one_late_event_is_folded_twice() {
        let mut times: Vec<i64> = (1..=10_000).collect();
        times.push(0);
        let (mut taken, mut shown) = (0, 0);
        every_state(&times, (), |(), _| taken += 1, |_, (), _| shown += 1);
        assert_eq!((taken, shown), (20_001, 10_001));
        assert_eq!(held(&times), 2);
        assert_eq!(held(&times[..10_000]), 1);
    }
}
