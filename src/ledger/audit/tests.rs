//! A log of two aggregates, and each way in which it may have been tampered with.

use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::ledger::bounds::Voucher;
use crate::ledger::entry::Entry;
use crate::ledger::note::{Algorithm, NoteSigner};
use crate::ledger::proof::Plan;

const ORIGIN: &str = "example.com/log";
const SIZE: u64 = 600;

#[derive(Clone)]
struct Event {
    entry: Vec<u8>,
    payload: Vec<u8>,
    stored_hash: Hash,
}

#[derive(Clone)]
struct Log {
    events: Vec<Event>,
    checkpoints: Vec<Vec<u8>>,
    keys: Vec<VerifierKey>,
    time_stamps: Vec<Word>,
    now: Timestamp,
}

fn frontier(leaves: &[Hash]) -> Frontier {
    leaves.iter().fold(Frontier::default(), |mut tree, leaf| {
        tree.append(*leaf, |_, _, _| ());
        tree
    })
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second as i64).unwrap()
}

fn event(index: u64, change: impl FnOnce(&mut Entry<'_>)) -> Event {
    let payload = format!("{{\"step\":\"{index}\"}}").into_bytes();
    let mut entry = Entry {
        origin: ORIGIN,
        position: index,
        aggregate_type: "Case",
        aggregate_id: ["even", "odd"][index as usize % 2],
        sequence: index / 2 + 1,
        event_type: "CaseReported",
        event_version: "1.0",
        recorded_at: at(index),
        actor: "p-1",
        command_id: "k",
        random: [7; 16],
        payload: &payload,
        metadata: b"{}",
    };
    change(&mut entry);
    let entry = entry.to_bytes().unwrap();
    Event { stored_hash: leaf_hash(&entry), entry, payload: payload.clone() }
}

/// That an authority has stamped so many events at that second.
fn stamp(size: u64, second: u64) -> Word {
    Word { at: at(second), size, by: Voucher::Authority("CN=tsa".to_owned()) }
}

/// The log and its witness.
fn signers() -> [NoteSigner; 2] {
    let signer = |name, algorithm, seed| NoteSigner::new(name, algorithm, SigningKey::from_bytes(&[seed; 32])).unwrap();
    [signer(ORIGIN, Algorithm::Ed25519, 1), signer("w", Algorithm::Cosignature, 2)]
}

impl Log {
    fn good() -> Self {
        static GOOD: LazyLock<Log> = LazyLock::new(Log::make);
        GOOD.clone()
    }

    /// With cosigned checkpoints at 100, 256 and at the end.
    fn make() -> Self {
        let events: Vec<_> = (0..SIZE).map(|index| event(index, |_| ())).collect();
        let keys = signers().map(|signer| signer.verifier().clone()).to_vec();
        let mut log = Self { events, checkpoints: Vec::new(), keys, time_stamps: Vec::new(), now: at(10_000) };
        log.checkpoints = [SIZE, 100, 256].map(|size| log.cosigned(size, size)).to_vec();
        log
    }

    /// The checkpoint of so many events, which the witness has seen at that second.
    fn cosigned(&self, size: u64, second: u64) -> Vec<u8> {
        let leaves: Vec<_> = self.events[..size as usize].iter().map(|event| event.stored_hash).collect();
        let head = TreeHead { size, root: frontier(&leaves).root() };
        let text = Checkpoint { origin: ORIGIN.to_owned(), head }.to_string();
        let time = at(second).as_second().unsigned_abs();
        format!("{text}\n{}", signers().map(|signer| signer.sign(&text, time)).concat()).into_bytes()
    }

    /// Codes and places of what is found where checkpoints are not known before, and each is taken behind its events: of
    /// these sizes, and seen at these seconds.
    fn found_taking(&self, seen: &[(u64, u64)]) -> Vec<(&'static str, Option<u64>)> {
        let names = Names::new(&[], ORIGIN);
        let taken = |(size, second): &(u64, u64)| {
            (*size, SignedCheckpoint::verify(&self.cosigned(*size, *second), &names, &self.keys).unwrap())
        };
        let taken: Vec<_> = seen.iter().map(taken).collect();
        let report = Self { checkpoints: Vec::new(), ..self.clone() }.audit_with(|verifier, size| {
            for (_, one) in taken.iter().filter(|(covers, _)| *covers == size) {
                verifier.take(one.clone());
            }
        });
        codes(&report)
    }

    /// What is found where something is done behind each event.
    fn audit_with(&self, mut after: impl FnMut(&mut Verifier, u64)) -> Report {
        let checkpoints: Vec<_> = self.checkpoints.iter().map(Vec::as_slice).collect();
        let mut verifier = Verifier::new(&Evidence {
            origin: ORIGIN,
            earlier: &[],
            keys: &self.keys,
            checkpoints: &checkpoints,
            time_stamps: &self.time_stamps,
            tolerance: Some(SignedDuration::from_secs(2)),
            now: self.now,
        });
        for Event { entry, payload, stored_hash } in &self.events {
            verifier.feed(&AuditedEvent { entry, payload, metadata: b"{}", stored_hash: Some(*stored_hash) });
            let size = verifier.size();
            after(&mut verifier, size);
        }
        verifier.finish()
    }

    fn audit(&self) -> Report {
        self.audit_with(|_, _| ())
    }

    /// Codes and places of all that is found.
    fn found(&self) -> Vec<(&'static str, Option<u64>)> {
        codes(&self.audit())
    }
}

fn codes(report: &Report) -> Vec<(&'static str, Option<u64>)> {
    report.findings.kept().iter().map(|finding| (finding.kind.code(), finding.index)).collect()
}

#[test]
fn a_good_log_is_found_good() {
    let log = Log::good();
    let report = log.audit();
    assert_eq!(report.findings, Findings::default());
    assert_eq!(report.head.size, SIZE);
    assert_eq!((report.sealed, report.unsealed_since), (Some(report.head), None));
}

#[test]
fn a_changed_payload_is_found_where_it_is() {
    let mut log = Log::good();
    log.events[300].payload.push(b' ');
    assert_eq!(log.found(), [("PAYLOAD_HASH", Some(300))]);
}

#[test]
fn a_changed_entry_is_found_by_the_root_and_the_stored_hash() {
    let mut log = Log::good();
    log.events[300].entry = event(300, |entry| entry.actor = "p-2").entry;
    let report = log.audit();
    assert_eq!(codes(&report), [("LEAF_HASH", Some(300)), ("ROOT_WRONG", Some(300)), ("NOT_SEALED", None)]);
    assert!(report.findings.kept()[1].message.ends_with("differ first at 300"));
    assert_eq!(report.sealed.map(|head| head.size), Some(256));
    assert_eq!(report.findings.first_index(), Some(300));
}

#[test]
fn a_whole_rewritten_history_is_found_by_the_signed_roots_alone() {
    let mut log = Log::good();
    log.events[150] = event(150, |entry| entry.actor = "p-2");
    let report = log.audit();
    assert_eq!(codes(&report), [("ROOT_WRONG", None), ("ROOT_WRONG", None), ("NOT_SEALED", None)]);
    assert!(report.findings.kept()[1].message.ends_with("; the first 100 are confirmed"));
}

#[test]
fn each_fault_of_an_entry_has_its_code() {
    type Change = fn(&mut Entry<'_>);
    let changes: [(Change, &str); 6] = [
        (|entry| entry.origin = "example.com/other", "ORIGIN_WRONG"),
        (|entry| entry.position = 299, "INDEX_WRONG"),
        (|entry| entry.recorded_at = at(250), "TIME_DECREASES"),
        (|entry| entry.recorded_at = at(250), "TIME_OUT_OF_BOUNDS"),
        (|entry| entry.metadata = b"", "METADATA_HASH"),
        (|entry| entry.sequence = 152, "SEQUENCE_WRONG"),
    ];
    for (change, code) in changes {
        let mut log = Log::good();
        log.events[300] = event(300, change);
        let found = log.found();
        assert!(found.contains(&(code, Some(300))), "{code} in {found:?}");
        assert!(found.contains(&("ROOT_WRONG", None)), "{code} in {found:?}");
    }
}

#[test]
fn what_was_recorded_at_a_time_to_come_is_found() {
    let found = Log { now: at(595), ..Log::good() }.found();
    let to_come = [("TIME_TO_COME", Some(598)), ("TIME_TO_COME", Some(599)), ("COSIGNATURE", None)];
    assert_eq!(found, to_come, "clocks differ by two seconds");
}

#[test]
fn what_is_no_entry_is_found_and_counted_as_a_leaf() {
    let mut log = Log::good();
    log.events[10].entry.push(b'\n');
    log.events[20].entry = vec![b' '; 70_000];
    let found = log.found();
    assert!(found.contains(&("ENTRY_NOT_CANONICAL", Some(10))) && found.contains(&("ENTRY_TOO_LONG", Some(20))));
    // The aggregate goes on with a gap.
    assert!(found.contains(&("SEQUENCE_WRONG", Some(12))));
    assert_eq!(log.audit().head.size, SIZE);
}

#[test]
fn missing_and_additional_events_are_found() {
    let mut log = Log::good();
    log.events.truncate(500);
    assert_eq!(log.found(), [("ENTRIES_MISSING", None), ("NOT_SEALED", Some(256))]);
    let mut log = Log::good();
    log.events.push(event(SIZE, |_| ()));
    assert_eq!(log.found(), [("NOT_SEALED", Some(SIZE))]);
    assert_eq!(log.audit().unsealed_since, Some(at(SIZE)));
    let mut log = Log::good();
    log.events.remove(400);
    let found = log.found();
    assert!(found.contains(&("INDEX_WRONG", Some(400))) && found.contains(&("SEQUENCE_WRONG", Some(401))));
}

#[test]
fn times_are_bounded_by_what_others_have_seen() {
    let mut log = Log::good();
    log.time_stamps.push(stamp(400, 500));
    let findings = log.audit().findings;
    assert_eq!(findings.counts()[&FindingKind::TimeOutOfBounds], 98);
    assert_eq!(findings.first_index(), Some(400));
    assert_eq!(findings.kept()[0].word, Some(stamp(400, 500)));
}

/// A clock that was ahead for a while is no fault of the events that were recorded by then.
#[test]
fn a_word_that_others_contradict_is_told_instead_of_events() {
    let log = Log::good();
    let ahead = log.found_taking(&[(100, 100), (300, 9_000), (400, 400), (SIZE, SIZE)]);
    assert_eq!(ahead, [("COSIGNATURE", None)]);
    let mut stamped = Log::good();
    stamped.time_stamps.extend([stamp(400, 9_000), stamp(500, 20_000)]);
    assert_eq!(stamped.found(), [("TIME_STAMP", None), ("TIME_STAMP", None)], "the second is still to come");
    let behind = log.found_taking(&[(100, 100), (300, 0), (400, 400), (SIZE, SIZE)]);
    assert_eq!(behind, [("COSIGNATURE", None)]);
}

/// Whatever is seen later: what was seen last says nothing of what came before the one before it.
#[test]
fn times_are_bounded_by_everything_that_was_seen_on_the_way() {
    let log = Log::good();
    assert_eq!(log.found_taking(&[(100, 100), (400, 400), (SIZE, SIZE)]), []);
    let back_dated = log.found_taking(&[(100, 100), (400, 500), (550, 9_000), (SIZE, 9_000)]);
    let expected = (400..498).chain(550..SIZE).map(|index| ("TIME_OUT_OF_BOUNDS", Some(index)));
    assert_eq!(back_dated, expected.collect::<Vec<_>>());
    // Of those that are too late, the last is told, and once.
    let forward_dated = log.found_taking(&[(200, 200), (300, 250), (300, 260), (SIZE, SIZE)]);
    assert_eq!(forward_dated, [("TIME_OUT_OF_BOUNDS", Some(299))]);
    let mut stamped = SignedCheckpoint::verify(&log.cosigned(500, 500), &Names::new(&[], ORIGIN), &log.keys).unwrap();
    stamped.stamps.push(stamp(500, 400));
    let report = log.audit_with(|verifier, size| {
        if size == 500 {
            verifier.take(stamped.clone());
        }
    });
    assert_eq!(codes(&report), [("TIME_OUT_OF_BOUNDS", Some(499))]);
}

/// What is seen of another log bounds nothing of this one.
#[test]
fn a_root_that_is_another_bounds_no_times() {
    let mut log = Log::good();
    let (names, seen) = (Names::new(&[], ORIGIN), log.cosigned(400, 9_000));
    let seen = SignedCheckpoint::verify(&seen, &names, &log.keys).unwrap();
    log.checkpoints.clear();
    log.events[300] = event(300, |entry| entry.actor = "p-2");
    let report = log.audit_with(|verifier, size| {
        if size == 400 {
            verifier.take(seen.clone());
        }
    });
    assert_eq!(codes(&report), [("ROOT_WRONG", None), ("NOT_SEALED", None)]);
}

#[test]
fn a_checkpoint_that_cannot_be_trusted_confirms_nothing() {
    let mut log = Log::good();
    log.keys.remove(0);
    let found = log.found();
    assert_eq!(found.iter().filter(|finding| finding.0 == "CHECKPOINT").count(), 3);
    assert!(found.contains(&("NOT_SEALED", Some(0))));
    let mut log = Log::good();
    log.checkpoints[0] = b"nonsense".to_vec();
    assert_eq!(log.found(), [("CHECKPOINT", None), ("NOT_SEALED", Some(256))]);
    assert_eq!(Log { events: vec![], checkpoints: vec![], ..Log::good() }.found(), []);
}

#[test]
fn stored_nodes_are_compared_with_the_entries_below() {
    let log = Log::good();
    let leaves: Vec<_> = log.events.iter().map(|event| event.stored_hash).collect();
    let good = frontier(&leaves[256..512]).root();
    let report = log.audit_with(|verifier, size| {
        if size < SIZE {
            return;
        }
        verifier.check_node(1, 1, good);
        verifier.check_node(1, 0, good);
        verifier.check_node(1, 2, good);
        verifier.check_node(0, 0, good);
        verifier.check_node(9, 1, good);
    });
    let places = [Some(0), Some(512), Some(0), None];
    assert_eq!(codes(&report), places.map(|place| ("NODE_HASH", place)));
}

#[test]
fn a_consistency_proof_is_checked() {
    let leaves: Vec<_> = Log::good().events.iter().map(|event| event.stored_hash).collect();
    let head = |size: u64| TreeHead { size, root: frontier(&leaves[..size as usize]).root() };
    let plan = Plan::consistency(100, 200).unwrap();
    let proof = plan.hashes(&plan.tiles().into_iter().map(|tile| (tile, leaves[..200].to_vec())).collect());
    let report = Log::good().audit_with(|verifier, size| {
        if size < SIZE {
            return;
        }
        verifier.check_consistency(head(100), head(200), &proof);
        assert_eq!(verifier.size(), SIZE);
        assert_eq!(verifier.findings().total(), 0);
        verifier.check_consistency(head(101), head(200), &proof);
    });
    assert_eq!(codes(&report), [("CONSISTENCY_PROOF", None)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_flipped_bit_is_found(index in 0..SIZE as usize, in_payload: bool, place: prop::sample::Index, bit in 0u8..8) {
        let mut log = Log::good();
        let event = &mut log.events[index];
        let bytes = if in_payload { &mut event.payload } else { &mut event.entry };
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert_eq!(log.audit().findings.first_index(), Some(index as u64));
    }
}
