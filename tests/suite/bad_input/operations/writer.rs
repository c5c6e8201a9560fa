//! Writes operations: valid by the schema, and otherwise as the dice fall.

use std::collections::BTreeMap;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::schema::ExtendedType;
use serde_json::{Value, json};

use crate::bad_input::operations::ids_in;
use crate::support::dice::dice;

/// How deep selections nest, and inputs.
const DEEPEST: u32 = 6;
const DEEPEST_INPUT: u32 = 3;
/// Each field has a name of its own, so that no two differ under one; there may be a hundred.
const MOST_ALIASES: u32 = 80;

/// Texts as somebody might write them, where nothing says which.
const TEXTS: [&str; 14] = [
    "x",
    "",
    " ",
    "44",
    "4403",
    "CN",
    "L/DimMet-2.1.2",
    "GD-2026-000001",
    "2026-10-31",
    "-P2W",
    "=1+1",
    "'; drop table",
    "长度",
    "\u{202e}𠮷\u{0}",
];
const DECIMALS: [&str; 7] = ["0", "-0.5", "4.5", "1e3", "0.0000001", "99999999999999999999", "12"];
const DATES: [&str; 5] = ["2026-01-05", "2012-02-29", "2099-12-31", "9999-12-30", "0001-01-01"];
const TIMES: [&str; 5] = [
    "2026-01-05T02:00:00Z",
    "2012-02-29T23:59:59.999999+08:00",
    "2099-12-31T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
];
const RELATIVE: [&str; 7] = ["TODAY", "-P2W", "START_OF_MONTH-P1M", "2026-10-31", "P9999Y", "NOW", "tomorrow"];
const NUMBERS: [&str; 9] = ["0", "1", "2", "3", "2026", "100", "-1", "2147483647", "-2147483648"];

/// What there is to ask about.
pub struct Pool {
    ids: BTreeMap<String, Vec<String>>,
    cursors: Vec<String>,
}

impl Pool {
    /// Of everything in an answer.
    pub fn of(answer: &Value) -> Self {
        let mut pool = Self { ids: BTreeMap::new(), cursors: Vec::new() };
        ids_in(answer, &mut pool.ids, &mut pool.cursors);
        assert!(pool.ids.len() > 4 && pool.cursors.len() > 2, "there is something to ask about");
        pool
    }
}

pub struct Writer<'a> {
    schema: &'a Schema,
    pool: Pool,
    throw: Box<dyn FnMut(u64) -> u64>,
    aliases: u32,
}

impl<'a> Writer<'a> {
    pub fn new(schema: &'a Schema, pool: Pool, seed: u64) -> Self {
        Self { schema, pool, throw: Box::new(dice(seed)), aliases: 0 }
    }

    /// An operation that asks for this field of the root.
    pub fn operation(&mut self, root: &str, field: &FieldDefinition) -> String {
        self.aliases = 0;
        format!("{} {{ {} }}", root.to_lowercase(), self.field(field, 0))
    }

    fn one_in(&mut self, sides: u64) -> bool {
        (self.throw)(sides) == 0
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[(self.throw)(among.len() as u64) as usize]
    }

