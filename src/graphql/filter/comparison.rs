//! Comparisons: how one column is held against what a filter says.

use async_graphql::{Error, ID, InputObject, MaybeUndefined, Result};

use crate::app::{CaseColumn, Condition, Operator, Value};
use crate::domain::refusal::Refusal;
use crate::domain::value::PersonId;
use crate::graphql::errors;
use crate::graphql::filter::bound::{DateOrRelative, DateTimeOrRelative};
use crate::graphql::filter::operand::{Neighbours, each, given};
use crate::graphql::filter::path::Path;
use crate::graphql::ids::{self, Identified};
use crate::graphql::scalars;
use crate::graphql::words::{CaseKind, CaseStatus, Level, OriginKind, Severity};

/// How a text compares. Every field that is given has to hold; none may be null.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct TextComparison {
    /// Is exactly this.
    pub(crate) eq: MaybeUndefined<String>,
    /// Is not this, or missing.
    pub(crate) ne: MaybeUndefined<String>,
    /// Is one of these.
    #[graphql(name = "in")]
    pub(crate) one_of: MaybeUndefined<Vec<String>>,
    /// Is none of these, or missing.
    #[graphql(name = "nin")]
    pub(crate) none_of: MaybeUndefined<Vec<String>>,
    /// Contains this; ASCII letters of either case.
    pub(crate) contains: MaybeUndefined<String>,
    /// Begins with exactly this.
    pub(crate) starts_with: MaybeUndefined<String>,
    /// Is missing, or is not.
    pub(crate) is_null: MaybeUndefined<bool>,
}

/// How an id compares. Every field that is given has to hold; none may be null.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct IdComparison {
    /// Is this.
    pub(crate) eq: MaybeUndefined<ID>,
    /// Is not this, or missing.
    pub(crate) ne: MaybeUndefined<ID>,
    /// Is one of these.
    #[graphql(name = "in")]
    pub(crate) one_of: MaybeUndefined<Vec<ID>>,
    /// Is none of these, or missing.
    #[graphql(name = "nin")]
    pub(crate) none_of: MaybeUndefined<Vec<ID>>,
    /// Is missing, or is not.
    pub(crate) is_null: MaybeUndefined<bool>,
}

