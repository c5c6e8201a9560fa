//! 人员: persons.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};

use crate::domain::person::Person;
use crate::domain::person::state::PersonFile;
use crate::domain::person::values::Affiliation;
use crate::graphql::errors;
use crate::graphql::ids;
use crate::graphql::personal;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::common::{self, CategoryNode, DivisionNode};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::register::{Way, register_connection, register_node};
use crate::graphql::words::Capacity;

register_node!(PersonNode of Person as PersonId);

register_connection! {
    /// 人员列表: persons by pages.
    PersonConnection, PersonEdge of PersonNode, Person
}

impl PersonNode {
    fn file(&self) -> &PersonFile {
        self.0.entry.state.file.as_ref().expect("a person's first event opens its file")
    }

    /// Whether the actor is told how to reach the person.
    async fn is_reachable(&self, ctx: &Context<'_>) -> Result<bool> {
        self.0.is_reachable(ctx, |case| case.members().any(|member| member == self.0.entry.id.into())).await
    }

    /// The entry, as it is seen by that way.
    pub(crate) fn by(mut self, way: Way) -> Self {
        self.0.way = way;
        self
    }
}

/// 人员: an expert, technician, volunteer, official or contact.
#[Object(name = "Person")]
impl PersonNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 姓名: the name. Personal data; `null` once the person was erased.
    async fn name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let file = self.file();
        personal::text(ctx, (!file.is_erased()).then_some(&file.name)).await
    }

    /// 电话: the number, for whoever sees the person in the register, and for the lead, the experts who joined and the enterprise of the case that names the person, while the person leads it or has joined it too. Personal data; `null` once the person was erased.
    async fn telephone(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let file = self.file();
        let telephone = file.telephone.as_ref().filter(|_| !file.is_erased())?;
        match self.is_reachable(ctx).await {
            Ok(true) => personal::text(ctx, Some(telephone)).await,
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// 已删除: whether the person's data was erased since, whatever moment is looked at. What is left are the id and what is no personal data.
    async fn erased(&self, ctx: &Context<'_>) -> Option<Result<bool>> {
        let file = self.file();
        match file.is_erased() {
            true => Some(Ok(true)),
            false => personal::is_erased(ctx, &file.name).await,
        }
    }

    /// 身份: what the person is there for.
    async fn capacity(&self) -> Capacity {
        self.file().capacity.into()
    }

    /// 所属单位: where the person belongs.
    async fn affiliation(&self, ctx: &Context<'_>) -> Option<Result<AffiliationNode>> {
        errors::nullable(async {
            let affiliation = &self.file().affiliation;
            let nowhere =
                AffiliationNode { institution: None, bureau: None, enterprise: None, affiliation: affiliation.clone() };
            Ok(Some(match affiliation {
                Affiliation::Institution { institution, .. } => {
                    AffiliationNode { institution: common::institution(ctx, *institution, self.0.at).await?, ..nowhere }
                }
                Affiliation::Bureau { division } => {
                    AffiliationNode { bureau: Some(DivisionNode(division.clone())), ..nowhere }
                }
                Affiliation::Enterprise { enterprise, .. } => AffiliationNode {
                    enterprise: common::enterprise(ctx, *enterprise, self.0.at, Way::Mention).await?,
                    ..nowhere
                },
            }))
        })
        .await
    }

    /// 行政区划: where that body stood when it was looked up.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().division.clone())
    }

    /// 专业: the KCDB categories the person knows.
    async fn fields(&self) -> Vec<CategoryNode> {
        self.file().fields.iter().cloned().map(CategoryNode).collect()
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

/// 所属单位: where somebody belongs; one of the three.
#[derive(SimpleObject)]
#[graphql(complex, name = "Affiliation")]
pub(crate) struct AffiliationNode {
    /// 机构: the institution.
    institution: Option<InstitutionNode>,
    /// 质监局: the division of the bureau.
    bureau: Option<DivisionNode>,
    /// 企业: the enterprise.
    enterprise: Option<EnterpriseNode>,
    #[graphql(skip)]
    affiliation: Affiliation,
}

#[ComplexObject]
impl AffiliationNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("Affiliation", &self.affiliation)
    }
}
