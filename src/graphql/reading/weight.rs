//! What a selection weighs: how deep it nests, how many fields it holds and what it costs.
//!
//! Every fragment is weighed once. Expanding fragments instead would take time exponential in their number: eighteen
//! fragments that each spread the next one twice are a kilobyte of text and a quarter of a million fields.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
    VariableDefinition,
};
use async_graphql::{Name, Positioned, Value};
use serde_json::{Map, Value as Json};

use crate::graphql::limits::{Limits, Measure, OverLimit};
use crate::graphql::reading::price::{Prices, Rows};

/// What a selection weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How deep it nests.
    pub(crate) depth: u64,
    /// How many selections stand within one another on the way to its deepest field, those of fragments included.
    pub(crate) levels: u64,
    /// How many fields it holds at its first level, with those of its fragments.
    pub(crate) fields: u64,
    /// How many values its arguments hold on all levels, those of a variable wherever it is used: each use makes its own of them.
    pub(crate) values: u64,
    /// What it costs once.
    pub(crate) cost: u64,
    /// What it costs besides for every row of the list that it selects from: what stands within `edges` and `nodes`.
    pub(crate) per_row: u64,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.levels = self.levels.max(other.levels);
        self.fields = self.fields.saturating_add(other.fields);
        self.values = self.values.saturating_add(other.values);
        self.cost = self.cost.saturating_add(other.cost);
        self.per_row = self.per_row.saturating_add(other.per_row);
    }
}

/// Why a selection is not weighed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unweighed {
    /// It is over a limit.
    OverLimit(OverLimit),
    /// A fragment spreads itself.
    Circle(String),
}

impl From<OverLimit> for Unweighed {
    fn from(over: OverLimit) -> Self {
        Self::OverLimit(over)
    }
}

/// What is known of the variables of an operation.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    /// Nothing yet: what they ask for is reckoned at the least that it can be.
    Unknown,
    /// What was given, and what the operation declares.
    Given { variables: &'a Map<String, Json>, declared: &'a [Positioned<VariableDefinition>] },
}

/// How much an argument asks for.
enum Amount {
    /// It is left out, or null.
    Unsaid,
    /// Its variable has no value yet.
    Unknown,
    /// So much: a number, or the length of a list.
    Of(u64),
}

/// Weighs the selections of one document.
pub(crate) struct Scale<'a> {
    limits: &'a Limits,
    prices: &'a Prices,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    values: Values<'a>,
    /// How many values each variable holds.
    sizes: HashMap<&'a Name, u64>,
    /// `None` while a fragment is being weighed: meeting it then is a circle.
    weighed: HashMap<&'a Name, Option<Weight>>,
    /// How many selections were looked at.
    pub(crate) steps: u64,
}

impl<'a> Scale<'a> {
    /// A scale for selections of that document.
    pub(crate) fn new(
        document: &'a ExecutableDocument,
        values: Values<'a>,
        prices: &'a Prices,
        limits: &'a Limits,
    ) -> Self {
        let (fragments, sizes) = (&document.fragments, sizes(values));
        Self { limits, prices, fragments, values, sizes, weighed: HashMap::new(), steps: 0 }
    }

    /// Weighs the selection of an operation.
    ///
    /// # Errors
    /// Over a limit, or a fragment spreads itself.
    pub(crate) fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Weight, Unweighed> {
        let weight = self.selection(&operation.selection_set.node, root_of(operation.ty))?;
        self.limits.hold(Measure::RootFields, weight.fields)?;
        self.hold(weight)?;
        Ok(weight)
    }

    /// Weighs every fragment, also those that no operation spreads: validation looks at them too. In the order of the
    /// text, since a document that is over several limits is told the same one every time.
    ///
    /// # Errors
    /// Over a limit, or a fragment spreads itself.
    pub(crate) fn fragments(&mut self) -> Result<(), Unweighed> {
        let mut fragments = self.fragments.iter().collect::<Vec<_>>();
        fragments.sort_unstable_by_key(|(_, fragment)| fragment.pos);
        for (name, _) in fragments {
            let weight = self.fragment(name)?;
            self.hold(weight)?;
        }
        Ok(())
    }

    fn hold(&self, weight: Weight) -> Result<(), OverLimit> {
        self.limits.hold(Measure::Depth, weight.depth)?;
        self.limits.hold(Measure::Levels, weight.levels)?;
        self.limits.hold(Measure::Values, weight.values)?;
        self.limits.hold(Measure::Cost, weight.cost.saturating_add(weight.per_row))
    }

