//! A bundle that nobody has touched raises no alarm, and whatever bit of one is flipped is found, where it is.
//!
//! Flips of events in different streams are verified together, ten at a time: the index of each has to be among the
//! faults. One that moves lines, or is in a file that is not of single events, is verified alone.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use etalon::audit::{Part, Trusted, export, verify};
use etalon::clock::{Clock, ManualClock};
use jiff::Timestamp;

use crate::ledger::bundles::{House, grow};
use crate::store::support::{Database, START};

/// How many flips are verified at once.
const TOGETHER: usize = 10;

/// Files of a bundle by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// A bit that was flipped, and what an auditor must be told because of it.
struct Flip {
    file: String,
    bit: u64,
    tells: Tells,
}

enum Tells {
    /// A fault of the event at this position, whatever kind.
    Index(u64),
    /// The first fault of an event is at this position; those behind it are wrong as well.
    First(u64),
    /// A fault of this kind.
    Kind(&'static str),
    /// That what a witness has said is not verified: its name or the id of its key is another.
    Unverified,
}

impl Flip {
    /// `line_ends` are the places of the file's newlines.
    fn of(file: &str, bit: u64, content: &[u8], line_ends: &[usize]) -> Self {
        let byte = (bit / 8) as usize;
        let place = byte as u64 / 32;
        let tells = match file {
            "entries.jsonl" | "payloads.jsonl" => {
                let line = line_ends.partition_point(|end| *end < byte) as u64;
                let moves_lines = [content[byte], content[byte] ^ mask(bit)].contains(&b'\n');
                if moves_lines { Tells::First(line) } else { Tells::Index(line) }
            }
            "checkpoint" | "previous-checkpoint" => Tells::Kind("CHECKPOINT"),
            anchor if anchor.starts_with("anchors/") => match names_key(content).contains(&byte) {
                true => Tells::Unverified,
                false => Tells::Kind("CHECKPOINT"),
            },
            "consistency-proof" => Tells::Kind("CONSISTENCY_PROOF"),
            "MANIFEST.json" => Tells::Kind("MANIFEST"),
            tile => match tile.strip_prefix("tile/0/") {
                Some(tile) => {
                    let tile = tile.split('.').next().expect("a number");
                    Tells::Index(tile.parse::<u64>().expect("a number") * 256 + place)
                }
                None => Tells::Index(place * 256),
            },
        };
        Self { file: file.to_owned(), bit, tells }
    }

    /// The stream of the event, where it may be verified together with flips of others.
    fn stream(&self) -> Option<u64> {
        match self.tells {
            Tells::Index(index) => Some(index / 10),
            Tells::First(_) | Tells::Kind(_) | Tells::Unverified => None,
        }
    }
}

/// Where the line of the witness has its name and the id of its key: one that is of no known key is passed over.
fn names_key(note: &[u8]) -> Range<usize> {
    let line = "\u{2014} w.example ".as_bytes();
    let place = note.windows(line.len()).position(|bytes| bytes == line).expect("it is cosigned");
    // The id is the first of what the line has in Base64.
    place + "\u{2014} ".len()..place + line.len() + 6
}

fn mask(bit: u64) -> u8 {
    1 << (bit % 8)
}

/// So many flips, of which every file of the bundle gets some, in the rounds that they are verified in.
fn rounds(files: &Files, count: usize) -> Vec<Vec<Flip>> {
    let random = ManualClock::new(Timestamp::UNIX_EPOCH, 7);
    let draw = |below: usize| {
        let (drawn, _) = random.random().split_first_chunk().map(|(first, rest)| (*first, rest.len())).expect("bytes");
        u64::from_le_bytes(drawn) % below as u64
    };
    let of_level = |level: &str| files.keys().filter(|name| name.starts_with(level)).collect::<Vec<_>>();
    let (leaves, nodes) = (of_level("tile/0/"), of_level("tile/1/"));
    let anchors = of_level("anchors/");
    let single = ["checkpoint", "previous-checkpoint", "consistency-proof", "MANIFEST.json"].into_iter();
    let single: Vec<&str> = anchors.iter().map(|name| name.as_str()).chain(single).collect();
    let line_ends = |name: &str| -> Vec<usize> {
        let places = files[name].iter().enumerate();
        places.filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place).collect()
    };
    let ends: BTreeMap<&str, Vec<usize>> =
        ["entries.jsonl", "payloads.jsonl"].into_iter().map(|name| (name, line_ends(name))).collect();
    let (mut rounds, mut round) = (Vec::new(), Vec::<Flip>::new());
    for number in 0..count {
        let file = match number % 25 {
            0..9 => "entries.jsonl",
            9..17 => "payloads.jsonl",
            17..23 => leaves[draw(leaves.len()) as usize],
            23 => nodes[draw(nodes.len()) as usize],
            _ => single[number / 25 % single.len()],
        };
        let content = &files[file];
        let flip = Flip::of(file, draw(content.len() * 8), content, ends.get(file).map_or(&[], Vec::as_slice));
        let Some(stream) = flip.stream() else {
            rounds.push(vec![flip]);
            continue;
        };
        if round.len() == TOGETHER || round.iter().any(|other| other.stream() == Some(stream)) {
            rounds.push(std::mem::take(&mut round));
        }
        round.push(flip);
    }
    rounds.push(round);
    rounds
}

