//! Solved cases like another: who had a similar difficulty, and what became of it.
//!
//! What a case is about are the words of its title, measurand and problem, but for words of grammar and numerals.
//!
//! The score is between 0 and 1.9, the sum of:
//! - the share of these words that the other case has too, each weighed by its rarity among the cases that are looked
//!   at, `ln(1 + cases / cases that have it)`;
//! - 0.5 for the same measurand;
//! - 0.3 for the same service category;
//! - 0.1 for the same kind.
//!
//! Looked at are the latest texts of solved cases that have one of the words, up to a limit, and the latest solved
//! cases of the same category.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use uuid::Uuid;

use crate::app::App;
use crate::app::internal::confined;
use crate::app::reads::CasePage;
use crate::app::request::Fault;
use crate::app::scope::scope_of;
use crate::app::search::MOST_TEXTS;
use crate::app::texts::Listed;
use crate::domain::actor::Actor;
use crate::domain::case::values::Status;
use crate::search::field::Field;
use crate::search::topic::{Topic, topics};
use crate::search::word::Sequence;
use crate::store::{
    CaseColumn, Condition, Direction, Moment, Operator, Reading, StoredCase, StoredText, Terms, TextQuery, Value,
};

/// The texts that say what a case is about.
const ABOUT: [Field; 3] = [Field::Title, Field::Measurand, Field::Problem];
/// How many words of a case are compared.
const MOST_TOPICS: usize = 64;
/// How many cases are compared in everything else, those that share the most words first.
const MOST_COMPARED: usize = 200;
/// How many cases of the same category are looked at.
const MOST_OF_CATEGORY: u32 = 50;
/// How many words are named as a reason.
const MOST_NAMED: usize = 8;

/// A solved case like another, and why.
#[derive(Clone, Debug)]
pub struct Similar {
    /// The case.
    pub case: StoredCase,
    /// How much alike they are, in millionths.
    pub score_ppm: i64,
    /// Words that both have, the rarest first, as the case at hand writes them.
    pub shared_terms: Vec<String>,
    /// Both are about measuring the same.
    pub same_measurand: bool,
    /// Both are of one service category.
    pub same_category: bool,
    /// Both need the same kind of help.
    pub same_kind: bool,
}

impl App {
    /// Solved cases like this one that the actor may see, the most alike first. Whoever asks has been shown the case.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn similar(
        &self,
        actor: &Actor,
        case: &StoredCase,
        at: Moment,
        most: usize,
    ) -> Result<Vec<Similar>, Fault> {
        let mut own = Vec::new();
        let mut show = |text| own.push(text);
        self.show_texts_of(actor, &[case.row.case_id], at, &about(), Reading::Bodies, &mut show).await?;
        let own = About::of(own);
        let solved = solved_but(case.row.case_id);
        let listed = self.texts_about(actor, &own, &solved, at).await?;
        let mut shared = Shared::default();
        self.show_texts(&listed, Reading::Words, &mut |text| shared.take(&own, text)).await?;
        shared.weigh(&own);
        let mut candidates: BTreeSet<Uuid> = shared.best(MOST_COMPARED).into_iter().collect();
        if let Some(category) = &case.row.category {
            let same = Condition::Compare {
                column: CaseColumn::Category,
                operator: Operator::Equal,
                value: category.as_str().into(),
            };
            let page = CasePage {
                order: vec![(CaseColumn::ReportedAt, Direction::Descending)],
                ..CasePage::of(Condition::All(vec![solved, same]), MOST_OF_CATEGORY, at)
            };
            candidates.extend(self.cases(actor, &page).await?.iter().map(|stored| stored.row.case_id));
        }
        let mut similar: Vec<_> = self
            .cases_named(actor, &Vec::from_iter(candidates), at)
            .await?
            .into_iter()
            .filter_map(|other| shared.compare(&own, case, other))
            .collect();
        similar.sort_by_key(|similar| {
            let row = &similar.case.row;
            (Reverse(similar.score_ppm), Reverse(row.reported_at), row.case_id)
        });
        similar.truncate(most);
        Ok(similar)
    }

    async fn texts_about(
        &self,
        actor: &Actor,
        own: &About,
        solved: &Condition,
        at: Moment,
    ) -> Result<Vec<Listed>, Fault> {
        let terms: BTreeSet<_> = own.topics.iter().map(|topic| topic.term.clone()).collect();
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let query = TextQuery {
            terms: Terms::Any(terms),
            fields: about(),
            condition: solved.clone(),
            scope: scope_of(actor),
            confined: confined(actor),
            at,
            limit: MOST_TEXTS,
        };
        Ok(Listed::all(self.store.texts_with(&query).await?))
    }
}

fn solved_but(case: Uuid) -> Condition {
    let solved = vec![Value::from(Status::Resolved.name()), Value::from(Status::Closed.name())];
    Condition::All(vec![
        Condition::In { column: CaseColumn::Status, values: solved },
        Condition::Compare { column: CaseColumn::CaseId, operator: Operator::NotEqual, value: case.into() },
    ])
}

/// The names of the fields that say what a case is about.
fn about() -> Vec<String> {
    ABOUT.map(|field| field.name().to_owned()).into()
}

/// What a case is about.
struct About {
    topics: Vec<Topic>,
    measurand: Option<Sequence>,
}

