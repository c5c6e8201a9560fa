//! 预演: what a command would do, were it given now.

use async_graphql::{Context, Object, Result};

use crate::app::{Commanded, Moment};
use crate::domain::case::Case;
use crate::domain::case::state::File;
use crate::domain::value::PersonId;
use crate::graphql::errors::{self, UserError};
use crate::graphql::orders::{Outcome, Prospect, ReceiptNode};
use crate::graphql::scalars::{Date, Position};
use crate::graphql::types::conflict::{CaseConflict, RegisterConflict};
use crate::graphql::types::event::{CaseEvent, RegisterEvent};
use crate::graphql::types::history::change::{self, FieldChange};
use crate::graphql::warnings::code::Warning;
use crate::graphql::{warnings, words};

pub(crate) struct CasePreview(Box<Prospect<Case>>);

impl CasePreview {
    /// Why nothing would be recorded, or the receipt of when it was.
    pub(crate) fn into_outcome(self) -> Outcome {
        self.0.outcome
    }
}

impl From<Prospect<Case>> for CasePreview {
    fn from(prospect: Prospect<Case>) -> Self {
        Self(Box::new(prospect))
    }
}

/// 预演: what a command on a case would do, were it given now. Nothing is recorded.
#[Object(name = "CasePreviewPayload")]
impl CasePreview {
    /// 事件: what would be recorded; empty when nothing would be. The ids of the events are of this answer alone; their positions are those that they would get if nothing else came first; what the server draws or counts only when it records, such as the id of a finding or the serial of a case number, will be another.
    async fn events(&self) -> Vec<CaseEvent> {
        self.0.foreseen.iter().flat_map(CaseEvent::foreseen).collect()
    }

    /// 状态: where the case would be in its life.
    async fn status(&self) -> Option<words::CaseStatus> {
        self.file().map(|file| file.status.into())
    }

    /// 层级: the level of administration that would answer for it.
    async fn level(&self) -> Option<words::Level> {
        self.file().map(|file| file.level.into())
    }

    /// 期限: the last day that it would have.
    async fn deadline(&self) -> Option<Date> {
        self.file().and_then(|file| file.deadline).map(|deadline| deadline.on.into())
    }

    /// 变化: what would differ of the case, field by field.
    async fn changes(&self) -> Vec<FieldChange> {
        self.0.foreseen.as_ref().map(change::foreseen).unwrap_or_default()
    }

    /// 版本: its version after these events.
    async fn version(&self) -> Option<u64> {
        self.0.foreseen.as_ref().map(|foreseen| foreseen.after.version)
    }

    /// 位置: the decision knows the log at least up to here; absent when the input could not be read.
    async fn position(&self) -> Option<Position> {
        self.0.position.map(Position)
    }

    /// 回执: of when the command was carried out already, under the same `idempotencyKey`; sent again, it would record nothing.
    async fn receipt(&self) -> Option<ReceiptNode> {
        self.0.outcome.receipt_node()
    }

    /// Why nothing would be recorded; empty when something would be.
    async fn user_errors(&self) -> &[UserError] {
        &self.0.outcome.user_errors
    }

    /// What is worth knowing although the command would not be refused: of what it would record, or that it was carried out before (`CARRIED_OUT_BEFORE`).
    async fn warnings(&self, ctx: &Context<'_>) -> Option<Result<Vec<Warning>>> {
        errors::nullable(async {
            match &self.0.foreseen {
                Some(foreseen) => warnings::foreseen_of_case(ctx, foreseen).await.map(Some),
                None => Ok(Some(self.0.warnings_of_nothing())),
            }
        })
        .await
    }

    /// 版本冲突: where the case is, when it is not at `expectedVersion`.
    async fn conflict(&self) -> Option<CaseConflict> {
        self.0.outcome.conflict.map(CaseConflict)
    }
}

impl CasePreview {
    fn file(&self) -> Option<&File> {
        self.0.foreseen.as_ref().and_then(|foreseen| foreseen.after.state.file.as_ref())
    }
}

pub(crate) struct RegisterPreview {
    events: Vec<RegisterEvent>,
    version: Option<u64>,
    position: Option<Position>,
    warnings: Vec<Warning>,
    erased: Option<PersonId>,
    outcome: Box<Outcome>,
}

impl RegisterPreview {
    /// Why nothing would be recorded, or the receipt of when it was.
    pub(crate) fn into_outcome(self) -> Outcome {
        *self.outcome
    }
}

impl<A: Commanded> From<Prospect<A>> for RegisterPreview {
    fn from(prospect: Prospect<A>) -> Self {
        let warnings = match &prospect.foreseen {
            Some(foreseen) => warnings::foreseen(foreseen),
            None => prospect.warnings_of_nothing(),
        };
        let Prospect { position, foreseen, outcome } = prospect;
        Self {
            version: foreseen.as_ref().map(|foreseen| foreseen.after.version),
            warnings,
            erased: foreseen.as_ref().and_then(warnings::erasure::erased_in),
            events: foreseen.iter().flat_map(RegisterEvent::foreseen).collect(),
            position: position.map(Position),
            outcome: Box::new(outcome),
        }
    }
}

/// 预演: what a command on a register would do, were it given now. Nothing is recorded.
#[Object(name = "RegisterPreviewPayload")]
impl RegisterPreview {
    /// 事件: what would be recorded; empty when nothing would be. The ids of the events are of this answer alone; their positions are those that they would get if nothing else came first; ids that the server draws when it records will be others.
    async fn events(&self) -> &[RegisterEvent] {
        &self.events
    }

    /// 版本: the version after these events.
    async fn version(&self) -> Option<u64> {
        self.version
    }

    /// 位置: the decision knows the log at least up to here; absent when the input could not be read.
    async fn position(&self) -> Option<Position> {
        self.position
    }

    /// 回执: of when the command was carried out already, under the same `idempotencyKey`; sent again, it would record nothing.
    async fn receipt(&self) -> Option<ReceiptNode> {
        self.outcome.receipt_node()
    }

    /// Why nothing would be recorded; empty when something would be.
    async fn user_errors(&self) -> &[UserError] {
        &self.outcome.user_errors
    }

    /// What is worth knowing although the command would not be refused: of what it would record, or that it was carried out before (`CARRIED_OUT_BEFORE`).
    async fn warnings(&self, ctx: &Context<'_>) -> Option<Result<Vec<Warning>>> {
        errors::nullable(async {
            let mut warnings = self.warnings.clone();
            if let Some(person) = self.erased {
                warnings.extend(warnings::erasure::of_erasure(ctx, person, Moment::Present).await?);
            }
            Ok(Some(warnings))
        })
        .await
    }

    /// 版本冲突: where it is, when it is not at `expectedVersion`.
    async fn conflict(&self) -> Option<RegisterConflict> {
        self.outcome.conflict.map(RegisterConflict)
    }
}
