//! 附件: the documents of a case.

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};

use crate::app::Moment;
use crate::domain::case::state;
use crate::domain::value::CaseId;
use crate::graphql::context::{app, loaders};
use crate::graphql::errors;
use crate::graphql::ids;
use crate::graphql::scalars::{Base64, DateTime};
use crate::graphql::types::common::ActorNode;

/// 附件: a document.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Attachment {
    /// The global id.
    id: ID,
    /// Who added it.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 文件名: its name.
    name: String,
    /// 摘要: SHA-256 of the bytes, in hexadecimal.
    digest: String,
    /// 大小: how many bytes.
    size_bytes: u64,
    /// 媒体类型: what they are.
    media_type: String,
    #[graphql(skip)]
    case: CaseId,
    #[graphql(skip)]
    stored: state::Attachment,
}

impl Attachment {
    /// A document of that case.
    pub(crate) fn new(case: CaseId, stored: state::Attachment, at: Moment) -> Self {
        Self {
            id: ids::global(stored.id),
            by: ActorNode { id: stored.by.clone(), at },
            at: stored.at.into(),
            name: stored.name.to_string(),
            digest: stored.digest.to_string(),
            size_bytes: stored.size_bytes,
            media_type: stored.media_type.to_string(),
            case,
            stored,
        }
    }

    /// Whether the case has the document now, and the actor may see it there: a preview shows some that no case has.
    async fn is_there(&self, ctx: &Context<'_>) -> Result<bool> {
        let case = loaders(ctx).present(self.case).await.map_err(|fault| errors::fault(ctx, fault))?;
        let mut attachments = case.iter().flat_map(|case| &case.state.file).flat_map(|file| &file.attachments);
        Ok(attachments.any(|attachment| attachment.digest == self.stored.digest))
    }
}

#[ComplexObject]
impl Attachment {
    /// 内容: the bytes. Up to 4 MiB: ask for one at a time.
    async fn content_base64(&self, ctx: &Context<'_>) -> Option<Result<Base64>> {
        errors::nullable(async {
            // Not from a loader: it would hold the bytes of all documents of a page, however few of them the answer has
            // room for.
            let content = match self.is_there(ctx).await? {
                true => app(ctx).content(&self.stored.digest).await,
                false => Ok(None),
            };
            Ok(content.map_err(|fault| errors::fault(ctx, fault))?.map(Base64))
        })
        .await
    }
}
