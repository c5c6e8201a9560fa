//! What a selection weighs: how deep it nests, how many fields it holds and what it costs.
//!
//! Every fragment is weighed once. Expanding fragments instead would take time exponential in their number: eighteen fragments that each spread the next one twice are a kilobyte of text and a quarter of a million fields.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::graphql::connection::{LARGEST_PAGE, USUAL_PAGE};
use crate::graphql::limits::{Limits, Measure, OverLimit};

/// What counting all rows costs, whatever the page.
pub(crate) const TOTAL_COUNT_COST: u64 = 50;

/// What a selection weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How deep it nests.
    pub(crate) depth: u64,
    /// How many fields it holds at its first level, with those of its fragments.
    pub(crate) fields: u64,
    /// What it costs once.
    pub(crate) cost: u64,
    /// What it costs besides for every row of the list that it selects from: what stands within `edges` and `nodes`.
    pub(crate) per_row: u64,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.fields = self.fields.saturating_add(other.fields);
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

/// Weighs the selections of one document.
pub(crate) struct Scale<'a> {
    limits: &'a Limits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    /// `None` while a fragment is being weighed: meeting it then is a circle.
    weighed: HashMap<&'a Name, Option<Weight>>,
    /// How many selections were looked at.
    pub(crate) steps: u64,
}

impl<'a> Scale<'a> {
    /// A scale for selections of that document.
    pub(crate) fn new(document: &'a ExecutableDocument, variables: &'a Variables, limits: &'a Limits) -> Self {
        Self { limits, fragments: &document.fragments, variables, weighed: HashMap::new(), steps: 0 }
    }

    /// Weighs the selection of an operation.
    ///
    /// # Errors
    /// Over a limit, or a fragment spreads itself.
    pub(crate) fn operation(&mut self, selection: &'a SelectionSet) -> Result<Weight, Unweighed> {
        let weight = self.selection(selection)?;
        self.limits.hold(Measure::RootFields, weight.fields)?;
        self.limits.hold(Measure::Depth, weight.depth)?;
        self.limits.hold(Measure::Cost, weight.cost.saturating_add(weight.per_row))?;
        Ok(weight)
    }

    /// Weighs every fragment, also those that no operation spreads: validation looks at them too.
    ///
    /// # Errors
    /// Over a limit, or a fragment spreads itself.
    pub(crate) fn fragments(&mut self) -> Result<(), Unweighed> {
        for name in self.fragments.keys() {
            let weight = self.fragment(name)?;
            self.limits.hold(Measure::Depth, weight.depth)?;
            self.limits.hold(Measure::Cost, weight.cost.saturating_add(weight.per_row))?;
        }
        Ok(())
    }

