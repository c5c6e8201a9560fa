//! 活动: campaigns.

use async_graphql::{Context, ID, Object, Result};

use crate::domain::campaign::Campaign;
use crate::domain::campaign::state::CampaignFile;
use crate::graphql::errors;
use crate::graphql::scalars::{Date, DateTime};
use crate::graphql::types::common::{self, DivisionNode, PeriodNode};
use crate::graphql::types::register::{register_connection, register_node};
use crate::graphql::words::CampaignKind;

register_node!(CampaignNode of Campaign as CampaignId);

register_connection! {
    /// 活动列表: campaigns by pages, in the order of their names.
    CampaignConnection, CampaignEdge of CampaignNode, Campaign
}

impl CampaignNode {
    fn file(&self) -> &CampaignFile {
        self.0.entry.state.file.as_ref().expect("a campaign's first event opens its file")
    }
}

/// 活动: a dated programme of service, such as 计量服务走进万家中小企业.
#[Object(name = "Campaign")]
impl CampaignNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 名称: what people call it.
    async fn name(&self) -> String {
        self.file().name.to_string()
    }

    /// 类型: what it is for.
    async fn kind(&self) -> CampaignKind {
        self.file().kind.into()
    }

    /// 行政区划: where it serves.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().jurisdiction.clone())
    }

    /// 期间: when it serves.
    async fn period(&self) -> PeriodNode {
        (&self.file().period).into()
    }

    /// 总结期限: the last day for its summary.
    async fn reporting_deadline(&self) -> Date {
        self.file().reporting_deadline.into()
    }

    /// Whether it was opened and has not ended.
    async fn open(&self) -> bool {
        self.0.entry.state.is_open()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        self.file().opened_at.into()
    }

    /// When it ended.
    async fn closed_at(&self) -> Option<DateTime> {
        self.file().closing.as_ref().map(|closing| closing.at.into())
    }

    /// Why it ended, if said.
    async fn closing_reason(&self) -> Option<String> {
        self.file().closing.as_ref()?.reason.as_ref().map(ToString::to_string)
    }

    /// 后续活动: the campaign in whose favour it was closed, and which is not closed without a successor of its own while cases of this one are open. The cases keep this campaign: filters find them by it, and their `campaign` is this one.
    async fn successor(&self, ctx: &Context<'_>) -> Option<Result<CampaignNode>> {
        errors::nullable(async {
            match self.file().closing.as_ref().and_then(|closing| closing.successor) {
                Some(id) => common::campaign(ctx, id, self.0.at).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 版本: how many events it has.
    async fn version(&self) -> u64 {
        self.0.entry.version
    }

    /// 更新时间: when the log took its last event.
    async fn updated_at(&self) -> DateTime {
        self.0.entry.updated_at.into()
    }
}
