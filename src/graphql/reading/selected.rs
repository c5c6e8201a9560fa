//! What an operation selects, each response name once (GraphQL, 6.3.2, `CollectFields`).
//!
//! The library takes every selection of a name for a field of its own: it would carry out a command as often as it is
//! selected, and look a list up as often and put rows of two moments together by their places. And it looks for the field
//! of a subscription in the operation itself, not within fragments.
//!
//! What is selected of some types of an interface alone stays in fragments, each name of a type once. Beside them, and
//! of a narrower interface, it may stand again, and that is left to the library: no list that the types of an interface
//! have in common is looked up.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::iter::once;
use std::mem;

use apollo_compiler::Schema;
use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationDefinition,
    Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::graphql::reading::weight::root_of;

/// A document of that operation alone, with the fields that it selects of each thing in one selection of it, those of one
/// response name together: nothing in it spreads a fragment. The document that it comes from is a valid one, within the
/// limits (it does not grow to more fields than it costs), and the variables have their defaults.
pub(super) fn gather(
    operation: &Positioned<OperationDefinition>,
    fragments: &Fragments,
    variables: &Variables,
    schema: &Schema,
) -> ExecutableDocument {
    let mut operation = operation.clone();
    let root = root_of(operation.node.ty);
    let selected = &mut operation.node.selection_set.node;
    *selected = Gathering { schema, fragments, variables }.gathered(mem::take(selected), root);
    ExecutableDocument { operations: DocumentOperations::Single(operation), fragments: HashMap::new() }
}

/// The fragments of a document by their names.
type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// What selections are read by.
#[derive(Clone, Copy)]
struct Gathering<'a> {
    schema: &'a Schema,
    fragments: &'a Fragments,
    variables: &'a Variables,
}

/// The types that are selected from alone, of which a thing has to be all.
type Alone = Vec<Name>;

/// The fields of one selection.
struct Gathered<'a> {
    gathering: Gathering<'a>,
    /// The type that is selected from.
    of: &'a str,
    /// Fragments whose fields are among these.
    seen: HashSet<(Alone, Name)>,
    fields: IndexMap<(Alone, Name), Positioned<Field>>,
}

impl Gathering<'_> {
    fn gathered(self, set: SelectionSet, of: &str) -> SelectionSet {
        let mut found = Gathered { gathering: self, of, seen: HashSet::new(), fields: IndexMap::new() };
        found.add(set, &[]);
        let items = found.fields.into_iter().map(|((alone, _), mut field)| {
            let mut types = alone.iter().rev().map(Name::as_str).chain(once(of));
            let definition = types.find_map(|of| self.schema.type_field(of, &field.node.name.node).ok());
            let definition = definition.expect("a valid document selects fields that there are");
            let selected = &mut field.node.selection_set.node;
            *selected = self.gathered(mem::take(selected), definition.ty.inner_named_type().as_str());
            let pos = field.pos;
            alone.into_iter().rfold(Positioned::new(Selection::Field(field), pos), of_type)
        });
        SelectionSet { items: items.collect() }
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

impl Gathered<'_> {
    fn add(&mut self, set: SelectionSet, alone: &[Name]) {
        for item in set.items {
            if self.gathering.is_left_out(item.node.directives()) {
                continue;
            }
            match item.node {
                Selection::Field(field) => self.add_field(field, alone),
                Selection::InlineFragment(fragment) => {
                    let InlineFragment { type_condition, selection_set, .. } = fragment.node;
                    self.add_fragment(
                        type_condition.map(|condition| condition.node.on.node),
                        selection_set.node,
                        alone,
                    );
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node;
                    let found = self.gathering.fragments.get(&name);
                    let fragment = &found.expect("a valid document has the fragments that it spreads").node;
                    if self.seen.insert((alone.to_vec(), name)) {
                        let on = fragment.type_condition.node.on.node.clone();
                        self.add_fragment(Some(on), fragment.selection_set.node.clone(), alone);
                    }
                }
            }
        }
    }

    fn add_fragment(&mut self, on: Option<Name>, set: SelectionSet, alone: &[Name]) {
        match on.filter(|on| !self.is_certain(on, alone)) {
            Some(on) => {
                // What is of that type is of the wider ones as well.
                let others = alone.iter().filter(|of| !self.gathering.schema.is_subtype(of, &on)).cloned();
                let alone: Alone = others.chain(once(on.clone())).collect();
                self.add(set, &alone);
            }
            None => self.add(set, alone),
        }
    }

    /// Whether what is selected from is of that type in any case.
    fn is_certain(&self, on: &str, alone: &[Name]) -> bool {
        let mut types = alone.iter().map(Name::as_str).chain(once(self.of));
        types.any(|of| of == on || self.gathering.schema.is_subtype(on, of))
    }

    fn add_field(&mut self, field: Positioned<Field>, alone: &[Name]) {
        match self.fields.entry((alone.to_vec(), field.node.response_key().node.clone())) {
            Entry::Vacant(entry) => {
                entry.insert(field);
            }
            // It has the same name and arguments: else the document would not be a valid one.
            Entry::Occupied(mut entry) => {
                entry.get_mut().node.selection_set.node.items.extend(field.node.selection_set.node.items);
            }
        }
    }
}

