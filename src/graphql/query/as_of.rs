//! The whole query as of a moment in the past.

use async_graphql::{Context, Enum, Error, ID, Object, OneofObject, Result};

use crate::app::{Moment, NoMoment, Point, Then};
use crate::graphql::context::{actor, app, reached};
use crate::graphql::errors;
use crate::graphql::ids::{self, Named};
use crate::graphql::query::{Query, Viewpoint};
use crate::graphql::scalars::{DateTime, Position};
use crate::telemetry::traces::answered_as_of;

/// 时点: a point in the past; exactly one of the fields.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum AsOfPoint {
    /// 位置: just after the event at this position, and so just after its command: one is recorded whole, and nobody ever saw half of it. `position` of the answer tells where it ends.
    Position(Position),
    /// 时间: at this time. What was recorded by then is final once something later is on record; until then, for a minute at most, what is just being recorded may still come to it.
    Time(DateTime),
    /// 事件: just after the command that recorded the event of this global id.
    Event(ID),
}

/// 时间轴: which of the two times of an event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AsOfAxis {
    /// 记录时间: what the log had recorded by then.
    Recorded,
    /// 发生时间: what had happened by then, by what the log knows now. An imported log has its history on this axis. What a case names that is dated later than the case is told as it was first, and is in no list before. A search finds the texts that were written by then, as their authors say, and that nothing had replaced yet. The log may still hear of that time: of cases, what a search finds and the registers, a page after that is refused with `CURSOR_OUTDATED`, and the list is begun again. Proofs are of the log, and refused here.
    Occurred,
}

impl AsOfAxis {
    /// The axis that the moment is a point of.
    pub(crate) fn of(moment: Moment) -> Self {
        match moment {
            Moment::Occurred(_) => Self::Occurred,
            Moment::Present | Moment::Position(_) => Self::Recorded,
        }
    }
}

#[derive(Default)]
pub(crate) struct AsOfQuery(pub(super) Viewpoint);

/// Reads of the past.
#[Object]
impl AsOfQuery {
    /// 截至: every field of the query as it was answered at a moment in the past: lists with their filters, orders, pages and counts included. Two aliases compare two moments. What you may see is judged by your rights of today, and what was erased since is erased there too. Not inside another `asOf`. Whatever has an `id` has the same one then as now, and `query` is the root type again: a client's cache that is normalised by id takes the past for the present, so keep these answers out of it.
    async fn as_of(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "时点: which moment.")] point: AsOfPoint,
        #[graphql(
            desc = "时间轴: which time counts; `OCCURRED` goes with `time` alone.",
            default_with = "AsOfAxis::Recorded"
        )]
        axis: AsOfAxis,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<AsOf>> {
        errors::nullable(async {
            if self.0.moment != Moment::Present {
                let message = "one moment at a time: two moments are two fields beside each other, with aliases";
                return Err(errors::argument("AS_OF_NESTED", "point", message));
            }
            reached(ctx, min_position).await?;
            let point = match point {
                AsOfPoint::Position(position) => Point::Position(position.0),
                AsOfPoint::Time(time) => Point::Time(time.0),
                AsOfPoint::Event(id) => match ids::read_any(&id) {
                    Some(Named::Event(position)) => Point::Event(position),
                    _ => return Err(errors::argument("ID_INVALID", "point.event", "not the global id of an event")),
                },
            };
            let then = match (axis, point) {
                (AsOfAxis::Recorded, point) => app(ctx).recorded_by(actor(ctx), point).await,
                (AsOfAxis::Occurred, Point::Time(time)) => app(ctx).happened_by(time).await,
                (AsOfAxis::Occurred, Point::Position(_) | Point::Event(_)) => {
                    let message = "a position and an event are of the log: ask for what had happened by `time`";
                    return Err(errors::argument("AXIS_NEEDS_TIME", "axis", message));
                }
            };
            let then = then.map_err(|error| refused(ctx, error))?;
            if let Moment::Position(position) = then.moment {
                answered_as_of(position);
            }
            Ok(Some(AsOf(then.into())))
        })
        .await
    }
}

impl From<Then> for Viewpoint {
    fn from(then: Then) -> Self {
        Self { moment: then.moment, time: Some(then.time) }
    }
}

fn refused(ctx: &Context<'_>, error: NoMoment) -> Error {
    let (code, field) = match &error {
        NoMoment::PositionInFuture { .. } => ("POINT_IN_FUTURE", "point.position"),
        NoMoment::TimeInFuture { .. } => ("POINT_IN_FUTURE", "point.time"),
        NoMoment::BeforeTheLog { .. } => ("POINT_BEFORE_LOG", "point"),
        NoMoment::BeforeTheFirstYear => ("YEAR_INVALID", "point.time"),
        NoMoment::NoEvent => ("NOT_FOUND", "point.event"),
        NoMoment::Fault(fault) => return errors::fault(ctx, fault.clone()),
    };
    errors::argument(code, field, error.to_string())
}

pub(crate) struct AsOf(Viewpoint);

/// 截至: a moment in the past, and everything that could be asked then. Nothing in it is for a cache that knows things by their ids, which are those of today.
#[Object]
impl AsOf {
    /// 标识: of the moment.
    async fn id(&self) -> ID {
        ids::of_content("AsOf", &(self.0.moment, self.0.time))
    }

    /// 时间轴: which time counts.
    async fn axis(&self) -> AsOfAxis {
        AsOfAxis::of(self.0.moment)
    }

    /// 位置: the last position that had been recorded; absent on the axis of what had happened.
    async fn position(&self) -> Option<Position> {
        self.0.moment.last_position().map(Position)
    }

    /// 时间: what the time was: the one asked for, or when the log took that position.
    async fn time(&self) -> Option<DateTime> {
        self.0.time.map(Into::into)
    }

    /// 查询: the query as of then. Of today, whatever is asked as of, is what is no part of the log: `viewer`, `serviceConfig` and `serverInfo`; webhooks with their deliveries, dead letters and changes; and of a checkpoint, which was signed when the log had gone on, its signature, cosignatures and time stamps. `preview` is of the present alone and refused here; proofs are refused on the axis of what had happened.
    async fn query(&self) -> Query {
        Query::from(self.0)
    }
}
