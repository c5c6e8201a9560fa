//! Anything by its global id.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use crate::app::{Moment, Receipt};
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::context::{loaders, reached};
use crate::graphql::errors;
use crate::graphql::ids::{self, MOST_IDS, Named};
use crate::graphql::limits::NamedLimit;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::Position;
use crate::graphql::types::annual_summary::AnnualSummaryNode;
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::catalogue::CatalogueNode;
use crate::graphql::types::common::{CategoryNode, DivisionNode};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::event::{Event, Node};
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::view::ViewNode;

#[derive(Default)]
pub(crate) struct NodeQuery(pub(super) Viewpoint);

/// Reads by global id.
#[Object]
impl NodeQuery {
    /// 节点: anything by its global id, if you may see it. Its only argument is the id, as the clients of Relay want it; `nodes` waits for a position.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Option<Result<Node>> {
        errors::nullable(find(ctx, &id, "id", self.0)).await
    }

    /// 节点: up to 100 things by their global ids, in their order; what you may not see is `null`. One whose id is there twice comes twice.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<Vec<Option<Node>>>> {
        errors::nullable(async {
            if ids.len() > MOST_IDS {
                let message = format!("at most {MOST_IDS} nodes at once");
                let limit = NamedLimit { name: "mostIds", maximum: MOST_IDS as u64 };
                return Err(errors::over("TOO_MANY_IDS", "ids", limit, message));
            }
            reached(ctx, min_position).await?;
            let found =
                ids.iter().enumerate().map(async |(place, id)| find(ctx, id, &format!("ids.{place}"), self.0).await);
            futures::future::try_join_all(found).await.map(Some)
        })
        .await
    }
}

/// What the id stands for, that came as the argument at that path.
async fn find(ctx: &Context<'_>, id: &ID, argument: &str, from: Viewpoint) -> Result<Option<Node>> {
    let Some(named) = ids::read_any(id) else {
        return Err(errors::refused(&Refusal::new(Code::IdInvalid, argument, "not a global id")));
    };
    let (kind, id) = match named {
        Named::Event(position) => return event(ctx, position, from.moment).await,
        Named::Division(division) => return Ok(Some(Node::Division(DivisionNode(division)))),
        Named::Category(category) => return Ok(Some(Node::ServiceCategory(CategoryNode(category)))),
        Named::Thing(kind, id) => (kind, id),
    };
    // Findings, fees and the like have ids to be named by, and are read with their case.
    thing(ctx, &kind, id, from).await
}

/// What has a global id of that kind, if the actor may see it.
///
/// # Errors
/// When the house fails.
pub(crate) async fn thing(ctx: &Context<'_>, kind: &str, id: Uuid, from: Viewpoint) -> Result<Option<Node>> {
    Ok(match kind {
        "Case" => CaseNode::named(ctx, id.into(), from).await?.map(Node::Case),
        "Enterprise" => EnterpriseNode::load(ctx, id.into(), from).await?.map(Node::Enterprise),
        "Campaign" => CampaignNode::load(ctx, id.into(), from).await?.map(Node::Campaign),
        "Institution" => InstitutionNode::load(ctx, id.into(), from).await?.map(Node::Institution),
        "Person" => PersonNode::load(ctx, id.into(), from).await?.map(Node::Person),
        "Catalogue" => CatalogueNode::load(ctx, id.into(), from).await?.map(Node::Catalogue),
        "AnnualSummary" => AnnualSummaryNode::load(ctx, id.into(), from).await?.map(Node::AnnualSummary),
        "View" => ViewNode::load(ctx, id.into(), from).await?.map(Node::View),
        _ => None,
    })
}

/// What a command was about, as it is now.
///
/// # Errors
/// When the house fails.
pub(crate) async fn of_receipt(ctx: &Context<'_>, receipt: &Receipt) -> Result<Option<Node>> {
    let stream = receipt.stream;
    thing(ctx, stream.aggregate_type.as_str(), stream.aggregate_id, Moment::Present.into()).await
}

async fn event(ctx: &Context<'_>, position: u64, at: Moment) -> Result<Option<Node>> {
    let found = loaders(ctx).event(position, at).await;
    let Some(record) = found.map_err(|fault| errors::fault(ctx, fault))? else {
        return Ok(None);
    };
    Event::read(ctx, record, at).map(|event| Some(event.into()))
}
