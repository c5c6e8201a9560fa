//! Cases that are found by words, and cases like another.
//!
//! The work has an end, however many texts hold a word: of each part of a question the latest texts are looked at, and
//! no more cases are judged than those. Where that leaves something out, the answer says so. So has the memory: texts
//! are listed first, some bytes each, then read a few at a time, and what stays of a case is its score. Rights are in
//! the question to the store: what somebody may not see is neither found nor counted, and weighs nothing.
//!
//! The lists of the index are as long as the log, whoever asks. So where the cases that are looked through and their texts
//! are few, each is read and judged without it: what is found is the same, in the same order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::app::App;
use crate::app::internal::confined;
use crate::app::reads::{self, CasePage};
use crate::app::request::Fault;
use crate::app::scope::{scope_of, sees_much};
use crate::app::texts::Listed;
use crate::domain::actor::Actor;
use crate::search::field::Field;
use crate::search::fragment::Fragment;
use crate::search::question::{Part, Question};
use crate::search::rank::{Fit, rarity, weight};
use crate::search::word::Sequence;
use crate::store::{Condition, Moment, Reading, StoredText, Terms, TextQuery, Texts};

/// How many texts that hold a part of a question are looked at, the latest first.
pub(super) const MOST_TEXTS: u32 = 2_000;
/// How many cases are read again because the texts at hand do not tell everything about them.
const MOST_CASES: usize = 1_000;
/// Among no more cases than this, whose texts are fewer than [`MOST_TEXTS`], nothing is asked of the index. Of each part it
/// would list all of the texts then.
const FEW_CASES: u32 = 500;
/// How many fragments are shown of a case.
const MOST_FRAGMENTS: usize = 3;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// In which words.
    pub question: Question,
    /// Only in cases that satisfy this.
    pub condition: Condition,
    /// As of when.
    pub at: Moment,
}

/// What was found, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The cases.
    pub hits: Vec<Hit>,
    /// Whether every text that could matter was looked at.
    pub is_complete: bool,
}

/// A case that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which one.
    pub case_id: Uuid,
    /// How well it fits, in millionths; see `search::rank`.
    pub score_ppm: i64,
    /// The latest of its texts that hold what was looked for: decides between equal scores.
    pub text_id: i64,
}

/// What is shown of a text that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it is of its case.
    pub field: Field,
    /// The piece of it.
    pub fragment: Fragment,
    /// Which text.
    pub text: StoredText,
}

