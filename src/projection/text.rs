//! Events of a case → the texts that it is found by.
//!
//! What is personal never gets here: names, telephones and addresses of people stand in registers, and of an imported
//! event's attributes none is taken up.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::case::event::CaseFact;
use crate::domain::event::Recorded;
use crate::domain::value::Reference;
use crate::search::field::Field;
use crate::search::fold::Folded;
use crate::search::word::{Sequence, Word, terms, words};
use crate::store::TextRow;

/// The texts of these events, which one append records.
#[must_use]
pub fn of_case(events: &[Recorded<CaseFact>]) -> Vec<TextRow> {
    let numbered = (0..events.len() as u64).rev().zip(events);
    let rows = numbered.flat_map(|(events_after, event)| {
        (0..).zip(said(&event.fact)).map(move |(index, said)| row(event, events_after, index, said))
    });
    rows.collect()
}

/// A text that an event has.
struct Said {
    field: Field,
    text: String,
    /// Whether it takes the place of what stood there.
    replaces: bool,
}

impl Said {
    fn new(field: Field, text: &impl ToString) -> Self {
        Self { field, text: text.to_string(), replaces: false }
    }

    fn instead(field: Field, text: &impl ToString) -> Self {
        Self { replaces: true, ..Self::new(field, text) }
    }

    /// A text with what it rests on, a citation a line.
    fn citing(field: Field, text: &impl ToString, citations: &[Reference]) -> Self {
        let mut said = Self::new(field, text);
        for citation in citations {
            write!(said.text, "\n{citation}").expect("a text grows");
        }
        said
    }
}

fn said(fact: &CaseFact) -> Vec<Said> {
    match fact {
        CaseFact::CaseReported(fact) => {
            vec![Said::new(Field::Title, &fact.title), Said::new(Field::Problem, &fact.problem)]
        }
        CaseFact::LegacyActivityRecorded(fact) => fact.opening.as_ref().map_or_else(Vec::new, |opening| {
            vec![Said::new(Field::Title, &opening.title), Said::new(Field::Problem, &opening.problem)]
        }),
        CaseFact::CaseRenamed(fact) => vec![Said::instead(Field::Title, &fact.to)],
        CaseFact::RequirementSpecified(fact) => vec![Said::instead(Field::Measurand, fact.requirement.measurand())],
        CaseFact::FindingRecorded(fact) => vec![Said::citing(Field::Finding, &fact.text, &fact.citations)],
        CaseFact::SolutionProposed(fact) => vec![Said::citing(Field::Solution, &fact.description, &fact.citations)],
        CaseFact::RoutineServiceProvided(fact) => {
            fact.report.iter().map(|report| Said::new(Field::Service, report)).collect()
        }
        CaseFact::TrialResultRecorded(fact) => vec![Said::new(Field::Trial, &fact.summary)],
        CaseFact::CaseClosed(fact) => vec![Said::instead(Field::Lesson, &fact.lesson)],
        // It has no lesson any more: a text without a word, which nothing finds, stands where it was.
        CaseFact::CaseReopened(_) => vec![Said::instead(Field::Lesson, &"")],
        CaseFact::TechniqueIntroduced(fact) => vec![Said::new(Field::Technique, &fact.technique)],
        CaseFact::CommentAdded(fact) => vec![Said::new(Field::Comment, &fact.text)],
        CaseFact::InternalCommentAdded(fact) => vec![Said::new(Field::InternalComment, &fact.text)],
        CaseFact::CaseTriaged(_)
        | CaseFact::ResearchAssigned(_)
        | CaseFact::ResearchReassigned(_)
        | CaseFact::AssignmentAccepted(_)
        | CaseFact::AssignmentDeclined(_)
        | CaseFact::ExpertInvited(_)
        | CaseFact::ExpertJoined(_)
        | CaseFact::InvitationDeclined(_)
        | CaseFact::ExpertLeft(_)
        | CaseFact::ExpertRemoved(_)
        | CaseFact::MeasurementRecorded(_)
        | CaseFact::MeasurementRetracted(_)
        | CaseFact::SolutionReviewed(_)
        | CaseFact::TrialStarted(_)
        | CaseFact::SolutionConfirmed(_)
        | CaseFact::CaseResolved(_)
        | CaseFact::SolutionRejected(_)
        | CaseFact::CaseEscalated(_)
        | CaseFact::CaseParked(_)
        | CaseFact::CaseUnparked(_)
        | CaseFact::DeadlineSet(_)
        | CaseFact::DeadlineExtended(_)
        | CaseFact::DeadlineMissed(_)
        | CaseFact::ClockPaused(_)
        | CaseFact::ClockResumed(_)
        | CaseFact::CaseWithdrawn(_)
        | CaseFact::CaseMarkedDuplicate(_)
        | CaseFact::CasesLinked(_)
        | CaseFact::CasesUnlinked(_)
        | CaseFact::FeeRecorded(_)
        | CaseFact::FeeRetracted(_)
        | CaseFact::TrainingDelivered(_)
        | CaseFact::AttachmentAdded(_)
        | CaseFact::TypicalCasePublished(_)
        | CaseFact::TypicalCaseRetracted(_)
        | CaseFact::ImportedPersonsErased(_) => Vec::new(),
    }
}

