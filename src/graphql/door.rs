//! The door: inputs become values of the domain here, or refusals that name the field.
//!
//! Every unsound value of an input is reported, not only the first. A value that is *missing* passes: the domain refuses it with a code of its own.

use std::str::FromStr;

use async_graphql::{ID, MaybeUndefined};
use jiff::civil;
use uuid::Uuid;

use crate::domain::change::Change;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::text::is_blank;
use crate::domain::value::{Decimal, Money, ValueError};
use crate::graphql::ids::{self, Identified, MOST_IDS};
use crate::graphql::scalars;

/// Reads the fields of one input and keeps what was wrong with them.
#[derive(Debug)]
pub(crate) struct Door {
    fresh_id: Uuid,
    within: Vec<String>,
    refusals: Vec<Refusal>,
}

impl Door {
    /// A door for one input, with an id for what the command may bring into being.
    pub(crate) fn new(fresh_id: Uuid) -> Self {
        Self { fresh_id, within: Vec::new(), refusals: Vec::new() }
    }

    /// The id of what the command brings into being. One command brings at most one thing.
    pub(crate) fn fresh_id(&self) -> Uuid {
        self.fresh_id
    }

    /// What was refused; empty when everything was sound.
    pub(crate) fn into_refusals(self) -> Vec<Refusal> {
        self.refusals
    }

    /// Reads what stands within a field: the paths of its refusals begin with the field's name.
    pub(crate) fn within<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.within.push(field.to_owned());
        let value = read(self);
        self.within.pop();
        value
    }

    /// A value that was read already; `None` when it was unsound.
    pub(crate) fn value<T>(&mut self, field: &str, read: Result<T, ValueError>) -> Option<T> {
        read.map_err(|error| self.refuse(field, error)).ok()
    }

    /// A text that has to be given.
    pub(crate) fn text<T: FromStr<Err = ValueError>>(&mut self, field: &str, text: &str) -> Option<T> {
        self.value(field, text.parse())
    }

    /// A text that may be absent; a blank one is. The outer `None` means unsound.
    #[expect(clippy::option_option, reason = "absent and unsound are two things, and `?` takes the second")]
    pub(crate) fn optional<T: FromStr<Err = ValueError>>(
        &mut self,
        field: &str,
        text: Option<&str>,
    ) -> Option<Option<T>> {
        match text.filter(|text| !is_blank(text)) {
            None => Some(None),
            Some(text) => self.text(field, text).map(Some),
        }
    }

    /// A text that an amendment keeps, clears or sets.
    pub(crate) fn change<T: FromStr<Err = ValueError>>(
        &mut self,
        field: &str,
        text: &MaybeUndefined<String>,
    ) -> Option<Change<T>> {
        match text {
            MaybeUndefined::Undefined => Some(Change::Keep),
            MaybeUndefined::Null => Some(Change::Clear),
            MaybeUndefined::Value(text) => self.text(field, text).map(Change::To),
        }
    }

    /// Texts, each with its place in its path.
    pub(crate) fn all<T: FromStr<Err = ValueError>>(&mut self, field: &str, texts: &[String]) -> Option<Vec<T>> {
        self.each(field, texts, |text| text.parse())
    }

    /// A number that has to be given.
    pub(crate) fn number(&mut self, field: &str, number: &scalars::Decimal) -> Option<Decimal> {
        self.text(field, &number.0)
    }

    /// A number that may be absent.
    #[expect(clippy::option_option, reason = "absent and unsound are two things, and `?` takes the second")]
    pub(crate) fn optional_number(
        &mut self,
        field: &str,
        number: Option<&scalars::Decimal>,
    ) -> Option<Option<Decimal>> {
        self.optional(field, number.map(|number| number.0.as_str()))
    }

    /// An amount of money that may be absent.
    #[expect(clippy::option_option, reason = "absent and unsound are two things, and `?` takes the second")]
    pub(crate) fn optional_money(&mut self, field: &str, amount: Option<&scalars::Decimal>) -> Option<Option<Money>> {
        self.optional(field, amount.map(|amount| amount.0.as_str()))
    }

    /// An id that has to be given.
    pub(crate) fn id<I: Identified>(&mut self, field: &str, id: &ID) -> Option<I> {
        self.value(field, ids::read(id))
    }

    /// An id that may be absent.
    #[expect(clippy::option_option, reason = "absent and unsound are two things, and `?` takes the second")]
    pub(crate) fn optional_id<I: Identified>(&mut self, field: &str, id: Option<&ID>) -> Option<Option<I>> {
        match id {
            None => Some(None),
            Some(id) => self.id(field, id).map(Some),
        }
    }

    /// Ids, each with its place in its path, and no more than a list of them may have: what they name is read one after the other.
    pub(crate) fn all_ids<I: Identified>(&mut self, field: &str, ids: &[ID]) -> Option<Vec<I>> {
        if ids.len() > MOST_IDS {
            let message = format!("{} ids: write at most {MOST_IDS} (mostIds)", ids.len());
            self.refused(Refusal::new(Code::TooManyIds, self.path(field), message));
            return None;
        }
        self.each(field, ids, ids::read)
    }

    /// Puts a refusal on the list.
    pub(crate) fn refuse(&mut self, field: &str, error: ValueError) {
        self.refusals.push(Refusal::of_value(self.path(field), error));
    }

    /// Puts a refusal of the input itself on the list.
    pub(crate) fn refused(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    fn path(&self, field: &str) -> String {
        let steps: Vec<&str> = self.within.iter().map(String::as_str).chain([field]).collect();
        steps.join(".")
    }

    fn each<S, T>(&mut self, field: &str, sources: &[S], read: impl Fn(&S) -> Result<T, ValueError>) -> Option<Vec<T>> {
        let mut values = Vec::with_capacity(sources.len());
        for (place, source) in sources.iter().enumerate() {
            values.extend(self.value(&format!("{field}.{place}"), read(source)));
        }
        (values.len() == sources.len()).then_some(values)
    }
}

