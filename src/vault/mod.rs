//! Personal data that can be erased from a log whose bytes never change.
//!
//! An event holds a [`Reference`](reference::Reference) in the place of a name or an address: a commitment to the
//! value and the hash of its ciphertext. The ciphertext stands in a side table and the key that opens it in a
//! [`KeyStore`](keys::KeyStore) outside of the database. Destroying the key erases the value and changes no hash.
//!
//! Nothing here reads a clock, draws randomness of its own or knows a database.

pub mod reference;
pub mod seal;

pub mod payload;

pub mod keys;

/// Fills a buffer with bytes that nobody can guess: the operating system's random source, for keys are made of it.
pub type Entropy = fn(&mut [u8]);
