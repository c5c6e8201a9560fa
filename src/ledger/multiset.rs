//! Whether two sides hold the same members, in whatever order each of them tells its own, with nothing of them kept.
//!
//! What is kept of a side is one sum: of a hash of each member under a key that is drawn for this once (MSet-Add-Hash of
//! Clarke and others, Incremental Multiset Hash Functions, 2003). Nobody can have made a side that is another one and
//! comes to the same.

use std::hash::Hash;

use siphasher::sip128::{Hasher128, SipHasher13};

/// What the members of both sides are hashed under.
#[derive(Clone, Copy)]
pub struct MultisetKey(SipHasher13);

impl MultisetKey {
    /// Of bytes that nobody can have known.
    pub fn of(secret: &[u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(secret))
    }
}

/// The sum of the members of a side, or of some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MultisetSum(u128);

impl MultisetSum {
    /// Adds a member.
    pub fn add(&mut self, key: &MultisetKey, member: &impl Hash) {
        let mut hasher = key.0;
        member.hash(&mut hasher);
        self.0 = self.0.wrapping_add(hasher.finish128().as_u128());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(secret: u8, members: &[(i64, String)]) -> MultisetSum {
        let key = MultisetKey::of(&[secret; 16]);
        let mut sum = MultisetSum::default();
        members.iter().for_each(|member| sum.add(&key, member));
        sum
    }

    proptest! {
        #[test]
        fn the_order_of_members_is_nothing_and_each_of_them_is_something(
            members in prop::collection::vec(any::<(i64, String)>(), 1..8),
            other in any::<(i64, String)>(),
        ) {
            let whole = sum(1, &members);
            let turned: Vec<_> = members.iter().rev().cloned().collect();
            prop_assert_eq!(sum(1, &turned), whole);
            prop_assert_ne!(sum(1, &members[1..]), whole);
            let twice: Vec<_> = members.iter().chain(&members[..1]).cloned().collect();
            prop_assert_ne!(sum(1, &twice), whole);
            let mut changed = members.clone();
            changed[0] = other;
            prop_assert_eq!(sum(1, &changed) == whole, changed[0] == members[0]);
            prop_assert_ne!(sum(2, &members), whole, "under another key");
        }
    }
}
