//! What the schema shows: each object reads from rows, register entries, case files or events, and decides nothing.
//!
//! A field that has to be loaded is nullable: when it cannot be, it is `null` with an error, and its neighbours stay.

pub(crate) mod attachment;
pub(crate) mod case;
pub(crate) mod case_file;
pub(crate) mod case_parts;
pub(crate) mod conflict;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod measurement;
pub(crate) mod work;

pub(crate) mod annual_figures;
pub(crate) mod annual_summary;
pub(crate) mod campaign;
pub(crate) mod catalogue;
pub(crate) mod enterprise;
pub(crate) mod institution;
pub(crate) mod person;
pub(crate) mod register;
pub(crate) mod similar;
pub(crate) mod view;

pub(crate) mod statistics;

pub(crate) mod ledger;
pub(crate) mod webhook;

pub(crate) mod preview;

pub(crate) mod common;
