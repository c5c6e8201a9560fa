//! What goes in and out, end to end.

mod mapping;
mod personal;
mod reading;
mod writing;
