//! What stands in the tree of dependencies has a licence that `deny.toml` allows.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use toml::Table;

use crate::support::of_the_repository;

const DENY: &str = include_str!("../../deny.toml");

/// Their manifests name a file and no licence; who added them here has read it.
const READ_BY_EYE: [&str; 1] = ["jsonpath-rust"];

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = Allowed::of(DENY);
    let packages = packages();
    assert!(packages.len() > 100, "the tree was read");
    let refused: Vec<_> = packages.iter().filter_map(|package| allowed.refusal_of(package)).collect();
    assert_eq!(refused, [] as [String; 0], "licences that deny.toml does not allow");
}

#[test]
fn an_expression_is_read_as_it_binds() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    let allowed = Allowed { everywhere: allowed, exceptions: Vec::new() };
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/GPL-3.0-only", true),
        ("GPL-3.0-only", false),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT AND Apache-2.0", true),
        ("(GPL-3.0-only OR MIT) AND ISC", false),
        ("(MIT OR ISC) AND Apache-2.0 WITH LLVM-exception", true),
        ("", false),
    ] {
        assert_eq!(allowed.expression("some", expression), expected, "{expression}");
    }
}

/// Every package that a build of this program or of its tests takes on this machine, as cargo describes it.
fn packages() -> Vec<Value> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &target])
        .arg("--manifest-path")
        .arg(of_the_repository("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let told: Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let nodes = told["resolve"]["nodes"].as_array().expect("a tree");
    let taken: BTreeSet<_> = nodes.iter().map(|node| node["id"].as_str().expect("an id")).collect();
    let packages = told["packages"].as_array().expect("packages");
    packages.iter().filter(|package| package["id"].as_str().is_some_and(|id| taken.contains(id))).cloned().collect()
}

/// The licences of `deny.toml`.
struct Allowed {
    everywhere: BTreeSet<String>,
    /// A package, and a licence that is allowed for it alone.
    exceptions: Vec<(String, String)>,
}

impl Allowed {
    fn of(deny: &str) -> Self {
        let deny: Table = deny.parse().expect("TOML");
        let licenses = &deny["licenses"];
        let texts = |value: &toml::Value| -> Vec<String> {
            value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let mut exceptions = Vec::new();
        for exception in licenses["exceptions"].as_array().expect("a list") {
            let package = exception["crate"].as_str().expect("a name");
            exceptions.extend(texts(&exception["allow"]).into_iter().map(|licence| (package.to_owned(), licence)));
        }
        Self { everywhere: texts(&licenses["allow"]).into_iter().collect(), exceptions }
    }

    fn refusal_of(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str().expect("a name");
        let is_allowed = match package["license"].as_str() {
            Some(expression) => self.expression(name, expression),
            None => READ_BY_EYE.contains(&name),
        };
        (!is_allowed).then(|| format!("{name} {}: {}", package["version"], package["license"]))
    }

    /// An expression of SPDX; a `/`, as old manifests have it, means `OR`.
    fn expression(&self, package: &str, expression: &str) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<_> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        self.any_of(package, &mut rest) && rest.is_empty()
    }

    fn any_of(&self, package: &str, rest: &mut &[&str]) -> bool {
        let mut is_allowed = self.all_of(package, rest);
        while let Some(("OR", more)) = rest.split_first().map(|(word, more)| (*word, more)) {
            *rest = more;
            is_allowed |= self.all_of(package, rest);
        }
        is_allowed
    }

    fn all_of(&self, package: &str, rest: &mut &[&str]) -> bool {
        let mut is_allowed = self.one(package, rest);
        while let Some(("AND", more)) = rest.split_first().map(|(word, more)| (*word, more)) {
            *rest = more;
            is_allowed &= self.one(package, rest);
        }
        is_allowed
    }

    fn one(&self, package: &str, rest: &mut &[&str]) -> bool {
        let Some((first, more)) = rest.split_first() else { return false };
        *rest = more;
        if *first == "(" {
            let is_allowed = self.any_of(package, rest);
            let is_closed = rest.first() == Some(&")");
            *rest = rest.get(1..).unwrap_or_default();
            return is_allowed && is_closed;
        }
        let mut licence = (*first).to_owned();
        if let ["WITH", exception, more @ ..] = *rest {
            licence = format!("{licence} WITH {exception}");
            *rest = more;
        }
        let is_exception = |(name, allowed): &(String, String)| name == package && *allowed == licence;
        self.everywhere.contains(&licence) || self.exceptions.iter().any(is_exception)
    }
}
