//! Lists by pages, as Relay has them: forward, at most 100 at a time, with opaque keyset cursors.
//!
//! A cursor carries the moment that its page was read at. The pages that follow are read as of that moment, so that a list never skips or repeats while its cases change.

use async_graphql::{Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::Moment;
use crate::graphql::errors;
use crate::graphql::scalars::Cursor;

/// The most rows of a page.
pub(crate) const LARGEST_PAGE: u32 = 100;
/// The rows of a page where none is said.
pub(crate) const USUAL_PAGE: u32 = 50;

/// Which part of a list.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// At most so many.
    pub(crate) first: u32,
    /// Only after this place.
    pub(crate) after: Option<Cursor>,
}

impl Slice {
    /// Reads the arguments `first` and `after`.
    ///
    /// # Errors
    /// `PAGE_SIZE_INVALID` outside 0 to 100.
    pub(crate) fn read(first: Option<i32>, after: Option<Cursor>) -> Result<Self> {
        let first = match first.map(u32::try_from) {
            None => USUAL_PAGE,
            Some(Ok(first)) if first <= LARGEST_PAGE => first,
            Some(_) => {
                let message = format!("a page has 0 to {LARGEST_PAGE} rows; ask for the rest with `after`");
                return Err(errors::argument("PAGE_SIZE_INVALID", "first", message));
            }
        };
        Ok(Self { first, after })
    }

    /// One row more than the page has, to know whether there is a next one.
    pub(crate) fn limit(&self) -> u32 {
        self.first + 1
    }

    /// Cuts the row too many off, and tells whether there was one.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<T>) -> bool {
        let has_next = rows.len() > self.first as usize;
        rows.truncate(self.first as usize);
        has_next
    }

    /// What `after` says, if it is there.
    ///
    /// # Errors
    /// `CURSOR_INVALID`.
    pub(crate) fn place<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.after.as_ref().map(decode).transpose()
    }
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
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(invalid)
}

/// The moment that a list goes on at: a list of the present where its first page was read, any other where it is asked for.
///
/// # Errors
/// `CURSOR_INVALID` when the cursor is of a list of another moment.
pub(crate) fn continued(asked: Moment, cursor: Moment) -> Result<Moment> {
    match (asked, cursor) {
        (Moment::Present, Moment::Position(_)) => Ok(cursor),
        _ if asked == cursor && asked != Moment::Present => Ok(cursor),
        _ => Err(invalid()),
    }
}

/// The one answer to every cursor that is not of this list.
pub(crate) fn invalid() -> async_graphql::Error {
    errors::argument(
        "CURSOR_INVALID",
        "after",
        "not a cursor of this list: use the `endCursor` of the page before, as of the same moment and with the same order",
    )
}

/// 分页信息: where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there are rows after this page.
    has_next_page: bool,
    /// Whether there are rows before this page: it was asked for with `after`.
    has_previous_page: bool,
    /// The place of the first row.
    start_cursor: Option<Cursor>,
    /// The place of the last row: `after` of the next page.
    end_cursor: Option<Cursor>,
}

impl PageInfo {
    /// Of a page with these cursors.
    pub(crate) fn new(slice: &Slice, has_next_page: bool, ends: Option<(Cursor, Cursor)>) -> Self {
        let (start_cursor, end_cursor) = ends.unzip();
        Self { has_next_page, has_previous_page: slice.after.is_some(), start_cursor, end_cursor }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

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

    #[test]
    fn pages_have_a_limit() {
        assert_eq!(Slice::read(None, None).unwrap().first, USUAL_PAGE);
        assert_eq!(Slice::read(Some(0), None).unwrap().first, 0);
        assert_eq!(Slice::read(Some(100), None).unwrap().first, 100);
        for first in [101, -1, i32::MAX] {
            assert_eq!(code(Slice::read(Some(first), None).unwrap_err()), "\"PAGE_SIZE_INVALID\"", "{first}");
        }
    }

    #[test]
    fn the_row_too_many_is_cut_off() {
        let slice = Slice::read(Some(2), None).unwrap();
        let mut rows = vec![1, 2, 3];
        assert!(slice.cut(&mut rows));
        assert_eq!(rows, [1, 2]);
        assert!(!slice.cut(&mut rows));
    }
}
