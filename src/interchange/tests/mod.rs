//! What goes in and out, end to end.

mod mapping;
mod reading;
mod writing;
