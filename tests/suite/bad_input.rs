//! Bad input, wherever something is taken from outside: nothing panics or fails, what is refused has its reason, and what is taken is kept as it came.

mod bytes;
mod operations;
mod probes;
#[path = "../fuzz/src/lib.rs"]
mod targets;
mod texts;

use std::str::FromStr;

/// How much of a test is run: what the variable of the environment says, or as much as a run of all tests has time for.
fn asked_for<T: FromStr>(variable: &str, usual: T) -> T {
    std::env::var(variable).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
