//! Lists by pages, as Relay has them: forward or backward, so many at a time and no more, with opaque keyset cursors.
//!
//! A cursor carries the moment that its page was read at. The pages that follow are read as of that moment, or refused
//! where that has changed, so that a list never skips or repeats while its cases change.

use std::cmp::Ordering;

use async_graphql::{Context, Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::app::Keep;
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::limits::Limits;
use crate::graphql::scalars::Cursor;

/// The rows of a page where none is said and so many may be asked for.
pub(crate) const USUAL_PAGE: u32 = 50;

/// Which part of a list.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// At most so many rows.
    rows: u32,
    /// From which end of what lies between the two places.
    keep: Keep,
    /// Only after this place.
    after: Option<Cursor>,
    /// Only before this place.
    before: Option<Cursor>,
}

impl Slice {
    /// Reads the arguments of a page: forward with `first`, backward with `last`, never both.
    ///
    /// # Errors
    /// `PAGE_SIZE_INVALID` for more rows than a page has at most, or fewer than none, and for both at once.
    pub(crate) fn read(
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<Cursor>,
        last: Option<i32>,
        before: Option<Cursor>,
    ) -> Result<Self> {
        Self::within(ctx.data_unchecked(), first, after, last, before)
    }

    fn within(
        limits: &Limits,
        first: Option<i32>,
        after: Option<Cursor>,
        last: Option<i32>,
        before: Option<Cursor>,
    ) -> Result<Self> {
        let (argument, asked, keep) = match (first, last) {
            (Some(_), Some(_)) => {
                let message = "a page is asked for with `first` or with `last`, not with both";
                return Err(errors::argument("PAGE_SIZE_INVALID", "last", message));
            }
            (None, Some(last)) => ("last", Some(last), Keep::Last),
            (first, None) => ("first", first, Keep::First),
        };
        let rows = match asked.map(u32::try_from) {
            None => limits.usual_page(),
            Some(Ok(rows)) if rows <= limits.page => rows,
            Some(_) => {
                let limit = limits.of_page();
                let most = limit.maximum;
                let message = format!("a page has 0 to {most} rows; ask for the rest with `after` or `before`");
                return Err(errors::over("PAGE_SIZE_INVALID", argument, limit, message));
            }
        };
        Ok(Self { rows, keep, after, before })
    }

    /// One row more than the page has, to know whether there are others beyond it.
    pub(crate) fn limit(&self) -> u32 {
        self.rows + 1
    }

    /// From which end of its list the page is.
    pub(crate) fn keep(&self) -> Keep {
        self.keep
    }

    /// The argument that has the cursor which the page goes on from; `None` where the list begins.
    pub(crate) fn goes_on_from(&self) -> Option<&'static str> {
        let (after, before) = (self.after.as_ref().map(|_| "after"), self.before.as_ref().map(|_| "before"));
        after.or(before)
    }

    /// Cuts the row too many off, and tells what lies on either side of the page.
    ///
    /// The pages of a list are read at one position, so the row that a cursor names is still there: before a page that was asked for with `after`, and after one that was asked for with `before`.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<T>) -> Beyond {
        let too_many = rows.len().saturating_sub(self.rows as usize);
        match self.keep {
            Keep::First => {
                rows.truncate(self.rows as usize);
                Beyond { previous: self.after.is_some(), next: too_many > 0 || self.before.is_some() }
            }
            Keep::Last => {
                rows.drain(..too_many);
                Beyond { previous: too_many > 0 || self.after.is_some(), next: self.before.is_some() }
            }
        }
    }

    /// What `after` and `before` say, where they are there.
    ///
    /// # Errors
    /// `CURSOR_INVALID`, also when the two are of pages that were read at different positions.
    pub(crate) fn places<T>(&self, read: impl Fn(&Cursor) -> Result<T>) -> Result<Between<T>> {
        let place = |cursor: &Option<Cursor>, argument| match cursor {
            Some(cursor) => read(cursor).map(Some).map_err(|_| invalid(argument)),
            None => Ok(None),
        };
        Ok(Between { after: place(&self.after, "after")?, before: place(&self.before, "before")? })
    }
}

/// The places that a page lies between.
#[derive(Debug)]
pub(crate) struct Between<T> {
    /// Only after this one.
    pub(crate) after: Option<T>,
    /// Only before this one.
    pub(crate) before: Option<T>,
}

impl<T> Between<T> {
    /// Whether a row lies between them, which compares so with a place.
    pub(crate) fn admit(&self, compare: impl Fn(&T) -> Ordering) -> bool {
        self.after.as_ref().is_none_or(|after| compare(after).is_gt())
            && self.before.as_ref().is_none_or(|before| compare(before).is_lt())
    }

