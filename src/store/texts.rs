//! Questions to texts become SQL. Terms are the program's own and are quoted all the same.

use crate::store::condition::push_list;
use crate::store::filter::{push_asked, push_cases_at, push_limit};
use crate::store::sight::push_scope;
use crate::store::sql::{FOUND_TEXTS, FOUND_TEXTS_AND_HEAD, is_open_version, text_columns};
use crate::store::statement::{Argument, Statement};
use crate::store::text::MOST_OF_AN_EVENT;
use crate::store::{CaseQuery, Confined, Keep, Moment, Reading, StoreError, Terms, TextQuery, Texts};

/// How a database is asked for terms.
pub(super) struct IndexDialect {
    /// `from` and `where` up to the placeholder of the terms; the text is `t`.
    pub(super) found_in: &'static str,
    /// What closes that.
    pub(super) closing: &'static str,
    /// The column that orders the texts.
    pub(super) text_id: &'static str,
    /// What stands before and after a term. A term has neither in it.
    pub(super) quote: char,
    pub(super) and: &'static str,
    pub(super) or: &'static str,
}

pub(super) fn with(query: &TextQuery, dialect: &IndexDialect) -> Result<Statement, StoreError> {
    found(FOUND_TEXTS, query, dialect)
}

/// The same with the head of the log.
pub(super) fn with_and_head(query: &TextQuery, dialect: &IndexDialect) -> Result<Statement, StoreError> {
    found(FOUND_TEXTS_AND_HEAD, query, dialect)
}

fn found(select: &str, query: &TextQuery, dialect: &IndexDialect) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(select);
    statement.push(dialect.found_in);
    statement.push_text(&asked(&query.terms, dialect));
    statement.push(dialect.closing);
    push_valid_at(&mut statement, query.at);
    if let Moment::Position(position) = query.at {
        // Implied, and what lets an index skip what came later.
        statement.push(" and ");
        statement.push(dialect.text_id);
        statement.push(" < ");
        statement.push_integer(position.cast_signed().saturating_add(1).saturating_mul(MOST_OF_AN_EVENT));
    }
    push_fields(&mut statement, &query.fields);
    push_confined(&mut statement, query.confined.as_ref());
    statement.push(" and exists (select 1 from ");
    let cases = CaseQuery {
        condition: query.condition.clone(),
        scope: query.scope.clone(),
        order: Vec::new(),
        after: None,
        before: None,
        limit: 0,
        keep: Keep::First,
        at: query.at,
    };
    // The text says which case it is.
    push_cases_at(&mut statement, query.at);
    push_asked(&mut statement, &cases)?;
    statement.push(" and v.case_id = t.case_id) order by ");
    statement.push(dialect.text_id);
    statement.push(" desc");
    push_limit(&mut statement, query.limit);
    // Whether a term is rare decides how it is looked up.
    statement.is_planned_anew = true;
    Ok(statement)
}

/// Texts that are known of, the latest first.
pub(super) fn these(texts: &Texts, reading: Reading) -> Statement {
    let mut statement = Statement::new(concat!("select ", text_columns!()));
    // There are as many texts of it as there are numbers of cases or ids.
    statement.is_planned_anew = true;
    statement.push(match reading {
        Reading::Places => ", '' as words, '' as body",
        Reading::Words => ", t.words, '' as body",
        Reading::Bodies => ", '' as words, t.body",
    });
    statement.push(" from search_texts t where ");
    match texts {
        Texts::OfCases { cases, at, fields, confined, before, limit } => {
            statement.push("t.case_id in ");
            push_list(&mut statement, cases.iter().map(|case| Argument::Text(case.to_string())));
            push_valid_at(&mut statement, *at);
            push_fields(&mut statement, fields);
            push_confined(&mut statement, confined.as_ref());
            if let Some(before) = before {
                statement.push(" and t.text_id < ");
                statement.push_integer(*before);
            }
            statement.push(LATEST_FIRST);
            push_limit(&mut statement, *limit);
        }
        Texts::These(ids) => {
            statement.push("t.text_id in ");
            push_list(&mut statement, ids.iter().copied().map(Argument::Integer));
            statement.push(LATEST_FIRST);
        }
    }
    statement
}

const LATEST_FIRST: &str = " order by t.text_id desc";

fn push_fields(statement: &mut Statement, fields: &[String]) {
    if !fields.is_empty() {
        statement.push(" and t.field in ");
        push_list(statement, fields.iter().cloned().map(Argument::Text));
    }
}

/// A text of the field is there only in the cases that it may be read in.
fn push_confined(statement: &mut Statement, confined: Option<&Confined>) {
    let Some(Confined { field, scope }) = confined else { return };
    statement.push(" and (t.field <> ");
    statement.push_text(field);
    statement.push(" or exists (select 1 from cases v where ");
    push_scope(statement, scope, Moment::Present, "v");
    statement.push(" and v.case_id = t.case_id))");
}

/// A text is there from the commit that recorded it to the one that replaced it; by what its authors say, from when it
/// happened to when another took its place.
fn push_valid_at(statement: &mut Statement, at: Moment) {
    match at {
        Moment::Present => statement.push(concat!(" and t.", is_open_version!())),
        Moment::Position(position) => {
            statement.push(" and t.from_position <= ");
            statement.push_integer(position.cast_signed());
            statement.push(" and t.to_position > ");
            statement.push_integer(position.cast_signed());
        }
        Moment::Occurred(time) => {
            statement.push(" and t.occurred_at <= ");
            statement.push_integer(time);
            statement.push(" and t.occurred_until > ");
            statement.push_integer(time);
        }
    }
}

fn asked(terms: &Terms, dialect: &IndexDialect) -> String {
    let (terms, joint) = match terms {
        Terms::All(terms) => (terms, dialect.and),
        Terms::Any(terms) => (terms, dialect.or),
    };
    let quote = dialect.quote;
    let quoted: Vec<_> = terms.iter().map(|term| format!("{quote}{}{quote}", without_syntax(term))).collect();
    quoted.join(joint)
}

/// A term has no character that means something to a database; were there one, it would find nothing.
fn without_syntax(term: &str) -> String {
    term.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || !c.is_ascii() { c } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_statement_is_kept_for_every_number_of_texts() {
        let (cases, at, fields) = (vec![Uuid::nil(); 3], Moment::Present, Vec::new());
        let of_cases = Texts::OfCases { cases, at, fields, confined: None, before: None, limit: 10 };
        for texts in [of_cases, Texts::These(vec![1, 2, 3])] {
            assert!(these(&texts, Reading::Words).is_planned_anew, "{texts:?}");
        }
    }
}
