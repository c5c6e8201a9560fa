//! Limits: how deep a selection may nest and what an operation may cost, judged on the parsed document before anything else looks at it.
//!
//! Every fragment is weighed once. Expanding fragments instead would take time exponential in their number: eighteen fragments that each spread the next one twice are a kilobyte of text and a quarter of a million fields.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::graphql::connection::{LARGEST_PAGE, USUAL_PAGE};

/// What requests are held to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep a selection may nest. GraphiQL's introspection needs 15.
    pub depth: u64,
    /// What an operation may cost.
    pub cost: u64,
    /// How many bytes the body of a request may have.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 20, cost: 50_000, body_bytes: 8 * 1024 * 1024 }
    }
}

/// Why a document is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OverLimit {
    /// It nests too deep.
    #[error("the selection nests {depth} deep; at most {limit} are answered")]
    Depth {
        /// How deep it nests.
        depth: u64,
        /// How deep it may.
        limit: u64,
    },
    /// It costs too much.
    #[error(
        "the operation costs {cost}; at most {limit} is answered: ask for fewer rows with `first`, or for fewer fields"
    )]
    Cost {
        /// What it costs.
        cost: u64,
        /// What it may.
        limit: u64,
    },
    /// A fragment spreads itself.
    #[error("the fragment {name:?} spreads itself")]
    Circle {
        /// Which one.
        name: String,
    },
}

impl OverLimit {
    /// What a program can act on.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Depth { .. } => "DEPTH_LIMIT_EXCEEDED",
            Self::Cost { .. } => "COST_LIMIT_EXCEEDED",
            Self::Circle { .. } => "GRAPHQL_VALIDATION_FAILED",
        }
    }
}

/// How deep a selection nests and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How deep.
    pub(crate) depth: u64,
    /// How much.
    pub(crate) cost: u64,
}

impl Limits {
    /// Weighs every operation of the document.
    ///
    /// # Errors
    /// When one is over the limits or a fragment spreads itself.
    pub(crate) fn check(&self, document: &ExecutableDocument, variables: &Variables) -> Result<Weight, OverLimit> {
        let mut scale = Scale { fragments: &document.fragments, variables, weighed: HashMap::new() };
        let mut heaviest = Weight::default();
        for (_, operation) in document.operations.iter() {
            let weight = scale.selection(&operation.node.selection_set.node)?;
            heaviest.depth = heaviest.depth.max(weight.depth);
            heaviest.cost = heaviest.cost.max(weight.cost);
        }
        if heaviest.depth > self.depth {
            return Err(OverLimit::Depth { depth: heaviest.depth, limit: self.depth });
        }
        if heaviest.cost > self.cost {
            return Err(OverLimit::Cost { cost: heaviest.cost, limit: self.cost });
        }
        Ok(heaviest)
    }
}

struct Scale<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    /// `None` while a fragment is being weighed: meeting it then is a circle.
    weighed: HashMap<&'a Name, Option<Weight>>,
}

impl<'a> Scale<'a> {
    fn selection(&mut self, selection: &'a SelectionSet) -> Result<Weight, OverLimit> {
        let mut sum = Weight::default();
        for item in &selection.items {
            let weight = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => self.selection(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            sum.depth = sum.depth.max(weight.depth);
            sum.cost = sum.cost.saturating_add(weight.cost);
        }
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<Weight, OverLimit> {
        let within = self.selection(&field.selection_set.node)?;
        let rows = self.rows(field);
        Ok(Weight { depth: within.depth + 1, cost: within.cost.saturating_mul(rows).saturating_add(1) })
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Weight, OverLimit> {
        match self.weighed.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(OverLimit::Circle { name: name.to_string() }),
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

    /// How many rows a field asks for: `first`, the number of `ids`, or the usual page where a connection is not told.
    fn rows(&self, field: &Field) -> u64 {
        if let Some(first) = self.argument(field, "first") {
            return match first {
                Value::Number(number) => number.as_u64().unwrap_or(1).min(LARGEST_PAGE.into()).max(1),
                _ => USUAL_PAGE.into(),
            };
        }
        if let Some(Value::List(ids)) = self.argument(field, "ids") {
            return (ids.len() as u64).max(1);
        }
        let is_connection = field.selection_set.node.items.iter().any(|item| {
            matches!(&item.node, Selection::Field(field) if field.node.name.node == "edges" || field.node.name.node == "nodes")
        });
        if is_connection { USUAL_PAGE.into() } else { 1 }
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

    fn weigh(query: &str) -> Result<Weight, OverLimit> {
        Limits::default().check(&parse_query(query).unwrap(), &Variables::default())
    }

    #[test]
    fn rows_multiply() {
        assert_eq!(weigh("{ viewer { id } }").unwrap(), Weight { depth: 2, cost: 2 });
        assert_eq!(weigh("{ cases(first: 10) { nodes { id title } } }").unwrap().cost, 31);
        assert_eq!(weigh("{ cases { nodes { id } } }").unwrap().cost, 101);
        let query = parse_query("query($n: Int) { cases(first: $n) { nodes { id } } }").unwrap();
        let variables = Variables::from_json(json!({ "n": 3 }));
        assert_eq!(Limits::default().check(&query, &variables).unwrap().cost, 7);
    }

    #[test]
    fn a_fragment_bomb_is_weighed_at_once() {
        let mut bomb = "{ ...f0 }".to_owned();
        for place in 0..60 {
            write!(bomb, " fragment f{place} on Query {{ ...f{next} ...f{next} }}", next = place + 1).unwrap();
        }
        bomb.push_str(" fragment f60 on Query { viewer { id } }");
        let cost = 2 << 60;
        assert_eq!(weigh(&bomb), Err(OverLimit::Cost { cost, limit: Limits::default().cost }));
    }

    #[test]
    fn a_circle_is_named() {
        let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert_eq!(weigh(circle), Err(OverLimit::Circle { name: "a".to_owned() }));
    }

    #[test]
    fn depth_has_an_end() {
        let depth = 21;
        let deep = format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
        let limit = Limits::default().depth;
        assert_eq!(weigh(&deep), Err(OverLimit::Depth { depth: depth as u64, limit }));
    }
}
