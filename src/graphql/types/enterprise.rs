//! 企业: enterprises, their enrolments and the visits to them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::{Moment, Versioned};
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::state::{Enrolment, EnterpriseFile, FieldVisit};
use crate::domain::enterprise::values::{Consent, Contact, Identity};
use crate::domain::value::{CampaignId, VisitId};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::personal;
use crate::graphql::scalars::{Date, DateTime};
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::common::{self, ActorNode, DivisionNode};
use crate::graphql::types::register::{Way, register_connection, register_node};
use crate::graphql::words::CaseKind;

register_node!(EnterpriseNode of Enterprise as EnterpriseId);

register_connection! {
    /// 企业列表: enterprises by pages, in the order of their names.
    EnterpriseConnection, EnterpriseEdge of EnterpriseNode, Enterprise
}

impl EnterpriseNode {
    fn file(&self) -> &EnterpriseFile {
        self.0.entry.state.file.as_ref().expect("an enterprise's first event opens its file")
    }

    /// The entry, as it is seen by that way.
    pub(crate) fn by(mut self, way: Way) -> Self {
        self.0.way = way;
        self
    }

    /// Whether it is in the register for the actor.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn is_whole(&self, ctx: &Context<'_>) -> Result<bool> {
        self.0.is_whole(ctx).await
    }

    /// Whether the actor is told how to reach it.
    async fn is_reachable(&self, ctx: &Context<'_>) -> Result<bool> {
        self.0.is_reachable(ctx, |case| case.enterprise == self.0.entry.id.into()).await
    }

    /// What is known of it with the visits to it, which its entry is without.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn visited(&self, ctx: &Context<'_>) -> Result<Arc<Versioned<Enterprise>>> {
        let entry = &self.0.entry;
        let visited = loaders(ctx).visited(entry.id.into(), entry.version, self.0.at).await;
        visited.map_err(|fault| errors::fault(ctx, fault))
    }

    /// The visit of that id.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn visit(&self, ctx: &Context<'_>, id: VisitId) -> Result<Option<FieldVisitNode>> {
        let visited = self.visited(ctx).await?;
        Ok(visited.state.visit(id).map(|visit| FieldVisitNode::of(visit, self.0.at)))
    }
}

/// 企业: a company that has, or may have, a measurement difficulty.
#[Object(name = "Enterprise")]
impl EnterpriseNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 名称: its name, as of the last enrolment or amendment.
    async fn name(&self) -> String {
        self.file().name.to_string()
    }

    /// 统一社会信用代码: absent for an organisation of another tracker's log.
    async fn credit_code(&self) -> Option<String> {
        match &self.file().identity {
            Identity::CreditCode { code } => Some(code.to_string()),
            Identity::External { .. } => None,
        }
    }

    /// 外部标识: what another tracker's log calls it, where it came from one.
    async fn external(&self) -> Option<ExternalOrganisation> {
        match &self.file().identity {
            Identity::CreditCode { .. } => None,
            Identity::External { log, organisation } => {
                Some(ExternalOrganisation { log: log.to_string(), organisation: organisation.to_string() })
            }
        }
    }

    /// 行政区划: where it stands.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().division.clone())
    }

    /// 地址: its address, for whoever sees it in the register or works on the case that names it.
    async fn address(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        errors::nullable(async {
            let address = self.file().address.as_ref().map(ToString::to_string);
            Ok(if self.is_reachable(ctx).await? { address } else { None })
        })
        .await
    }

    /// 联系人: whom to call, for whoever sees it in the register or works on the case that names it. Personal data.
    async fn contact(&self, ctx: &Context<'_>) -> Option<Result<ContactNode>> {
        errors::nullable(async {
            let Some(contact) = self.file().contact.clone() else { return Ok(None) };
            // Of the entry and not of the content, which is personal data.
            let id = ids::of_content("Contact", &(self.0.entry.id, self.0.entry.version));
            Ok(self.is_reachable(ctx).await?.then_some(ContactNode { id, contact }))
        })
        .await
    }

    /// 报名: its last enrolment in each campaign; empty for whoever does not see it in the register.
    async fn enrolments(&self, ctx: &Context<'_>) -> Result<Vec<EnrolmentNode>> {
        if !self.0.is_whole(ctx).await? {
            return Ok(Vec::new());
        }
        let enrolments = self.file().enrolments.iter();
        let shown = enrolments.map(|(campaign, enrolment)| EnrolmentNode {
            campaign: *campaign,
            enrolment: enrolment.clone(),
            at: self.0.at,
        });
        Ok(shown.collect())
    }

    /// 走访: visits to its production lines, in the order in which they were recorded; empty for whoever does not see it in the register.
    async fn visits(&self, ctx: &Context<'_>) -> Result<Vec<FieldVisitNode>> {
        if !self.0.is_whole(ctx).await? {
            return Ok(Vec::new());
        }
        let visited = self.visited(ctx).await?;
        Ok(visited.state.visits.iter().map(|visit| FieldVisitNode::of(visit, self.0.at)).collect())
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

content_id!(ExternalOrganisation);

/// 外部标识: an organisation of another tracker's log.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ExternalOrganisation {
    /// The log's name, from the mapping file.
    log: String,
    /// What the log calls the organisation.
    organisation: String,
}

