//! A point in the life of a case, as it is asked for.

use async_graphql::{Context, Error, ID, OneofObject, Result};

use crate::app::{CasePoint, NoMoment, Point};
use crate::graphql::context::{actor, app};
use crate::graphql::errors;
use crate::graphql::ids::{self, Named};
use crate::graphql::query::as_of::AsOfAxis;
use crate::graphql::scalars::{DateTime, Position};

/// 时点: a point in the life of a case; exactly one of the fields.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum CasePointInput {
    /// 版本: after so many of its events; 0 is before it was reported.
    Version(i32),
    /// 位置: just after the command that recorded the event at this position.
    Position(Position),
    /// 时间: at this time, on the axis asked for.
    Time(DateTime),
    /// 事件: just after the command that recorded the event of this global id.
    Event(ID),
}

impl CasePointInput {
    /// The point that came as that argument.
    ///
    /// # Errors
    /// When it lies in the future or before the log began, or is none.
    pub(crate) async fn read(self, ctx: &Context<'_>, argument: &'static str, axis: AsOfAxis) -> Result<CasePoint> {
        let point = match self {
            Self::Version(version) => {
                let message = "a version is a whole number from 0";
                let version = u64::try_from(version);
                return version
                    .map(CasePoint::Version)
                    .map_err(|_| errors::argument("VERSION_INVALID", argument, message));
            }
            Self::Position(position) => Point::Position(position.0),
            Self::Time(time) => Point::Time(time.0),
            Self::Event(id) => match ids::read_any(&id) {
                Some(Named::Event(position)) => Point::Event(position),
                _ => return Err(errors::argument("ID_INVALID", argument, "not the global id of an event")),
            },
        };
        let then = match (axis, point) {
            (AsOfAxis::Occurred, Point::Time(time)) => app(ctx).happened_by(time),
            // A position and an event are places in the log, whatever the times are.
            (AsOfAxis::Recorded | AsOfAxis::Occurred, point) => app(ctx).recorded_by(actor(ctx), point).await,
        };
        then.map(|then| CasePoint::Moment(then.moment)).map_err(|error| refused(ctx, argument, error))
    }
}

fn refused(ctx: &Context<'_>, argument: &'static str, error: NoMoment) -> Error {
    let code = match &error {
        NoMoment::PositionInFuture { .. } | NoMoment::TimeInFuture { .. } => "POINT_IN_FUTURE",
        NoMoment::BeforeTheLog => "POINT_BEFORE_LOG",
        NoMoment::BeforeTheFirstYear => "YEAR_INVALID",
        NoMoment::NoEvent => "NOT_FOUND",
        NoMoment::Fault(fault) => return errors::fault(ctx, fault.clone()),
    };
    errors::argument(code, argument, error.to_string())
}
