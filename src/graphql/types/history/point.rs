//! A point in the life of a case, as it is asked for.

use async_graphql::{Context, Error, ID, OneofObject, Result};

use crate::app::{CasePoint, Moment, NoMoment, Point};
use crate::graphql::context::{actor, app};
use crate::graphql::errors;
use crate::graphql::ids::{self, Named};
use crate::graphql::query::as_of::AsOfAxis;
use crate::graphql::scalars::{DateTime, Position};

/// 时点: a point in the life of a case; exactly one of the fields.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum CasePointInput {
    /// 版本: after so many of its events, and not more than it has; 0 is before it was reported.
    Version(i32),
    /// 位置: just after the command that recorded the event at this position.
    Position(Position),
    /// 时间: at this time, on the axis asked for.
    Time(DateTime),
    /// 事件: just after the command that recorded the event of this global id.
    Event(ID),
}

impl CasePointInput {
    /// The point that came as that argument, in the life of a case of so many events that is shown as of a moment.
    ///
    /// # Errors
    /// When it lies in the future of that moment or before the log began, or is none.
    pub(crate) async fn read(
        self,
        ctx: &Context<'_>,
        argument: &'static str,
        axis: AsOfAxis,
        shown: (Moment, u64),
    ) -> Result<CasePoint> {
        let (at, version) = shown;
        let point = match self {
            Self::Version(wanted) => {
                let wanted = u64::try_from(wanted).ok().filter(|wanted| *wanted <= version);
                let message = format!("a version is a whole number from 0 to {version}: so many events the case has");
                return wanted
                    .map(CasePoint::Version)
                    .ok_or_else(|| errors::argument("VERSION_INVALID", argument, message));
            }
            Self::Position(position) => Point::Position(position.0),
            Self::Time(time) => Point::Time(time.0),
            Self::Event(id) => match ids::read_any(&id) {
                Some(Named::Event(position)) => Point::Event(position),
                _ => return Err(errors::argument("ID_INVALID", argument, "not the global id of an event")),
            },
        };
        let then = match (axis, point) {
            (AsOfAxis::Occurred, Point::Time(time)) => app(ctx).happened_by(time).await,
            // A position and an event are places in the log, whatever the times are.
            (AsOfAxis::Recorded | AsOfAxis::Occurred, point) => app(ctx).recorded_by(actor(ctx), point).await,
        };
        let known = async { app(ctx).known_at(at, then?).await };
        known.await.map(CasePoint::Moment).map_err(|error| refused(ctx, argument, error))
    }
}

fn refused(ctx: &Context<'_>, argument: &'static str, error: NoMoment) -> Error {
    let code = match &error {
        NoMoment::PositionInFuture { .. } | NoMoment::TimeInFuture { .. } => "POINT_IN_FUTURE",
        NoMoment::BeforeTheLog { .. } => "POINT_BEFORE_LOG",
        NoMoment::BeforeTheFirstYear => "YEAR_INVALID",
        NoMoment::NoEvent => "NOT_FOUND",
        NoMoment::Fault(fault) => return errors::fault(ctx, fault.clone()),
    };
    errors::argument(code, argument, error.to_string())
}
