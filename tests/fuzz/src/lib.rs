//! What takes bytes of strangers, each a function of bytes that panics where it does not hold what it promises.
//!
//! cargo-fuzz calls them for as long as one likes, and the suite with the corpora and a fixed number of cases of its own.

mod front;
mod import;
mod ledger;
mod token;

/// Something that takes bytes of strangers.
pub struct Target {
    /// Its name, as of the folder of its corpus.
    pub name: &'static str,
    /// Takes the bytes.
    pub take: fn(&[u8]),
}

/// Every one.
pub const TARGETS: [Target; 12] = [
    Target { name: "import_csv", take: import::csv },
    Target { name: "import_xes", take: import::xes },
    Target { name: "import_jsonl", take: import::jsonl },
    Target { name: "mapping", take: import::mapping },
    Target { name: "token", take: token::token },
    Target { name: "signed_text", take: ledger::signed_text },
    Target { name: "entry", take: ledger::entry },
    Target { name: "time_stamp", take: ledger::time_stamp },
    Target { name: "bundle", take: ledger::bundle },
    Target { name: "body", take: front::body },
    Target { name: "document", take: front::document },
    Target { name: "place", take: front::place },
];

/// Takes the bytes as the target of that name does.
///
/// # Panics
/// Where it does not hold what it promises.
pub fn take(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("there is such a target");
    (target.take)(bytes);
}
