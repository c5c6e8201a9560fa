//! Comparisons: how one column is held against what a filter says.

use async_graphql::{Error, ID, InputObject, Result};

use crate::app::{CaseColumn, Condition, Operator, Value};
use crate::domain::refusal::Refusal;
use crate::domain::value::PersonId;
use crate::graphql::errors;
use crate::graphql::filter::bound::{DateOrRelative, DateTimeOrRelative, Place};
use crate::graphql::ids::{self, Identified};
use crate::graphql::scalars;
use crate::graphql::words::{CaseKind, CaseStatus, Level, OriginKind, Severity};

/// How a text compares. Every field that is given has to hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct TextComparison {
    /// Is exactly this.
    pub(crate) eq: Option<String>,
    /// Is not this, or missing.
    pub(crate) ne: Option<String>,
    /// Is one of these.
    #[graphql(name = "in")]
    pub(crate) one_of: Option<Vec<String>>,
    /// Is none of these, or missing.
    #[graphql(name = "nin")]
    pub(crate) none_of: Option<Vec<String>>,
    /// Contains this; ASCII letters of either case.
    pub(crate) contains: Option<String>,
    /// Begins with exactly this.
    pub(crate) starts_with: Option<String>,
    /// Is missing, or is not.
    pub(crate) is_null: Option<bool>,
}

/// How an id compares. Every field that is given has to hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct IdComparison {
    /// Is this.
    pub(crate) eq: Option<ID>,
    /// Is not this, or missing.
    pub(crate) ne: Option<ID>,
    /// Is one of these.
    #[graphql(name = "in")]
    pub(crate) one_of: Option<Vec<ID>>,
    /// Is none of these, or missing.
    #[graphql(name = "nin")]
    pub(crate) none_of: Option<Vec<ID>>,
    /// Is missing, or is not.
    pub(crate) is_null: Option<bool>,
}

/// Declares comparisons with the words of an enum.
macro_rules! word_comparisons {
    ($($(#[$doc:meta])* $comparison:ident of $word:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, InputObject)]
            pub(crate) struct $comparison {
                /// Is this.
                pub(crate) eq: Option<$word>,
                /// Is not this, or missing.
                pub(crate) ne: Option<$word>,
                /// Is one of these.
                #[graphql(name = "in")]
                pub(crate) one_of: Option<Vec<$word>>,
                /// Is none of these, or missing.
                #[graphql(name = "nin")]
                pub(crate) none_of: Option<Vec<$word>>,
                /// Is missing, or is not.
                pub(crate) is_null: Option<bool>,
            }

            impl $comparison {
                pub(super) fn conditions(&self, column: CaseColumn, out: &mut Vec<Condition>) {
                    let name = |word: &$word| Value::Text(async_graphql::resolver_utils::enum_value(*word).to_string());
                    out.extend(self.eq.as_ref().map(|word| compare(column, Operator::Equal, name(word))));
                    out.extend(self.ne.as_ref().map(|word| compare(column, Operator::NotEqual, name(word))));
                    let names = |words: &Vec<$word>| words.iter().map(name).collect();
                    out.extend(self.one_of.as_ref().map(|words| one_of(column, names(words))));
                    out.extend(self.none_of.as_ref().map(|words| none_of(column, names(words))));
                    out.extend(self.is_null.map(|is_null| missing(column, is_null)));
                }
            }
        )+
    };
}

word_comparisons! {
    /// How a status compares. Every field that is given has to hold.
    StatusComparison of CaseStatus;
    /// How a kind compares. Every field that is given has to hold.
    KindComparison of CaseKind;
    /// How a severity compares. Every field that is given has to hold.
    SeverityComparison of Severity;
    /// How a level compares. Every field that is given has to hold.
    LevelComparison of Level;
    /// How an origin compares. Every field that is given has to hold.
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
                pub(crate) eq: Option<$scalar>,
                /// Is not this, or missing.
                pub(crate) ne: Option<$scalar>,
                /// Is one of these.
                #[graphql(name = "in")]
                pub(crate) one_of: Option<Vec<$scalar>>,
                /// Is none of these, or missing.
                #[graphql(name = "nin")]
                pub(crate) none_of: Option<Vec<$scalar>>,
                /// Is before or below this.
                pub(crate) lt: Option<$scalar>,
                /// Is this, or before or below it.
                pub(crate) lte: Option<$scalar>,
                /// Is after or above this.
                pub(crate) gt: Option<$scalar>,
                /// Is this, or after or above it.
                pub(crate) gte: Option<$scalar>,
                /// Is missing, or is not.
                pub(crate) is_null: Option<bool>,
            }

            impl $comparison {
                pub(super) fn conditions(
                    &self,
                    column: CaseColumn,
                    value: impl Fn(&$scalar) -> Result<Value>,
                    out: &mut Vec<Condition>,
                ) -> Result<()> {
                    let comparisons = [
                        (Operator::Equal, &self.eq),
                        (Operator::NotEqual, &self.ne),
                        (Operator::Less, &self.lt),
                        (Operator::LessOrEqual, &self.lte),
                        (Operator::Greater, &self.gt),
                        (Operator::GreaterOrEqual, &self.gte),
                    ];
                    for (operator, right) in comparisons {
                        if let Some(right) = right {
                            out.push(compare(column, operator, value(right)?));
                        }
                    }
                    let values = |list: &Vec<$scalar>| list.iter().map(&value).collect::<Result<_>>();
                    if let Some(list) = &self.one_of {
                        out.push(one_of(column, values(list)?));
                    }
                    if let Some(list) = &self.none_of {
                        out.push(none_of(column, values(list)?));
                    }
                    out.extend(self.is_null.map(|is_null| missing(column, is_null)));
                    Ok(())
                }
            }
        )+
    };
}