/// Declares comparisons with the words of an enum.
macro_rules! word_comparisons {
    ($($(#[$doc:meta])* $comparison:ident of $word:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, InputObject)]
            pub(crate) struct $comparison {
                /// Is this.
                pub(crate) eq: MaybeUndefined<$word>,
                /// Is not this, or missing.
                pub(crate) ne: MaybeUndefined<$word>,
                /// Is one of these.
                #[graphql(name = "in")]
                pub(crate) one_of: MaybeUndefined<Vec<$word>>,
                /// Is none of these, or missing.
                #[graphql(name = "nin")]
                pub(crate) none_of: MaybeUndefined<Vec<$word>>,
                /// Is missing, or is not.
                pub(crate) is_null: MaybeUndefined<bool>,
            }

            impl $comparison {
                pub(super) fn conditions(
                    &self,
                    path: Path<'_>,
                    column: CaseColumn,
                    out: &mut Vec<Condition>,
                ) -> Result<()> {
                    let name = |word: &$word| Value::Text(async_graphql::resolver_utils::enum_value(*word).to_string());
                    let names = |words: &Vec<$word>| words.iter().map(name).collect();
                    let eq = given(&self.eq, path.field("eq"))?;
                    out.extend(eq.map(|word| compare(column, Operator::Equal, name(word))));
                    let ne = given(&self.ne, path.field("ne"))?;
                    out.extend(ne.map(|word| compare(column, Operator::NotEqual, name(word))));
                    out.extend(given(&self.one_of, path.field("in"))?.map(|words| one_of(column, names(words))));
                    out.extend(given(&self.none_of, path.field("nin"))?.map(|words| none_of(column, names(words))));
                    out.extend(missing(self.is_null, path, column)?);
                    Ok(())
                }
            }
        )+
    };
}

word_comparisons! {
    /// How a status compares. Every field that is given has to hold; none may be null.
    StatusComparison of CaseStatus;
    /// How a kind compares. Every field that is given has to hold; none may be null.
    KindComparison of CaseKind;
    /// How a severity compares. Every field that is given has to hold; none may be null.
    SeverityComparison of Severity;
    /// How a level compares. Every field that is given has to hold; none may be null.
    LevelComparison of Level;
    /// How an origin compares. Every field that is given has to hold; none may be null.
    OriginComparison of OriginKind;
}

/// Declares comparisons with something that has an order.
macro_rules! ordered_comparisons {
    ($($(#[$doc:meta])* $comparison:ident of $scalar:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, InputObject)]
            pub(crate) struct $comparison {
                /// Is this.
                pub(crate) eq: MaybeUndefined<$scalar>,
                /// Is not this, or missing.
                pub(crate) ne: MaybeUndefined<$scalar>,
                /// Is one of these.
                #[graphql(name = "in")]
                pub(crate) one_of: MaybeUndefined<Vec<$scalar>>,
                /// Is none of these, or missing.
                #[graphql(name = "nin")]
                pub(crate) none_of: MaybeUndefined<Vec<$scalar>>,
                /// Is before or below this.
                pub(crate) lt: MaybeUndefined<$scalar>,
                /// Is this, or before or below it.
                pub(crate) lte: MaybeUndefined<$scalar>,
                /// Is after or above this.
                pub(crate) gt: MaybeUndefined<$scalar>,
                /// Is this, or after or above it.
                pub(crate) gte: MaybeUndefined<$scalar>,
                /// Is missing, or is not.
                pub(crate) is_null: MaybeUndefined<bool>,
            }

            impl $comparison {
                pub(super) fn conditions(
                    &self,
                    path: Path<'_>,
                    column: CaseColumn,
                    neighbours: impl Fn(&$scalar, Path<'_>) -> Result<Neighbours>,
                    out: &mut Vec<Condition>,
                ) -> Result<()> {
                    let comparisons = [
                        ("eq", Operator::Equal, &self.eq),
                        ("ne", Operator::NotEqual, &self.ne),
                        ("lt", Operator::Less, &self.lt),
                        ("lte", Operator::LessOrEqual, &self.lte),
                        ("gt", Operator::Greater, &self.gt),
                        ("gte", Operator::GreaterOrEqual, &self.gte),
                    ];
                    for (name, operator, right) in comparisons {
                        let path = path.field(name);
                        if let Some(right) = given(right, path)? {
                            out.push(neighbours(right, path)?.condition(column, operator));
                        }
                    }
                    // What no row can have is left out of a list.
                    let exact = |right: &$scalar, path: Path<'_>| Ok(neighbours(right, path)?.exact());
                    let values = |list: &Vec<$scalar>, path: Path<'_>| {
                        Ok::<Vec<_>, Error>(each(list, path, exact)?.into_iter().flatten().collect())
                    };
                    let path_in = path.field("in");
                    if let Some(list) = given(&self.one_of, path_in)? {
                        out.push(one_of(column, values(list, path_in)?));
                    }
                    let path_nin = path.field("nin");
                    if let Some(list) = given(&self.none_of, path_nin)? {
                        out.push(none_of(column, values(list, path_nin)?));
                    }
                    out.extend(missing(self.is_null, path, column)?);
                    Ok(())
                }
            }
        )+
    };
}

ordered_comparisons! {
    /// How a moment compares. Every field that is given has to hold; none may be null.
    DateTimeComparison of DateTimeOrRelative;
    /// How a day compares. Every field that is given has to hold; none may be null.
    DateComparison of DateOrRelative;
    /// How a number compares. Every field that is given has to hold; none may be null.
    DecimalComparison of scalars::Decimal;
}

impl TextComparison {
    pub(super) fn conditions(&self, path: Path<'_>, column: CaseColumn, out: &mut Vec<Condition>) -> Result<()> {
        let sought = |text: &String, path: Path<'_>| super::sought(&path.to_string(), text.clone());
        let one = |name: &'static str, text| {
            let path = path.field(name);
            given(text, path)?.map(|text| sought(text, path)).transpose()
        };
        let many = |name: &'static str, texts| {
            let path = path.field(name);
            let value = |text: &String, path: Path<'_>| sought(text, path).map(Value::Text);
            given::<Vec<String>>(texts, path)?.map(|texts| each(texts, path, value)).transpose()
        };
        out.extend(one("eq", &self.eq)?.map(|text| compare(column, Operator::Equal, Value::Text(text))));
        out.extend(one("ne", &self.ne)?.map(|text| compare(column, Operator::NotEqual, Value::Text(text))));
        out.extend(many("in", &self.one_of)?.map(|values| one_of(column, values)));
        out.extend(many("nin", &self.none_of)?.map(|values| none_of(column, values)));
        out.extend(one("contains", &self.contains)?.map(|text| Condition::Contains { column, text }));
        out.extend(one("startsWith", &self.starts_with)?.map(|text| Condition::StartsWith { column, text }));
        out.extend(missing(self.is_null, path, column)?);
        Ok(())
    }
}

