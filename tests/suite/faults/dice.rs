//! When things break: the same seed gives the same moments.

/// The seed of this run.
pub fn seed() -> u64 {
    let given = std::env::var("ETALON_FAULTS_SEED").ok();
    given.map_or(2012, |seed| seed.parse().expect("ETALON_FAULTS_SEED is a number"))
}

/// SplitMix64: enough to scatter moments, and the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn of_this_run() -> Self {
        Self(seed())
    }

    /// A number below that one.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// So many moments within so many commands, as how many of those are acknowledged by then; some commands are left
    /// behind the last.
    pub fn moments(&mut self, count: usize, commands: usize) -> Vec<usize> {
        let share = commands / (count + 1);
        (1..=count).map(|moment| moment * share - self.below(share / 2 + 1)).collect()
    }
}

#[test]
fn a_seed_repeats_its_moments_and_leaves_commands_behind_them() {
    let moments = Dice(7).moments(50, 10_000);
    assert_eq!(moments, Dice(7).moments(50, 10_000));
    assert_ne!(moments, Dice(8).moments(50, 10_000));
    assert!(moments.is_sorted() && moments.iter().all(|moment| (98..=9_800).contains(moment)), "{moments:?}");
}