    /// Weighs what is selected of a type.
    fn selection(&mut self, selection: &'a SelectionSet, of: &'a str) -> Result<Weight, Unweighed> {
        let mut sum = Weight::default();
        for item in &selection.items {
            self.steps += 1;
            sum.add(match &item.node {
                Selection::Field(field) => self.field(&field.node, of)?,
                Selection::InlineFragment(fragment) => {
                    let narrowed =
                        fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    self.selection(&fragment.node.selection_set.node, narrowed.unwrap_or(of))?
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            });
        }
        self.limits.hold(Measure::Selection, sum.fields)?;
        sum.levels = sum.levels.saturating_add(u64::from(!selection.items.is_empty()));
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field, of: &str) -> Result<Weight, Unweighed> {
        let values = self.values_of(field);
        // Held before any of them is looked at.
        self.limits.hold(Measure::Values, values)?;
        let price = self.prices.find(of, &field.name.node);
        // What is not of the schema is not executed either: only its shape counts.
        let (own, rows, inner) = price.map_or((1, Rows::One, ""), |price| (price.cost, price.rows, price.of.as_str()));
        let within = self.selection(&field.selection_set.node, inner)?;
        let once = within.cost.saturating_add(within.per_row.saturating_mul(self.page(field)));
        // A row of a list costs something even where nothing is selected in it.
        let of_rows = |rows: u64| own.saturating_add(once.max(1).saturating_mul(rows));
        let depth = within.depth.saturating_add(1);
        let values = within.values.saturating_add(values);
        let weight = Weight { depth, levels: within.levels, fields: 1, values, cost: 0, per_row: 0 };
        Ok(match rows {
            Rows::OfPage => Weight { per_row: own.saturating_add(once), ..weight },
            Rows::One => Weight { cost: own.saturating_add(once), ..weight },
            Rows::Reckoned(rows) => Weight { cost: of_rows(rows), ..weight },
            Rows::First { usual, most } => Weight { cost: of_rows(self.first(field, usual, most)), ..weight },
            Rows::Part(usual) => Weight { cost: of_rows(self.first(field, usual, self.limits.page.into())), ..weight },
            Rows::Ids => Weight { cost: of_rows(self.each(field, &["ids"])), ..weight },
            Rows::Commands => {
                let commands = self.each(field, &["input", "commands"]);
                Weight { cost: own.saturating_add(once).saturating_mul(commands), ..weight }
            }
        })
    }

    /// How many values the arguments of a field hold. A variable of which nothing is known counts as one.
    fn values_of(&self, field: &Field) -> u64 {
        let mut values = 0;
        for (_, argument) in &field.arguments {
            let mut of_variables = 0;
            let Ok(literal) = argument.node.clone().into_const_with(|variable| {
                of_variables += self.sizes.get(&variable).map_or(0, |size| size - 1);
                Ok::<_, Infallible>(Value::Null)
            });
            values += count(&literal) + of_variables;
        }
        values
    }

    /// How many rows a list is asked for with `first`; the usual number where it does not say.
    fn first(&self, field: &Field, usual: u64, most: u64) -> u64 {
        match self.amount(field, &["first"]) {
            Amount::Unsaid => usual,
            Amount::Unknown => 1,
            Amount::Of(rows) => rows.clamp(1, most),
        }
    }

    /// How many there are in the list at that path into the arguments; one of a list of none.
    fn each(&self, field: &Field, path: &[&str]) -> u64 {
        match self.amount(field, path) {
            Amount::Unsaid | Amount::Unknown => 1,
            Amount::Of(items) => items.max(1),
        }
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Weight, Unweighed> {
        match self.weighed.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(Unweighed::Circle(name.to_string())),
            None => {}
        }
        // An unknown fragment weighs nothing here; validation names it.
        let Some(fragment) = self.fragments.get(name) else {
            return Ok(Weight::default());
        };
        self.weighed.insert(name, None);
        let weight = self.selection(&fragment.node.selection_set.node, &fragment.node.type_condition.node.on.node)?;
        self.weighed.insert(name, Some(weight));
        Ok(weight)
    }

    /// How many rows of each page a field asks for with `first` or `last`; the usual page where it does not say.
    fn page(&self, field: &Field) -> u64 {
        for name in ["first", "last"] {
            match self.amount(field, &[name]) {
                Amount::Unsaid => {}
                Amount::Unknown => return 1,
                Amount::Of(rows) => return rows.clamp(1, self.limits.page.into()),
            }
        }
        self.limits.usual_page().into()
    }

    /// How much the value at that path into the arguments asks for.
    fn amount(&self, field: &Field, path: &[&str]) -> Amount {
        let [name, within @ ..] = path else { return Amount::Unsaid };
        let Some(argument) = field.get_argument(name) else { return Amount::Unsaid };
        let Ok(value) = argument.node.clone().into_const_with(|variable| self.value_of(&variable).ok_or(())) else {
            return Amount::Unknown;
        };
        let inner = within.iter().try_fold(&value, |value, name| match value {
            Value::Object(fields) => fields.get(*name),
            _ => None,
        });
        match inner {
            None | Some(Value::Null) => Amount::Unsaid,
            Some(Value::Number(number)) => Amount::Of(number.as_u64().unwrap_or(1)),
            Some(Value::List(items)) => Amount::Of(items.len() as u64),
            Some(_) => Amount::Of(1),
        }
    }

    /// The value of a variable; `None` while nothing is known of it. One that was given counts, null among them, and the default only where none was.
    fn value_of(&self, name: &Name) -> Option<Value> {
        let Values::Given { variables, declared } = self.values else { return None };
        let default = || {
            let declared = declared.iter().find(|variable| variable.node.name.node == *name)?;
            declared.node.default_value.as_ref().map(|value| &value.node)
        };
        let given = variables.get(name.as_str()).map(|value| Value::from_json(value.clone()).unwrap_or_default());
        Some(given.or_else(|| default().cloned()).unwrap_or_default())
    }
}

/// The type that an operation selects from.
pub(super) fn root_of(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// How many values the variables hold that have a value.
fn sizes(values: Values<'_>) -> HashMap<&Name, u64> {
    let Values::Given { variables, declared } = values else { return HashMap::new() };
    let sizes = declared.iter().map(|variable| &variable.node).filter_map(|variable| {
        let given = variables.get(variable.name.node.as_str()).map(count_given);
        let size = given.or_else(|| variable.default_value.as_ref().map(|value| count(&value.node)))?;
        Some((&variable.name.node, size))
    });
    sizes.collect()
}

/// A value and those within it.
fn count(value: &Value) -> u64 {
    match value {
        Value::List(items) => 1 + items.iter().map(count).sum::<u64>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<u64>(),
        _ => 1,
    }
}

fn count_given(value: &Json) -> u64 {
    match value {
        Json::Array(items) => 1 + items.iter().map(count_given).sum::<u64>(),
        Json::Object(fields) => 1 + fields.values().map(count_given).sum::<u64>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