/// Flips, verifies, and puts back.
fn are_found(bundle: &Path, files: &Files, flips: &[Flip], trusted: &Trusted) {
    let mut touched = Files::new();
    for flip in flips {
        let content = touched.entry(flip.file.clone()).or_insert_with(|| files[&flip.file].clone());
        content[(flip.bit / 8) as usize] ^= mask(flip.bit);
    }
    write(bundle, &touched);
    let verdict = verify(bundle, trusted, |_| ());
    for name in touched.keys() {
        fs::write(bundle.join(name), &files[name]).expect("written");
    }
    for Flip { file, bit, tells } in flips {
        // A manifest of another form is no bundle: that is told too, and nothing is said of the log.
        let Ok(verdict) = &verdict else {
            assert_eq!(file, "MANIFEST.json", "bit {bit}");
            continue;
        };
        let mut indices = verdict.faults().iter().filter_map(|fault| fault.index);
        let is_told = match tells {
            Tells::Index(index) => indices.any(|told| told == *index),
            Tells::First(index) => indices.min() == Some(*index),
            Tells::Kind(kind) => verdict.faults().iter().any(|fault| fault.kind == *kind),
            Tells::Unverified if verdict.is_good() => verdict.notes().iter().any(|note| note.contains("not verified")),
            Tells::Unverified => true,
        };
        let may_be_good = matches!(tells, Tells::Unverified);
        assert!(is_told && (may_be_good || !verdict.is_good()), "{file} bit {bit}: {verdict}");
    }
}

fn read(folder: &Path, within: &str, files: &mut Files) {
    for entry in fs::read_dir(folder.join(within)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("text");
        let name = if within.is_empty() { name } else { format!("{within}/{name}") };
        if entry.path().is_dir() {
            read(folder, &name, files);
        } else {
            files.insert(name, fs::read(entry.path()).expect("it reads"));
        }
    }
}

fn write(folder: &Path, files: &Files) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }
}

async fn flipped_bits_are_found(database: Database, events: u64, flips: usize) {
    let house = House::on(&database).await;
    let (witness, trusted) = house.witnessed().await;
    for (from, to) in [(0, events / 4), (events / 4, events / 2)] {
        grow(&database, &house.clock, from, to).await;
        house.app.seal_now().await.expect("sealed");
    }
    house.cosign(&database, &witness, events / 4, START / 1_000_000).await;
    grow(&database, &house.clock, events / 2, events).await;
    house.app.seal_now().await.expect("sealed");
    let bundle = house.folder.path().join("bundle");
    let exported = export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect("exported");
    assert_eq!(exported, events);
    let good = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    assert!(good.is_good() && !good.notes().iter().any(|note| note.contains("not verified")), "{good}");
    assert_eq!((good.events, good.sealed), (events, Some(events)));
    let mut files = Files::new();
    read(&bundle, "", &mut files);
    let rounds = rounds(&files, flips);
    assert_eq!(rounds.iter().map(Vec::len).sum::<usize>(), flips);
    std::thread::scope(|scope| {
        for part in 0..2 {
            let (files, rounds, trusted) = (&files, &rounds, &trusted);
            let copy = house.folder.path().join(format!("copy {part}"));
            scope.spawn(move || {
                write(&copy, files);
                for round in rounds.iter().skip(part).step_by(2) {
                    are_found(&copy, files, round, trusted);
                }
                // Put back, it is good again: what was found was the flips.
                let again = verify(&copy, trusted, |_| ()).expect("a bundle");
                assert!(again.is_good(), "{again}");
            });
        }
    });
}

#[tokio::test]
async fn a_thousand_flipped_bits_are_found_on_sqlite() {
    flipped_bits_are_found(Database::sqlite(), 10_000, 1_000).await;
}

/// The bundle of a log is the same whichever database it is from, so that fewer are enough here.
#[tokio::test]
async fn flipped_bits_are_found_on_postgres() {
    flipped_bits_are_found(Database::postgres(), 2_000, 125).await;
}
