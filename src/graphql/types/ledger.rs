//! 账本: what proves the log. Hashes are SHA-256 in Base64, as checkpoints and proofs of C2SP write them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::{self, Moment, NoProof, StoredCosignature, StoredTimeStamp, Vouched, time_of};
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::{Base64, DateTime, Position};
use crate::ledger::inclusion_file::InclusionFile;
use crate::ledger::tree::Hash;

/// A hash as a scalar.
pub(crate) fn base64(hash: &Hash) -> Base64 {
    Base64(hash.to_vec())
}

/// 检查点: how many events the log has and the root of their Merkle tree (RFC 9162), signed.
pub(crate) struct Checkpoint(Arc<Vouched>);

impl Checkpoint {
    /// The checkpoint of that size, if there is one; batched with its neighbours.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn of_size(ctx: &Context<'_>, size: u64) -> Result<Option<Self>> {
        let found = loaders(ctx).vouched(size).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(found.map(Self))
    }

    /// The checkpoint of that size, or else the latest, of those that cover no more than the log had at a moment, and that
    /// witness has cosigned if one is named.
    ///
    /// # Errors
    /// When the log had not so many events, the moment is none of the log's, or the house fails.
    pub(crate) async fn load_at(
        ctx: &Context<'_>,
        size: Option<u64>,
        cosigned_by: Option<&str>,
        at: Moment,
    ) -> Result<Option<Self>> {
        let found = app(ctx).checkpoint_at(size, cosigned_by, at).await;
        found.map(|found| found.map(|vouched| Self(vouched.into()))).map_err(|error| refused(ctx, error, "size"))
    }
}

/// 检查点: how many events the log has and the root of their Merkle tree (RFC 9162), signed.
#[Object]
impl Checkpoint {
    /// 标识: made of what it says.
    async fn id(&self) -> ID {
        ids::of_content("Checkpoint", &self.0.note())
    }

    /// 日志名称: the name of the log.
    async fn origin(&self) -> &str {
        self.0.checkpoint.origin()
    }

    /// 事件数: how many events it covers: those at positions below it.
    async fn size(&self) -> Position {
        Position(self.0.checkpoint.size)
    }

    /// 树根: the root of their tree.
    async fn root(&self) -> Base64 {
        base64(&self.0.checkpoint.root)
    }

    /// 签署时间: when it was signed, by the clock of the server.
    async fn signed_at(&self) -> DateTime {
        time_of(self.0.checkpoint.signed_at).into()
    }

    /// 签名文本: the signed note as C2SP tlog-checkpoint has it, with its cosignatures: what an auditor's tools verify.
    async fn note(&self) -> String {
        self.0.note()
    }

    /// 见证: who has cosigned it.
    async fn cosignatures(&self) -> Vec<Cosignature> {
        self.0.cosignatures.iter().map(Cosignature::of).collect()
    }

    /// 时间戳: that it was there at a time, by the word of an authority (RFC 3161).
    async fn time_stamps(&self) -> Vec<TimeStamp> {
        self.0.time_stamps.iter().map(TimeStamp::of).collect()
    }
}

/// 见证: a witness's word that a checkpoint goes on from all that it had seen (C2SP tlog-cosignature).
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct Cosignature {
    /// 见证人: the name of its key.
    witness: String,
    /// 见证时间: by the clock of the witness.
    cosigned_at: DateTime,
    /// 签名行: the line of the note.
    line: String,
}

impl Cosignature {
    fn of(stored: &StoredCosignature) -> Self {
        Self {
            witness: stored.witness.clone(),
            cosigned_at: time_of(stored.cosigned_at).into(),
            line: stored.signature.clone(),
        }
    }
}

/// 时间戳: an RFC 3161 token over the note of a checkpoint, without cosignatures.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct TimeStamp {
    /// 时间戳机构: where it was got from.
    authority: String,
    /// 盖戳时间: by the clock of the authority.
    stamped_at: DateTime,
    /// 时间戳令牌: DER, as `openssl ts -verify -token_in` takes it.
    token: Base64,
}

impl TimeStamp {
    fn of(stored: &StoredTimeStamp) -> Self {
        Self {
            authority: stored.authority.clone(),
            stamped_at: time_of(stored.stamped_at).into(),
            token: Base64(stored.token.clone()),
        }
    }
}

content_id!(Cosignature, TimeStamp);

/// 包含证明: that an event is in the tree (RFC 9162, section 2.1.3).
pub(crate) struct InclusionProof(Arc<app::Inclusion>);

impl InclusionProof {
    /// The proof of an event, in the tree of so many events or in the latest that was sealed; as of a moment.
    ///
    /// # Errors
    /// When there is no such event for whoever asks, the tree has it not, the moment is none of the log's, or the house
    /// fails.
    pub(crate) async fn load(ctx: &Context<'_>, index: u64, size: Option<u64>, at: Moment) -> Result<Option<Self>> {
        let found = app(ctx).inclusion(actor(ctx), index, size, at).await;
        found.map(|proof| proof.map(|proof| Self(proof.into()))).map_err(|error| refused(ctx, error, "index"))
    }

    /// The proof of an event that the actor was shown, in the latest tree that was sealed, as of a moment; batched with
    /// its neighbours.
    ///
    /// # Errors
    /// When the moment is none of the log's, or the house fails.
    pub(crate) async fn of_shown(ctx: &Context<'_>, position: u64, at: Moment) -> Result<Option<Self>> {
        let found = loaders(ctx).proof(position, at).await;
        found.map(|proof| proof.map(Self)).map_err(|error| refused(ctx, error, "index"))
    }

