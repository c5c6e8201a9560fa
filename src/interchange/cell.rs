//! Cells of tables for spreadsheets, and what such a table begins with.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break for a
//! formula and may run it (OWASP, *CSV Injection*). Where the comma is the decimal sign, it takes a file's semicolons
//! for what parts cells, and quotation marks within a line for text, so that a cell of ours may become several cells
//! and rows: whatever follows a semicolon, a tab or a line break is looked at as the beginning of a cell, too. Such a
//! place gets an apostrophe in front, which a reader of the file has to know of. A first line `sep=,` would save the
//! semicolons in one program, and be a wrong header to all others.

use std::borrow::Cow;

/// What a table begins with: spreadsheets take a file without it for one in their own country's characters.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a formula begins with.
const FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What a cell ends with, if not all of it is taken for one.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];

/// The cell, such that no spreadsheet runs it.
pub(crate) fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    let is_run = |part: &str| part.trim_start_matches([' ', '"']).starts_with(FORMULAS);
    let begins_unseen = cell.starts_with(['\t', '\r', '\n']);
    if !begins_unseen && !cell.split_inclusive(ENDS).any(is_run) {
        return cell;
    }
    let mut harmless = String::with_capacity(cell.len() + 2);
    if begins_unseen {
        harmless.push('\'');
    }
    for part in cell.split_inclusive(ENDS) {
        if is_run(part) {
            harmless.push('\'');
        }
        harmless.push_str(part);
    }
    harmless.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_made_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1＋1", "－1", "\t1", "\r1", "\n1", " =1", "\"=1\""] {
            assert_eq!(harmless(cell.into()), format!("'{cell}"));
        }
        for cell in ["", "1-1", "'=1", "a=b", "±1", "1－1", "a; b=c", "a,=1", "两次；＝"] {
            assert_eq!(harmless(cell.into()), cell);
        }
    }

    /// Whoever splits at semicolons, tabs or lines finds no formula either.
    #[test]
    fn no_part_of_a_cell_is_run_as_a_cell() {
        for (cell, expected) in [
            ("a;=1", "a;'=1"),
            ("a; \"=1\"", "a;' \"=1\""),
            ("a\n-1\r\n@x", "a\n'-1\r\n'@x"),
            ("a\t＝1;;+1", "a\t'＝1;;'+1"),
            ("\t=1", "'\t'=1"),
            ("=1;=2", "'=1;'=2"),
        ] {
            assert_eq!(harmless(cell.into()), expected);
        }
    }
}