impl App {
    /// The cases that hold what is looked for, of those that the actor may see.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn search(&self, actor: &Actor, search: &Search) -> Result<Found, Fault> {
        match self.few_texts(actor, search).await? {
            Some(texts) => self.search_among(&texts, &search.question).await,
            None => self.search_by_index(actor, search).await,
        }
    }

    /// All texts of the cases that are looked through, if both are few.
    async fn few_texts(&self, actor: &Actor, search: &Search) -> Result<Option<Vec<Listed>>, Fault> {
        if !self.may_be_few(actor, search).await? {
            return Ok(None);
        }
        let page = CasePage::of(search.condition.clone(), FEW_CASES + 1, search.at);
        let cases = self.store.case_ids(&reads::query(actor, &page)).await?;
        if cases.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if cases.len() > FEW_CASES as usize {
            return Ok(None);
        }
        let (at, fields, confined) = (search.at, Vec::new(), confined(actor));
        let all = Texts::OfCases { cases, at, fields, confined, before: None, limit: MOST_TEXTS };
        let texts = Listed::all(self.store.texts(&all, Reading::Places).await?);
        Ok(is_whole(&texts).then_some(texts))
    }

    /// Whether it is worth a question how many cases are looked through. Whoever sees much looks through few by a filter
    /// alone; of the past, where a filter is held against every version of that time, it is left to the index.
    async fn may_be_few(&self, actor: &Actor, search: &Search) -> Result<bool, Fault> {
        if !sees_much(&scope_of(actor)) {
            return Ok(true);
        }
        if search.condition == Condition::All(Vec::new()) {
            return Ok(false);
        }
        Ok(search.at == Moment::Present || search.at.last_position() == self.head().await?)
    }

    /// What is found among these texts, which are all that there are.
    async fn search_among(&self, texts: &[Listed], question: &Question) -> Result<Found, Fault> {
        let (mut judge, mut counts) = (Judge::of(question), Counts::of(&question.wanted));
        let mut show = |text: StoredText| {
            counts.take(&text.words);
            judge.take(text);
        };
        self.show_texts(texts, Reading::Words, &mut show).await?;
        Ok(Found { hits: judge.hits(&rarities(&counts.texts)), is_complete: true })
    }

    async fn search_by_index(&self, actor: &Actor, search: &Search) -> Result<Found, Fault> {
        let parts = &search.question.wanted;
        let mut found = Vec::with_capacity(parts.len());
        for part in parts {
            let texts = Listed::all(self.store.texts_with(&query(actor, search, part)).await?);
            if texts.is_empty() {
                return Ok(Found { hits: Vec::new(), is_complete: true });
            }
            found.push(texts);
        }
        let counts: Vec<_> = found.iter().map(Vec::len).collect();
        let mut judge = Judge::of(&search.question);
        let is_complete = self.show_what_decides(actor, search, found, &mut judge).await?;
        Ok(Found { hits: judge.hits(&rarities(&counts)), is_complete })
    }

    /// Shows the texts that decide, and tells whether none is missing. Each part's are listed; all of the cases that
    /// hold the rarest are read where that is not enough.
    async fn show_what_decides(
        &self,
        actor: &Actor,
        search: &Search,
        found: Vec<Vec<Listed>>,
        judge: &mut Judge<'_>,
    ) -> Result<bool, Fault> {
        let rarest = found.iter().min_by_key(|texts| texts.len()).expect("something is wanted");
        let is_complete = is_whole(rarest);
        let are_listed = found.len() == 1 || found.iter().all(|texts| is_whole(texts));
        let mut show = |text| judge.take(text);
        if are_listed && search.question.excluded.is_empty() {
            let texts: BTreeMap<i64, Listed> = found.into_iter().flatten().map(|text| (text.text_id, text)).collect();
            let texts: Vec<_> = texts.into_values().rev().collect();
            self.show_texts(&texts, Reading::Words, &mut show).await?;
            return Ok(is_complete);
        }
        let of_others: Vec<HashSet<Uuid>> = found
            .iter()
            .filter(|texts| is_whole(texts))
            .map(|texts| texts.iter().map(|text| text.case_id).collect())
            .collect();
        let mut seen = HashSet::new();
        let mut cases: Vec<Uuid> = rarest
            .iter()
            .map(|text| text.case_id)
            .filter(|case| of_others.iter().all(|cases| cases.contains(case)) && seen.insert(*case))
            .collect();
        let is_complete = is_complete && cases.len() <= MOST_CASES;
        cases.truncate(MOST_CASES);
        self.show_texts_of(actor, &cases, search.at, &[], Reading::Words, &mut show).await?;
        Ok(is_complete)
    }

    /// What to show of cases that the actor has been shown: by case, the best piece first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fragments(
        &self,
        actor: &Actor,
        question: &Question,
        cases: &[Uuid],
        at: Moment,
    ) -> Result<HashMap<Uuid, Vec<Shown>>, Fault> {
        let mut shown: HashMap<Uuid, Vec<Shown>> = HashMap::new();
        let mut show = |text: StoredText| {
            let Some(field) = Field::named(&text.field) else { return };
            let Some(fragment) = Fragment::of(&text.body, &question.wanted) else { return };
            // What is shown is the piece.
            let text = StoredText { body: String::new(), ..text };
            let pieces = shown.entry(text.case_id).or_default();
            pieces.push(Shown { field, fragment, text });
            let value = |piece: &Shown| weight(piece.field, piece.fragment.marks.len() as u32, piece.text.length);
            // They come with the latest first, and the order of equal ones is kept.
            pieces.sort_by(|one, other| value(other).total_cmp(&value(one)));
            pieces.truncate(MOST_FRAGMENTS);
        };
        self.show_texts_of(actor, cases, at, &[], Reading::Bodies, &mut show).await?;
        Ok(shown)
    }
}

