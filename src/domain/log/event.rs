//! What can happen to the log itself. A published fact never changes: a new field is optional, or the fact gets a new
//! version and an upcaster.

use serde::{Deserialize, Serialize};

use crate::domain::event::{facts, payloads};

facts! {
    /// What can happen to the log itself.
    LogFact {
        "RecoveredFrom" "1.0" => RecoveredFrom,
    }
}

payloads! {
    /// 日志恢复: the log goes on from a backup. What came after the backup is lost, and so the log has another name from
    /// here on: nothing that it will be can be taken for what was lost.
    RecoveredFrom {
        /// The name from this event on.
        origin: String,
        /// The name before.
        previous_origin: String,
        /// How many events there were in the backup: those before this one.
        size: u64,
        /// The root of their tree (RFC 9162), in Base64.
        root: String,
        /// The last that the signer had signed under the name before, as far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_signed: Option<SignedTree>,
    }
}

/// A tree that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTree {
    /// How many events it covered.
    pub size: u64,
    /// Its root, in Base64, where somebody has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}