impl About {
    fn of(mut texts: Vec<StoredText>) -> Self {
        texts.sort_by_key(|text| ABOUT.iter().position(|field| field.name() == text.field));
        let mut all = Vec::new();
        let (mut measurand, mut behind) = (None, 0);
        for text in &texts {
            let (sequence, mut topics) = topics(&text.body);
            if text.field == Field::Measurand.name() {
                measurand = Some(sequence);
            }
            // As if the texts stood one behind the other: so places of two of them never meet.
            for topic in &mut topics {
                topic.place = topic.place.start + behind..topic.place.end + behind;
            }
            behind += text.body.len() + 1;
            all.extend(topics);
        }
        let mut seen = BTreeSet::new();
        all.retain(|topic: &Topic| seen.insert(topic.term.clone()));
        all.truncate(MOST_TOPICS);
        Self { topics: all, measurand }
    }
}

/// What other cases have of it.
#[derive(Default)]
struct Shared {
    /// By case, the places of its topics.
    topics: HashMap<Uuid, BTreeSet<usize>>,
    measurands: HashMap<Uuid, Sequence>,
    /// Of every topic.
    rarities: Vec<f64>,
}

impl Shared {
    /// Takes a text of another case up.
    fn take(&mut self, own: &About, text: StoredText) {
        let sequence = Sequence::stored(text.words);
        let had = self.topics.entry(text.case_id).or_default();
        let topics = own.topics.iter().enumerate();
        had.extend(topics.filter(|(_, topic)| sequence.count(&topic.sequence) > 0).map(|(place, _)| place));
        if text.field == Field::Measurand.name() {
            self.measurands.insert(text.case_id, sequence);
        }
    }

    /// Weighs the topics, when all texts have been taken up.
    fn weigh(&mut self, own: &About) {
        let cases = self.topics.len() as f64;
        let having = |place: usize| self.topics.values().filter(|had| had.contains(&place)).count().max(1) as f64;
        self.rarities = (0..own.topics.len()).map(|place| (1.0 + cases / having(place)).ln()).collect();
    }

    /// The share of the words, weighed, that the case has.
    fn share(&self, had: &BTreeSet<usize>) -> f64 {
        let all: f64 = self.rarities.iter().sum();
        let shared: f64 = had.iter().map(|place| self.rarities[*place]).sum();
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// The cases that share the most.
    fn best(&self, most: usize) -> Vec<Uuid> {
        let mut cases: Vec<_> = self.topics.iter().map(|(case, had)| (self.share(had), *case)).collect();
        cases.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        cases.into_iter().take(most).map(|(_, case)| case).collect()
    }

    /// How the other case compares; `None` where a single word is all that they share, which may be chance.
    fn compare(&self, own: &About, case: &StoredCase, other: StoredCase) -> Option<Similar> {
        let nothing = BTreeSet::new();
        let had = self.topics.get(&other.row.case_id).unwrap_or(&nothing);
        let measurand = self.measurands.get(&other.row.case_id);
        let same_measurand = are_the_same(measurand, own.measurand.as_ref());
        let same_category = other.row.category.is_some() && other.row.category == case.row.category;
        let same_kind = other.row.kind.is_some() && other.row.kind == case.row.kind;
        if !same_measurand && !same_category && had.len() < 2 {
            return None;
        }
        let bonus = |holds: bool, bonus: f64| if holds { bonus } else { 0.0 };
        let score = self.share(had) + bonus(same_measurand, 0.5) + bonus(same_category, 0.3) + bonus(same_kind, 0.1);
        Some(Similar {
            score_ppm: (score * 1e6).round() as i64,
            shared_terms: self.named(own, had),
            same_measurand,
            same_category,
            same_kind,
            case: other,
        })
    }

    /// The words as they were written; pairs of characters that overlap are one.
    fn named(&self, own: &About, had: &BTreeSet<usize>) -> Vec<String> {
        let mut pieces: Vec<(Range<usize>, String, f64)> = Vec::new();
        for place in had {
            let (topic, rarity) = (&own.topics[*place], self.rarities[*place]);
            match pieces.last_mut() {
                Some((range, text, sum)) if topic.place.start > range.start && topic.place.start < range.end => {
                    text.push_str(topic.behind(range.end));
                    range.end = topic.place.end;
                    *sum += rarity;
                }
                _ => pieces.push((topic.place.clone(), topic.written.clone(), rarity)),
            }
        }
        pieces.sort_by(|one, other| other.2.total_cmp(&one.2));
        let mut named = BTreeSet::new();
        let texts = pieces.into_iter().map(|(_, text, _)| text);
        texts.filter(|text| named.insert(text.clone())).take(MOST_NAMED).collect()
    }
}

/// Whether both are there, and of the same words: how they are parted is a matter of who typed them.
fn are_the_same(one: Option<&Sequence>, other: Option<&Sequence>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.is_worded_as(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the gap of a case has it.
    #[test]
    fn a_measurand_is_the_same_however_it_is_typed() {
        let sequence = |text: &str| topics(text).0;
        for (one, other, is_same) in [
            ("Gauge  Pressure ", "gauge pressure", true),
            ("Ｔｅｍｐｅｒａｔｕｒｅ", "temperature", true),
            ("轴承\u{3000}内径", "轴承内径", true),
            ("温度、湿度", "温度 湿度", true),
            ("温度、湿度", "湿度、温度", false),
            ("内径", "外径", false),
        ] {
            assert_eq!(are_the_same(Some(&sequence(one)), Some(&sequence(other))), is_same, "{one} {other}");
        }
        assert!(!are_the_same(Some(&sequence("内径")), None) && !are_the_same(None, None));
    }
}