/// What is selected of that type alone.
fn of_type(selection: Positioned<Selection>, on: Name) -> Positioned<Selection> {
    let pos = selection.pos;
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(TypeCondition { on: Positioned::new(on, pos) }, pos)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items: vec![selection] }, pos),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(fragment, pos)), pos)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    const SDL: &str = "
        type Query { c: C asOf: AsOf preview: Preview node: Node other: Other }
        type Mutation { m: C }
        type Subscription { events: C }
        type AsOf { query: Query time: Int }
        type Preview { m: C }
        interface Node { id: ID }
        union Other = C | D
        type C implements Node { id: ID x: Int y: Int z: Int c: C }
        type D implements Node { id: ID d: C }";

    /// What is selected, in words.
    fn selected(query: &str) -> String {
        let schema = Schema::parse(SDL, "schema").expect("a sound schema");
        let document = parse_query(query).expect("it parses");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let variables = Variables::from_value(value!({ "yes": true, "no": false }));
        let gathered = gather(operation, &document.fragments, &variables, &schema);
        let (_, operation) = gathered.operations.iter().next().expect("the operation");
        in_words(&operation.node.selection_set.node)
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
            Selection::InlineFragment(fragment) => {
                let on = &fragment.node.type_condition.as_ref().expect("it is of some types alone").node.on;
                format!("... on {on} {{ {} }}", in_words(&fragment.node.selection_set.node))
            }
        });
        selected.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_field_is_found_wherever_it_stands() {
        assert_eq!(selected("subscription { events { x } }"), "events { x }");
        assert_eq!(selected("subscription { ... on Subscription { events { x } } }"), "events { x }");
        let nested = "subscription { ...A } fragment A on Subscription { ...B } \
             fragment B on Subscription { events { ...C } } fragment C on C { x }";
        assert_eq!(selected(nested), "events { x }");
    }

    #[test]
    fn those_of_one_response_name_are_one_in_the_order_of_the_first() {
        let query = "mutation { a: m { x } ...F b: m { y } a: m { z } } \
             fragment F on Mutation { c: m { x } a: m { y } ...F2 ...F2 } fragment F2 on Mutation { b: m { x } }";
        assert_eq!(selected(query), "a { x y z } c { x } b { x y }");
    }

    #[test]
    fn so_are_those_further_down() {
        let query = "{ asOf { ...A query { ...B } } ...C preview { ...P m { y } } } \
             fragment A on AsOf { query { c { x } } time } fragment B on Query { c { ...D } } \
             fragment C on Query { asOf { query { c { y } } } } fragment P on Preview { m { x } } \
             fragment D on C { c { x } ... on Node { id } ... { c { y ... on C { x } } } }";
        assert_eq!(selected(query), "asOf { query { c { x c { x y } id y } } time } preview { m { x y } }");
        let introspected = "{ __schema { types { name } } __typename ... { __schema { types { fields { name } } } } }";
        assert_eq!(selected(introspected), "__schema { types { name fields { name } } } __typename");
    }

    #[test]
    fn what_is_of_some_types_alone_stays_so() {
        let query = "{ node { ... on C { c { x } } id ... on D { d { x } } ...A } ...B } \
             fragment A on Node { ... on C { c { y } y } id ...E } fragment B on Query { node { ...E } } \
             fragment E on D { d { y } }";
        let apart = "... on C { c { x y } } id ... on D { d { x y } } ... on C { y }";
        assert_eq!(selected(query), format!("node {{ {apart} }}"));
        let query = "{ other { __typename ... on Node { id ... on C { x } } ... on C { x y } } }";
        let apart = "__typename ... on Node { id } ... on C { x } ... on C { y }";
        assert_eq!(selected(query), format!("other {{ {apart} }}"));
        // Of a type that this is not.
        let query = "{ c { x ... on Node { ... on D { d { x } } } } }";
        assert_eq!(selected(query), "c { x ... on D { d { x } } }");
    }

    #[test]
    fn what_is_skipped_is_none_of_them() {
        let query = "mutation { a: m @skip(if: $yes) { x } ...F @include(if: $no) b: m @include(if: $yes) { x } \
             ... @skip(if: true) { d: m { x } } c: m @skip(if: $no) @include(if: false) { x } ...F } \
             fragment F on Mutation { b: m { y z @skip(if: $yes) } }";
        assert_eq!(selected(query), "b { x y }");
    }
}
