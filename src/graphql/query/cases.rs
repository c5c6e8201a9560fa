//! Cases: one, or a list.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::app::{AggregateType, CasePage, Condition, StoredCase};
use crate::domain::case::number::CaseNumber;
use crate::domain::refusal::Refusal;
use crate::domain::value::CaseId;
use crate::graphql::connection::{Beyond, PageInfo, Slice};
use crate::graphql::context::{actor, app, reached};
use crate::graphql::filter::CaseFilter;
use crate::graphql::filter::order::{Asked, CaseOrder, Order};
use crate::graphql::query::Viewpoint;
use crate::graphql::read_at::ReadAt;
use crate::graphql::scalars::{Cursor, Position};
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::view::ViewNode;
use crate::graphql::{errors, ids};

#[derive(Default)]
pub(crate) struct CaseQuery(pub(super) Viewpoint);

/// Reads of cases.
#[Object]
impl CaseQuery {
    /// 难点: a case by its id, if you may see it.
    async fn case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<CaseNode>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let id = ids::read::<CaseId>(&id).map_err(|error| errors::refused(&Refusal::of_value("id", error)))?;
            CaseNode::load(ctx, id, self.0).await
        })
        .await
    }

    /// 难点: a case by the number that people use, such as `GD-2026-000123`, if you may see it.
    async fn case_by_number(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "编号: letters of the province, year, serial.")] number: String,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<CaseNode>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let Some(number) = CaseNumber::parse(&number) else {
                let message = "not a case number: write one such as GD-2026-000123";
                return Err(errors::argument("NUMBER_INVALID", "number", message));
            };
            let stored = app(ctx).case_by_number(actor(ctx), &number, self.0.moment).await;
            let stored = stored.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(stored.map(|stored| CaseNode::new(stored, self.0)))
        })
        .await
    }

    /// 难点列表: the cases that you may see, by pages. The pages of one list are read as of one position: nothing is skipped or repeated while cases change. As of what had happened by a time, a page is refused with `CURSOR_OUTDATED` where the log has heard since the first one of something else that had happened to them by then, or to the views that you may see where `view` is given: begin the list again.
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
        #[graphql(desc = "视图: those of a saved view, in its order.")] view: Option<ID>,
        #[graphql(desc = "筛选: only these; of a view's, only these of them.")] filter: Option<CaseFilter>,
        #[graphql(desc = "排序: at most four keys; when left out the view's, or the latest reported first.")] order_by: Option<
            Vec<CaseOrder>,
        >,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<CaseConnection>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let slice = Slice::read(ctx, first, after, last, before)?;
            let asked = match slice.places(Order::asked)?.read_at(|asked| *asked)? {
                Some(asked) => Asked { read: asked.read.continued(ctx, self.0).await?, ..asked },
                None => Asked {
                    read: ReadAt::begun(ctx, self.0).await?,
                    now: self.0.time.unwrap_or_else(|| app(ctx).now()),
                },
            };
            let kept = match &view {
                Some(id) => {
                    let kept = ViewNode::asked(ctx, id, asked.read.at).await?;
                    asked.read.check(ctx, &slice, AggregateType::View).await?;
                    Some(kept)
                }
                None => None,
            };
            let (filters, order_by) = match &kept {
                Some(view) => view.narrowed(filter, order_by)?,
                None => (Vec::from_iter(filter), order_by),
            };
            let order = Order::read(order_by)?;
            let places = slice.places(|cursor| order.place(cursor))?;
            let conditions = filters.iter().map(|filter| filter.condition(asked.now)).collect::<Result<_>>()?;
            let mut page = CasePage {
                condition: Condition::All(conditions),
                order: order.columns().to_vec(),
                after: places.after,
                before: places.before,
                limit: slice.limit(),
                keep: slice.keep(),
                at: asked.read.at,
            };
            let read = app(ctx).page_of_cases(actor(ctx), &page).await;
            let (mut rows, at) = read.map_err(|fault| errors::fault(ctx, fault))?;
            asked.read.check(ctx, &slice, AggregateType::Case).await?;
            // What is asked about the list from here on is asked as of where it was read.
            page.at = at;
            let asked = Asked { read: ReadAt { at, ..asked.read }, ..asked };
            let beyond = slice.cut(&mut rows);
            let rows = rows.into_iter().map(Arc::new).collect();
            Ok(Some(CaseConnection { order, asked, page, rows, beyond }))
        })
        .await
    }
}

pub(crate) struct CaseConnection {
    order: Order,
    asked: Asked,
    page: CasePage,
    rows: Vec<Arc<StoredCase>>,
    beyond: Beyond,
}

/// A case and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct CaseEdge {
    /// The place.
    cursor: Cursor,
    /// The case.
    node: CaseNode,
}

impl CaseConnection {
    fn node(&self, row: &Arc<StoredCase>) -> CaseNode {
        CaseNode::new(row.clone(), Viewpoint { moment: self.page.at, time: Some(self.asked.now) })
    }

    fn cursor(&self, row: &StoredCase) -> Cursor {
        self.order.place_of(row, self.asked)
    }
}

/// 难点列表: cases by pages.
#[Object]
impl CaseConnection {
    /// The cases with their places.
    async fn edges(&self) -> Vec<CaseEdge> {
        self.rows.iter().map(|row| CaseEdge { cursor: self.cursor(row), node: self.node(row) }).collect()
    }

    /// The cases.
    async fn nodes(&self) -> Vec<CaseNode> {
        self.rows.iter().map(|row| self.node(row)).collect()
    }

    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        let ends = self.rows.first().zip(self.rows.last());
        let ends = ends.map(|(first, last)| (self.cursor(first), self.cursor(last)));
        PageInfo::new(self.beyond, ends)
    }

    /// How many there are on all pages. Counted when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<u64>> {
        errors::nullable(async {
            let counted = app(ctx).count_cases(actor(ctx), &self.page).await;
            counted.map(Some).map_err(|fault| errors::fault(ctx, fault))
        })
        .await
    }

    /// 位置: the position that all pages of this list are read at; absent while the log is empty, and on the axis of what had happened.
    async fn position(&self) -> Option<Position> {
        self.page.at.last_position().map(Position)
    }
}
