//! Bundles of a part of a log: what is left out of one is missed, and what is asked for as of a moment ends there.

use std::fs;
use std::path::{Path, PathBuf};

use etalon::audit::{Part, Trusted, Verdict, export, verify};
use etalon::ledger::note::Note;
use etalon::store::{RowChanges, Sealed};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ledger::bundles::{House, codes, grow, notes};
use crate::store::samples::{append, case_stream, note, notes as content};
use crate::store::support::{Database, START};
use crate::support::server::Installation;

/// A log of 700 events that was sealed at 300, at 500 and at its end.
async fn sealed_log() -> (Database, House) {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    for (from, to) in [(0, 300), (300, 500), (500, 700)] {
        grow(&database, &house.clock, from, to).await;
        assert_eq!(house.app.seal_now().await.expect("sealed"), to);
    }
    (database, house)
}

async fn bundle(house: &House, part: Part, up_to: Option<u64>, name: &str) -> (PathBuf, u64) {
    let folder = house.folder.path().join(name);
    let events = export(&house.app, part, up_to, &folder, |_| ()).await.expect("exported");
    (folder, events)
}

fn verdict(bundle: &Path, trusted: &Trusted) -> Verdict {
    verify(bundle, trusted, |_| ()).expect("a bundle")
}

/// Takes an event out of a bundle as somebody would who hides it: its lines and its proof. What it was is put back by the
/// answer.
fn take_out(bundle: &Path, position: u64) -> impl FnOnce() {
    let names = ["entries.jsonl", "payloads.jsonl", "MANIFEST.json"];
    let kept: Vec<_> = names.map(|name| bundle.join(name)).into_iter().map(|path| (fs::read(&path), path)).collect();
    let lines = |name: &str| fs::read_to_string(bundle.join(name)).expect("it reads");
    let is_it = |entry: &str| serde_json::from_str::<Value>(entry).expect("JSON")["i"] == json!(position.to_string());
    let entries = lines("entries.jsonl");
    let place = entries.lines().position(is_it).expect("it is there");
    for name in &names[..2] {
        let left: String = lines(name)
            .lines()
            .enumerate()
            .filter(|(number, _)| *number != place)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        fs::write(bundle.join(name), left).expect("written");
    }
    says(bundle, |manifest| manifest["events"] = json!(manifest["events"].as_u64().expect("a number") - 1));
    let proof = bundle.join(format!("proofs/{position}.tlog-proof"));
    let aside = bundle.join("taken-out");
    fs::rename(&proof, &aside).expect("moved");
    move || {
        fs::rename(aside, proof).expect("moved");
        for (content, path) in kept {
            fs::write(path, content.expect("it was read")).expect("written");
        }
    }
}

/// Changes what the bundle says of itself.
fn says(bundle: &Path, change: impl FnOnce(&mut Value)) {
    let path = bundle.join("MANIFEST.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).expect("it reads")).expect("JSON");
    change(&mut manifest);
    fs::write(path, manifest.to_string()).expect("written");
}

#[tokio::test]
async fn an_event_that_is_left_out_of_a_range_is_missed() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let (range, _) = bundle(&house, Part::Range(250, Some(270)), None, "range").await;
    let good = verdict(&range, &trusted);
    assert!(good.is_good() && notes(&good, "a part: positions 250 to 270"), "{good}");
    assert_eq!(good.signers, [house.key().await.name()]);
    for position in [250, 260, 270] {
        let put_back = take_out(&range, position);
        assert_eq!(codes(&verdict(&range, &trusted)), [("ENTRIES_MISSING", Some(position))]);
        put_back();
    }
    // Whoever hides the end has to say that the part ends there.
    let put_back = take_out(&range, 270);
    says(&range, |manifest| manifest["part"]["range"]["last"] = json!(269));
    let shorter = verdict(&range, &trusted);
    assert!(shorter.is_good() && notes(&shorter, "a part: positions 250 to 269"), "{shorter}");
    put_back();
    says(&range, |manifest| manifest["part"] = json!({ "range": { "first": 9, "last": 3 } }));
    assert!(codes(&verdict(&range, &trusted)).contains(&("MANIFEST", None)));
}