    /// Checks that the places are of this list, as far as they tell by themselves.
    ///
    /// # Errors
    /// `CURSOR_INVALID` when one of them is not.
    pub(crate) fn require(&self, is_of_list: impl Fn(&T) -> bool) -> Result<()> {
        for (place, argument) in [(&self.after, "after"), (&self.before, "before")] {
            if place.as_ref().is_some_and(|place| !is_of_list(place)) {
                return Err(invalid(argument));
            }
        }
        Ok(())
    }

    /// What both places say of when their list was read; `None` where there is no place.
    ///
    /// # Errors
    /// `CURSOR_INVALID` when they say different things.
    pub(crate) fn read_at<M: PartialEq>(&self, at: impl Fn(&T) -> M) -> Result<Option<M>> {
        let after = self.after.as_ref().map(&at);
        let before = self.before.as_ref().map(&at);
        match (after, before) {
            (Some(after), Some(before)) if after != before => Err(invalid("before")),
            (after, before) => Ok(after.or(before)),
        }
    }
}

/// Whether there are rows on either side of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// Before it.
    pub(crate) previous: bool,
    /// After it.
    pub(crate) next: bool,
}

/// A cursor that says this.
pub(crate) fn encode(place: &impl Serialize) -> Cursor {
    let json = serde_json::to_vec(place).expect("places have string keys and no failing values");
    Cursor(URL_SAFE_NO_PAD.encode(json))
}

/// What a cursor of such a list says.
///
/// # Errors
/// `CURSOR_INVALID` when it is of another list or no cursor at all.
pub(crate) fn decode<T: DeserializeOwned>(cursor: &Cursor) -> Result<T> {
    let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| invalid("after"))
}

/// A text in a cursor. No row has one with U+0000, and PostgreSQL does not even compare with it.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.contains('\0') {
        true => Err(D::Error::custom("U+0000")),
        false => Ok(text),
    }
}

/// Checks that the log has the positions that the places of a page name: it may have been put back from a backup since.
///
/// # Errors
/// `CURSOR_INVALID` when it has not, or when the house fails.
pub(crate) async fn are_there<T>(ctx: &Context<'_>, places: &Between<T>, position: impl Fn(&T) -> u64) -> Result<()> {
    for (place, argument) in [(&places.after, "after"), (&places.before, "before")] {
        if let Some(place) = place
            && !loaders(ctx).has(position(place)).await.map_err(|fault| errors::fault(ctx, fault))?
        {
            return Err(invalid(argument));
        }
    }
    Ok(())
}

/// The one answer to every cursor that is not of this list.
pub(crate) fn invalid(argument: &'static str) -> async_graphql::Error {
    errors::argument(
        "CURSOR_INVALID",
        argument,
        "not a cursor of this list: use the `endCursor` or `startCursor` of a page of it, as of the same moment, with the same order and for the same question",
    )
}

/// 分页信息: where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there are rows after this page.
    has_next_page: bool,
    /// Whether there are rows before this page.
    has_previous_page: bool,
    /// The place of the first row: `before` of the page before.
    start_cursor: Option<Cursor>,
    /// The place of the last row: `after` of the next page.
    end_cursor: Option<Cursor>,
}

impl PageInfo {
    /// Of a page with these cursors.
    pub(crate) fn new(beyond: Beyond, ends: Option<(Cursor, Cursor)>) -> Self {
        let (start_cursor, end_cursor) = ends.unzip();
        Self { has_next_page: beyond.next, has_previous_page: beyond.previous, start_cursor, end_cursor }
    }

