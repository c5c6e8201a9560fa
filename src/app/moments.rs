//! Points in the past that can be asked about, and the moments they stand for.

use jiff::Timestamp;

use crate::app::App;
use crate::app::reads::CasePage;
use crate::app::request::{Fault, time_of};
use crate::app::scope::RegisterScope;
use crate::domain::actor::Actor;
use crate::domain::order::FIRST_YEAR;
use crate::domain::value::calendar;
use crate::store::{
    AggregateType, AppendSpan, CaseColumn, Condition, EventRecord, Moment, Operator, RegisterQuery, StoreError, Value,
};

/// How many positions are remembered with the appends around them, of some 100 bytes each.
pub(super) const KNOWN_APPENDS: u64 = 10_000;

/// Events read at a time to see where a command ends; most have few.
const COMMAND_PAGE: u32 = 64;

/// A point on the axis of what the log recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Just after the command that recorded the event at this position.
    Position(u64),
    /// At this time.
    Time(Timestamp),
    /// The same, of an event that has to be there for who asks.
    Event(u64),
}

/// A moment that was found, and what the time was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Then {
    /// As of when to read.
    pub moment: Moment,
    /// What the present time was.
    pub time: Timestamp,
}

/// Why a point stands for no moment.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoMoment {
    /// The position is not taken yet.
    #[error("position {position} lies in the future: the log ends {}", match end { Some(end) => format!("at {end}"), None => "before its first event".to_owned() })]
    PositionInFuture {
        /// What was asked for.
        position: u64,
        /// The last position there is.
        end: Option<u64>,
    },
    /// The time has not come yet, by the clock or by what the log has recorded.
    #[error("{time} lies in the future: it is {now}")]
    TimeInFuture {
        /// What was asked for.
        time: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The log had recorded nothing then.
    #[error("the log had not begun at {time}: {}", match began { Some(began) => format!("it begins at {began}; ask for that time or a later one"), None => "it has no commit yet".to_owned() })]
    BeforeTheLog {
        /// What was asked for.
        time: Timestamp,
        /// When its first commit was; `None` while there is none.
        began: Option<Timestamp>,
    },
    /// Nothing is said to have happened then.
    #[error("nothing is recorded of the time before {FIRST_YEAR}")]
    BeforeTheFirstYear,
    /// There is no such event for this actor.
    #[error("no event of this id is there for you")]
    NoEvent,
    /// The house failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for NoMoment {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl App {
    /// The moment of the log that the point stands for. A command is recorded whole or not at all, and nobody ever saw
    /// half of it: a point within one is the moment after it.
    ///
    /// # Errors
    /// When it lies in the future or before the log began, when the actor may not see the event, or a fault.
    pub async fn recorded_by(&self, actor: &Actor, point: Point) -> Result<Then, NoMoment> {
        match point {
            Point::Position(position) => {
                let append = self.append_or_end(position).await?;
                let append = append.map_err(|end| NoMoment::PositionInFuture { position, end })?;
                Ok(Then { moment: Moment::Position(append.last_position), time: time_of(append.recorded_at) })
            }
            Point::Time(time) => {
                let position = self.recorded_at(time).await?;
                Ok(Then { moment: Moment::Position(position), time })
            }
            Point::Event(position) => {
                self.event_at(actor, position, Moment::Present).await?.ok_or(NoMoment::NoEvent)?;
                let append = self.append_around(position).await?;
                Ok(Then { moment: Moment::Position(append.last_position), time: time_of(append.recorded_at) })
            }
        }
    }

    /// The last position that the log had at that time.
    ///
    /// # Errors
    /// When it lies in the future or before the log began, or a fault.
    pub async fn recorded_at(&self, time: Timestamp) -> Result<u64, NoMoment> {
        self.check_past(time).await?;
        match self.position_at(time).await? {
            Some(position) => Ok(position),
            None => {
                let (first, _) = self.store.append_around(0).await?;
                Err(NoMoment::BeforeTheLog { time, began: first.map(|first| time_of(first.recorded_at)) })
            }
        }
    }

    /// The moment of what had happened by the time, by what the log knows now.
    ///
    /// # Errors
    /// When it lies in the future or before the first year, or a fault.
    pub async fn happened_by(&self, time: Timestamp) -> Result<Then, NoMoment> {
        self.check_past(time).await?;
        if calendar::date_of(time).year() < FIRST_YEAR {
            return Err(NoMoment::BeforeTheFirstYear);
        }
        Ok(Then { moment: Moment::Occurred(time.as_microsecond()), time })
    }

    /// The moment, if whoever is shown things as of another one may know of it: nothing later is part of what was so
    /// then.
    ///
    /// # Errors
    /// When it lies beyond, or a fault.
    pub async fn known_at(&self, shown: Moment, then: Then) -> Result<Moment, NoMoment> {
        match (shown, then.moment) {
            (Moment::Position(end), Moment::Position(position)) if position > end => {
                Err(NoMoment::PositionInFuture { position, end: Some(end) })
            }
            // A time of either axis lies beyond a position once the log has gone on.
            (Moment::Position(end), Moment::Occurred(_))
                if self.position_at(then.time).await?.is_some_and(|position| position > end) =>
            {
                let now = time_of(self.append_around(end).await?.recorded_at);
                Err(NoMoment::TimeInFuture { time: then.time, now })
            }
            (Moment::Occurred(now), Moment::Occurred(time)) if time > now => {
                Err(NoMoment::TimeInFuture { time: then.time, now: time_of(now) })
            }
            // What had happened is told by what the log knows now.
            (Moment::Present | Moment::Position(_) | Moment::Occurred(_), moment) => Ok(moment),
        }
    }

    /// Whether the log has heard behind a position that it has of anything that had happened by the time to what this
    /// actor may see of such aggregates. The row that tells of the time then comes from behind the position.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_heard_since(
        &self,
        actor: &Actor,
        aggregate_type: AggregateType,
        time: i64,
        position: u64,
    ) -> Result<bool, Fault> {
        let at = Moment::Occurred(time);
        if aggregate_type != AggregateType::Case {
            let all = RegisterQuery {
                ids: None,
                at,
                heard_after: Some(position),
                ..RegisterQuery::of(aggregate_type, Vec::new())
            };
            return match RegisterScope::of(actor, aggregate_type).narrow(all) {
                Some(query) => Ok(self.store.count_registers(&query).await? > 0),
                None => Ok(false),
            };
        }
        let recorded_at = self.append_around(position).await?.recorded_at;
        let compare = |column, operator, value| Condition::Compare { column, operator, value: Value::Integer(value) };
        // There is an index of times, and times grow with positions, though not with each.
        let condition = Condition::All(vec![
            compare(CaseColumn::UpdatedAt, Operator::GreaterOrEqual, recorded_at),
            compare(CaseColumn::FromPosition, Operator::Greater, position.cast_signed()),
        ]);
        Ok(self.count_cases(actor, &CasePage::of(condition, 0, at)).await? > 0)
    }

    /// What the time was at a moment: the known one; else, for a position, when the log took it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn time_of(&self, moment: Moment, known: Option<Timestamp>) -> Result<Timestamp, Fault> {
        if let Some(time) = known {
            return Ok(time);
        }
        match moment {
            Moment::Present => Ok(self.now()),
            Moment::Position(position) => Ok(time_of(self.append_around(position).await?.recorded_at)),
            Moment::Occurred(time) => Ok(time_of(time)),
        }
    }

    async fn check_past(&self, time: Timestamp) -> Result<(), NoMoment> {
        let now = self.now();
        if time <= now || self.has_told(time).await? {
            return Ok(());
        }
        Err(NoMoment::TimeInFuture { time, now })
    }

    /// Whether the log has told the time, which is past then, whatever this process' clock says: that of another server
    /// may be ahead of it, or it may have been set back.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn has_told(&self, time: Timestamp) -> Result<bool, Fault> {
        Ok(time.as_microsecond() <= self.store.head().await?.recorded_at)
    }

    /// The last position of the command whose event stands there: it was recorded whole, and nobody was ever shown half
    /// of it. The log alone tells, without the table of what commands were answered, which serves who asks: an audit
    /// trusts no more than that.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_of_command(&self, position: u64) -> Result<u64, Fault> {
        let Some(there) = self.log(position.checked_sub(1), Some(position), 1).await?.pop() else {
            return Ok(position);
        };
        let mut end = position;
        loop {
            let page = self.log(Some(end), None, COMMAND_PAGE).await?;
            let of_command = |event: &&EventRecord| event.is_of_the_same_command(&there);
            let Some(last) = page.iter().take_while(of_command).last() else { return Ok(end) };
            end = last.position;
        }
    }

    /// The append that recorded the event at a position that the log has.
    pub(super) async fn append_around(&self, position: u64) -> Result<AppendSpan, Fault> {
        Ok(self.append_or_end(position).await?.map_err(|_| by_nobody(position))?)
    }

    /// The append that recorded the event at a position; where the log ends, if that is before it. What the log has
    /// never changes, and whoever asks as of a moment asks more than once.
    async fn append_or_end(&self, position: u64) -> Result<Result<AppendSpan, Option<u64>>, Fault> {
        if let Some(known) = self.appends.get(&position).await {
            return Ok(Ok(known));
        }
        let (around, head) = self.store.append_around(position).await?;
        let end = head.last_position();
        if end.is_none_or(|end| position > end) {
            return Ok(Err(end));
        }
        let append = around.ok_or_else(|| by_nobody(position))?;
        self.appends.insert(position, append).await;
        Ok(Ok(append))
    }
}

fn by_nobody(position: u64) -> StoreError {
    StoreError::Corrupt { what: format!("no command recorded the event at position {position}") }
}
