//! Given what has happened, when somebody orders something, then this happens; or this is why not.

mod actors;
mod commands;
mod story;

mod answers;
mod assignment;
mod collaboration;
mod comparing;
mod confirmation;
mod correction;
mod deadlines;
mod escalation;
mod fees_and_records;
mod gaps;
mod history;
mod import;
mod links;
mod permissions;
mod publication;
mod report;
mod research;
mod retraction;
mod room;
mod statuses;
mod trial;
mod walks;
