//! What an operation selects of its root, each response name once (GraphQL, 6.3.2, `CollectFields`).
//!
//! The library takes every selection of a name for a field of its own: it would carry out a command as often as it is
//! selected. And it looks for the field of a subscription in the operation itself, not within fragments.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// Puts the fields that the operation selects of its root into the operation itself, those of one response name
/// together. The document is a valid one, and the variables have their defaults.
pub(super) fn gather(document: &mut ExecutableDocument, operation_name: Option<&str>, variables: &Variables) {
    let operation = operation(&mut document.operations, operation_name);
    let selected = std::mem::take(&mut operation.selection_set.node);
    let mut gathered =
        Gathered { fragments: &document.fragments, variables, seen: HashSet::new(), fields: IndexMap::new() };
    gathered.add(&selected);
    let fields = gathered.fields.into_values().map(|field| (field.pos, Selection::Field(field)));
    operation.selection_set.node.items = fields.map(|(pos, field)| Positioned::new(field, pos)).collect();
}

fn operation<'a>(operations: &'a mut DocumentOperations, wanted: Option<&str>) -> &'a mut OperationDefinition {
    let operation = match (operations, wanted) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(wanted)) => operations.get_mut(wanted),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    &mut operation.expect("it was chosen before").node
}

struct Gathered<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    /// Fragments whose fields are among these.
    seen: HashSet<&'a Name>,
    fields: IndexMap<Name, Positioned<Field>>,
}

impl Gathered<'_> {
    fn add(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            if self.is_left_out(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => self.add_field(field),
                Selection::InlineFragment(fragment) => self.add(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let found = self.fragments.get_key_value(&spread.node.fragment_name.node);
                    let (name, fragment) = found.expect("a valid document has the fragments that it spreads");
                    if self.seen.insert(name) {
                        self.add(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn add_field(&mut self, field: &Positioned<Field>) {
        match self.fields.entry(field.node.response_key().node.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(field.clone());
            }
            // It has the same name and arguments: else the document would not be a valid one.
            Entry::Occupied(mut entry) => {
                let more = field.node.selection_set.node.items.iter().cloned();
                entry.get_mut().node.selection_set.node.items.extend(more);
            }
        }
    }

    fn is_left_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().map(|directive| &directive.node).any(|directive| match directive.name.node.as_str() {
            "skip" => self.holds(directive),
            "include" => !self.holds(directive),
            _ => false,
        })
    }

    /// Whether the condition of a directive does.
    fn holds(&self, directive: &Directive) -> bool {
        let condition = directive.get_argument("if").expect("a valid document has the arguments that it needs");
        let value_of = |name: Name| Ok::<_, Infallible>(self.variables.get(&name).cloned().unwrap_or_default());
        let Ok(condition) = condition.node.clone().into_const_with(value_of);
        condition == Value::Boolean(true)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    /// The fields of the root with what is selected of each.
    fn gathered(query: &str) -> Vec<(String, Vec<String>)> {
        let mut document = parse_query(query).expect("it parses");
        gather(&mut document, None, &Variables::from_value(value!({ "yes": true, "no": false })));
        let names = |set: &SelectionSet| -> Vec<_> {
            let fields = set.items.iter().map(|item| match &item.node {
                Selection::Field(field) => field.node.response_key().node.to_string(),
                Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
                Selection::InlineFragment(_) => "...".to_owned(),
            });
            fields.collect()
        };
        let items = &operation(&mut document.operations, None).selection_set.node.items;
        let fields = items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                (field.node.response_key().node.to_string(), names(&field.node.selection_set.node))
            }
            other => panic!("it is within a fragment: {other:?}"),
        });
        fields.collect()
    }

    fn of(fields: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        fields
            .iter()
            .map(|(name, of)| ((*name).to_owned(), of.iter().map(|name| (*name).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn a_field_is_found_wherever_it_stands() {
        let events = of(&[("events", &["position"])]);
        assert_eq!(gathered("subscription { events { position } }"), events);
        assert_eq!(gathered("subscription { ... on Subscription { events { position } } }"), events);
        let nested = "subscription { ...A } fragment A on Subscription { ...B } \
             fragment B on Subscription { events { ...C } } fragment C on LogUpdate { position }";
        assert_eq!(gathered(nested), of(&[("events", &["...C"])]));
    }

    #[test]
    fn those_of_one_response_name_are_one_in_the_order_of_the_first() {
        let query = "mutation { a: m { x } ...F b: m { v } a: m { z } } \
             fragment F on Mutation { c: m { w } a: m { y } ...F2 ...F2 } fragment F2 on Mutation { b: m { u } }";
        assert_eq!(gathered(query), of(&[("a", &["x", "y", "z"]), ("c", &["w"]), ("b", &["u", "v"])]));
    }

    #[test]
    fn what_is_skipped_is_none_of_them() {
        let query = "mutation { a: m @skip(if: $yes) { x } ...F @include(if: $no) b: m @include(if: $yes) { x } \
             ... @skip(if: true) { d: m { x } } c: m @skip(if: $no) @include(if: false) { x } ...F } \
             fragment F on Mutation { b: m { y } }";
        assert_eq!(gathered(query), of(&[("b", &["x", "y"])]));
    }
}
