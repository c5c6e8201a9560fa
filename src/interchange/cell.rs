//! Cells of tables for spreadsheets.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break for a
//! formula and may run it (OWASP, *CSV Injection*). Such a cell gets an apostrophe in front, which a reader of the file has
//! to know of.

use std::borrow::Cow;

const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];

/// The cell, such that no spreadsheet runs it.
pub(crate) fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.starts_with(BEGINNINGS) {
        return format!("'{cell}").into();
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_made_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1＋1", "－1", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(cell.into()), format!("'{cell}"));
        }
        for cell in ["", "1-1", "'=1", "a=b", "±1", "1－1"] {
            assert_eq!(harmless(cell.into()), cell);
        }
    }
}