/// Whether there are no others that hold the part.
fn is_whole(texts: &[Listed]) -> bool {
    texts.len() < MOST_TEXTS as usize
}

/// Of parts that so many texts have.
fn rarities(texts: &[usize]) -> Vec<f64> {
    texts.iter().map(|texts| rarity(*texts, MOST_TEXTS as usize)).collect()
}

fn query(actor: &Actor, search: &Search, part: &Part) -> TextQuery {
    TextQuery {
        terms: Terms::All(part.terms.clone()),
        fields: Vec::new(),
        condition: search.condition.clone(),
        scope: scope_of(actor),
        confined: confined(actor),
        at: search.at,
        limit: MOST_TEXTS,
    }
}

/// Counts the texts that the index would list of each part, as they come by: those that have its terms, in a row or not.
struct Counts {
    /// Of every part, the words of each of its terms.
    terms: Vec<Vec<Sequence>>,
    /// How many texts have all of a part's.
    texts: Vec<usize>,
}

impl Counts {
    fn of(parts: &[Part]) -> Self {
        let terms = |part: &Part| part.terms.iter().map(|term| Sequence::of_term(term)).collect::<Vec<_>>();
        Self { terms: parts.iter().map(terms).collect(), texts: vec![0; parts.len()] }
    }

    fn take(&mut self, words: &str) {
        for (count, terms) in self.texts.iter_mut().zip(&self.terms) {
            *count += usize::from(terms.iter().all(|term| term.stands_in(words)));
        }
    }
}

/// Weighs texts as they come by. What it keeps of a case is a few numbers.
struct Judge<'a> {
    question: &'a Question,
    /// By case, and the latest of its texts that hold what was looked for.
    fits: HashMap<Uuid, (Fit, i64)>,
    /// The cases that have what must not be there.
    excluded: BTreeSet<Uuid>,
}

impl<'a> Judge<'a> {
    fn of(question: &'a Question) -> Self {
        Self { question, fits: HashMap::new(), excluded: BTreeSet::new() }
    }

    fn take(&mut self, text: StoredText) {
        let Some(field) = Field::named(&text.field) else { return };
        let Question { wanted, excluded, .. } = self.question;
        let sequence = Sequence::stored(text.words);
        if excluded.iter().any(|part| sequence.count(&part.sequence) > 0) {
            self.excluded.insert(text.case_id);
        }
        let (fit, latest) = self.fits.entry(text.case_id).or_insert_with(|| (Fit::new(wanted), i64::MIN));
        if fit.add(wanted, field, &sequence, text.length) {
            *latest = text.text_id.max(*latest);
        }
    }

    /// The cases that have every wanted part and no excluded one, the best first.
    fn hits(self, rarities: &[f64]) -> Vec<Hit> {
        let is_hit = |(case, (fit, _)): &(Uuid, (Fit, i64))| fit.is_whole() && !self.excluded.contains(case);
        let hit = |(case_id, (fit, text_id)): (Uuid, (Fit, i64))| {
            let score_ppm = fit.score_ppm(rarities);
            Hit { case_id, score_ppm, text_id }
        };
        let mut hits: Vec<_> = self.fits.into_iter().filter(is_hit).map(hit).collect();
        hits.sort_unstable_by_key(|hit| (std::cmp::Reverse(hit.score_ppm), std::cmp::Reverse(hit.text_id)));
        hits
    }
}