    fn field(&mut self, field: &FieldDefinition, depth: u32) -> String {
        self.aliases += 1;
        let alias = self.aliases;
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            let is_page = ["first", "last"].contains(&argument.name.as_str());
            let given = match argument.name.as_str() {
                // What is far ahead would be waited for.
                "minPosition" => false,
                // Half of all pages go on from somewhere, and nearly all are small.
                "first" => !self.one_in(12),
                "last" => self.one_in(12),
                _ => argument.is_required() || self.one_in(3),
            };
            if given {
                let of_page = is_page.then(|| (self.throw)(6).to_string());
                let value = of_page.unwrap_or_else(|| self.argument(&argument.name, &argument.ty, field));
                arguments.push(format!("{}: {value}", argument.name));
            }
        }
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        format!("f{alias}: {}{arguments}{}", field.name, self.selection(field.ty.inner_named_type(), depth + 1))
    }

    /// The value of a field's argument: an id is mostly of what the field gives.
    fn argument(&mut self, name: &str, ty: &Type, field: &FieldDefinition) -> String {
        if name == "id" && !self.one_in(5) {
            let kind = field.ty.inner_named_type().to_string();
            return self.id(&kind);
        }
        self.value(name, ty, 0)
    }

    fn selection(&mut self, kind: &str, depth: u32) -> String {
        let schema = self.schema;
        let fields = match &schema.types[kind] {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            ExtendedType::Union(_) => return " { __typename }".to_owned(),
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => return String::new(),
            ExtendedType::InputObject(_) => panic!("{kind} is no answer"),
        };
        let mut parts = vec!["__typename".to_owned()];
        // What tells how a command went is always asked for.
        if fields.contains_key("userErrors") && depth == 1 {
            parts.push("userErrors { code field message }".to_owned());
        }
        let names: Vec<_> = fields.values().collect();
        for _ in 0..4 {
            let field = names[(self.throw)(names.len() as u64) as usize];
            let is_leaf =
                matches!(schema.types[field.ty.inner_named_type()], ExtendedType::Scalar(_) | ExtendedType::Enum(_));
            if self.aliases < MOST_ALIASES && (is_leaf || depth < DEEPEST) {
                parts.push(self.field(field, depth));
            }
        }
        if let ExtendedType::Interface(_) = &schema.types[kind] {
            let makers = schema.types.iter().filter_map(|(name, made)| match made {
                ExtendedType::Object(object) => {
                    let is_one = object.implements_interfaces.iter().any(|interface| interface.as_str() == kind);
                    is_one.then_some(name.as_str())
                }
                _ => None,
            });
            let makers: Vec<&str> = makers.collect();
            if !makers.is_empty() && depth < DEEPEST {
                let maker = self.pick(&makers);
                parts.push(format!("... on {maker}{}", self.selection(maker, depth + 1)));
            }
        }
        format!(" {{ {} }}", parts.join(" "))
    }

    fn value(&mut self, name: &str, ty: &Type, depth: u32) -> String {
        if !ty.is_non_null() && self.one_in(8) {
            return "null".to_owned();
        }
        if ty.is_list() {
            let length = (self.throw)(4);
            let items: Vec<_> = (0..length).map(|_| self.value(name, ty.item_type(), depth)).collect();
            return format!("[{}]", items.join(", "));
        }
        let kind = ty.inner_named_type();
        let schema = self.schema;
        match &schema.types[kind] {
            ExtendedType::Enum(words) => {
                let words: Vec<&str> = words.values.keys().map(|word| word.as_str()).collect();
                self.pick(&words).to_owned()
            }
            ExtendedType::InputObject(input) => {
                let fields: Vec<_> = input.fields.values().collect();
                let only = input
                    .directives
                    .has("oneOf")
                    .then(|| fields[(self.throw)(fields.len() as u64) as usize].name.clone());
                let mut given = Vec::new();
                for field in fields {
                    let is_given = match &only {
                        Some(only) => field.name == *only,
                        None => field.is_required() || depth < DEEPEST_INPUT && self.one_in(3),
                    };
                    if is_given {
                        // The one of several may not be null, though its type does not say so.
                        let ty = if only.is_some() {
                            field.ty.as_ref().clone().non_null()
                        } else {
                            field.ty.as_ref().clone()
                        };
                        given.push(format!("{}: {}", field.name, self.value(&field.name, &ty, depth + 1)));
                    }
                }
                format!("{{ {} }}", given.join(", "))
            }
            _ => self.scalar(name, kind),
        }
    }

    fn scalar(&mut self, name: &str, kind: &str) -> String {
        let text = match kind {
            "Int" => return self.pick(&NUMBERS).to_owned(),
            "Boolean" => return self.pick(&["true", "false"]).to_owned(),
            "ID" => return self.id(name.strip_suffix("Ids").or(name.strip_suffix("Id")).unwrap_or(name)),
            "String" if ["after", "before"].contains(&name) && !self.one_in(4) => {
                let place = (self.throw)(self.pool.cursors.len() as u64) as usize;
                return json!(self.pool.cursors[place]).to_string();
            }
            "String" => self.pick(&TEXTS),
            "Decimal" => self.pick(&DECIMALS),
            "Date" => self.pick(&DATES),
            "DateTime" => self.pick(&TIMES),
            "DateOrRelative" | "DateTimeOrRelative" => self.pick(&RELATIVE),
            "Position" => self.pick(&["0", "1", "7", "30", "9223372036854775807"]),
            "Base64" => self.pick(&["", "AAAA", "eA=="]),
            other => panic!("nobody has said how a value of {other} is written"),
        };
        json!(text).to_string()
    }

    /// The id of something of about that name, or of anything.
    fn id(&mut self, name: &str) -> String {
        let of_kind = self.pool.ids.iter().find(|(kind, _)| kind.eq_ignore_ascii_case(name));
        let of_kind = of_kind.map(|(_, ids)| ids.clone());
        let ids = match of_kind {
            Some(ids) if !self.one_in(6) => ids,
            _ if self.one_in(4) => vec!["no id".to_owned()],
            _ => self.pool.ids.values().flatten().cloned().collect(),
        };
        let place = (self.throw)(ids.len() as u64) as usize;
        json!(ids[place]).to_string()
    }
}