impl IdComparison {
    pub(super) fn conditions<I: Identified>(
        &self,
        path: Path<'_>,
        column: CaseColumn,
        out: &mut Vec<Condition>,
    ) -> Result<()> {
        let asked = self.read(path, |id, path| Ok(Value::Text(read::<I>(id, path)?.uuid().to_string())))?;
        out.extend(asked.eq.map(|id| compare(column, Operator::Equal, id)));
        out.extend(asked.ne.map(|id| compare(column, Operator::NotEqual, id)));
        out.extend(asked.one_of.map(|ids| one_of(column, ids)));
        out.extend(asked.none_of.map(|ids| none_of(column, ids)));
        out.extend(missing(self.is_null, path, column)?);
        Ok(())
    }

    /// Compares the persons who work on a case with these.
    pub(super) fn members(&self, path: Path<'_>, out: &mut Vec<Condition>) -> Result<()> {
        let asked = self.read(path, |id, path| Ok(read::<PersonId>(id, path)?.to_string()))?;
        let others = |ids| Condition::Not(Box::new(Condition::Members(ids)));
        out.extend(asked.eq.map(|id| Condition::Members(vec![id])));
        out.extend(asked.ne.map(|id| others(vec![id])));
        out.extend(asked.one_of.map(Condition::Members));
        out.extend(asked.none_of.map(others));
        out.extend(given(&self.is_null, path.field("isNull"))?.map(|is_null| {
            let operator = if *is_null { Operator::Equal } else { Operator::NotEqual };
            compare(CaseColumn::Members, operator, Value::Text(String::new()))
        }));
        Ok(())
    }

    /// What its operators were given.
    fn read<T>(&self, path: Path<'_>, read: impl Fn(&ID, Path<'_>) -> Result<T>) -> Result<AskedIds<T>> {
        let one = |name: &'static str, id| {
            let path = path.field(name);
            given(id, path)?.map(|id| read(id, path)).transpose()
        };
        let many = |name: &'static str, ids| {
            let path = path.field(name);
            given::<Vec<ID>>(ids, path)?.map(|ids| each(ids, path, &read)).transpose()
        };
        Ok(AskedIds {
            eq: one("eq", &self.eq)?,
            ne: one("ne", &self.ne)?,
            one_of: many("in", &self.one_of)?,
            none_of: many("nin", &self.none_of)?,
        })
    }
}

/// The operands of a comparison of ids, each as what it comes to.
struct AskedIds<T> {
    eq: Option<T>,
    ne: Option<T>,
    one_of: Option<Vec<T>>,
    none_of: Option<Vec<T>>,
}

/// An id that something is compared with.
fn read<I: Identified>(id: &ID, path: Path<'_>) -> Result<I> {
    ids::read(id).map_err(|error| errors::refused(&Refusal::of_value(path.to_string(), error)))
}

/// The column compares so with the value.
pub(super) fn compare(column: CaseColumn, operator: Operator, value: Value) -> Condition {
    Condition::Compare { column, operator, value }
}

fn one_of(column: CaseColumn, values: Vec<Value>) -> Condition {
    Condition::In { column, values }
}

fn none_of(column: CaseColumn, values: Vec<Value>) -> Condition {
    Condition::Not(Box::new(one_of(column, values)))
}

/// Whether a value is to be missing, where that was asked.
fn missing(is_null: MaybeUndefined<bool>, path: Path<'_>, column: CaseColumn) -> Result<Option<Condition>> {
    let is_null = given(&is_null, path.field("isNull"))?;
    Ok(is_null.map(|is_null| match is_null {
        true => Condition::IsNull { column },
        false => Condition::Not(Box::new(Condition::IsNull { column })),
    }))
}
