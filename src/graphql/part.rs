//! Lists without pages, such as the comments of a case: given whole while they are no longer than a page may be, and
//! beyond that in parts.

use async_graphql::{Context, Result};

use crate::graphql::errors;
use crate::graphql::limits::Limits;

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// At most so many rows; all of them where nothing is said.
    first: Option<usize>,
    /// Without so many from the beginning.
    skip: usize,
    limits: Limits,
}

impl Part {
    /// Reads the arguments of a list.
    ///
    /// # Errors
    /// `PAGE_SIZE_INVALID` for more rows than a page has at most, and for fewer than none of either.
    pub(crate) fn read(ctx: &Context<'_>, first: Option<i32>, skip: Option<i32>) -> Result<Self> {
        Self::within(*ctx.data_unchecked::<Limits>(), first, skip)
    }

    fn within(limits: Limits, first: Option<i32>, skip: Option<i32>) -> Result<Self> {
        let limit = limits.of_page();
        let first = match first.map(u32::try_from) {
            None => None,
            Some(Ok(rows)) if rows <= limits.page => Some(rows as usize),
            Some(_) => {
                let message = format!("0 to {} rows are given at once", limit.maximum);
                return Err(errors::over("PAGE_SIZE_INVALID", "first", limit, message));
            }
        };
        let Ok(skip) = usize::try_from(skip.unwrap_or_default()) else {
            return Err(errors::argument("PAGE_SIZE_INVALID", "skip", "no fewer than 0 rows are left out"));
        };
        Ok(Self { first, skip, limits })
    }

    /// That part of a list.
    ///
    /// # Errors
    /// `LIST_TOO_LONG` when all of it is asked for, and that is more than a page has at most.
    pub(crate) fn of<T>(self, list: impl ExactSizeIterator<Item = T>) -> Result<impl Iterator<Item = T>> {
        let (rows, limit) = (list.len().saturating_sub(self.skip), self.limits.of_page());
        if self.first.is_none() && rows as u64 > limit.maximum {
            let message = format!("{rows} rows: ask for some of them with `first` and `skip`");
            return Err(errors::over("LIST_TOO_LONG", "first", limit, message));
        }
        Ok(list.skip(self.skip).take(self.first.unwrap_or(rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(rows: usize, first: Option<i32>, skip: Option<i32>) -> Result<Vec<usize>> {
        Part::within(Limits::default(), first, skip)?.of(0..rows).map(Iterator::collect)
    }

    fn code(given: Result<Vec<usize>>) -> String {
        let extensions = given.expect_err("it is refused").extensions.expect("it has extensions");
        extensions.get("code").expect("it has a code").to_string()
    }

    #[test]
    fn a_short_list_is_given_whole_and_a_long_one_in_parts() {
        assert_eq!(given(100, None, None).expect("short").len(), 100);
        assert_eq!(code(given(101, None, None)), "\"LIST_TOO_LONG\"");
        assert_eq!(given(101, None, Some(1)).expect("the rest").len(), 100);
        assert_eq!(given(10_000, Some(2), Some(9_998)).expect("a part"), [9_998, 9_999]);
        assert_eq!(given(10_000, Some(100), Some(9_999)).expect("what is left"), [9_999]);
        for empty in
            [given(0, None, None), given(3, Some(0), None), given(3, Some(2), Some(7)), given(3, None, Some(7))]
        {
            assert_eq!(empty.expect("nothing"), [] as [usize; 0]);
        }
    }

    #[test]
    fn a_part_has_a_limit() {
        for (first, skip) in [(Some(101), None), (Some(-1), None), (Some(1), Some(-1))] {
            assert_eq!(code(given(3, first, skip)), "\"PAGE_SIZE_INVALID\"", "{first:?} {skip:?}");
        }
    }
}
