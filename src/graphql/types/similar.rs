//! 类似案例: solved cases like another one.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use crate::app::{Similar, StoredCase};
use crate::graphql::context::{actor, app};
use crate::graphql::limits::NamedLimit;
use crate::graphql::query::{Viewpoint, score};
use crate::graphql::types::case::CaseNode;
use crate::graphql::{errors, ids};

/// The most cases that are shown.
pub(crate) const MOST: u32 = 20;
/// How many are shown where none is said.
pub(crate) const USUAL: u32 = 5;

pub(crate) struct CaseLikeness {
    pub(crate) stored: Arc<StoredCase>,
    pub(crate) from: Viewpoint,
}

/// The part of a case that tells of others like it.
#[Object]
impl CaseLikeness {
    /// 类似的已解决案例: solved cases like this one that you may see, the most alike first: how did others get rid of such a difficulty?
    async fn similar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, up to 20; 5 when left out.")] first: Option<i32>,
    ) -> Option<Result<Vec<SimilarCase>>> {
        errors::nullable(async {
            let asked = first.map_or(Ok(USUAL), u32::try_from);
            let Some(most) = asked.ok().filter(|most| *most <= MOST) else {
                let message = format!("0 to {MOST} similar cases are shown");
                let limit = NamedLimit { name: "mostSimilar", maximum: MOST.into() };
                return Err(errors::over("PAGE_SIZE_INVALID", "first", limit, message));
            };
            let similar = app(ctx).similar(actor(ctx), &self.stored, self.from.moment, most as usize).await;
            let similar = similar.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(Some(similar.into_iter().map(|similar| SimilarCase { similar, from: self.from }).collect()))
        })
        .await
    }
}

pub(crate) struct SimilarCase {
    similar: Similar,
    from: Viewpoint,
}

/// 类似案例: a solved case like another, and why.
#[Object]
impl SimilarCase {
    /// 标识: made of what it says: equal ones have the same.
    async fn id(&self) -> ID {
        let similar = &self.similar;
        let case = (similar.case.row.case_id, similar.case.version);
        ids::of_content("SimilarCase", &(case, similar.score_ppm, &similar.shared_terms))
    }

    /// 案例: the case.
    async fn case(&self) -> CaseNode {
        CaseNode::new(self.similar.case.clone(), self.from)
    }

    /// 相似度: between 0 and 1.9: the share of the words of title, measurand and problem that it has too, rare ones counting more; and 0.5 for the same measurand, 0.3 for the same service category, 0.1 for the same kind.
    async fn score(&self) -> f64 {
        score(self.similar.score_ppm)
    }

    /// 共同词语: words that both have, the most telling first, at most eight; words of grammar and numerals are none.
    async fn shared_terms(&self) -> &[String] {
        &self.similar.shared_terms
    }

    /// 被测量相同: whether both ask to measure the same.
    async fn same_measurand(&self) -> bool {
        self.similar.same_measurand
    }

    /// 服务类别相同: whether both are of one service category.
    async fn same_category(&self) -> bool {
        self.similar.same_category
    }

    /// 类型相同: whether both need the same kind of help.
    async fn same_kind(&self) -> bool {
        self.similar.same_kind
    }
}
