//! Bytes out: a request to somebody else's server, and what came of it.
//!
//! What is sent and when is for `app`. Here it is known how a message of a webhook is signed
//! ([Standard Webhooks
//! 1.0.0](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)), which addresses
//! may be called, and how long to wait before the next try. Redirects are not followed, no proxy and no environment is
//! asked; of an answer to a webhook nothing is kept but its status and `Retry-After`.

mod address;
mod client;
mod connector;
mod failure;
mod names;
mod schedule;
mod sender;
mod signature;

pub use address::{Endpoint, EndpointError, Networks};
pub use client::{Answer, Client};
pub use failure::{Failure, FailureClass};
pub use schedule::Schedule;
pub use sender::{Message, Sender};
pub use signature::signatures;
