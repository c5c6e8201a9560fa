//! Every fuzz target with its corpus, with what becomes of it under a clumsy hand, and with bytes that mean nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{RngSeed, TestRunner};

use crate::bad_input::{asked_for, targets};
use crate::support::of_the_repository;

/// How many inputs of either kind a target is given, beside its corpus.
const CASES: u32 = 120;

/// What readers stumble over.
const STUMBLING_BLOCKS: [&[u8]; 20] = [
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\"",
    b"\\",
    b"{",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\\u0000",
    b"\\ud800",
    b"-1",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1e999",
    b"null",
    b"-009999-01-01T00:00:00Z",
    b"9999-12-31T23:59:59.999999999Z",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    "𠮷é".as_bytes(),
];

/// One slip of the hand.
#[derive(Clone, Debug)]
enum Slip {
    Flip {
        place: Index,
        bit: u8,
    },
    Insert {
        place: Index,
        bytes: Vec<u8>,
    },
    Remove {
        place: Index,
        length: usize,
    },
    Repeat {
        place: Index,
        length: usize,
        times: usize,
    },
    /// What follows is lost.
    Cut {
        place: Index,
    },
    /// A part of another file of the corpus is put in.
    Splice {
        place: Index,
        file: Index,
        from: Index,
    },
}

fn slip() -> impl Strategy<Value = Slip> {
    let place = any::<Index>;
    let bytes = prop_oneof![select(STUMBLING_BLOCKS.to_vec()).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 1..5)];
    prop_oneof![
        (place(), 0_u8..8).prop_map(|(place, bit)| Slip::Flip { place, bit }),
        (place(), bytes).prop_map(|(place, bytes)| Slip::Insert { place, bytes }),
        (place(), 1_usize..20).prop_map(|(place, length)| Slip::Remove { place, length }),
        (place(), 1_usize..40, 1_usize..40).prop_map(|(place, length, times)| Slip::Repeat { place, length, times }),
        place().prop_map(|place| Slip::Cut { place }),
        (place(), place(), place()).prop_map(|(place, file, from)| Slip::Splice { place, file, from }),
    ]
}

/// What a file becomes.
fn slipped(mut bytes: Vec<u8>, slips: &[Slip], corpus: &[Vec<u8>]) -> Vec<u8> {
    for slip in slips {
        let size = bytes.len();
        let start = |place: &Index| place.index(size + 1);
        let part = |place: &Index, length: usize| start(place)..(start(place) + length).min(size);
        match slip {
            Slip::Flip { place, bit } if size > 0 => bytes[place.index(size)] ^= 1 << bit,
            Slip::Flip { .. } => {}
            Slip::Insert { place, bytes: more } => drop(bytes.splice(start(place)..start(place), more.clone())),
            Slip::Remove { place, length } => drop(bytes.drain(part(place, *length))),
            Slip::Repeat { place, length, times } => {
                let more = bytes[part(place, *length)].repeat(*times);
                bytes.splice(start(place)..start(place), more);
            }
            Slip::Cut { place } => bytes.truncate(start(place)),
            Slip::Splice { place, file, from } => {
                let other = &corpus[file.index(corpus.len())];
                let from = from.index(other.len() + 1);
                let more = other[from..(from + 60).min(other.len())].to_vec();
                bytes.splice(start(place)..start(place), more);
            }
        }
    }
    bytes
}

fn fuzz_folder() -> PathBuf {
    of_the_repository("tests/fuzz")
}

fn corpus_of(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(fuzz_folder().join("corpus").join(target)).expect("it has a corpus");
    let mut files: Vec<_> = files.map(|file| file.expect("listed").path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).expect("readable")).collect()
}

fn play(name: &str) {
    let corpus = corpus_of(name);
    for bytes in &corpus {
        targets::take(name, bytes);
    }
    let config = ProptestConfig {
        cases: asked_for("ETALON_TEST_FUZZ_CASES", CASES),
        rng_seed: RngSeed::Fixed(20_120_326),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let cases = config.cases;
    let mut runner = TestRunner::new(config);
    let played = runner.run(&(any::<Index>(), vec(slip(), 1..8)), |(file, slips)| {
        targets::take(name, &slipped(corpus[file.index(corpus.len())].clone(), &slips, &corpus));
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    let played = runner.run(&vec(any::<u8>(), 0..200), |bytes| {
        targets::take(name, &bytes);
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    println!("{name}: {} files, {cases} slips, {cases} of no sense", corpus.len());
}

macro_rules! targets {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            play(stringify!($name));
        })+

        /// What cargo-fuzz runs, what is run here, and what there is a corpus of is the same.
        #[test]
        fn every_target_is_run_everywhere() {
            let here: BTreeSet<_> = [$(stringify!($name)),+].map(str::to_owned).into();
            assert_eq!(targets::TARGETS.iter().map(|target| target.name.to_owned()).collect::<BTreeSet<_>>(), here);
            let names = |folder: &str, end: &str| -> BTreeSet<String> {
                let files = fs::read_dir(fuzz_folder().join(folder)).expect("a folder");
                let names = files.map(|file| file.expect("listed").file_name().into_string().expect("text"));
                names.map(|name| name.strip_suffix(end).unwrap_or(&name).to_owned()).collect()
            };
            assert_eq!(names("fuzz_targets", ".rs"), here);
            assert_eq!(names("corpus", ""), here);
        }
    };
}

targets! {
    import_csv
    import_xes
    import_jsonl
    mapping
    token
    signed_text
    entry
    time_stamp
    bundle
    body
    document
    place
}
