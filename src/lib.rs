//! Etalon: an event-sourced tracker for measurement bottlenecks.
