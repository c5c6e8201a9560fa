//! How two states of a list differ.

use serde::Serialize;

/// A list that holds something else than it did. A thing of it that changed was removed as it was and added as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed<T> {
    /// What is in it and was not, in its order.
    pub added: Vec<T>,
    /// What was in it and is not, in its order.
    pub removed: Vec<T>,
}

/// How many things at the beginning of a list are as they were.
pub(super) fn kept<T: PartialEq>(before: &[T], after: &[T]) -> usize {
    before.iter().zip(after).take_while(|(before, after)| before == after).count()
}

/// How a list differs whose first so many things are as they were: those are not looked at.
pub(super) fn listed<T: Clone + PartialEq>(before: &[T], after: &[T], kept: usize) -> Option<Listed<T>> {
    let (before, after) = (&before[kept..], &after[kept..]);
    let not_in = |those: &[T], these: &[T]| these.iter().filter(|thing| !those.contains(thing)).cloned().collect();
    let listed = Listed { added: not_in(before, after), removed: not_in(after, before) };
    (!listed.added.is_empty() || !listed.removed.is_empty()).then_some(listed)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A thing that counts how often one is compared or copied.
    struct Thing<'a> {
        id: usize,
        looks: &'a Cell<usize>,
    }

    impl PartialEq for Thing<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.looks.set(self.looks.get() + 1);
            self.id == other.id
        }
    }

    impl Clone for Thing<'_> {
        fn clone(&self) -> Self {
            self.looks.set(self.looks.get() + 1);
            Self { ..*self }
        }
    }

    #[test]
    fn of_a_list_that_has_grown_what_is_new_is_looked_at() {
        let looks = Cell::new(0);
        let list: Vec<_> = (0..1_000).map(|id| Thing { id, looks: &looks }).collect();
        let grown = listed(&list[..999], &list, 999).expect("there is one more");
        assert_eq!((grown.added[0].id, grown.added.len(), grown.removed.len()), (999, 1, 0));
        assert_eq!(looks.get(), 1);
    }

    #[test]
    fn what_changed_was_removed_and_added() {
        let (before, after) = (["a", "b", "c"], ["a", "B", "c", "d"]);
        let listed = listed(&before, &after, kept(&before, &after));
        assert_eq!(listed, Some(Listed { added: vec!["B", "d"], removed: vec!["b"] }));
        assert_eq!(super::listed(&before, &before, kept(&before, &before)), None);
    }
}
