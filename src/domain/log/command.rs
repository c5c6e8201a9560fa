//! What can be ordered of the log itself.

use crate::domain::log::event::RecoveredFrom;
use crate::domain::order::commands;

commands! {
    /// What can be ordered of the log itself.
    LogCommand {
        /// Records that the log goes on from a backup, under a name of its own.
        RecordRecovery {
            /// From what.
            recovery: RecoveredFrom,
        }
    }
}
