//! A log of two aggregates, and each way in which it may have been tampered with.

use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
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
    time_stamps: Vec<Anchor>,
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

impl Log {
    fn good() -> Self {
        static GOOD: LazyLock<Log> = LazyLock::new(Log::make);
        GOOD.clone()
    }

    /// With cosigned checkpoints at 100, 256 and at the end.
    fn make() -> Self {
        let log = NoteSigner::new(ORIGIN, Algorithm::Ed25519, SigningKey::from_bytes(&[1; 32])).unwrap();
        let witness = NoteSigner::new("w", Algorithm::Cosignature, SigningKey::from_bytes(&[2; 32])).unwrap();
        let events: Vec<_> = (0..SIZE).map(|index| event(index, |_| ())).collect();
        let leaves: Vec<_> = events.iter().map(|event| event.stored_hash).collect();
        let checkpoint = |size: u64| {
            let head = TreeHead { size, root: frontier(&leaves[..size as usize]).root() };
            let text = Checkpoint { origin: ORIGIN.to_owned(), head }.to_string();
            let time = at(size).as_second().unsigned_abs();
            format!("{text}\n{}{}", log.sign(&text, time), witness.sign(&text, time)).into_bytes()
        };
        let checkpoints = [SIZE, 100, 256].map(checkpoint).to_vec();
        let keys = vec![log.verifier().clone(), witness.verifier().clone()];
        Self { events, checkpoints, keys, time_stamps: Vec::new(), now: at(10_000) }
    }

    fn audit_with(&self, after: impl FnOnce(&mut Verifier)) -> Report {
        let checkpoints: Vec<_> = self.checkpoints.iter().map(Vec::as_slice).collect();
        let mut verifier = Verifier::new(&Evidence {
            origin: ORIGIN,
            earlier: &[],
            keys: &self.keys,
            checkpoints: &checkpoints,
            time_stamps: &self.time_stamps,
            tolerance: SignedDuration::from_secs(2),
            now: self.now,
        });
        for Event { entry, payload, stored_hash } in &self.events {
            verifier.feed(&AuditedEvent { entry, payload, metadata: b"{}", stored_hash: Some(*stored_hash) });
        }
        after(&mut verifier);
        verifier.finish()
    }

    fn audit(&self) -> Report {
        self.audit_with(|_| ())
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
    assert_eq!(report.sealed, Some(report.head));
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
        (|entry| entry.recorded_at = at(603), "TIME_OUT_OF_BOUNDS"),
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
    assert_eq!(found, [("TIME_TO_COME", Some(598)), ("TIME_TO_COME", Some(599))], "clocks differ by two seconds");
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
    assert_eq!(log.found(), [("ENTRIES_MISSING", None), ("NOT_SEALED", None)]);
    let mut log = Log::good();
    log.events.push(event(SIZE, |_| ()));
    assert_eq!(log.found(), [("NOT_SEALED", None)]);
    let mut log = Log::good();
    log.events.remove(400);
    let found = log.found();
    assert!(found.contains(&("INDEX_WRONG", Some(400))) && found.contains(&("SEQUENCE_WRONG", Some(401))));
}

#[test]
fn times_are_bounded_by_what_others_have_seen() {
    let mut log = Log::good();
    log.time_stamps.push(Anchor { size: 400, at: at(500) });
    assert_eq!(log.audit().findings.counts()[&FindingKind::TimeOutOfBounds], 98);
    assert_eq!(log.audit().findings.first_index(), Some(400));
}

#[test]
fn a_checkpoint_that_cannot_be_trusted_confirms_nothing() {
    let mut log = Log::good();
    log.keys.remove(0);
    let found = log.found();
    assert_eq!(found.iter().filter(|finding| finding.0 == "CHECKPOINT").count(), 3);
    assert!(found.contains(&("NOT_SEALED", None)));
    let mut log = Log::good();
    log.checkpoints[0] = b"nonsense".to_vec();
    assert_eq!(log.found(), [("CHECKPOINT", None), ("NOT_SEALED", None)]);
    assert_eq!(Log { events: vec![], checkpoints: vec![], ..Log::good() }.found(), []);
}

#[test]
fn stored_nodes_are_compared_with_the_entries_below() {
    let log = Log::good();
    let leaves: Vec<_> = log.events.iter().map(|event| event.stored_hash).collect();
    let good = frontier(&leaves[256..512]).root();
    let report = log.audit_with(|verifier| {
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
    let report = Log::good().audit_with(|verifier| {
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
