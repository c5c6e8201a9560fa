//! What is in a bundle beside what its checkpoint covers, or instead of it, is told: lines, tiles and signatures.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use etalon::audit::{Part, Trusted, Verdict, export, state_of_case, verify};
use etalon::ledger::note::Note;
use serde_json::{Value, json};

use crate::ledger::bundles::{House, codes, grow};
use crate::store::samples::case_stream;
use crate::store::support::{Database, START};

/// A log of 700 events that was sealed at 300 and at its end.
async fn sealed_log() -> (Database, House) {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    for (from, to) in [(0, 300), (300, 700)] {
        grow(&database, &house.clock, from, to).await;
        assert_eq!(house.app.seal_now().await.expect("sealed"), to);
    }
    (database, house)
}

async fn bundle(house: &House, part: Part, name: &str) -> PathBuf {
    let folder = house.folder.path().join(name);
    export(&house.app, part, None, &folder, |_| ()).await.expect("exported");
    folder
}

fn verdict(bundle: &Path, trusted: &Trusted) -> Verdict {
    verify(bundle, trusted, |_| ()).expect("a bundle")
}

/// What is found, in words and in its order.
fn messages(verdict: &Verdict) -> Vec<&str> {
    verdict.faults().iter().map(|fault| fault.message.as_str()).collect()
}

/// What is found while a file of the bundle is another; `None` removes it. It is put back.
fn found_with(
    bundle: &Path,
    file: &str,
    content: Option<&[u8]>,
    trusted: &Trusted,
) -> Vec<(&'static str, Option<u64>)> {
    let path = bundle.join(file);
    let kept = fs::read(&path).ok();
    let put = |content: Option<&[u8]>| match content {
        Some(content) => fs::write(&path, content).expect("written"),
        None => fs::remove_file(&path).expect("removed"),
    };
    put(content);
    let found = codes(&verdict(bundle, trusted));
    put(kept.as_deref());
    found
}

#[tokio::test]
async fn a_line_that_no_entry_backs_is_a_fault() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    for (part, name) in [(Part::Whole, "whole"), (Part::Range(250, Some(270)), "range")] {
        let bundle = bundle(&house, part, name).await;
        let payloads = fs::read(bundle.join("payloads.jsonl")).expect("it reads");
        for more in [&b"{\"payload\":{},\"metadata\":{}}\n"[..], b"nothing", b"\n"] {
            let more = [payloads.as_slice(), more].concat();
            let found = found_with(&bundle, "payloads.jsonl", Some(&more), &trusted);
            assert_eq!(found, [("PAYLOAD_WITHOUT_ENTRY", None)], "{name}");
        }
        assert!(verdict(&bundle, &trusted).is_good());
    }
}

#[tokio::test]
async fn a_tile_is_as_long_as_the_tree_has_it_and_there_is_no_other() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let bundle = bundle(&house, Part::Whole, "whole").await;
    for (file, first) in [("tile/0/000", 0), ("tile/0/001", 256), ("tile/0/002.p/188", 512), ("tile/1/000.p/2", 0)] {
        let tile = fs::read(bundle.join(file)).expect("it reads");
        for other in [&tile[..50], &[], &[&tile[..], b"xx"].concat(), &[&tile[..], &[0; 32]].concat()] {
            let found = found_with(&bundle, file, Some(other), &trusted);
            assert_eq!(found, [("TILE_WRONG", Some(first))], "{file} of {} bytes", other.len());
        }
        fs::rename(bundle.join(file), bundle.join("aside")).expect("moved");
        assert_eq!(codes(&verdict(&bundle, &trusted)), [("TILE_MISSING", Some(first))], "{file}");
        fs::rename(bundle.join("aside"), bundle.join(file)).expect("moved");
    }
    fs::create_dir_all(bundle.join("tile/2/000.p")).expect("made");
    let mut strays = ["tile/0/003", "tile/0/002.p/187", "tile/0/002", "tile/2/000.p/1", "tile/0/some", "tile/entries"];
    for file in strays {
        assert_eq!(found_with(&bundle, file, Some(&[0; 32]), &trusted), [("TILE_WRONG", None)], "{file}");
    }
    for file in strays {
        fs::write(bundle.join(file), [0; 32]).expect("written");
    }
    strays.sort_unstable();
    assert_eq!(messages(&verdict(&bundle, &trusted)), strays.map(|file| format!("{file} is no tile of the log")));
    for file in strays {
        fs::remove_file(bundle.join(file)).expect("removed");
    }
    assert!(verdict(&bundle, &trusted).is_good());
}

