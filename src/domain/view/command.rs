//! What can be ordered of a view.

use crate::domain::order::commands;
use crate::domain::value::{Division, Label};
use crate::domain::view::values::{FilterWords, OrderKey, Question};

commands! {
    /// What can be ordered of a view.
    ViewCommand {
        /// Keeps a question.
        SaveView {
            /// What it is called.
            name: Label,
            /// What is asked.
            question: Question,
        }
        /// Changes what it is called or asks; what is not given stays.
        UpdateView {
            /// What it is called.
            name: Option<Label>,
            /// Which cases.
            filter: Option<FilterWords>,
            /// In which order; an empty one is the list's own.
            order: Option<Vec<OrderKey>>,
            /// By what they are shown together.
            group_by: Option<Vec<Label>>,
        }
        /// Shows it to others, or to nobody else any more.
        ShareView {
            /// To everybody of this jurisdiction and those below it; `None` takes it back.
            with: Option<Division>,
        }
        /// Throws it away.
        DeleteView {}
    }
}