    fn selection(&mut self, selection: &'a SelectionSet) -> Result<Weight, Unweighed> {
        let mut sum = Weight::default();
        for item in &selection.items {
            self.steps += 1;
            sum.add(match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => self.selection(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            });
        }
        self.limits.hold(Measure::Selection, sum.fields)?;
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<Weight, Unweighed> {
        let within = self.selection(&field.selection_set.node)?;
        let is_of_rows = matches!(field.name.node.as_str(), "edges" | "nodes") && field.arguments.is_empty();
        let cost = match self.ids(field) {
            // A list that is none of pages: every row is the selection.
            Some(ids) => within.cost.saturating_mul(ids),
            None => within.cost.saturating_add(within.per_row.saturating_mul(self.rows(field))),
        };
        let own = if field.name.node == "totalCount" { TOTAL_COUNT_COST } else { 1 };
        let cost = cost.saturating_add(own);
        let weight = Weight { depth: within.depth.saturating_add(1), fields: 1, cost: 0, per_row: 0 };
        Ok(if is_of_rows { Weight { per_row: cost, ..weight } } else { Weight { cost, ..weight } })
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
        let weight = self.selection(&fragment.node.selection_set.node)?;
        self.weighed.insert(name, Some(weight));
        Ok(weight)
    }

    /// How many rows of each page a field asks for with `first` or `last`; the usual page where it does not say.
    fn rows(&self, field: &Field) -> u64 {
        for name in ["first", "last"] {
            match self.argument(field, name) {
                Some(Value::Number(number)) => {
                    let rows = number.as_u64().unwrap_or(1);
                    return rows.min(LARGEST_PAGE.into()).max(1);
                }
                _ => continue,
            }
        }
        USUAL_PAGE.into()
    }

    /// How many things a field asks for by their ids.
    fn ids(&self, field: &Field) -> Option<u64> {
        match self.argument(field, "ids") {
            Some(Value::List(ids)) => Some((ids.len() as u64).max(1)),
            _ => None,
        }
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?;
        let known = |name: Name| self.variables.get(&name).cloned().ok_or(());
        value.node.clone().into_const_with(known).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn weigh_with(query: &str, variables: &Variables) -> Result<Weight, Unweighed> {
        let (document, limits) = (parse_query(query).unwrap(), Limits::default());
        let mut scale = Scale::new(&document, variables, &limits);
        scale.fragments()?;
        let mut heaviest = Weight::default();
        for (_, operation) in document.operations.iter() {
            heaviest = scale.operation(&operation.node.selection_set.node)?;
        }
        Ok(heaviest)
    }

    fn cost(query: &str) -> u64 {
        weigh_with(query, &Variables::default()).unwrap().cost
    }

    fn over(query: &str) -> Measure {
        match weigh_with(query, &Variables::default()).unwrap_err() {
            Unweighed::OverLimit(over) => over.measure,
            Unweighed::Circle(name) => panic!("{name} spreads itself"),
        }
    }

    #[test]
    fn rows_multiply_what_stands_within_them() {
        assert_eq!(cost("{ viewer { id } }"), 2);
        assert_eq!(cost("{ cases(first: 10) { nodes { id title } } }"), 31);
        assert_eq!(cost("{ cases(last: 10) { nodes { id title } } }"), 31);
        assert_eq!(cost("{ cases { nodes { id } } }"), 101);
        assert_eq!(cost("{ cases(first: 1) { totalCount pageInfo { endCursor } } }"), 53);
        assert_eq!(cost("{ cases(first: 100) { totalCount } }"), 51);
        assert_eq!(cost("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }"), 4);
        let variables = Variables::from_json(json!({ "n": 3 }));
        let query = "query($n: Int) { cases(first: $n) { nodes { id } } }";
        assert_eq!(weigh_with(query, &variables).unwrap().cost, 7);
    }

    #[test]
    fn a_fragment_hides_no_rows() {
        let plain = cost("{ cases { edges { node { id } } } }");
        let spread = "{ cases { ...page } } fragment page on CaseConnection { edges { ...row } }
            fragment row on CaseEdge { node { id } }";
        assert_eq!(cost(spread), plain);
    }

    #[test]
    fn a_fragment_bomb_is_weighed_in_as_many_steps_as_it_has_selections() {
        let mut bomb = "{ ...f0 }".to_owned();
        for place in 0..60 {
            write!(bomb, " fragment f{place} on Query {{ v: viewer {{ ...f{next} ...f{next} }} }}", next = place + 1)
                .unwrap();
        }
        bomb.push_str(" fragment f60 on Query { viewer { id } }");
        let document = parse_query(&bomb).unwrap();
        let (variables, limits) = (Variables::default(), Limits { cost: u64::MAX, depth: 100, ..Limits::default() });
        let mut scale = Scale::new(&document, &variables, &limits);
        scale.fragments().unwrap();
        assert_eq!(scale.steps, 3 * 60 + 2);
        assert!(matches!(over(&bomb), Measure::Depth | Measure::Cost));
    }

    #[test]
    fn a_selection_has_an_end() {
        let wide = |count: usize| format!("{{ viewer {{ {} }} }}", "id ".repeat(count));
        assert!(weigh_with(&wide(500), &Variables::default()).is_ok());
        assert_eq!(over(&wide(501)), Measure::Selection);
        let mut flat = "{ viewer { ...f0 } }".to_owned();
        for place in 0..20 {
            write!(flat, " fragment f{place} on Viewer {{ ...f{next} ...f{next} }}", next = place + 1).unwrap();
        }
        flat.push_str(" fragment f20 on Viewer { id }");
        assert_eq!(over(&flat), Measure::Selection);
        assert_eq!(over(&format!("{{ {} }}", "viewer { id } ".repeat(51))), Measure::RootFields);
    }

    #[test]
    fn a_circle_is_named() {
        let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert!(matches!(weigh_with(circle, &Variables::default()), Err(Unweighed::Circle(_))));
    }

    #[test]
    fn depth_has_an_end() {
        let deep = |depth: usize| format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
        assert!(weigh_with(&deep(20), &Variables::default()).is_ok());
        assert_eq!(over(&deep(21)), Measure::Depth);
    }
}
