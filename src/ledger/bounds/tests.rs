//! Words of witnesses and authorities for logs of few events, and what is told of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The auditor's present.
const NOW: i64 = 1_000_000;

/// The kind of a fault, its position, and whose word for how many events it rests on.
type Told = (&'static str, Option<u64>, &'static str, u64);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Who is called `tsa` is an authority, and everybody else a witness.
fn word(by: &str, size: u64, second: i64) -> Word {
    let name = by.to_owned();
    Word { at: at(second), size, by: if by == "tsa" { Voucher::Authority(name) } else { Voucher::Witness(name) } }
}

/// What is wrong where these words, in the order of their sizes, are taken between these events.
fn wrong(tolerance: Option<i64>, words: &[(&str, u64, i64)], events: &[(u64, i64)]) -> Vec<WrongTime> {
    let mut bounds = TimeBounds::new(tolerance.map(SignedDuration::from_secs), at(NOW));
    let (mut words, mut wrong) =
        (words.iter().map(|(by, size, second)| word(by, *size, *second)).peekable(), Vec::new());
    for (index, second) in events {
        while let Some(word) = words.next_if(|word| word.size <= *index) {
            wrong.extend(bounds.see(word));
        }
        wrong.extend(bounds.check(*index, at(*second)));
    }
    words.for_each(|word| wrong.extend(bounds.see(word)));
    wrong.extend(bounds.finish());
    wrong
}

