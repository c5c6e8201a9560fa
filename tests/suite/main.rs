//! The integration tests, one binary: `tests/run` starts the PostgreSQL that they need.
#![expect(unreachable_pub, reason = "a test binary has no outside to reach")]

mod architecture;
mod as_of;
mod authorisation;
mod bad_input;
mod command_line;
mod deadlines;
mod erasure;
mod faults;
mod figures;
mod following;
mod front;
mod frozen;
mod interchange;
mod ledger;
mod licences;
mod life;
mod oidc;
mod readme;
mod samples;
mod schema_rules;
mod statements;
mod store;
mod support;
mod telemetry;
mod time_limits;
mod webhooks;
