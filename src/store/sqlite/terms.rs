//! The index of the search against the texts that it is of.
//!
//! SQLite tells the terms of its index in their order, not text by text. So both sides are summed up, some texts to a sum,
//! and only where two sums differ is it looked which texts those are.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use rusqlite::{Connection, Transaction};

use crate::clock::{Clock, SystemClock};
use crate::ledger::multiset::{MultisetKey, MultisetSum};
use crate::search::word::joined_terms;
use crate::store::RowDifference;

/// What differences are told of.
const TABLE: &str = "search_index";

/// How many ids of texts that follow one another have one sum.
const STRETCH: i64 = 1_024;

/// How many sums there are; stretches that are so far apart share one.
const SUMS: i64 = 4_096;

/// What an index keeps of a term (FTS5_MAX_TOKEN_SIZE).
const LONGEST_TERM_BYTES: usize = 32_768;

/// The texts that the index does not find by a term of theirs, or finds by one that they have not, as of one moment.
pub(super) fn unlike(connection: &mut Connection) -> rusqlite::Result<Vec<RowDifference>> {
    // What shows the terms of an index is a table to SQLite; this one is the connection's own, beside the file.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute_batch(
        "create virtual table if not exists temp.indexed_terms using fts5vocab(main, search_index, row)",
    )?;
    connection.pragma_update(None, "query_only", true)?;
    let moment = connection.transaction()?;
    let key = MultisetKey::of(&SystemClock.random());
    let (mut of_texts, mut of_index) = (Sums::default(), Sums::default());
    each_of_texts(&moment, |text, term| of_texts.add(&key, text, term))?;
    each_indexed(&moment, |text, term| of_index.add(&key, text, term))?;
    if of_texts.0 == of_index.0 {
        return Ok(Vec::new());
    }
    // How many times more the index finds a text by a term than the text has it.
    let mut surplus = BTreeMap::<(i64, Vec<u8>), i64>::new();
    let mut count = |text, term: &[u8], by| {
        let place = Sums::place_of(text);
        if of_texts.0[place] != of_index.0[place] {
            *surplus.entry((text, term.to_vec())).or_default() += by;
        }
    };
    each_of_texts(&moment, |text, term| count(text, term, -1))?;
    each_indexed(&moment, |text, term| count(text, term, 1))?;
    let surplus = surplus.into_iter().filter(|(_, surplus)| *surplus != 0);
    let texts: BTreeSet<_> = surplus.map(|((text, _), surplus)| (text, surplus > 0)).collect();
    let told = |(text, is_served)| RowDifference { table: TABLE, key: format!("text_id {text}"), is_served };
    Ok(texts.into_iter().map(told).collect())
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

/// The texts that it finds by each of its terms. They are asked for as a search asks, since it is a directory of its own that
/// leads a search to a term.
fn each_indexed(moment: &Transaction<'_>, mut take: impl FnMut(i64, &[u8])) -> rusqlite::Result<()> {
    let mut indexed = moment.prepare("select term from indexed_terms")?;
    let mut found = moment.prepare("select rowid from search_index where search_index match $1")?;
    let mut terms = indexed.query(())?;
    while let Some(row) = terms.next()? {
        let term = row.get_ref(0)?.as_bytes()?;
        let phrase = format!("\"{}\"", String::from_utf8_lossy(term).replace('"', "\"\""));
        let mut texts = found.query((phrase,))?;
        while let Some(text) = texts.next()? {
            take(text.get(0)?, term);
        }
    }
    Ok(())
}

/// The sums of the terms of all texts.
struct Sums(Vec<MultisetSum>);

impl Default for Sums {
    fn default() -> Self {
        Self(vec![MultisetSum::default(); SUMS as usize])
    }
}

impl Sums {
    fn place_of(text: i64) -> usize {
        text.div_euclid(STRETCH).rem_euclid(SUMS) as usize
    }

    fn add(&mut self, key: &MultisetKey, text: i64, term: &[u8]) {
        self.0[Self::place_of(text)].add(key, &Posting(text, term));
    }
}

/// That a text has a term. The id is as long as every other, so that the bytes of both need nothing between them.
struct Posting<'a>(i64, &'a [u8]);

impl Hash for Posting<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(text, term) = self;
        state.write_i64(*text);
        state.write(term);
    }
}
