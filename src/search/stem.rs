//! English words are cut to their stems (Porter's second algorithm).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// The stem of an English word; any other word as it is. Most are a part of the word.
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.into();
    }
    STEMS.with_borrow_mut(|known| {
        if let Some(stem) = known.get(word) {
            return stem.of(word);
        }
        if known.len() == KNOWN_STEMS {
            known.clear();
        }
        let stem = ENGLISH.stem(word);
        let found = if word.starts_with(&*stem) { Stem::First(stem.len()) } else { Stem::Other(stem.into()) };
        known.entry(word.into()).insert_entry(found).get().of(word)
    })
}

/// How many stems a thread remembers: more words than a usual text has, and less than a megabyte.
const KNOWN_STEMS: usize = 8_192;

thread_local! {
    /// To find a stem takes longer than to look it up, and texts repeat their words.
    static STEMS: RefCell<HashMap<Box<str>, Stem>> = RefCell::default();
}

/// The stem of a word.
enum Stem {
    /// So many of its first bytes.
    First(usize),
    Other(Box<str>),
}

impl Stem {
    fn of<'w>(&self, word: &'w str) -> Cow<'w, str> {
        match self {
            Self::First(length) => word[..*length].into(),
            Self::Other(stem) => stem.to_string().into(),
        }
    }
}