/// How many bytes of terms a text has at most. PostgreSQL's index reaches 1 MiB of them, and breaks without a word
/// beyond it.
const MOST_TERM_BYTES: usize = 768 << 10;

/// The first words of a text, as many as both databases index. What is longer, in events from before its parts were
/// counted, is found by its beginning and shown as a whole.
fn indexed<'w, 'f>(words: &'w [Word<'f>]) -> &'w [Word<'f>] {
    let of_word = |word: &Word<'_>| word.key.len();
    // A word is a term, and part of two pairs.
    if 3 * words.iter().map(of_word).sum::<usize>() <= MOST_TERM_BYTES {
        return words;
    }
    let (mut known, mut bytes) = (BTreeSet::new(), 0);
    let fits = |place: &usize| {
        // The word itself, and the pair that it ends.
        for term in terms(&words[place.saturating_sub(1)..=*place]) {
            let length = term.len();
            bytes += if known.insert(term) { length } else { 0 };
        }
        bytes <= MOST_TERM_BYTES
    };
    &words[..(0..words.len()).take_while(fits).count()]
}

fn row(event: &Recorded<CaseFact>, events_after: u64, index: u8, said: Said) -> TextRow {
    let folded = Folded::of(&said.text);
    let words = words(&folded);
    let words = indexed(&words);
    TextRow {
        events_after,
        index,
        field: said.field.name().to_owned(),
        replaces: said.replaces,
        occurred_at: event.occurred_at.as_microsecond(),
        length: u32::try_from(words.len()).expect("a statement has fewer words than that"),
        words: Sequence::of(words).as_str().to_owned(),
        body: said.text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::event::FindingRecorded;
    use crate::domain::case::values::FindingId;
    use crate::domain::fixtures::{recorded, statement};

    fn of_finding(citations: Vec<Reference>) -> TextRow {
        let id = FindingId(uuid::Uuid::nil());
        let fact = FindingRecorded { id, text: statement("三针法 reaches 0.8 µm"), citations };
        of_case(&[recorded(fact)]).remove(0)
    }

    fn bytes(row: &TextRow) -> usize {
        row.terms().split(' ').map(str::len).sum()
    }

    /// Five hundred characters of Chinese, none of which any other of these has beside the same neighbour.
    fn citation(number: u32) -> Reference {
        let character = |place: u32| char::from_u32(0x4E00 + (number * 7_919 + place * (number + 1)) % 20_000);
        let text: String = (0..500).filter_map(character).collect();
        Reference::parse(&text).expect("a reference")
    }

    #[test]
    fn what_may_be_written_is_indexed_as_a_whole() {
        let row = of_finding((0..50).map(citation).collect());
        assert_eq!(row.length as usize, words(&Folded::of(&row.body)).len());
        assert!(bytes(&row) < MOST_TERM_BYTES, "{}", bytes(&row));
    }

    #[test]
    fn what_no_index_takes_is_found_by_its_beginning() {
        let row = of_finding((0..2_000).map(citation).collect());
        assert!(bytes(&row) <= MOST_TERM_BYTES && bytes(&row) > MOST_TERM_BYTES - 100, "{}", bytes(&row));
        let folded = Folded::of(&row.body);
        let all = words(&folded);
        assert!((row.length as usize) < all.len());
        assert_eq!(row.words, Sequence::of(&all[..row.length as usize]).as_str());
        assert!(
            row.terms().split(' ').any(|term| term == "三针") && row.body.lines().count() == 2_001,
            "the body is whole"
        );
    }
}