/// What a bundle of somebody else's may say of itself, to be taken for what its verification comes to.
const PRETENDED: &str = "\u{1b}[2J\nGOOD: 700 events\u{202e}";

#[tokio::test]
async fn no_bundle_says_on_the_terminal_that_it_is_good() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let [whole, stream] = [(Part::Whole, "whole"), (Part::Stream(case_stream(3)), "stream")];
    let [whole, stream] = [bundle(&house, whole.0, whole.1).await, bundle(&house, stream.0, stream.1).await];
    fs::create_dir_all(whole.join("anchors")).expect("made");
    for (folder, place) in [(&whole, "tile/0"), (&whole, "anchors"), (&stream, "proofs")] {
        fs::write(folder.join(place).join(PRETENDED), b"").expect("written");
    }
    let is_told = |bundle: &Path, expected: &[&str]| {
        let verdict = verdict(bundle, &trusted);
        let (text, for_programs) = (verdict.to_string(), verdict.to_json().to_string());
        for code in expected {
            assert!(verdict.faults().iter().any(|fault| fault.kind == *code), "{code}: {text}");
        }
        assert!(text.contains("\u{fffd}[2J\u{fffd}GOOD: 700 events\u{fffd}"), "{text}");
        let is_harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(is_harmful) && !for_programs.contains(is_harmful), "{text}");
        assert!(text.lines().all(|line| !line.starts_with("GOOD")), "{text}");
    };
    is_told(&whole, &["CHECKPOINT", "TILE_WRONG"]);
    let manifest = stream.join("MANIFEST.json");
    let mut says: Value = serde_json::from_slice(&fs::read(&manifest).expect("it reads")).expect("JSON");
    says["part"]["stream"]["id"] = json!(PRETENDED);
    says["origin"] = json!(PRETENDED);
    says["earlier"] = json!([{ "origin": PRETENDED, "until": 7 }]);
    fs::write(&manifest, says.to_string()).expect("written");
    is_told(&stream, &["MANIFEST", "ORIGIN_WRONG", "PROOF_WITHOUT_EVENT"]);
    fs::write(&manifest, json!({ PRETENDED: 0 }).to_string()).expect("written");
    is_told(&stream, &["MANIFEST"]);
}

#[tokio::test]
async fn a_proof_of_no_event_is_a_fault() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let bundle = bundle(&house, Part::Range(250, Some(270)), "range").await;
    let proof = fs::read(bundle.join("proofs/250.tlog-proof")).expect("it reads");
    for name in ["249.tlog-proof", "271.tlog-proof", "0250.tlog-proof", "some"] {
        let found = found_with(&bundle, &format!("proofs/{name}"), Some(&proof), &trusted);
        assert_eq!(found, [("PROOF_WITHOUT_EVENT", None)], "{name}");
    }
    let mut others = ["some", "other", "0250.tlog-proof", "none"].map(|name| format!("proofs/{name}"));
    for name in &others {
        fs::write(bundle.join(name), &proof).expect("written");
    }
    others.sort_unstable();
    let told = others.each_ref().map(|name| format!("{name} proves no event of the bundle"));
    assert_eq!(messages(&verdict(&bundle, &trusted)), told);
    for name in &others {
        fs::remove_file(bundle.join(name)).expect("removed");
    }
    assert!(verdict(&bundle, &trusted).is_good());
}

