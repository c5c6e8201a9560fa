//! 批量: many commands in one request, each decided and recorded like a mutation of its own.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject, Union};

use crate::app::{AggregateType, Key};
use crate::graphql::errors::{self, UserError};
use crate::graphql::limits::NamedLimit;
use crate::graphql::mutation::command::CommandInput;
use crate::graphql::orders::{Conflicting, Outcome, ReceiptNode};
use crate::graphql::query::node::of_receipt;
use crate::graphql::types::conflict::{CaseConflict, RegisterConflict};
use crate::graphql::types::event::Node;
use crate::graphql::types::preview::{CasePreview, RegisterPreview};
use crate::graphql::warnings::code::Warning;

/// The most commands of a request.
pub(crate) const MOST_COMMANDS: usize = 100;

/// A key of all leaves room for the last place behind it.
const LONGEST_KEY: usize = Key::LONGEST - "/99".len();

/// 出错时: what becomes of the others when one of many commands is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum ErrorPolicy {
    /// Those that are refused are not recorded; the others are.
    #[default]
    RejectFailed,
    /// All are decided before any is recorded, each on what is there now, and when one would be refused, none is recorded. Where one then gets in the way of another, or somebody else does meanwhile, that other is refused alone.
    RejectEverything,
}

/// 批量命令: what is ordered, and what becomes of it when one is refused.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ExecuteCommandsInput {
    /// 命令: at most 100 (`serviceConfig.mostCommands`). They are carried out in this order, so that one may go on from another.
    commands: Vec<CommandInput>,
    /// 出错时: what becomes of the others when one is refused.
    #[graphql(default)]
    error_policy: ErrorPolicy,
    /// What makes these the same commands when they are sent again, in the same list: 1 to 125 visible ASCII characters. Each that has no key of its own gets this one with its place behind it, `KEY/0` the first. What was refused is decided anew, after what stood behind it and is on record by then. A list that was changed takes another key, and leaves out what was recorded.
    idempotency_key: Option<String>,
}

/// A command, with its key where it has none of its own.
type Keyed = (CommandInput, Option<String>);

impl ExecuteCommandsInput {
    /// The commands with their keys, or what is wrong with the key of all.
    fn keyed(self) -> Result<std::result::Result<Vec<Keyed>, UserError>> {
        if self.commands.len() > MOST_COMMANDS {
            let limit = NamedLimit { name: "mostCommands", maximum: MOST_COMMANDS as u64 };
            let message = format!("{} commands: write at most {MOST_COMMANDS} at once", self.commands.len());
            return Err(errors::over("TOO_MANY_COMMANDS", "input.commands", limit, message));
        }
        let key = self.idempotency_key;
        if let Some(Err(refusal)) = key.as_ref().map(|key| Key::check(key, LONGEST_KEY)) {
            return Ok(Err(refusal.into()));
        }
        let keyed = |(place, command)| (command, key.as_ref().map(|key| format!("{key}/{place}")));
        Ok(Ok(self.commands.into_iter().enumerate().map(keyed).collect()))
    }
}

#[derive(Default)]
pub(crate) struct BulkMutation;

/// Many commands at once.
#[Object]
impl BulkMutation {
    /// 批量: carries many commands out, one after the other, and tells of each how it went. Each is recorded by itself, as by the mutation of its name; a failure of the house and a client that goes away end it, and what was recorded before stays: the same list with its key, sent again, is answered by the first receipts of those and goes on.
    async fn execute_commands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: ExecuteCommandsInput,
    ) -> Option<Result<ExecuteCommandsPayload>> {
        errors::nullable(async { carry_out(ctx, input).await.map(Some) }).await
    }
}

/// The same, as dry runs.
#[derive(Default)]
pub(crate) struct Previews;

impl async_graphql::TypeName for Previews {
    fn type_name() -> std::borrow::Cow<'static, str> {
        "BulkMutationPreviews".into()
    }
}

#[Object(name_type)]
impl Previews {
    /// 批量: what each of many commands would do, were it given now and alone.
    async fn execute_commands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What would be ordered.")] input: ExecuteCommandsInput,
    ) -> Option<Result<ExecuteCommandsPreviewPayload>> {
        errors::nullable(async {
            let commands = match input.keyed()? {
                Ok(commands) => commands,
                Err(unsound) => {
                    return Ok(Some(ExecuteCommandsPreviewPayload { results: Vec::new(), user_errors: vec![unsound] }));
                }
            };
            let mut results = Vec::with_capacity(commands.len());
            for (command, key) in &commands {
                results.push(command.foresee(ctx, key.as_deref()).await?);
            }
            Ok(Some(ExecuteCommandsPreviewPayload { results, user_errors: Vec::new() }))
        })
        .await
    }
}

