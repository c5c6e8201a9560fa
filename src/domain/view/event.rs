//! What can happen to a view. A published fact never changes: a new field is optional, or the fact gets a new version
//! and an upcaster.

use crate::domain::event::{facts, payloads};
use crate::domain::value::{Division, Label};
use crate::domain::view::values::{FilterWords, OrderKey, Question};

facts! {
    /// What can happen to a view.
    ViewFact {
        "ViewSaved" "1.0" => ViewSaved,
        "ViewUpdated" "1.0" => ViewUpdated,
        "ViewShared" "1.0" => ViewShared,
        "ViewUnshared" "1.0" => ViewUnshared,
        "ViewDeleted" "1.0" => ViewDeleted,
    }
}

payloads! {
    /// 保存视图: its owner is who did it.
    ViewSaved {
        /// What it is called.
        name: Label,
        /// Where its owner works: who audits that jurisdiction reads what happens to it.
        jurisdiction: Division,
        /// What is asked.
        question: Question,
    }
    #[derive(Default)]
    /// 修改视图: only what is different from before.
    ViewUpdated {
        /// What it is called from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Label>,
        /// Which cases from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<FilterWords>,
        /// In which order from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<Vec<OrderKey>>,
        /// By what they are shown together from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_by: Option<Vec<Label>>,
    }
    /// 共享视图.
    ViewShared {
        /// Everybody of this jurisdiction and those below it sees it from now on.
        with: Division,
    }
    /// 取消共享: its owner alone sees it from now on.
    ViewUnshared {}
    /// 删除视图.
    ViewDeleted {}
}
