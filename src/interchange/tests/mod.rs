//! What goes in and out, end to end.

mod reading;