/// The day of an optional scalar.
pub(crate) fn day(date: Option<scalars::Date>) -> Option<civil::Date> {
    date.map(|date| date.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::{CaseId, Reference, Statement, Title, Unit};

    fn fields(door: Door) -> Vec<String> {
        door.into_refusals().into_iter().map(|refusal| refusal.field).collect()
    }

    #[test]
    fn every_unsound_value_is_named() {
        let mut door = Door::new(Uuid::nil());
        assert_eq!(door.text::<Title>("title", " "), None);
        assert!(door.text::<Statement>("problem", "fine").is_some());
        door.within("requirement", |door| door.text::<Unit>("unit", "no such unit"));
        assert_eq!(door.all::<Reference>("citations", &["JJG 196".to_owned(), String::new()]), None);
        assert_eq!(fields(door), ["title", "requirement.unit", "citations.1"]);
    }

    #[test]
    fn a_blank_optional_text_is_absent() {
        let mut door = Door::new(Uuid::nil());
        assert_eq!(door.optional::<Statement>("reason", Some("  ")), Some(None));
        assert_eq!(door.optional::<Statement>("reason", None), Some(None));
        assert!(door.into_refusals().is_empty());
    }

    #[test]
    fn a_wrong_id_is_a_refusal() {
        let mut door = Door::new(Uuid::nil());
        let id = door.id::<CaseId>("caseId", &ID("x".to_owned()));
        assert_eq!(id, None);
        let refusals = door.into_refusals();
        assert_eq!((refusals[0].code, refusals[0].field.as_str()), (Code::IdInvalid, "caseId"));
    }

    #[test]
    fn a_list_of_ids_has_an_end() {
        let mut door = Door::new(Uuid::nil());
        let ids = vec![ids::global(CaseId::from(Uuid::nil())); MOST_IDS + 1];
        assert!(door.all_ids::<CaseId>("caseIds", &ids[1..]).is_some());
        door.within("input", |door| door.all_ids::<CaseId>("caseIds", &ids));
        let refusals = door.into_refusals();
        assert_eq!(refusals.len(), 1);
        assert_eq!((refusals[0].code, refusals[0].field.as_str()), (Code::TooManyIds, "input.caseIds"));
        assert_eq!(refusals[0].message, "101 ids: write at most 100 (mostIds)");
    }
}
