//! The one root field of a subscription (GraphQL, 5.2.4.1), which may stand within fragments.

use std::collections::HashSet;

use async_graphql::Name;
use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};

/// Whether the operation selects exactly one field. The library looks for it in the operation itself and not within fragments: there it is put. The document is within the limits, and so has no circles and no more fields than can be walked.
pub(super) fn stands_alone(document: &mut ExecutableDocument, operation_name: Option<&str>) -> bool {
    let Some(operation) = operation(document, operation_name) else { return false };
    let mut fields = Vec::new();
    let mut is_within_fragments = false;
    let mut sets = vec![&operation.selection_set.node];
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => fields.push((selection, &field.node)),
                Selection::InlineFragment(fragment) => {
                    is_within_fragments = true;
                    sets.push(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    is_within_fragments = true;
                    // An unknown one is named by the validation.
                    let found = document.fragments.get(&spread.node.fragment_name.node);
                    sets.extend(found.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    let [(selection, field)] = fields.as_slice() else { return false };
    if is_within_fragments {
        let (selection, needed) = ((*selection).clone(), spread_in(document, field));
        put(document, operation_name, selection);
        document.fragments.retain(|name, _| needed.contains(name));
    }
    true
}

fn operation<'a>(document: &'a ExecutableDocument, wanted: Option<&str>) -> Option<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    let found = match wanted {
        Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted)),
        None => operations.next(),
    };
    found.map(|(_, operation)| &operation.node)
}

/// The fragments that the field still needs.
fn spread_in(document: &ExecutableDocument, field: &Field) -> HashSet<Name> {
    let mut needed = HashSet::new();
    let mut sets: Vec<&SelectionSet> = vec![&field.selection_set.node];
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if needed.insert(name.clone()) {
                        sets.extend(document.fragments.get(name).map(|fragment| &fragment.node.selection_set.node));
                    }
                }
            }
        }
    }
    needed
}

fn put(document: &mut ExecutableDocument, wanted: Option<&str>, field: Positioned<Selection>) {
    use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
    let operation = match (&mut document.operations, wanted) {
        (Single(operation), _) => Some(operation),
        (Multiple(operations), Some(wanted)) => operations.get_mut(wanted),
        (Multiple(operations), None) => operations.values_mut().next(),
    };
    operation.expect("it was just looked at").node.selection_set.node.items = vec![field];
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn alone(query: &str) -> Option<(usize, usize)> {
        let mut document = parse_query(query).expect("it parses");
        let alone = stands_alone(&mut document, None);
        let operation = operation(&document, None).expect("it has one");
        alone.then_some((operation.selection_set.node.items.len(), document.fragments.len()))
    }

    #[test]
    fn the_field_is_found_wherever_it_stands() {
        assert_eq!(alone("subscription { events { position } }"), Some((1, 0)));
        assert_eq!(alone("subscription { ... on Subscription { events { position } } }"), Some((1, 0)));
        let nested = "subscription { ...A } fragment A on Subscription { ...B } \
             fragment B on Subscription { events { ...C } } fragment C on LogUpdate { position }";
        assert_eq!(alone(nested), Some((1, 1)));
    }

    #[test]
    fn two_fields_do_not_stand_alone() {
        assert_eq!(alone("subscription { events { position } other: events { position } }"), None);
        let hidden =
            "subscription { events { position } ...A } fragment A on Subscription { caseChanged(id: 1) { id } }";
        assert_eq!(alone(hidden), None);
    }
}
