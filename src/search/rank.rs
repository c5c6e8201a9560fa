//! How well a case fits a question: BM25F, with a case as the document and its texts as the fields.
//!
//! S. Robertson, H. Zaragoza, M. Taylor: *Simple BM25 Extension to Multiple Weighted Fields*, CIKM 2004, with a length
//! of its own for each field as in H. Zaragoza et al.: *Microsoft Cambridge at TREC-13*, 2004. For a part *q* of the
//! question, which stands *n(q, t)* times in the text *t* of the case:
//!
//! - `tf(q) = Σ over texts t: weight(field of t) · n(q, t) / (1 − b + b · length(t) / usual length(field of t))`
//! - `score = Σ over parts q: rarity(q) · tf(q) / (k₁ + tf(q))`, with `k₁ = 1.2` and `b = 0.3`
//! - `rarity(q) = ln(1 + M / m(q))`: *m(q)* is how many texts hold *q* among those that the reader may see, counted up
//!   to *M*
//!
//! Usual lengths are constants and nothing is counted beyond *M*: so the order of what somebody sees depends on nothing
//! that they do not see, costs the same however many texts there are, and is the same on every database.

use crate::search::field::Field;
use crate::search::question::Part;
use crate::search::word::Sequence;

const K1: f64 = 1.2;
const B: f64 = 0.3;

/// What the texts of one case say to one question.
#[derive(Clone, Debug)]
pub struct Fit {
    /// `tf` of every part.
    frequencies: Vec<f64>,
}

impl Fit {
    /// Of a case without any text yet.
    #[must_use]
    pub fn new(parts: &[Part]) -> Self {
        Self { frequencies: vec![0.0; parts.len()] }
    }

    /// Takes another of its texts up; whether that has any of the parts.
    pub fn add(&mut self, parts: &[Part], field: Field, text: &Sequence, length: u32) -> bool {
        let mut has_any = false;
        for (frequency, part) in self.frequencies.iter_mut().zip(parts) {
            let count = text.count(&part.sequence);
            has_any |= count > 0;
            *frequency += weight(field, count, length);
        }
        has_any
    }

    /// Whether every part stands somewhere in the case.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.frequencies.iter().all(|frequency| *frequency > 0.0)
    }

    /// How well it fits, in millionths, so that two servers and a cursor compare it alike.
    #[must_use]
    pub fn score_ppm(&self, rarities: &[f64]) -> i64 {
        let score: f64 = self
            .frequencies
            .iter()
            .zip(rarities)
            .map(|(frequency, rarity)| rarity * frequency / (K1 + frequency))
            .sum();
        (score * 1e6).round() as i64
    }
}

/// What so many occurrences in a text of so many words count.
#[must_use]
pub fn weight(field: Field, occurrences: u32, length: u32) -> f64 {
    field.weight() * f64::from(occurrences) / (1.0 - B + B * f64::from(length) / field.usual_length())
}

/// How much a part counts that so many texts hold, where at most so many are counted.
#[must_use]
pub fn rarity(texts: usize, most_counted: usize) -> f64 {
    (1.0 + most_counted as f64 / texts.max(1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::fold::Folded;
    use crate::search::question::Question;
    use crate::search::word::words;

    fn score(question: &str, rarities: &[f64], texts: &[(Field, &str)]) -> i64 {
        let parts = Question::parse(question).expect("a question").wanted;
        let mut fit = Fit::new(&parts);
        for (field, text) in texts {
            let sequence = Sequence::of(&words(&Folded::of(text)));
            fit.add(&parts, *field, &sequence, sequence.length() as u32);
        }
        if fit.is_whole() { fit.score_ppm(rarities) } else { 0 }
    }

    #[test]
    fn the_title_counts_most_and_a_comment_least() {
        let of = |field| score("校准", &[1.0], &[(field, "热电偶 校准 方法")]);
        let order: Vec<_> = [Field::Title, Field::Problem, Field::Finding, Field::Comment].map(of).into();
        assert!(order.is_sorted_by(|more, less| more > less), "{order:?}");
        // Exactly what the formula says: a word of a title of usual length has tf 10.
        let title = ["计量"; 7].join("") + "能";
        assert_eq!(score("能", &[1.0], &[(Field::Title, &title)]), 892_857);
    }

    #[test]
    fn often_is_more_and_long_is_less() {
        let of = |text: &str| score("能", &[1.0], &[(Field::Problem, text)]);
        assert!(of("能 量 能") > of("能 量"));
        assert!(of("能 量") > of(&format!("能{}", "量".repeat(300))));
    }

    #[test]
    fn the_rare_part_decides() {
        let rarities = [rarity(900, 1_000), rarity(3, 1_000)];
        let common_in_title = [(Field::Title, "能"), (Field::Comment, "热电偶")];
        let rare_in_title = [(Field::Title, "热电偶"), (Field::Comment, "能")];
        assert!(score("能 热电偶", &rarities, &rare_in_title) > score("能 热电偶", &rarities, &common_in_title));
        assert_eq!(rarity(0, 1_000), rarity(1, 1_000));
    }

    #[test]
    fn every_part_has_to_be_there() {
        assert_eq!(score("能 热电偶", &[1.0, 1.0], &[(Field::Title, "能"), (Field::Problem, "热 偶")]), 0);
    }
}