#[tokio::test]
async fn an_event_that_is_left_out_of_a_stream_is_missed() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let (stream, events) = bundle(&house, Part::Stream(case_stream(3)), None, "stream").await;
    let good = verdict(&stream, &trusted);
    let name = format!("the stream of Case {} up to position 699", case_stream(3).aggregate_id);
    assert!(good.is_good() && events == 10 && notes(&good, &name), "{good}");
    for position in [30, 33] {
        let put_back = take_out(&stream, position);
        assert_eq!(codes(&verdict(&stream, &trusted)), [("SEQUENCE_WRONG", Some(position + 1))]);
        put_back();
    }
    says(&stream, |manifest| manifest["part"]["stream"]["id"] = json!(case_stream(4).aggregate_id.to_string()));
    let found = codes(&verdict(&stream, &trusted));
    assert!(found.contains(&("MANIFEST", Some(30))) && found.contains(&("ENTRIES_MISSING", None)), "{found:?}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_told_by_its_place() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    for (part, name, first) in
        [(Part::Stream(case_stream(3)), "stream", 30), (Part::Range(250, Some(259)), "range", 250)]
    {
        let (folder, _) = bundle(&house, part, None, name).await;
        let path = folder.join("entries.jsonl");
        let entries = fs::read_to_string(&path).expect("it reads");
        for damaged in [&[0][..], &[4], &[9], &[3, 4, 7]] {
            let lines = entries.lines().enumerate().map(|(place, line)| match damaged.contains(&place) {
                true => line.replacen("\"v\"", "\"w\"", 1) + "\n",
                false => format!("{line}\n"),
            });
            fs::write(&path, lines.collect::<String>()).expect("written");
            let found = codes(&verdict(&folder, &trusted));
            let told = found.iter().filter(|(kind, _)| *kind == "ENTRY_NOT_CANONICAL").map(|(_, index)| *index);
            let expected = damaged.iter().map(|place| Some(first + *place as u64));
            assert!(told.eq(expected), "{name} {damaged:?}: {found:?}");
        }
        // Without proofs nothing tells the place.
        fs::remove_dir_all(folder.join("proofs")).expect("removed");
        assert!(codes(&verdict(&folder, &trusted)).contains(&("ENTRY_NOT_CANONICAL", None)));
    }
}