fn told(tolerance: i64, words: &[(&'static str, u64, i64)], events: &[(u64, i64)]) -> Vec<Told> {
    let name = |by: &Voucher| {
        let (Voucher::Witness(name) | Voucher::Authority(name)) = by;
        words.iter().map(|(by, ..)| *by).find(|by| *by == name.as_str()).expect("one of them")
    };
    let told = |wrong: &WrongTime| {
        let Word { size, by, .. } = wrong.word();
        (wrong.kind().code(), wrong.index(), name(by), *size)
    };
    wrong(Some(tolerance), words, events).iter().map(told).collect()
}

fn out_of_bounds(index: u64, by: &'static str, size: u64) -> Told {
    ("TIME_OUT_OF_BOUNDS", Some(index), by, size)
}

#[test]
fn two_cosigned_sizes_bound_what_is_between_them() {
    let told = |index, second| told(0, &[("w", 10, 1_000), ("tsa", 20, 2_000)], &[(index, second)]);
    for (index, second) in [(9, 0), (9, 1_000), (10, 1_000), (19, 2_000), (20, 2_000), (20, 9_000)] {
        assert_eq!(told(index, second), [], "{index} at {second}");
    }
    assert_eq!(told(9, 1_001), [out_of_bounds(9, "w", 10)]);
    assert_eq!(told(10, 999), [out_of_bounds(10, "w", 10)]);
    assert_eq!(told(19, 999), [out_of_bounds(19, "w", 10)]);
    assert_eq!(told(19, 2_001), [out_of_bounds(19, "tsa", 20)]);
    assert_eq!(told(20, 1_999), [out_of_bounds(20, "tsa", 20)]);
}

#[test]
fn clocks_may_differ_by_the_tolerance() {
    let told = |index, second| told(60, &[("w", 10, 1_000), ("w", 20, 2_000)], &[(index, second)]);
    assert_eq!((told(10, 940), told(19, 2_060)), (vec![], vec![]));
    assert_eq!(told(10, 939), [out_of_bounds(10, "w", 10)]);
    assert_eq!(told(19, 2_061), [out_of_bounds(19, "w", 20)]);
}

#[test]
fn a_stated_second_may_be_nearly_over() {
    let mut bounds = TimeBounds::new(Some(SignedDuration::ZERO), at(NOW));
    assert_eq!(bounds.check(9, at(1_000) + SignedDuration::from_millis(999)), []);
    assert_eq!(bounds.see(word("w", 10, 1_000)), []);
}

#[test]
fn a_time_is_to_come_beyond_the_tolerance() {
    let is_to_come = |second, tolerance| is_to_come(at(second), at(1_000), Some(SignedDuration::from_secs(tolerance)));
    assert!(!is_to_come(999, 0) && !is_to_come(1_000, 0) && is_to_come(1_001, 0));
    assert!(!is_to_come(1_060, 60) && is_to_come(1_061, 60));
    assert!(super::is_to_come(Timestamp::MAX, Timestamp::MIN, Some(SignedDuration::ZERO)));
}

/// Of those that were back-dated each is told, of those that were seen before the latest, and once.
#[test]
fn every_word_bounds_whatever_is_seen_later() {
    let words = [("w", 10, 1_000), ("w", 20, 1_000), ("w", 30, 3_000)];
    assert_eq!(
        told(60, &words, &[(10, 100), (11, 200), (12, 1_000), (25, 1_000)]),
        [out_of_bounds(10, "w", 10), out_of_bounds(11, "w", 10)]
    );
    let words = [("w", 10, 1_000), ("tsa", 10, 1_010), ("w", 20, 2_000)];
    assert_eq!(told(60, &words, &[(8, 1_500), (9, 1_500), (10, 1_500)]), [out_of_bounds(9, "w", 10)]);
    // Where times decrease, which is told elsewhere, nothing that was said is forgotten.
    assert_eq!(told(60, &words, &[(10, 1_500), (11, 10)]), [out_of_bounds(11, "tsa", 10)]);
}

#[test]
fn a_word_of_a_time_to_come_is_a_fault_of_its_own() {
    let events = [(10, NOW - 10), (11, NOW - 5)];
    assert_eq!(told(60, &[("w", 11, NOW + 60)], &events[..1]), []);
    let ahead = [("w", 11, NOW + 61), ("tsa", 11, NOW + 61)];
    let faults = [("COSIGNATURE", None, "w", 11), ("TIME_STAMP", None, "tsa", 11)];
    assert_eq!(told(60, &ahead, &events), faults);
    assert_eq!(told(60, &[ahead[0], ahead[1], ahead[0]], &events), faults, "the same checkpoint may come twice");
}

/// A clock that was ahead for a while is no fault of honest events.
#[test]
fn a_word_that_a_larger_tree_was_seen_before_is_a_fault_of_its_own() {
    let events = [(10, 1_000), (11, 1_005), (12, 1_020)];
    for (ahead, right, kind) in
        [("w", "tsa", "COSIGNATURE"), ("tsa", "w", "TIME_STAMP"), ("w", "v", "COSIGNATURE"), ("w", "w", "COSIGNATURE")]
    {
        let words = [(ahead, 11, 90_000), (right, 12, 1_010)];
        assert_eq!(told(60, &words, &events), [(kind, None, ahead, 11)], "{ahead} and {right}");
    }
    // Who comes back after a while sees the log as it still is.
    assert_eq!(told(60, &[("w", 11, 1_005), ("v", 11, 90_000)], &events[..2]), [out_of_bounds(11, "v", 11)]);
    assert_eq!(told(60, &[("w", 11, 1_005), ("v", 11, 90_000)], &[(10, 1_000), (11, 90_005)]), []);
}

/// A clock that was behind is one of nobody else.
#[test]
fn a_word_that_comes_twice_is_told_once() {
    let words = [("w", 10, 1_000), ("w", 10, 1_000), ("w", 20, 500), ("w", 20, 500)];
    assert_eq!(told(60, &words, &[(9, 0), (10, 100), (19, 450), (20, 600)]), [("COSIGNATURE", None, "w", 10)]);
}

#[test]
fn a_word_that_the_log_and_another_one_contradict_is_a_fault_of_its_own() {
    let events = [(10, 1_000), (11, 1_005), (12, 1_020)];
    let words = [("v", 11, 1_004), ("w", 12, 10), ("v", 13, 1_030)];
    assert_eq!(told(60, &words, &events), [("COSIGNATURE", None, "w", 12)]);
    // Alone against the log, it may be the log that is wrong.
    assert_eq!(told(60, &words[1..], &events), [out_of_bounds(11, "w", 12)]);
}

/// Whatever others contradict elsewhere.
#[test]
fn a_word_that_none_contradicts_holds() {
    let words = [("w", 10, 1_000), ("v", 11, 90_000), ("w", 12, 1_010)];
    let events = [(10, 100), (11, 1_005), (12, 1_020)];
    assert_eq!(told(60, &words, &events), [out_of_bounds(10, "w", 10), ("COSIGNATURE", None, "v", 11)]);
}

/// Who helps to date something back contradicts those who saw the log without it, and that is told.
#[test]
fn nothing_is_dated_back_without_a_fault() {
    let words = [("w", 10, 1_000), ("accomplice", 11, 110)];
    assert_eq!(told(60, &words, &[(10, 100)]), [("COSIGNATURE", None, "w", 10)]);
    let wrong = wrong(Some(60), &words, &[(10, 100)])[0].to_string();
    for said in
        ["the witness w saw the log of 10 events, as it says", "the witness accomplice saw the log of 11 events"]
    {
        assert!(wrong.contains(said), "{wrong}");
    }
}

#[test]
fn it_is_told_whose_word_it_is() {
    let early = &wrong(Some(0), &[("w", 1, 1_000)], &[(1, 10)])[0];
    let said = "recorded at 1970-01-01T00:00:10Z, and at 1970-01-01T00:16:40Z the witness w saw the log of 1 event, without it";
    assert_eq!(early.to_string(), said);
    let late = &wrong(Some(0), &[("tsa", 2, 10)], &[(1, 1_000)])[0];
    let said = "recorded at 1970-01-01T00:16:40Z, and at 1970-01-01T00:00:10Z the authority tsa saw the log of 2 events, with it";
    assert_eq!(late.to_string(), said);
    let json = |wrong: &WrongTime| serde_json::to_value(wrong.word()).unwrap();
    assert_eq!(json(early), json!({ "witness": "w", "size": 1, "seenAt": "1970-01-01T00:16:40Z" }));
    assert_eq!(json(late), json!({ "authority": "tsa", "size": 2, "seenAt": "1970-01-01T00:00:10Z" }));
}

#[test]
fn without_a_word_there_is_no_bound() {
    assert_eq!(told(0, &[], &[(0, -1_000_000_000), (u64::MAX, NOW)]), []);
    assert_eq!(told(0, &[("w", 0, 5)], &[(0, 4)]), [out_of_bounds(0, "w", 0)]);
}

#[test]
fn clocks_that_may_differ_by_any_time_bound_nothing() {
    let words = [("w", 10, 90_000), ("v", 20, 10), ("w", 30, NOW + 90_000)];
    assert_eq!(wrong(None, &words, &[(10, 0), (15, 90_000_000)]), []);
    assert!(!super::is_to_come(Timestamp::MAX, Timestamp::MIN, None));
}

proptest! {
    #[test]
    fn no_event_is_dated_back_against_a_word_that_none_contradicts(
        mut words in prop::collection::vec((0_u64..12, 0_i64..300), 0..12),
        events in prop::collection::vec(0_i64..300, 12),
    ) {
        const TOLERANCE: i64 = 20;
        words.sort_by_key(|(size, _)| *size);
        let spoken: Vec<_> = words.iter().map(|(size, second)| ("w", *size, *second)).collect();
        let events: Vec<_> = (0..).zip(events).collect();
        let told = told(TOLERANCE, &spoken, &events);
        let contradict = |(one, then): (u64, i64), (other, before): (u64, i64)| one < other && then - before > TOLERANCE;
        for (index, second) in events {
            let speaks = |(size, seen): &&(u64, i64)| *size <= index && seen - second > TOLERANCE;
            let is_alone = |one: &&(u64, i64)| words.iter().all(|other| !contradict(**one, *other) && !contradict(*other, **one));
            let is_told = told.iter().any(|(kind, place, ..)| *kind == "TIME_OUT_OF_BOUNDS" && *place == Some(index));
            prop_assert!(is_told || !words.iter().filter(speaks).any(|word| is_alone(&word)));
        }
    }
}
