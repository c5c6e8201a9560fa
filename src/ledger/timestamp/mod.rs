//! RFC 3161 time stamps: what is asked of an authority, and what its answer proves.
//!
//! Bytes in, bytes out: no network, no clock, no files. A stored token is the exact bytes that the authority sent,
//! which `openssl ts -verify -token_in` accepts as well.
//!
//! Not here: whether a certificate was revoked, and tokens in BER that are not DER.

pub mod request;
pub mod token;
pub mod verify;

mod asn1;
mod error;

pub use error::{ResponseError, VerifyError};

#[cfg(test)]
mod tests;
