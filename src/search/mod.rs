//! Words, and what is found by them: a text is cut here, once, for the index of either database and for every question.
//! Pure: knows nothing of the house, of a database or of a request.
//!
//! A question's words are looked for in an index, which answers with texts that hold all of them. Whether they stand
//! there as they were asked for, how well a case fits and what is shown of it is judged here on the texts themselves:
//! so both databases answer alike.

pub mod field;
pub mod fold;
pub mod fragment;
mod grammar;
pub mod question;
pub mod rank;
mod run;
mod stem;
pub mod topic;
pub mod word;