pub(crate) struct ContactNode {
    id: ID,
    contact: Contact,
}

/// 联系人: whom to call at an enterprise. Personal data.
#[Object(name = "Contact")]
impl ContactNode {
    /// 标识: of the enterprise and its version.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// 姓名: who; `null` once it was erased.
    async fn name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        personal::text(ctx, Some(&self.contact.name)).await
    }

    /// 电话: the number; `null` once it was erased.
    async fn telephone(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        personal::text(ctx, self.contact.telephone.as_ref()).await
    }

    /// 已删除: whether it was erased.
    async fn erased(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        personal::is_erased(ctx, &self.contact.name).await
    }
}

pub(crate) struct EnrolmentNode {
    campaign: CampaignId,
    enrolment: Enrolment,
    at: Moment,
}

/// 自愿报名: a place on a campaign's list.
#[Object(name = "Enrolment")]
impl EnrolmentNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("Enrolment", &(self.campaign, &self.enrolment))
    }

    /// 活动: the campaign.
    async fn campaign(&self, ctx: &Context<'_>) -> Option<Result<CampaignNode>> {
        common::campaign(ctx, self.campaign, self.at).await.transpose()
    }

    /// Since when.
    async fn enrolled_at(&self) -> DateTime {
        self.enrolment.at.into()
    }

    /// 同意: how and when it agreed; absent for an import, whose log says nothing of consent.
    async fn consent(&self) -> Option<String> {
        match &self.enrolment.consent {
            Consent::Given { statement } => Some(statement.to_string()),
            Consent::Imported => None,
        }
    }

    /// When it was given up.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.enrolment.withdrawn_at.map(Into::into)
    }
}

pub(crate) struct FieldVisitNode {
    visit: FieldVisit,
    at: Moment,
}

impl FieldVisitNode {
    /// The visit, as it is shown as of that moment.
    pub(crate) fn of(visit: &FieldVisit, at: Moment) -> Self {
        Self { visit: visit.clone(), at }
    }
}

/// 现场走访: a visit to the production line.
#[Object(name = "FieldVisit")]
impl FieldVisitNode {
    /// The global id.
    async fn id(&self) -> ID {
        ids::global(self.visit.id)
    }

    /// 活动: the campaign it was part of.
    async fn campaign(&self, ctx: &Context<'_>) -> Option<Result<CampaignNode>> {
        common::campaign(ctx, self.visit.campaign, self.at).await.transpose()
    }

    /// 走访人员: who went.
    async fn visitors(&self) -> Vec<ActorNode> {
        self.visit.visitors.iter().map(|id| ActorNode { id: id.clone(), at: self.at }).collect()
    }

    /// 走访日期: the day.
    async fn visited_on(&self) -> Date {
        self.visit.visited_on.into()
    }

    /// 地点: the workshop or line.
    async fn place(&self) -> Option<String> {
        self.visit.place.as_ref().map(ToString::to_string)
    }

    /// 情况: what was seen.
    async fn seen(&self) -> String {
        self.visit.seen.to_string()
    }

    /// 需求: the help that seemed to be needed.
    async fn needs(&self) -> Vec<CaseKind> {
        self.visit.needs.iter().map(|kind| (*kind).into()).collect()
    }

    /// Who put it on record.
    async fn recorded_by(&self) -> ActorNode {
        ActorNode { id: self.visit.recorded_by.clone(), at: self.at }
    }
}