/// The file with that line, from 0, in place of its own.
fn with_line(bundle: &Path, file: &str, place: usize, other: &[u8]) -> Vec<u8> {
    let content = fs::read(bundle.join(file)).expect("it reads");
    let mut lines: Vec<_> = content.split(|byte| *byte == b'\n').collect();
    lines[place] = other;
    lines.join(&b'\n')
}

#[tokio::test]
async fn a_line_that_is_longer_than_any_is_told_and_not_kept() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    for (part, name, index) in [(Part::Whole, "whole", 4), (Part::Stream(case_stream(3)), "stream", 34)] {
        let bundle = bundle(&house, part, name).await;
        let entries = with_line(&bundle, "entries.jsonl", 4, &[b' '; (1 << 20) + 1]);
        let found = found_with(&bundle, "entries.jsonl", Some(&entries), &trusted);
        assert_eq!(found[..2], [("LINE_TOO_LONG", None), ("ENTRY_TOO_LONG", Some(index))][..], "{name}");
        // Of a line that begins as it should, the beginning alone is none.
        let line = fs::read(bundle.join("payloads.jsonl")).expect("it reads");
        let mut line = line.split(|byte| *byte == b'\n').nth(4).expect("a line").to_vec();
        line.resize(64 << 20, b' ');
        let payloads = with_line(&bundle, "payloads.jsonl", 4, &line);
        let found = found_with(&bundle, "payloads.jsonl", Some(&payloads), &trusted);
        assert!(found.is_empty(), "{name}, as long as one may be: {found:?}");
        line.push(b' ');
        fs::write(bundle.join("payloads.jsonl"), with_line(&bundle, "payloads.jsonl", 4, &line)).expect("written");
        let faulty = verdict(&bundle, &trusted);
        assert_eq!(codes(&faulty), [("LINE_TOO_LONG", None)], "{name}");
        assert_eq!(faulty.faults()[0].message, "line 5 of payloads.jsonl is longer than 67108864 bytes");
        fs::write(bundle.join("payloads.jsonl"), with_line(&bundle, "payloads.jsonl", 0, &line)).expect("written");
        let refused = state_of_case(&bundle).expect_err("its first line is too long").to_string();
        assert!(refused.contains("line 1 of payloads.jsonl is longer than"), "{refused}");
    }
}

#[tokio::test]
async fn a_proof_and_the_checkpoint_that_it_is_of_belong_together() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    for (part, name) in [(Part::Whole, "whole"), (Part::Range(250, Some(270)), "range")] {
        let bundle = bundle(&house, part, name).await;
        let tells_of_none =
            |verdict: &Verdict| verdict.notes().iter().any(|note| note.contains("no earlier checkpoint"));
        let untouched = verdict(&bundle, &trusted);
        assert!(untouched.is_good() && !tells_of_none(&untouched), "{name}: {untouched}");
        for file in ["previous-checkpoint", "consistency-proof"] {
            let found = found_with(&bundle, file, None, &trusted);
            assert_eq!(found, [("CONSISTENCY_PROOF", None)], "{name} without {file}");
        }
        for file in ["previous-checkpoint", "consistency-proof"] {
            fs::remove_file(bundle.join(file)).expect("removed");
        }
        // As a bundle of the first checkpoint is.
        let without = verdict(&bundle, &trusted);
        assert!(without.is_good() && tells_of_none(&without), "{name}: {without}");
    }
}

#[tokio::test]
async fn a_file_that_is_longer_than_any_makes_no_bundle() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let bundle = bundle(&house, Part::Range(250, Some(251)), "range").await;
    for file in ["MANIFEST.json", "checkpoint", "consistency-proof", "proofs/251.tlog-proof"] {
        let kept = fs::read(bundle.join(file)).expect("it reads");
        fs::write(bundle.join(file), [kept.as_slice(), &[b' '; 1 << 20]].concat()).expect("written");
        let refused = verify(&bundle, &trusted, |_| ()).expect_err("it is too long").to_string();
        assert!(refused.ends_with(&format!("{file} is longer than 1048576 bytes")), "{refused}");
        fs::write(bundle.join(file), kept).expect("written");
    }
    assert!(verdict(&bundle, &trusted).is_good());
}

