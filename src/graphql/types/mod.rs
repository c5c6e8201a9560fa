//! What the schema shows: each object reads from rows, register entries, case files or events, and decides nothing.
//!
//! A field that has to be loaded is nullable: when it cannot be, it is `null` with an error, and its neighbours stay.

pub mod case;
pub mod case_file;
pub mod case_parts;
pub mod work;
pub mod measurement;
pub mod event;
pub mod conflict;

pub mod register;
pub mod enterprise;
pub mod campaign;
pub mod institution;
pub mod person;
pub mod catalogue;
pub mod annual_summary;

pub mod common;
