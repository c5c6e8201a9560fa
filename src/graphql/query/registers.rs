//! Registers: enterprises, institutions, campaigns, persons, catalogues, annual summaries; and saved views.

use async_graphql::{Context, ID, InputObject, Object, Result};

use crate::domain::refusal::Refusal;
use crate::domain::value::{
    AnnualSummaryId, CampaignId, CatalogueId, Division, EnterpriseId, InstitutionId, PersonId, ValueError, ViewId,
};
use crate::graphql::connection::Slice;
use crate::graphql::context::reached;
use crate::graphql::errors;
use crate::graphql::filter::sought;
use crate::graphql::ids::{self, Identified};
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::{Cursor, Position};
use crate::graphql::types::annual_summary::AnnualSummaryNode;
use crate::graphql::types::campaign::{CampaignConnection, CampaignNode};
use crate::graphql::types::catalogue::CatalogueNode;
use crate::graphql::types::enterprise::{EnterpriseConnection, EnterpriseNode};
use crate::graphql::types::institution::{InstitutionConnection, InstitutionNode};
use crate::graphql::types::person::{PersonConnection, PersonNode};
use crate::graphql::types::register::Which;
use crate::graphql::types::view::ViewNode;

/// 筛选: which entries of a register. Every field that is given has to hold; one that is null is as if it were left out.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct RegisterFilter {
    /// 行政区划: in this division or below it: 2, 4 or 6 digits, or `CN`.
    pub(crate) division_within: Option<String>,
    /// 名称: contains this; ASCII letters of either case. Of persons it is refused (`NAMES_SEALED`): their names are stored in a sealed form.
    pub(crate) name_contains: Option<String>,
    /// 代码: has exactly this code, such as a unified social credit code.
    pub(crate) code: Option<String>,
}

impl RegisterFilter {
    fn read(filter: Option<Self>) -> Result<Which> {
        let filter = filter.unwrap_or_default();
        let division = filter.division_within.as_deref().map(Division::parse).transpose();
        Ok(Which {
            division: sound("filter.divisionWithin", division)?,
            code: filter.code.map(|code| sought("filter.code", code)).transpose()?,
            name_contains: filter.name_contains.map(|name| sought("filter.nameContains", name)).transpose()?,
            as_reader: false,
        })
    }
}

fn sound<T>(field: &str, read: Result<T, ValueError>) -> Result<T> {
    read.map_err(|error| errors::refused(&Refusal::of_value(field, error)))
}

fn id_of<I: Identified>(id: &ID) -> Result<I> {
    sound("id", ids::read(id))
}

#[derive(Default)]
pub(crate) struct RegisterQuery(pub(super) Viewpoint);

/// The reads of registers: of those that are listed one entry by its id and the entries by pages, and then the others.
macro_rules! register_queries {
    (
        $(
            $(#[$one_doc:meta])* $one:ident gives $node:ident by $id:ident;
            $(#[$many_doc:meta])* $many:ident gives $connection:ident;
        )+
        { $($others:tt)* }
    ) => {
        /// Reads of registers.
        #[Object]
        impl RegisterQuery {
            $(
                $(#[$one_doc])*
                async fn $one(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(desc = "The global id.")] id: ID,
                    #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
                ) -> Option<Result<$node>> {
                    errors::nullable(async {
                        reached(ctx, min_position).await?;
                        $node::load(ctx, id_of::<$id>(&id)?, self.0.moment).await
                    })
                    .await
                }

                $(#[$many_doc])*
                async fn $many(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(
                        desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
                    )]
                    first: Option<i32>,
                    #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
                    #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
                    #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
                    #[graphql(desc = "筛选: only these.")] filter: Option<RegisterFilter>,
                    #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
                ) -> Option<Result<$connection>> {
                    errors::nullable(async {
                        reached(ctx, min_position).await?;
                        let slice = Slice::read(ctx, first, after, last, before)?;
                        $connection::load(ctx, slice, RegisterFilter::read(filter)?, self.0).await.map(Some)
                    })
                    .await
                }
            )+

            $($others)*
        }
    };
}

register_queries! {
    /// 企业: one by its id, if you may see it.
    enterprise gives EnterpriseNode by EnterpriseId;
    /// 企业列表: those that you may see, by pages, in the order of their names.
    enterprises gives EnterpriseConnection;

    /// 计量技术机构: one by its id, if you may see it.
    institution gives InstitutionNode by InstitutionId;
    /// 计量技术机构列表: those that you may see, by pages, in the order of their names.
    institutions gives InstitutionConnection;

    /// 活动: one by its id, if you may see it.
    campaign gives CampaignNode by CampaignId;
    /// 活动列表: those that you may see, by pages, in the order of their names.
    campaigns gives CampaignConnection;

    /// 人员: one by its id, if you may see it.
    person gives PersonNode by PersonId;
    /// 人员列表: those that you may see, by pages, in the order of their ids.
    persons gives PersonConnection;

    {
        /// 视图: a saved view by its id, if you may see it.
        async fn view(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "The global id.")] id: ID,
            #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
        ) -> Option<Result<ViewNode>> {
            errors::nullable(async {
                reached(ctx, min_position).await?;
                ViewNode::load(ctx, id_of::<ViewId>(&id)?, self.0.moment).await
            })
            .await
        }

        /// 目录: the catalogue of a province or of the nation.
        async fn catalogue(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "行政区划: a province's two digits, or `CN`.")] division_code: String,
            #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
        ) -> Option<Result<CatalogueNode>> {
            errors::nullable(async {
                reached(ctx, min_position).await?;
                let division = sound("divisionCode", Division::parse(&division_code))?;
                CatalogueNode::load(ctx, CatalogueId::of(&division), self.0.moment).await
            })
            .await
        }

        /// 年度总结: what a jurisdiction reported of a year.
        async fn annual_summary(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "行政区划: 2, 4 or 6 digits, or `CN`.")] division_code: String,
            #[graphql(desc = "年度: which year.")] year: i32,
            #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
        ) -> Option<Result<AnnualSummaryNode>> {
            errors::nullable(async {
                reached(ctx, min_position).await?;
                let division = sound("divisionCode", Division::parse(&division_code))?;
                match i16::try_from(year) {
                    Ok(year) => AnnualSummaryNode::load(ctx, AnnualSummaryId::of(&division, year), self.0).await,
                    Err(_) => Ok(None),
                }
            })
            .await
        }
    }
}