#[tokio::test]
async fn what_is_no_file_makes_no_bundle_and_is_not_waited_for() {
    let (_database, house) = sealed_log().await;
    let trusted = house.trusted().await;
    let bundle = bundle(&house, Part::Range(250, Some(251)), "range").await;
    let pipe = house.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    for file in ["MANIFEST.json", "checkpoint", "entries.jsonl", "payloads.jsonl", "proofs/251.tlog-proof"] {
        let path = bundle.join(file);
        let kept = fs::read(&path).expect("it reads");
        for other in [pipe.as_path(), Path::new("/dev/zero"), house.folder.path()] {
            fs::remove_file(&path).expect("removed");
            symlink(other, &path).expect("linked");
            let (tell, told) = mpsc::channel();
            let (folder, keys) = (bundle.clone(), trusted.keys.clone());
            thread::spawn(move || {
                let refused = verify(&folder, &Trusted { keys, ..Trusted::default() }, |_| ());
                tell.send(refused.map_err(|error| error.to_string())).expect("it is waited for");
            });
            let refused = told.recv_timeout(Duration::from_secs(60)).expect("nobody waits for it").expect_err(file);
            assert!(refused.ends_with(&format!("{file} is no regular file")), "{refused}");
        }
        fs::remove_file(&path).expect("removed");
        fs::write(&path, kept).expect("written");
    }
    // A link to a file is as good as the file.
    fs::rename(bundle.join("checkpoint"), bundle.join("elsewhere")).expect("moved");
    symlink("elsewhere", bundle.join("checkpoint")).expect("linked");
    assert!(verdict(&bundle, &trusted).is_good());
    fs::remove_file(bundle.join("entries.jsonl")).expect("removed");
    let refused = verify(&bundle, &trusted, |_| ()).expect_err("it has no entries");
    assert_eq!(refused.code(), "NO_BUNDLE", "{refused}");
}

#[tokio::test]
async fn a_witness_who_is_silent_in_one_of_the_checkpoints_is_named() {
    let (_database, house) = sealed_log().await;
    let (witness, trusted) = house.witnessed().await;
    let cosign = |path: &Path| {
        let text = fs::read_to_string(path).expect("it reads");
        // The text of a proof's note begins behind the path.
        let note =
            text.find("\n\n").filter(|_| text.starts_with("c2sp.org/")).map_or(&text[..], |end| &text[end + 2..]);
        let line = witness.sign(Note::parse(note).expect("a note").text(), (START / 1_000_000).unsigned_abs());
        OpenOptions::new()
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("written");
    };
    for (part, name) in [(Part::Whole, "whole"), (Part::Range(650, Some(651)), "range")] {
        let bundle = bundle(&house, part, name).await;
        let proofs = ["proofs/650.tlog-proof", "proofs/651.tlog-proof"];
        for file in ["checkpoint", "previous-checkpoint"].into_iter().chain(proofs) {
            if bundle.join(file).exists() {
                cosign(&bundle.join(file));
            }
        }
        let good = verdict(&bundle, &trusted);
        assert!(good.is_good() && good.signers.len() == 2, "{good}");
        assert!(!good.notes().iter().any(|note| note.contains("w.example")), "{good}");
        for file in ["checkpoint", "previous-checkpoint"] {
            let path = bundle.join(file);
            let text = fs::read_to_string(&path).expect("it reads");
            fs::write(&path, text.replace("\u{2014} w.example", "\u{2014} v.example")).expect("written");
            let good = verdict(&bundle, &trusted);
            assert!(good.is_good() && good.notes().iter().any(|note| note.contains("witness w.example has")), "{good}");
            fs::write(&path, text).expect("written");
        }
    }
}