    /// What was signed of its tree, if anything was.
    async fn signed(&self, ctx: &Context<'_>) -> Result<Option<Checkpoint>> {
        match &self.0.checkpoint {
            Some(_) => Checkpoint::of_size(ctx, self.0.size).await,
            None => Ok(None),
        }
    }
}

/// 包含证明: that an event is in the tree (RFC 9162, section 2.1.3).
#[Object]
impl InclusionProof {
    /// 标识: made of what it says.
    async fn id(&self) -> ID {
        ids::of_content("InclusionProof", &(self.0.index, self.0.size, self.0.root))
    }

    /// 序号: the position of the event.
    async fn index(&self) -> Position {
        Position(self.0.index)
    }

    /// 事件数: how many events the tree has.
    async fn size(&self) -> Position {
        Position(self.0.size)
    }

    /// 叶哈希: that of the event's ledger entry.
    async fn leaf_hash(&self) -> Base64 {
        base64(&self.0.leaf)
    }

    /// 路径: from the neighbour of the leaf up.
    async fn hashes(&self) -> Vec<Base64> {
        self.0.path.iter().map(base64).collect()
    }

    /// 树根: what they lead to.
    async fn root(&self) -> Base64 {
        base64(&self.0.root)
    }

    /// 检查点: what was signed of this tree; absent where no checkpoint has this size.
    async fn checkpoint(&self, ctx: &Context<'_>) -> Option<Result<Checkpoint>> {
        errors::nullable(self.signed(ctx)).await
    }

    /// 证明文件: the whole proof as C2SP tlog-proof has it, to be kept and verified without this server; absent where no checkpoint has this size.
    async fn file(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        errors::nullable(async {
            Ok(self.signed(ctx).await?.map(|Checkpoint(vouched)| {
                let (index, path) = (self.0.index, self.0.path.clone());
                InclusionFile { index, path, checkpoint: vouched.note() }.to_text()
            }))
        })
        .await
    }
}

/// 一致性证明: that a tree goes on from a smaller one (RFC 9162, section 2.1.4).
pub(crate) struct ConsistencyProof(app::Consistency);

impl ConsistencyProof {
    /// The proof from one size to another, as of a moment.
    ///
    /// # Errors
    /// When the log had not so many events, the moment is none of the log's, or the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, from: u64, to: u64, at: Moment) -> Result<Option<Self>> {
        let found = app(ctx).consistency(from, to, at).await;
        found.map(|proof| Some(Self(proof))).map_err(|error| refused(ctx, error, "to"))
    }
}

/// 一致性证明: that a tree goes on from a smaller one (RFC 9162, section 2.1.4).
#[Object]
impl ConsistencyProof {
    /// 标识: made of what it says.
    async fn id(&self) -> ID {
        ids::of_content("ConsistencyProof", &(self.0.from, self.0.to, self.0.to_root))
    }

    /// 起始事件数: how many events the smaller tree has.
    async fn from_size(&self) -> Position {
        Position(self.0.from)
    }

    /// 截止事件数: how many events the larger tree has.
    async fn to_size(&self) -> Position {
        Position(self.0.to)
    }

    /// 起始树根: the root of the smaller tree.
    async fn from_root(&self) -> Base64 {
        base64(&self.0.from_root)
    }

    /// 截止树根: the root of the larger tree.
    async fn to_root(&self) -> Base64 {
        base64(&self.0.to_root)
    }

    /// 证明: the hashes.
    async fn hashes(&self) -> Vec<Base64> {
        self.0.path.iter().map(base64).collect()
    }
}

fn refused(ctx: &Context<'_>, error: NoProof, place: &'static str) -> async_graphql::Error {
    let code = match &error {
        NoProof::Beyond { .. } => "POINT_IN_FUTURE",
        NoProof::NotWithin { .. } => "NOT_IN_TREE",
        NoProof::NoEvent => "NOT_FOUND",
        NoProof::NoBeginning => return errors::argument("AXIS_NEEDS_LOG", "axis", error.to_string()),
        NoProof::Fault(fault) => return errors::fault(ctx, fault.clone()),
    };
    errors::argument(code, place, error.to_string())
}

/// 事件回执: an event's leaf in the ledger, and the proof that it is in the log.
pub(crate) struct EventReceipt {
    pub(crate) position: u64,
    pub(crate) leaf: Hash,
    /// As of when the event is shown.
    pub(crate) at: Moment,
}

/// 事件回执: an event's leaf in the ledger, and the proof that it is in the log.
#[Object]
impl EventReceipt {
    /// 标识: made of what it says.
    async fn id(&self) -> ID {
        ids::of_content("EventReceipt", &(self.position, self.leaf))
    }

    /// 摘要: the hash of its ledger entry, the leaf of the log's tree.
    async fn digest(&self) -> Base64 {
        base64(&self.leaf)
    }

    /// 包含证明: in the latest checkpoint, of those that cover no more than the log had when the event is shown as of; absent until one covers it, within a second.
    async fn inclusion_proof(&self, ctx: &Context<'_>) -> Option<Result<InclusionProof>> {
        errors::nullable(InclusionProof::of_shown(ctx, self.position, self.at)).await
    }
}
