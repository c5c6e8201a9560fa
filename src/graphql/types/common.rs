//! Small things that many objects show: divisions, categories, actors.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::Moment;
use crate::domain::actor::ActorId;
use crate::domain::campaign::Campaign;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::value::{
    CampaignId, Division, EnterpriseId, InstitutionId, Period, PersonId, RegulationRef, ServiceCategory,
};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::Date;
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::register::Way;
use crate::graphql::words::Level;

content_id!(Regulation, PeriodNode);

#[derive(Serialize)]
pub(crate) struct DivisionNode(pub Division);

/// 行政区划: a division of GB/T 2260. A prefix is the hierarchy: `44` Guangdong, `4403` Shenzhen.
#[Object(name = "Division")]
impl DivisionNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::of_division(&self.0)
    }

    /// 代码: 2, 4 or 6 digits, or `CN` for the nation.
    async fn code(&self) -> String {
        self.0.to_string()
    }

    /// 名称: as the table of divisions has it today.
    async fn name(&self) -> Option<&'static str> {
        self.0.name()
    }

    /// 层级: the level of administration.
    async fn level(&self) -> Level {
        self.0.level().into()
    }

    /// 上级: the division above.
    async fn parent(&self) -> Option<DivisionNode> {
        self.0.parent().map(DivisionNode)
    }
}

/// The division of a row, which holds the nation as an empty code.
pub(crate) fn division_of_row(code: &str) -> Division {
    Division::of_code(code).expect("rows hold codes that the domain gave")
}

pub(crate) struct CategoryNode(pub ServiceCategory);

/// 服务类别: a category of the BIPM's KCDB list.
#[Object(name = "ServiceCategory")]
impl CategoryNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::of_category(&self.0)
    }

    /// 代码: such as `T/H-3`.
    async fn code(&self) -> &str {
        self.0.code()
    }

    /// 名称: as the KCDB has it.
    async fn name(&self) -> Option<&'static str> {
        self.0.name()
    }

    /// 领域: the metrology area, such as `T`.
    async fn area(&self) -> &str {
        self.0.area()
    }
}

/// Within a value, an actor is its id.
#[derive(Serialize)]
pub(crate) struct ActorNode {
    /// The id.
    pub(crate) id: ActorId,
    /// As of when the person is shown.
    #[serde(skip)]
    pub(crate) at: Moment,
}

/// 操作者: whoever did something: an opaque id, and the person behind it where one is registered.
#[Object(name = "Actor")]
impl ActorNode {
    /// The id, as the log has it. Never a name.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// 人员: who that is, where one is registered.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<PersonNode>> {
        errors::nullable(async {
            match PersonId::parse(self.id.as_str()) {
                Ok(id) => person(ctx, id, self.at, Way::Mention).await,
                Err(_) => Ok(None),
            }
        })
        .await
    }
}

/// 规程、规范、标准号: a regulation, by its number.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Regulation {
    /// 编号: as it was given, such as `JJG 196-2006`.
    reference: String,
    /// 代号: without the year.
    code: String,
    /// 版本年: the year of the edition, if the number says one.
    edition: Option<i32>,
}

impl From<&RegulationRef> for Regulation {
    fn from(reference: &RegulationRef) -> Self {
        Self {
            reference: reference.to_string(),
            code: reference.code().to_owned(),
            edition: reference.edition().map(i32::from),
        }
    }
}

/// 期间: days from one to another, both included.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Period")]
pub(crate) struct PeriodNode {
    /// 起: the first day.
    from: Date,
    /// 止: the last day; absent while none is known.
    until: Option<Date>,
}

impl From<&Period> for PeriodNode {
    fn from(period: &Period) -> Self {
        Self { from: period.from().into(), until: period.until().map(Into::into) }
    }
}

macro_rules! loaded {
    ($($(#[$doc:meta])* $load:ident($id:ident$(, $way:ident)?) -> $node:ident of $root:ident;)+) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// When the house fails.
            pub(crate) async fn $load(ctx: &Context<'_>, id: $id, at: Moment$(, $way: Way)?) -> Result<Option<$node>> {
                let entry = loaders(ctx).entry::<$root>(id.into(), at).await;
                let entry = entry.map_err(|fault| errors::fault(ctx, fault))?;
                Ok(entry.map(|entry| $node::new(entry, at)$(.by($way))?))
            }
        )+
    };
}

loaded! {
    /// An enterprise as of that moment, come to by that way, batched with its neighbours.
    enterprise(EnterpriseId, way) -> EnterpriseNode of Enterprise;
    /// An institution as of that moment, batched with its neighbours.
    institution(InstitutionId) -> InstitutionNode of Institution;
    /// A campaign as of that moment, batched with its neighbours.
    campaign(CampaignId) -> CampaignNode of Campaign;
    /// A person as of that moment, come to by that way, batched with its neighbours.
    person(PersonId, way) -> PersonNode of Person;
}

/// The campaigns that look after a case: the one that it was reported to and those that this was closed in favour of, one
/// after the other.
pub(crate) async fn campaigns_after(ctx: &Context<'_>, first: CampaignId, at: Moment) -> Result<Vec<CampaignId>> {
    let mut campaigns = Vec::new();
    let mut next = Some(first);
    while let Some(campaign) = next {
        campaigns.push(campaign);
        let entry = loaders(ctx).entry::<Campaign>(campaign.into(), at).await;
        next = entry.map_err(|fault| errors::fault(ctx, fault))?.and_then(|entry| entry.state.successor());
    }
    Ok(campaigns)
}
