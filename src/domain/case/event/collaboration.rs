//! Facts of who works on a case besides its lead.

use crate::domain::event::payloads;
use crate::domain::value::{PersonId, Statement};

payloads! {
    /// 邀请专家.
    ExpertInvited {
        /// Who is invited.
        expert: PersonId,
        /// What for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Statement>,
    }
    /// 专家加入.
    ExpertJoined {
        /// Who joined.
        expert: PersonId,
    }
    /// 谢绝邀请.
    InvitationDeclined {
        /// Who declined.
        expert: PersonId,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
    }
    /// 专家退出.
    ExpertLeft {
        /// Who left.
        expert: PersonId,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
    }
    /// 移出专家: an invitation was taken back, or a membership ended, by whoever answers for the case.
    ExpertRemoved {
        /// Who is neither invited nor a member any more.
        expert: PersonId,
        /// Why.
        reason: Statement,
    }
}
