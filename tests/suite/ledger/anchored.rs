//! Whoever saw a log at its time bounds when its events were recorded, in a replay and in a bundle: by every checkpoint that
//! was vouched for, and not by the last alone.

use std::fs;
use std::path::PathBuf;

use etalon::app::Sealed;
use etalon::audit::{Part, Trusted, Verdict, export, replay, verify};
use etalon::clock::Clock;
use etalon::ledger::note::NoteSigner;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::ledger::bundles::{House, codes, grow, notes};
use crate::ledger::stamps::{Authority, Manner, sealed_today};
use crate::store::on_both_databases;
use crate::store::support::{Database, START};

const HOUR: i64 = 3_600;
const BEGUN: i64 = START / 1_000_000;

on_both_databases! {
    events_that_were_dated_back_are_found_whatever_is_seen_later,
    a_clock_of_a_witness_that_was_ahead_is_no_fault_of_events,
    a_bundle_tells_how_far_a_witness_has_cosigned,
    a_bundle_has_the_time_stamps_of_before,
    nothing_is_anchored_that_the_log_has_left_behind,
}

/// Adds ten events at that second by the clock of the house, and seals them. The witness sees them when it is said.
async fn goes_on(database: &Database, house: &House, witness: &NoteSigner, at: i64, seen_at: Option<i64>) {
    let from = house.app.head().await.expect("it reads").map_or(0, |last| last + 1);
    house.clock.set(at * 1_000_000);
    grow(database, &house.clock, from, from + 10).await;
    assert_eq!(house.app.seal_now().await.expect("sealed"), from + 10);
    if let Some(seen_at) = seen_at {
        house.cosign(database, witness, from + 10, seen_at).await;
    }
}

async fn exported(house: &House, part: Part, up_to: Option<u64>, name: &str) -> PathBuf {
    let bundle = house.folder.path().join(name);
    export(&house.app, part, up_to, &bundle, |_| ()).await.expect("exported");
    bundle
}

/// What is found, but for the rows: no program of today folds these events.
fn found(verdict: &Verdict) -> Vec<(&'static str, Option<u64>)> {
    codes(verdict).into_iter().filter(|(kind, _)| *kind != "ROWS_NOT_COMPARED").collect()
}

async fn events_that_were_dated_back_are_found_whatever_is_seen_later(database: Database) {
    let house = House::on(&database).await;
    let (witness, trusted) = house.witnessed().await;
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN)).await;
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN + 2 * HOUR)).await;
    // The clock of the machine was set back: two hours before, the witness saw the log without these.
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN + 2 * HOUR)).await;
    for hours in [3, 4] {
        goes_on(&database, &house, &witness, BEGUN + hours * HOUR, Some(BEGUN + hours * HOUR)).await;
    }
    let back_dated: Vec<_> = (20..30).map(|position| ("TIME_OUT_OF_BOUNDS", Some(position))).collect();
    let replayed = replay(&house.app, &trusted, |_, _| ()).await.expect("it reads");
    assert_eq!(found(&replayed), back_dated, "{replayed}");
    let bundle = exported(&house, Part::Whole, None, "bundle").await;
    let verified = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    assert_eq!(codes(&verified), back_dated, "{verified}");
    for verdict in [&replayed, &verified] {
        let fault = verdict.to_json()["faults"].as_array().expect("faults").last().expect("a fault").clone();
        let seen_at = Timestamp::from_second(BEGUN + 2 * HOUR).expect("a time").to_string();
        assert_eq!(
            ["witness", "size", "seenAt"].map(|name| &fault[name]),
            [&json!("w.example"), &json!(20), &json!(seen_at)]
        );
        let said = format!("and at {seen_at} the witness w.example saw the log of 20 events, without it");
        assert!(fault["message"].as_str().expect("text").ends_with(&said), "{fault}");
    }
    // To whoever has no key of the witness, its word is none.
    let verified = verify(&bundle, &house.trusted().await, |_| ()).expect("a bundle");
    assert!(verified.is_good() && notes(&verified, "4 cosignatures are made with keys"), "{verified}");
    // As a program of before has written it: the last two say nothing of what came before.
    fs::remove_dir_all(bundle.join("anchors")).expect("removed");
    let verified = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    assert!(verified.is_good(), "{verified}");
}