#[tokio::test]
async fn a_part_as_of_a_moment_ends_there_whatever_was_sealed_before() {
    let (database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    // The checkpoint before position 334 covers nothing of this stream.
    for (part, name, expected) in [(Part::Stream(case_stream(33)), "stream", 5), (Part::Range(320, None), "range", 15)]
    {
        let (folder, events) = bundle(&house, part, Some(334), name).await;
        let good = verdict(&folder, &trusted);
        assert!(good.is_good() && notes(&good, "334"), "{good}");
        assert_eq!((events, good.events, good.sealed), (expected, expected, Some(500)));
    }
    let (folder, events) = bundle(&house, Part::Whole, Some(334), "whole").await;
    assert_eq!((events, verdict(&folder, &trusted).sealed), (300, Some(300)));
    grow(&database, &house.clock, 700, 800).await;
    let folder = house.folder.path().join("no");
    for part in [Part::Range(0, None), Part::Stream(case_stream(75))] {
        let refused = export(&house.app, part, Some(750), &folder, |_| ()).await.expect_err("nobody has signed it");
        assert!(refused.to_string().contains("position 750 is not sealed yet"), "{refused}");
    }
    let none = export(&house.app, Part::Stream(case_stream(9_000)), None, &folder, |_| ()).await;
    assert!(none.expect_err("it has no event").to_string().contains("there is no such event"));
    assert!(!folder.exists() && !folder.with_extension("draft").exists());
}

#[tokio::test]
async fn a_whole_log_that_ends_before_its_moment_says_so() {
    let (database, house) = sealed_log().await;
    let installation = Installation::on(&database.url);
    let exported = |as_of: &str, name: &str| {
        let folder = house.folder.path().join(name);
        let mut command = installation.command();
        command.args(["audit", "export", "--format", "json", "--as-of", as_of, "--output"]).arg(folder);
        let output = command.output().expect("the program runs");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (told, String::from_utf8(output.stderr).expect("text"))
    };
    let (told, said) = exported("334", "earlier");
    assert_eq!(told["events"], 300, "{said}");
    assert!(said.contains("the bundle ends at position 299") && said.contains("--to 334"), "{said}");
    let (told, said) = exported("299", "just there");
    assert_eq!(told["events"], 300, "{said}");
    assert!(!said.contains("the bundle ends at"), "{said}");
    let (told, _) = exported("120", "before all");
    let refused = told["error"]["message"].as_str().expect("a message");
    assert_eq!(told["error"]["code"], "NOTHING_TO_EXPORT");
    for way_out in ["the first checkpoint ends at position 299", "`--to 120`", "`etalon audit case`"] {
        assert!(refused.contains(way_out), "{refused}");
    }
    assert!(!refused.contains("a running server"), "no server seals what is past: {refused}");
}

#[tokio::test]
async fn a_position_within_a_command_stands_for_the_moment_after_it() {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    let many: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let batch = vec![
        append(case_stream(1), 0, "three", content(&["a", "b", "c"], RowChanges::default())),
        note(case_stream(1), 3, "one"),
        append(case_stream(1), 4, "many", content(&many, RowChanges::default())),
        note(case_stream(2), 0, "other"),
    ];
    for outcome in database.open_with(house.clock.clone()).await.commit(batch).await.expect("it succeeds") {
        outcome.expect("accepted");
    }
    house.app.seal_now().await.expect("sealed");
    let trusted = house.trusted().await;
    for (as_of, last) in [(0, 2), (1, 2), (2, 2), (3, 3), (4, 103), (103, 103)] {
        for (part, name) in [(Part::Stream(case_stream(1)), "stream"), (Part::Range(0, None), "range")] {
            let (folder, events) = bundle(&house, part, Some(as_of), &format!("{name} {as_of}")).await;
            let good = verdict(&folder, &trusted);
            assert!(good.is_good() && events == last + 1 && notes(&good, &format!(" {last}")), "{as_of}: {good}");
        }
    }
}

#[tokio::test]
async fn a_part_is_held_against_clocks_and_checkpoints_of_others() {
    let (_database, house) = sealed_log().await;
    let (witness, mut trusted) = house.witnessed().await;
    let (range, _) = bundle(&house, Part::Range(650, Some(659)), None, "range").await;
    let good = verdict(&range, &trusted);
    assert!(good.is_good() && notes(&good, "w.example has cosigned nothing"), "{good}");
    // The witness saw the log with these events an hour before they say that they were recorded.
    let checkpoint = fs::read_to_string(range.join("checkpoint")).expect("it reads");
    let note = Note::parse(&checkpoint).expect("a note");
    let cosigned = |second: i64| format!("{checkpoint}{}", witness.sign(note.text(), second.unsigned_abs()));
    let second = START / 1_000_000;
    fs::write(range.join("checkpoint"), cosigned(second + 1)).expect("written");
    let good = verdict(&range, &trusted);
    assert!(good.is_good() && !notes(&good, "cosigned nothing"), "{good}");
    fs::write(range.join("checkpoint"), cosigned(second - 3_600)).expect("written");
    let seen_before = verdict(&range, &trusted);
    assert_eq!(codes(&seen_before), [("TIME_OUT_OF_BOUNDS", Some(659))], "none is later");
    assert!(
        seen_before.to_string().contains("the witness w.example saw the log of 700 events, with it"),
        "{seen_before}"
    );
    // A word from a time to come is one of nobody's events.
    let now = Timestamp::from_second(second + 7_200).expect("a time");
    fs::write(range.join("checkpoint"), cosigned(second + 7_261)).expect("written");
    let to_come = verdict(&range, &Trusted { now, keys: trusted.keys.clone(), ..Trusted::default() });
    assert_eq!(codes(&to_come), [("COSIGNATURE", None)], "{to_come}");
    fs::write(range.join("checkpoint"), cosigned(second - 3_600)).expect("written");
    // To an auditor whose clock is an hour behind, they are still to come.
    let (early, _) = bundle(&house, Part::Range(650, Some(651)), None, "early").await;
    let now = Timestamp::from_second(second - 3_600).expect("a time");
    let found = codes(&verdict(&early, &Trusted { now, ..house.trusted().await }));
    assert_eq!(found, [("TIME_TO_COME", Some(650)), ("TIME_TO_COME", Some(651))]);
    // What the witness says without the log proves nothing.
    let (witnessed, _) = bundle(&house, Part::Range(650, Some(651)), None, "witnessed").await;
    let proof = witnessed.join("proofs/651.tlog-proof");
    let text = fs::read_to_string(&proof).expect("it reads");
    let log = text.lines().last().expect("a signature").to_owned() + "\n";
    fs::write(&proof, text.replace(&log, &(log.clone() + &witness.sign(note.text(), 7)))).expect("written");
    assert!(verdict(&witnessed, &trusted).is_good());
    fs::write(&proof, text.replace(&log, &witness.sign(note.text(), 7))).expect("written");
    assert_eq!(codes(&verdict(&witnessed, &trusted)), [("PROOF_WRONG", Some(651))]);
    // Proofs that lead elsewhere than the checkpoint does.
    let earlier = house.app.checkpoint(Sealed::Size(500)).await.expect("it reads").expect("sealed").note();
    fs::write(range.join("checkpoint"), earlier).expect("written");
    for file in ["previous-checkpoint", "consistency-proof"] {
        fs::remove_file(range.join(file)).expect("removed");
    }
    assert_eq!(codes(&verdict(&range, &trusted))[0], ("PROOF_WRONG", Some(650)));
    // What the auditor has kept.
    let (again, _) = bundle(&house, Part::Range(650, Some(659)), None, "again").await;
    trusted.kept = vec![checkpoint.clone().into_bytes()];
    assert!(verdict(&again, &trusted).is_good());
    trusted.kept = vec![checkpoint.replacen("700", "701", 1).into_bytes()];
    assert_eq!(codes(&verdict(&again, &trusted)), [("CHECKPOINT", None)]);
}