ordered_comparisons! {
    /// How a moment compares. Every field that is given has to hold.
    DateTimeComparison of DateTimeOrRelative;
    /// How a day compares. Every field that is given has to hold.
    DateComparison of DateOrRelative;
    /// How a number compares. Every field that is given has to hold.
    DecimalComparison of scalars::Decimal;
}

impl TextComparison {
    pub(super) fn conditions(&self, field: &str, column: CaseColumn, out: &mut Vec<Condition>) -> Result<()> {
        let sought = |text: &Option<String>| text.clone().map(|text| super::sought(field, text)).transpose();
        out.extend(sought(&self.eq)?.map(|right| compare(column, Operator::Equal, Value::Text(right))));
        out.extend(sought(&self.ne)?.map(|right| compare(column, Operator::NotEqual, Value::Text(right))));
        let value = |text: &String| super::sought(field, text.clone()).map(Value::Text);
        let values = |texts: &Vec<String>| texts.iter().map(value).collect::<Result<_>>();
        if let Some(texts) = &self.one_of {
            out.push(one_of(column, values(texts)?));
        }
        if let Some(texts) = &self.none_of {
            out.push(none_of(column, values(texts)?));
        }
        out.extend(sought(&self.contains)?.map(|text| Condition::Contains { column, text }));
        out.extend(sought(&self.starts_with)?.map(|text| Condition::StartsWith { column, text }));
        out.extend(self.is_null.map(|is_null| missing(column, is_null)));
        Ok(())
    }
}

impl IdComparison {
    pub(super) fn conditions<I: Identified>(
        &self,
        field: &str,
        column: CaseColumn,
        out: &mut Vec<Condition>,
    ) -> Result<()> {
        let uuid = |id: &ID| Ok::<_, Error>(Value::Text(read::<I>(field, id)?.uuid().to_string()));
        if let Some(id) = &self.eq {
            out.push(compare(column, Operator::Equal, uuid(id)?));
        }
        if let Some(id) = &self.ne {
            out.push(compare(column, Operator::NotEqual, uuid(id)?));
        }
        let uuids = |ids: &Vec<ID>| ids.iter().map(uuid).collect::<Result<_>>();
        if let Some(ids) = &self.one_of {
            out.push(one_of(column, uuids(ids)?));
        }
        if let Some(ids) = &self.none_of {
            out.push(none_of(column, uuids(ids)?));
        }
        out.extend(self.is_null.map(|is_null| missing(column, is_null)));
        Ok(())
    }
}

impl IdComparison {
    /// Compares the persons who work on a case with these.
    pub(super) fn members(&self, field: &str, out: &mut Vec<Condition>) -> Result<()> {
        let column = CaseColumn::Members;
        let has = |id: &ID| -> Result<Condition> {
            let id = read::<PersonId>(field, id)?;
            Ok(Condition::Contains { column, text: format!(" {id} ") })
        };
        let any = |ids: &Vec<ID>| Ok::<_, Error>(Condition::Any(ids.iter().map(has).collect::<Result<_>>()?));
        let not = |condition: Condition| Condition::Not(Box::new(condition));
        out.extend(self.eq.as_ref().map(has).transpose()?);
        out.extend(self.ne.as_ref().map(has).transpose()?.map(not));
        out.extend(self.one_of.as_ref().map(any).transpose()?);
        out.extend(self.none_of.as_ref().map(any).transpose()?.map(not));
        out.extend(self.is_null.map(|is_null| {
            let operator = if is_null { Operator::Equal } else { Operator::NotEqual };
            compare(column, operator, Value::Text(String::new()))
        }));
        Ok(())
    }
}

/// An id that the field of that path is compared with.
fn read<I: Identified>(field: &str, id: &ID) -> Result<I> {
    ids::read(id).map_err(|error| errors::refused(&Refusal::of_value(field, error)))
}

/// The column compares so with the value.
pub(super) fn compare(column: CaseColumn, operator: Operator, value: Value) -> Condition {
    Condition::Compare { column, operator, value }
}

impl DateComparison {
    /// Compares the days of a column that holds them as text.
    pub(super) fn days(&self, column: CaseColumn, place: Place, out: &mut Vec<Condition>) -> Result<()> {
        self.conditions(column, |bound| Ok(Value::Text(bound.day(place)?.to_string())), out)
    }
}

impl DateTimeComparison {
    /// Compares the moments of a column that holds them in microseconds.
    pub(super) fn moments(&self, column: CaseColumn, place: Place, out: &mut Vec<Condition>) -> Result<()> {
        self.conditions(column, |bound| Ok(Value::Integer(bound.moment(place)?.as_microsecond())), out)
    }
}

fn one_of(column: CaseColumn, values: Vec<Value>) -> Condition {
    Condition::In { column, values }
}

fn none_of(column: CaseColumn, values: Vec<Value>) -> Condition {
    Condition::Not(Box::new(one_of(column, values)))
}

fn missing(column: CaseColumn, is_null: bool) -> Condition {
    match is_null {
        true => Condition::IsNull { column },
        false => Condition::Not(Box::new(Condition::IsNull { column })),
    }
}
