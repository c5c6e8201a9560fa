//! The whole demonstration on SQLite: what it holds, that it repeats itself, and what each role sees of it.
