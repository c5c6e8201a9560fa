//! The index of the search against the texts that it is of.
//!
//! SQLite tells the terms of its index in their order, not text by text. So both sides are summed up, some texts to a sum,
//! and only where two sums differ is it looked which texts those are. What is summed are hashes under keys that are drawn for
//! this once (MSet-Add-Hash of Clarke and others, Incremental Multiset Hash Functions, 2003): nobody can have made an index
//! that is another one and comes to the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use rusqlite::{Connection, Transaction};

use crate::search::word::joined_terms;
use crate::store::RowDifference;

/// What differences are told of.
const TABLE: &str = "search_index";

/// How many ids of texts have one sum.
const STRETCH: i64 = 1_024;

/// What an index keeps of a term (FTS5_MAX_TOKEN_SIZE).
const LONGEST_TERM_BYTES: usize = 32_768;

/// The texts of which the index lacks a term, or has one that they have not, as of one moment.
pub(super) fn unlike(connection: &mut Connection) -> rusqlite::Result<Vec<RowDifference>> {
    // What shows the terms of an index is a table to SQLite; this one is the connection's own, beside the file.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute_batch(
        "create virtual table if not exists temp.indexed_terms using fts5vocab(main, search_index, instance)",
    )?;
    connection.pragma_update(None, "query_only", true)?;
    let moment = connection.transaction()?;
    let keys = Keys::default();
    let (mut of_texts, mut of_index) = (Sums::under(&keys), Sums::under(&keys));
    each_of_texts(&moment, |text, term| of_texts.add(text, term))?;
    each_indexed(&moment, |text, term| of_index.add(text, term))?;
    let differing = of_texts.differing(&of_index);
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    // How many times more the index has a term of a text than the text has it.
    let mut surplus = BTreeMap::<(i64, Vec<u8>), i64>::new();
    let mut count = |text, term: &[u8], by| {
        if differing.contains(&stretch_of(text)) {
            *surplus.entry((text, term.to_vec())).or_default() += by;
        }
    };
    each_of_texts(&moment, |text, term| count(text, term, -1))?;
    each_indexed(&moment, |text, term| count(text, term, 1))?;
    let unlike = surplus.into_iter().filter(|(_, surplus)| *surplus != 0);
    let texts: BTreeSet<_> = unlike.map(|((text, _), surplus)| (text, surplus > 0)).collect();
    let told = |(text, is_served)| RowDifference { table: TABLE, key: format!("text_id {text}"), is_served };
    Ok(texts.into_iter().map(told).collect())
}

fn stretch_of(text: i64) -> i64 {
    text.div_euclid(STRETCH)
}

/// The terms that the index should have.
fn each_of_texts(moment: &Transaction<'_>, mut take: impl FnMut(i64, &[u8])) -> rusqlite::Result<()> {
    let mut texts = moment.prepare("select text_id, words from search_texts")?;
    let mut rows = texts.query(())?;
    while let Some(row) = rows.next()? {
        let text = row.get(0)?;
        // Words that are none are told where the texts are compared with the log.
        let words = row.get_ref(1)?.as_str().unwrap_or_default();
        let terms = joined_terms(words);
        let terms = terms.split_ascii_whitespace().map(|term| &term.as_bytes()[..term.len().min(LONGEST_TERM_BYTES)]);
        // They come in the order of their bytes, so that those with one beginning follow one another.
        let mut last = None;
        for term in terms.filter(|term| last.replace(*term) != Some(*term)) {
            take(text, term);
        }
    }
    Ok(())
}

/// The terms that it has.
fn each_indexed(moment: &Transaction<'_>, mut take: impl FnMut(i64, &[u8])) -> rusqlite::Result<()> {
    let mut indexed = moment.prepare("select doc, term from indexed_terms")?;
    let mut rows = indexed.query(())?;
    while let Some(row) = rows.next()? {
        take(row.get(0)?, row.get_ref(1)?.as_bytes()?);
    }
    Ok(())
}

/// What is hashed is hashed under both.
#[derive(Default)]
struct Keys([RandomState; 2]);

/// The sum of each stretch of texts.
struct Sums<'a> {
    keys: &'a Keys,
    sums: HashMap<i64, u128>,
}

impl<'a> Sums<'a> {
    fn under(keys: &'a Keys) -> Self {
        Self { keys, sums: HashMap::new() }
    }

    fn add(&mut self, text: i64, term: &[u8]) {
        let [high, low] = self.keys.0.each_ref().map(|key| u128::from(key.hash_one((text, term))));
        let sum = self.sums.entry(stretch_of(text)).or_default();
        *sum = sum.wrapping_add(high << u64::BITS | low);
    }

    /// The stretches that have another sum there.
    fn differing(&self, other: &Self) -> BTreeSet<i64> {
        let stretches = self.sums.keys().chain(other.sums.keys());
        stretches.filter(|stretch| self.sums.get(stretch) != other.sums.get(stretch)).copied().collect()
    }
}