async fn a_clock_of_a_witness_that_was_ahead_is_no_fault_of_events(database: Database) {
    let house = House::on(&database).await;
    let (witness, trusted) = house.witnessed().await;
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN)).await;
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN + 2 * HOUR)).await;
    // With its clock right again, it sees the log go on.
    goes_on(&database, &house, &witness, BEGUN + 60, Some(BEGUN + 60)).await;
    let replayed = replay(&house.app, &trusted, |_, _| ()).await.expect("it reads");
    assert_eq!(found(&replayed), [("COSIGNATURE", None)], "{replayed}");
    let bundle = exported(&house, Part::Whole, None, "bundle").await;
    let verified = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    assert_eq!(codes(&verified), [("COSIGNATURE", None)], "{verified}");
    let fault = &verified.to_json()["faults"][0];
    assert!(fault["witness"] == "w.example" && fault["size"] == 20, "{fault}");
    // By an auditor whose clocks may differ by more, its word is as good as any.
    let tolerance = Some(SignedDuration::from_hours(3));
    let verified = verify(&bundle, &Trusted { tolerance, ..trusted }, |_| ()).expect("a bundle");
    assert!(verified.is_good(), "{verified}");
}

async fn a_bundle_tells_how_far_a_witness_has_cosigned(database: Database) {
    let house = House::on(&database).await;
    let (witness, trusted) = house.witnessed().await;
    for seen_at in [Some(BEGUN), Some(BEGUN), None, None] {
        goes_on(&database, &house, &witness, BEGUN, seen_at).await;
    }
    let bundle = exported(&house, Part::Whole, None, "bundle").await;
    let verified = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    let so_far = "w.example has cosigned a checkpoint of 20 events, and not all of these";
    assert!(verified.is_good() && notes(&verified, so_far), "{verified}");
    let earlier = exported(&house, Part::Whole, Some(19), "earlier").await;
    assert!(earlier.join("anchors/10").exists() && !earlier.join("anchors/20").exists(), "its own is its checkpoint");
    let verified = verify(&earlier, &trusted, |_| ()).expect("a bundle");
    assert!(verified.is_good() && verified.signers.iter().any(|signer| signer == "w.example"), "{verified}");
    let part = exported(&house, Part::Range(3, Some(5)), None, "part").await;
    assert!(!part.join("anchors").exists());
}

#[tokio::test]
async fn an_anchor_that_is_not_what_it_is_named_is_told() {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    let (witness, trusted) = house.witnessed().await;
    for seen_at in [Some(BEGUN), Some(BEGUN), None] {
        goes_on(&database, &house, &witness, BEGUN, seen_at).await;
    }
    let bundle = exported(&house, Part::Whole, None, "bundle").await;
    goes_on(&database, &house, &witness, BEGUN, Some(BEGUN)).await;
    goes_on(&database, &house, &witness, BEGUN, None).await;
    let later = exported(&house, Part::Whole, None, "later").await;
    let told = |trusted: &Trusted| {
        let verdict = verify(&bundle, trusted, |_| ()).expect("a bundle");
        (codes(&verdict), verdict.faults().first().map(|fault| fault.message.clone()).unwrap_or_default())
    };
    assert_eq!(told(&trusted).0, []);
    let anchor = bundle.join("anchors/10/checkpoint");
    let kept = fs::read(&anchor).expect("it reads");
    let of_20 = fs::read(bundle.join("anchors/20/checkpoint")).expect("it reads");
    for (other, wrong) in [
        (&b"nonsense"[..], "anchors/10/checkpoint: no signed note"),
        (&of_20[..], "anchors/10/checkpoint is of 20 events"),
    ] {
        fs::write(&anchor, other).expect("written");
        let (found, message) = told(&trusted);
        assert!(found == [("CHECKPOINT", None)] && message.starts_with(wrong), "{found:?} {message}");
    }
    fs::remove_file(&anchor).expect("removed");
    assert_eq!(told(&trusted), (vec![("CHECKPOINT", None)], "there is no anchors/10/checkpoint".to_owned()));
    fs::write(&anchor, &kept).expect("written");
    for stray in ["anchors/010", "anchors/some"] {
        fs::create_dir(bundle.join(stray)).expect("made");
        assert_eq!(told(&trusted), (vec![("CHECKPOINT", None)], format!("{stray} is no checkpoint of the log")));
        fs::remove_dir(bundle.join(stray)).expect("removed");
    }
    // Of more than the bundle has: then its end was cut off.
    fs::create_dir(bundle.join("anchors/40")).expect("made");
    fs::copy(later.join("anchors/40/checkpoint"), bundle.join("anchors/40/checkpoint")).expect("copied");
    let (found, message) = told(&trusted);
    assert!(
        found == [("ENTRIES_MISSING", None)] && message.contains("covers 40 events, and there are 30"),
        "{message}"
    );
}

