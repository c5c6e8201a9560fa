//! 人员, the person: an expert, a technician, a volunteer, an official, a contact. Its id is the actor's id in tokens.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