    /// Of a page for which the list was not looked through, although it has room: there may be more beyond that place.
    pub(crate) fn stopped_at(self, keep: Keep, place: Cursor) -> Self {
        match keep {
            Keep::First => Self { has_next_page: true, end_cursor: Some(place), ..self },
            Keep::Last => Self { has_previous_page: true, start_cursor: Some(place), ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        at: u64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Elsewhere {
        name: String,
    }

    fn code(error: async_graphql::Error) -> String {
        error.extensions.expect("it has extensions").get("code").expect("it has a code").to_string()
    }

    #[test]
    fn a_cursor_comes_back() {
        let cursor = encode(&Place { at: 7 });
        assert_eq!(decode::<Place>(&cursor).unwrap(), Place { at: 7 });
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = encode(&Elsewhere { name: "难".to_owned() });
        assert_eq!(code(decode::<Place>(&cursor).unwrap_err()), "\"CURSOR_INVALID\"");
        for text in ["", "x", "eyJhdCI6", "not a cursor"] {
            assert_eq!(code(decode::<Place>(&Cursor(text.to_owned())).unwrap_err()), "\"CURSOR_INVALID\"", "{text}");
        }
    }

    fn slice(first: Option<i32>, after: Option<Cursor>, last: Option<i32>, before: Option<Cursor>) -> Result<Slice> {
        Slice::within(&Limits::default(), first, after, last, before)
    }

    fn forward(first: Option<i32>) -> Result<Slice> {
        slice(first, None, None, None)
    }

    #[test]
    fn pages_have_a_limit() {
        assert_eq!(forward(None).unwrap().limit(), USUAL_PAGE + 1);
        assert_eq!(forward(Some(0)).unwrap().limit(), 1);
        assert_eq!(slice(None, None, Some(100), None).unwrap().limit(), 101);
        for rows in [101, -1, i32::MAX] {
            assert_eq!(code(forward(Some(rows)).unwrap_err()), "\"PAGE_SIZE_INVALID\"", "{rows}");
            let backward = slice(None, None, Some(rows), None);
            assert_eq!(code(backward.unwrap_err()), "\"PAGE_SIZE_INVALID\"", "{rows}");
        }
        assert_eq!(code(slice(Some(1), None, Some(1), None).unwrap_err()), "\"PAGE_SIZE_INVALID\"");
        let small = Limits { page: 20, ..Limits::default() };
        let page = |first| Slice::within(&small, first, None, None, None).map(|slice| slice.limit());
        assert_eq!((page(None).unwrap(), page(Some(20)).unwrap()), (21, 21));
        assert_eq!(code(page(Some(21)).unwrap_err()), "\"PAGE_SIZE_INVALID\"");
    }

    #[test]
    fn the_row_too_many_is_cut_off_at_the_far_end() {
        let cursor = || Some(encode(&Place { at: 7 }));
        let table = [
            (slice(Some(2), None, None, None), vec![1, 2], Beyond { previous: false, next: true }),
            (slice(Some(3), cursor(), None, None), vec![1, 2, 3], Beyond { previous: true, next: false }),
            (slice(None, None, Some(2), None), vec![2, 3], Beyond { previous: true, next: false }),
            (slice(None, None, Some(3), cursor()), vec![1, 2, 3], Beyond { previous: false, next: true }),
            (slice(Some(3), cursor(), None, cursor()), vec![1, 2, 3], Beyond { previous: true, next: true }),
        ];
        for (slice, kept, beyond) in table {
            let mut rows = vec![1, 2, 3];
            assert_eq!(slice.unwrap().cut(&mut rows), beyond);
            assert_eq!(rows, kept);
        }
    }

    #[test]
    fn a_page_that_stopped_goes_on_where_it_did() {
        let whole = || PageInfo::new(Beyond { previous: false, next: false }, None);
        let place = encode(&Place { at: 7 });
        let forward = whole().stopped_at(Keep::First, place.clone());
        assert_eq!((forward.has_next_page, forward.has_previous_page), (true, false));
        assert_eq!((forward.end_cursor, forward.start_cursor), (Some(place.clone()), None));
        let backward = whole().stopped_at(Keep::Last, place.clone());
        assert_eq!((backward.has_next_page, backward.has_previous_page), (false, true));
        assert_eq!((backward.end_cursor, backward.start_cursor), (None, Some(place)));
    }

    #[test]
    fn two_cursors_are_of_one_reading() {
        let between = |after, before| Between { after: Some(Place { at: after }), before: Some(Place { at: before }) };
        assert_eq!(between(7, 7).read_at(|place| place.at).unwrap(), Some(7));
        assert_eq!(code(between(7, 8).read_at(|place| place.at).unwrap_err()), "\"CURSOR_INVALID\"");
    }

    #[test]
    fn a_cursor_of_another_question_is_named() {
        let between = Between { after: Some(Place { at: 7 }), before: Some(Place { at: 8 }) };
        let field = |error: async_graphql::Error| {
            error.extensions.expect("it has extensions").get("field").expect("it names an argument").to_string()
        };
        assert!(between.require(|_| true).is_ok());
        assert_eq!(field(between.require(|place| place.at == 7).unwrap_err()), "[\"before\"]");
        assert_eq!(field(between.require(|place| place.at == 8).unwrap_err()), "[\"after\"]");
        assert!(Between::<Place> { after: None, before: None }.require(|_| false).is_ok());
    }
}
