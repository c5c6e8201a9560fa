//! What clients rely on in the shape of the schema, read in the schema as it is checked in: ids for their caches, pages for their lists, words for their people.

use std::collections::{BTreeSet, VecDeque};

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

const SDL: &str = include_str!("../../schema/schema.graphql");

/// Objects without an id: parts of an answer that are never looked up again.
const WITHOUT_ID: [&str; 5] = ["Connection", "Edge", "Payload", "Error", "Receipt"];

const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// The schema as it is checked in.
pub(crate) fn schema() -> Valid<Schema> {
    let builder = Schema::builder().ignore_builtin_redefinitions().parse(SDL, "schema.graphql");
    builder.build().and_then(|schema| schema.validate()).expect("a sound schema")
}

fn types(schema: &Schema) -> impl Iterator<Item = (&str, &ExtendedType)> {
    let types = schema.types.iter().filter(|(_, kind)| !kind.is_built_in());
    types.map(|(name, kind)| (name.as_str(), kind))
}

#[test]
fn every_object_has_an_id() {
    let schema = schema();
    for (name, kind) in types(&schema) {
        let ExtendedType::Object(object) = kind else { continue };
        if ROOTS.contains(&name) || name == "PageInfo" || WITHOUT_ID.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let id = object.fields.get("id").map(|field| field.ty.to_string());
        assert_eq!(id.as_deref(), Some("ID!"), "{name}");
    }
}

/// What a payload shows besides what came of the command is given up by itself where the answer would be too long.
#[test]
fn what_a_payload_shows_may_be_null() {
    let schema = schema();
    let mutations = schema.get_object("Mutation").expect("it is there");
    let payloads = mutations.fields.values().map(|field| {
        let name = field.ty.inner_named_type().as_str();
        assert!(name.ends_with("Payload") && !field.ty.is_non_null(), "{}: {}", field.name, field.ty);
        name
    });
    for name in payloads.chain(["CommandPayload"]) {
        for field in schema.get_object(name).expect("it is there").fields.values() {
            let is_leaf =
                matches!(schema.types[field.ty.inner_named_type()], ExtendedType::Scalar(_) | ExtendedType::Enum(_));
            let is_told = is_leaf || ["receipt", "userErrors", "results"].contains(&field.name.as_str());
            assert!(is_told || !field.ty.is_non_null(), "{name}.{}: {}", field.name, field.ty);
        }
    }
}

#[test]
fn every_connection_is_paged_both_ways() {
    let schema = schema();
    let has = |kind: &ExtendedType, field: &str, ty: &str| match kind {
        ExtendedType::Object(object) => object.fields.get(field).is_some_and(|found| found.ty.to_string() == ty),
        _ => false,
    };
    let mut connections = 0;
    for (name, kind) in types(&schema) {
        if let Some(of) = name.strip_suffix("Connection") {
            connections += 1;
            assert!(has(kind, "edges", &format!("[{of}Edge!]!")) && has(kind, "pageInfo", "PageInfo!"), "{name}");
            let edge = &schema.types[format!("{of}Edge").as_str()];
            assert!(has(edge, "cursor", "String!"), "{of}Edge");
        }
        let ExtendedType::Object(object) = kind else { continue };
        for field in object.fields.values().filter(|field| field.ty.inner_named_type().ends_with("Connection")) {
            for (argument, ty) in [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")] {
                let found = field.argument_by_name(argument).map(|argument| argument.ty.to_string());
                assert_eq!(found.as_deref(), Some(ty), "{name}.{}({argument}:)", field.name);
            }
        }
    }
    assert!(connections > 5);
}

#[test]
fn everything_is_described_and_no_field_repeats_its_type() {
    let schema = schema();
    let mut bare = Vec::new();
    for (name, kind) in types(&schema) {
        let mut described = |path: String, is_described: bool| {
            if !is_described {
                bare.push(path);
            }
        };
        described(name.to_owned(), kind.description().is_some_and(|words| !words.trim().is_empty()));
        let fields = match kind {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            ExtendedType::InputObject(input) => {
                for field in input.fields.values() {
                    described(format!("{name}.{}", field.name), field.description.is_some());
                }
                continue;
            }
            ExtendedType::Enum(words) => {
                for value in words.values.values() {
                    described(format!("{name}.{}", value.value), value.description.is_some());
                }
                continue;
            }
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => continue,
        };
        for field in fields.values() {
            assert!(
                !field.name.to_ascii_lowercase().starts_with(&name.to_ascii_lowercase()),
                "{name}.{} says its type again",
                field.name
            );
            described(format!("{name}.{}", field.name), field.description.is_some());
            for argument in &field.arguments {
                described(format!("{name}.{}({}:)", field.name, argument.name), argument.description.is_some());
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:?}");
}

#[test]
fn every_type_is_reached_from_a_root() {
    let schema = schema();
    let mut reached = BTreeSet::new();
    let mut open: VecDeque<String> = ROOTS.iter().map(|root| (*root).to_owned()).collect();
    while let Some(name) = open.pop_front() {
        let Some(kind) = schema.types.get(name.as_str()) else { continue };
        if reached.insert(name.clone()) {
            open.extend(named_by(&schema, &name, kind));
        }
    }
    let unreached: Vec<_> = types(&schema).map(|(name, _)| name).filter(|name| !reached.contains(*name)).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}

/// The types that a type leads to.
fn named_by(schema: &Schema, name: &str, kind: &ExtendedType) -> Vec<String> {
    let of = |ty: &Type| ty.inner_named_type().to_string();
    let (fields, interfaces) = match kind {
        ExtendedType::Object(object) => (&object.fields, &object.implements_interfaces),
        ExtendedType::Interface(interface) => (&interface.fields, &interface.implements_interfaces),
        ExtendedType::InputObject(input) => return input.fields.values().map(|field| of(&field.ty)).collect(),
        ExtendedType::Union(union) => return union.members.iter().map(|member| member.name.to_string()).collect(),
        ExtendedType::Scalar(_) | ExtendedType::Enum(_) => return Vec::new(),
    };
    let implements = |other: &ExtendedType| match other {
        ExtendedType::Object(object) => object.implements_interfaces.iter().any(|of| of.name.as_str() == name),
        _ => false,
    };
    let members = types(schema).filter(|(_, other)| implements(other)).map(|(other, _)| other.to_owned());
    let arguments = fields.values().flat_map(|field| field.arguments.iter().map(|argument| of(&argument.ty)));
    let answers = fields.values().map(|field| of(&field.ty));
    let interfaces = interfaces.iter().map(|interface| interface.name.to_string());
    answers.chain(arguments).chain(interfaces).chain(members).collect()
}