async fn a_bundle_has_the_time_stamps_of_before(database: Database) {
    let house = sealed_today(&database).await;
    let authority = Authority::open(Manner::Granting).await;
    house.app.anchor(&authority.anchors()).await.expect("stamped");
    grow(&database, &house.clock, 20, 30).await;
    house.app.seal_now().await.expect("sealed");
    let bundle = house.folder.path().join("bundle");
    export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect("exported");
    assert!(!bundle.join("time-stamps").exists(), "nobody has stamped its own checkpoint");
    let trusting = Trusted { roots: Some(authority.roots()), ..house.trusted().await };
    let told = |trusted: &Trusted, said: &str| {
        let verdict = verify(&bundle, trusted, |_| ()).expect("a bundle");
        (codes(&verdict), verdict.notes().iter().any(|note| note.starts_with(said)))
    };
    assert_eq!(told(&trusting, "the checkpoint of 20 events was stamped at "), (vec![], true));
    assert!(!told(&trusting, "no time stamp ").1);
    assert_eq!(told(&house.trusted().await, "time stamps are not verified"), (vec![], true));
    let stamps = bundle.join("anchors/20/time-stamps");
    for name in ["0.tst", "stamped"] {
        let kept = fs::read(stamps.join(name)).expect("it reads");
        let mut changed = kept.clone();
        *changed.last_mut().expect("it has bytes") ^= 1;
        fs::write(stamps.join(name), changed).expect("written");
        let (found, is_silent) = told(&trusting, "no time stamp ");
        assert!(is_silent && found.iter().all(|fault| *fault == ("TIME_STAMP", None)), "{name}: {found:?}");
        assert!(!found.is_empty(), "{name}");
        fs::remove_file(stamps.join(name)).expect("removed");
        assert_eq!(told(&house.trusted().await, "").0, [("TIME_STAMP", None)], "{name}: anybody misses it");
        fs::write(stamps.join(name), kept).expect("written");
    }
    assert_eq!(told(&trusting, "the checkpoint of 20 events was stamped at "), (vec![], true));
}

/// While nobody signs, the latest checkpoint is not what the log has: who stamped it now would say that it were.
async fn nothing_is_anchored_that_the_log_has_left_behind(database: Database) {
    let house = sealed_today(&database).await;
    let authority = Authority::open(Manner::Granting).await;
    grow(&database, &house.clock, 20, 30).await;
    let stamped = async || {
        house.app.anchor(&authority.anchors()).await.expect("asked");
        house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed").time_stamps.len()
    };
    let recorded_at = house.clock.now();
    house.clock.set((recorded_at + SignedDuration::from_secs(30)).as_microsecond());
    assert_eq!(stamped().await, 0);
    house.app.seal_now().await.expect("sealed");
    assert_eq!(stamped().await, 1);
}
