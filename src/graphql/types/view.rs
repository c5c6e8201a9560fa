//! 视图: saved views.

use async_graphql::{Context, Enum, ID, Object, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::Moment;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::ViewId;
use crate::domain::view::View;
use crate::domain::view::state::ViewFile;
use crate::graphql::context::actor;
use crate::graphql::filter::CaseFilter;
use crate::graphql::filter::order::CaseOrder;
use crate::graphql::scalars::{DateTime, Json};
use crate::graphql::types::common::{ActorNode, DivisionNode};
use crate::graphql::types::register::{register_connection, register_node};
use crate::graphql::{errors, ids};

register_node!(ViewNode of View as ViewId);

register_connection! {
    /// 视图列表: saved views by pages, in the order of their names.
    ViewConnection, ViewEdge of ViewNode, View
}

/// 分组字段: by what the cases of a view are shown together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CaseGrouping {
    /// 状态.
    Status,
    /// 层级.
    Level,
    /// 行政区划.
    Jurisdiction,
    /// 计量技术机构.
    Institution,
    /// 服务类别.
    Category,
    /// 类型.
    Kind,
    /// 严重程度.
    Severity,
    /// 月份: of the report.
    Month,
}

impl ViewNode {
    /// The view of a list's argument, as it was at the moment that the list is about.
    ///
    /// # Errors
    /// `ID_INVALID`, or `NOT_FOUND` when it is not there for the actor.
    pub(crate) async fn asked(ctx: &Context<'_>, id: &ID, at: Moment) -> Result<Self> {
        let refused = |refusal| Err(errors::refused(&refusal));
        let id = match ids::read::<ViewId>(id) {
            Ok(id) => id,
            Err(error) => return refused(Refusal::of_value("view", error)),
        };
        match Self::load(ctx, id, at).await? {
            Some(view) => Ok(view),
            None => refused(Refusal::new(Code::NotFound, "view", "no view of this id is there for you")),
        }
    }

    /// The filters that have to hold, the view's and what narrows it; and the order, the view's where no other is given.
    ///
    /// # Errors
    /// `VIEW_OUTDATED`.
    pub(crate) fn narrowed(
        &self,
        filter: Option<CaseFilter>,
        order_by: Option<Vec<CaseOrder>>,
    ) -> Result<(Vec<CaseFilter>, Option<Vec<CaseOrder>>)> {
        let question = &self.file().question;
        let kept = CaseFilter::of_words(question.filter.object())?;
        let filters = [kept].into_iter().chain(filter).collect();
        let order_by = match order_by {
            Some(keys) => keys,
            None => question.order.iter().map(CaseOrder::of_words).collect::<Result<_>>()?,
        };
        Ok((filters, Some(order_by)))
    }

    /// What is known of it.
    fn file(&self) -> &ViewFile {
        self.0.entry.state.file.as_ref().expect("a view's first event opens its file")
    }
}

/// 视图: a question about cases that somebody keeps. `cases(view: …)` asks it.
#[Object(name = "View")]
impl ViewNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 名称: what it is called.
    async fn name(&self) -> String {
        self.file().name.to_string()
    }

    /// 所有者: whose it is.
    async fn owner(&self) -> ActorNode {
        ActorNode { id: self.file().owner.clone(), at: self.0.at }
    }

    /// 我的: whether it is yours.
    async fn mine(&self, ctx: &Context<'_>) -> bool {
        self.file().owner == actor(ctx).id
    }

    /// 共享范围: everybody of this jurisdiction and below it sees it; absent where it is its owner's alone.
    async fn shared_with(&self) -> Option<DivisionNode> {
        self.file().shared_with.clone().map(DivisionNode)
    }

    /// 筛选: which cases, in the shape of `CaseFilter`: it can be given as the `filter` of a list as it is.
    async fn filter(&self) -> Json {
        Json(Value::Object(self.file().question.filter.object().clone()))
    }

    /// 排序: in which order, in the shape of `[CaseOrder!]`: it can be given as the `orderBy` of a list as it is.
    async fn order_by(&self) -> Json {
        let keys = self.file().question.order.iter();
        let keys =
            keys.map(|key| json!({ "field": key.field, "direction": if key.descending { "DESC" } else { "ASC" } }));
        Json(Value::Array(keys.collect()))
    }

    /// 分组: by what a client shows the cases together, in words of `CaseGrouping`.
    async fn group_by(&self) -> Vec<String> {
        self.file().question.group_by.iter().map(ToString::to_string).collect()
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