async fn carry_out(ctx: &Context<'_>, input: ExecuteCommandsInput) -> Result<ExecuteCommandsPayload> {
    let policy = input.error_policy;
    let commands = match input.keyed()? {
        Ok(commands) => commands,
        Err(unsound) => return Ok(ExecuteCommandsPayload { results: Vec::new(), user_errors: vec![unsound] }),
    };
    if policy == ErrorPolicy::RejectEverything {
        let mut foreseen = Vec::with_capacity(commands.len());
        for (command, key) in &commands {
            foreseen.push(command.foresee(ctx, key.as_deref()).await?.into_outcome());
        }
        if foreseen.iter().any(|outcome| !outcome.user_errors.is_empty()) {
            let results = foreseen.into_iter().map(|outcome| Some(Ok(CommandPayload(outcome)))).collect();
            return Ok(ExecuteCommandsPayload { results, user_errors: Vec::new() });
        }
    }
    let mut results = Vec::with_capacity(commands.len());
    for (command, key) in &commands {
        let done = command.carry_out(ctx, key.as_deref()).await.map(CommandPayload);
        let has_failed = done.is_err();
        results.push(Some(done));
        if has_failed {
            break;
        }
    }
    results.resize_with(commands.len(), || None);
    Ok(ExecuteCommandsPayload { results, user_errors: Vec::new() })
}

/// 批量结果: how each of many commands went.
#[derive(SimpleObject)]
pub(crate) struct ExecuteCommandsPayload {
    /// Of each command in their order; `null` where the house failed, which `errors` tells, and of those behind it, which were not carried out.
    results: Vec<Option<Result<CommandPayload>>>,
    /// Why none was looked at; what is refused of one stands with its result.
    user_errors: Vec<UserError>,
}

/// 结果: how one of many commands went.
pub(crate) struct CommandPayload(Outcome);

/// 结果: how one of many commands went. When neither `receipt` nor `userErrors` are there, it was refused with the others.
#[Object]
impl CommandPayload {
    /// What the command was about, as it is now; absent when nothing was recorded.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        errors::nullable(async {
            match &self.0.receipt {
                Some(receipt) => of_receipt(ctx, receipt).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 回执: where in the log its events stand; absent when nothing was recorded.
    async fn receipt(&self) -> Option<ReceiptNode> {
        self.0.receipt_node()
    }

    /// Why nothing was recorded; the fields are of the input of this command.
    async fn user_errors(&self) -> &[UserError] {
        &self.0.user_errors
    }

    /// What is worth knowing although the command was carried out.
    async fn warnings(&self, ctx: &Context<'_>) -> Option<Result<Vec<Warning>>> {
        self.0.warnings(ctx).await
    }

    /// 版本冲突: where it is, when it is not at `expectedVersion`.
    async fn conflict(&self) -> Option<Conflict> {
        self.0.conflict.map(Conflict::from)
    }
}

/// 版本冲突: what was commanded is no longer at the version that you saw.
#[derive(Union)]
pub(crate) enum Conflict {
    Case(CaseConflict),
    Register(RegisterConflict),
}

impl From<Conflicting> for Conflict {
    fn from(conflicting: Conflicting) -> Self {
        match conflicting.stream.aggregate_type {
            AggregateType::Case => Self::Case(CaseConflict(conflicting)),
            _ => Self::Register(RegisterConflict(conflicting)),
        }
    }
}

/// 预演: what each of many commands would do.
#[derive(SimpleObject)]
pub(crate) struct ExecuteCommandsPreviewPayload {
    /// Of each command in their order.
    results: Vec<CommandPreview>,
    /// Why none was looked at; what would be refused of one stands with its result.
    user_errors: Vec<UserError>,
}

/// 预演: what one of many commands would do, were it given now and alone.
#[derive(Union)]
pub(crate) enum CommandPreview {
    Case(CasePreview),
    Register(RegisterPreview),
}

impl CommandPreview {
    fn into_outcome(self) -> Outcome {
        match self {
            Self::Case(preview) => preview.into_outcome(),
            Self::Register(preview) => preview.into_outcome(),
        }
    }
}
