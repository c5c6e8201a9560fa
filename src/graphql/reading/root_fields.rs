//! What an operation selects of its root, each response name once (GraphQL, 6.3.2, `CollectFields`).
//!
//! The library takes every selection of a name for a field of its own: it would carry out a command as often as it is
//! selected, and look a list up as often and put rows of two moments together by their places. And it looks for the field
//! of a subscription in the operation itself, not within fragments.
//!
//! Further down it is left to the library: what stands there is of one thing that was read, and is loaded for all who ask
//! at once.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// The fields whose own are looked up as those of the root are: the root of another moment, and previews.
const AS_THE_ROOT: [&str; 3] = ["asOf", "query", "preview"];

/// Puts the fields that the operation selects of its root into the operation itself, those of one response name
/// together. The document is a valid one, and the variables have their defaults.
pub(super) fn gather(document: &mut ExecutableDocument, operation_name: Option<&str>, variables: &Variables) {
    let selected = &mut operation(&mut document.operations, operation_name).selection_set.node;
    *selected = gathered(selected, &document.fragments, variables);
}

fn gathered(selected: &SelectionSet, fragments: &Fragments, variables: &Variables) -> SelectionSet {
    let mut found = Gathered { fragments, variables, seen: HashSet::new(), fields: IndexMap::new() };
    found.add(selected);
    let fields = found.fields.into_values().map(|mut field| {
        if AS_THE_ROOT.contains(&field.node.name.node.as_str()) {
            let selected = &mut field.node.selection_set.node;
            *selected = gathered(selected, fragments, variables);
        }
        let pos = field.pos;
        Positioned::new(Selection::Field(field), pos)
    });
    SelectionSet { items: fields.collect() }
}

fn operation<'a>(operations: &'a mut DocumentOperations, wanted: Option<&str>) -> &'a mut OperationDefinition {
    let operation = match (operations, wanted) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(wanted)) => operations.get_mut(wanted),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    &mut operation.expect("it was chosen before").node
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

struct Gathered<'a> {
    fragments: &'a Fragments,
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

    /// What is selected of the root, in words.
    fn root_of(query: &str) -> String {
        let mut document = parse_query(query).expect("it parses");
        gather(&mut document, None, &Variables::from_value(value!({ "yes": true, "no": false })));
        in_words(&operation(&mut document.operations, None).selection_set.node)
    }

    fn in_words(set: &SelectionSet) -> String {
        let selected = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {
                field.node.response_key().node.to_string()
            }
            Selection::Field(field) => {
                format!("{} {{ {} }}", field.node.response_key().node, in_words(&field.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
            Selection::InlineFragment(fragment) => format!("... {{ {} }}", in_words(&fragment.node.selection_set.node)),
        });
        selected.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_field_is_found_wherever_it_stands() {
        assert_eq!(root_of("subscription { events { position } }"), "events { position }");
        assert_eq!(root_of("subscription { ... on Subscription { events { position } } }"), "events { position }");
        let nested = "subscription { ...A } fragment A on Subscription { ...B } \
             fragment B on Subscription { events { ...C } } fragment C on LogUpdate { position }";
        assert_eq!(root_of(nested), "events { ...C }");
    }

    #[test]
    fn those_of_one_response_name_are_one_in_the_order_of_the_first() {
        let query = "mutation { a: m { x } ...F b: m { v } a: m { z } } \
             fragment F on Mutation { c: m { w } a: m { y } ...F2 ...F2 } fragment F2 on Mutation { b: m { u } }";
        assert_eq!(root_of(query), "a { x y z } c { w } b { u v }");
    }

    #[test]
    fn those_of_another_moment_and_of_previews_are_gathered_as_well() {
        let query = "{ asOf { ...A query { ...B } } ...C preview { ...P m { y } } } \
             fragment A on AsOf { query { c { x } } time } fragment B on Query { c { ...D } } \
             fragment C on Query { asOf { query { c { y } } } } fragment P on PreviewPayload { m { x } }";
        assert_eq!(root_of(query), "asOf { query { c { x ...D y } } time } preview { m { x y } }");
    }

    #[test]
    fn what_is_skipped_is_none_of_them() {
        let query = "mutation { a: m @skip(if: $yes) { x } ...F @include(if: $no) b: m @include(if: $yes) { x } \
             ... @skip(if: true) { d: m { x } } c: m @skip(if: $no) @include(if: false) { x } ...F } \
             fragment F on Mutation { b: m { y } }";
        assert_eq!(root_of(query), "b { x y }");
    }
}
