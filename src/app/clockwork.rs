//! The clock's own commands: a deadline that passes is recorded as missed, and a missed one that nobody answers goes
//! one level up.
//!
//! One server at a time does this, by a lease; what another has done already is refused by the domain and left alone.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::reads::CasePage;
use crate::app::request::{Failure, Fault, Key, Request};
use crate::app::rounds::again_and_again;
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::case::command::{CaseCommand, EscalateCase, MissDeadline};
use crate::domain::value::{Level, Statement, WorkingCalendar, calendar};
use crate::store::{CaseColumn, Condition, Direction, Moment, Operator, StoredCase};
use crate::telemetry::causes::with_causes;

const LEASE: &str = "clockwork";
/// How many cases are listed at a time.
const BATCH: u32 = 200;

/// When the clock looks, and how patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Clockwork {
    /// How often it looks.
    pub every: Duration,
    /// How many working days a missed deadline may stay unanswered.
    pub escalate_after_working_days: u32,
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Deadlines recorded as missed.
    pub missed: u64,
    /// Cases taken one level up.
    pub escalated: u64,
}

impl Clockwork {
    /// Looks again and again until it is stopped. A failed round is logged, and the next one does its work.
    pub async fn run(self, app: &App, holder: &str, stop: CancellationToken) {
        let look = || async {
            match self.round_until(&stop, app, holder).await {
                Ok(Round { missed: 0, escalated: 0 }) => {}
                Ok(round) => tracing::info!(round.missed, round.escalated, "deadlines looked at"),
                Err(fault) => tracing::warn!(fault = %with_causes(&fault), "deadlines could not be looked at"),
            }
        };
        again_and_again(self.every, &stop, look).await;
        leave(app, holder).await;
    }

    /// Looks once, if no other server holds the lease. A case that cannot be read is logged and passed over.
    ///
    /// # Errors
    /// When the store fails. The lease is then given back: another server may be able to do what this one is not, as
    /// when a newer one has made the read rows.
    pub async fn round(&self, app: &App, holder: &str) -> Result<Round, Fault> {
        self.round_until(&CancellationToken::new(), app, holder).await
    }

    /// As [`Clockwork::round`], and leaves the other cases to the next round once it is stopped: the end of a server waits
    /// for one command of the clock, and not for those of all cases that are late.
    async fn round_until(&self, stop: &CancellationToken, app: &App, holder: &str) -> Result<Round, Fault> {
        if !self.leads(app, holder).await? {
            return Ok(Round::default());
        }
        let round = self.looked(stop, app).await;
        if round.is_err() {
            leave(app, holder).await;
        }
        round
    }

    async fn looked(&self, stop: &CancellationToken, app: &App) -> Result<Round, Fault> {
        let mut round = Round::default();
        let today = calendar::date_of(app.now());
        let mut page = past_deadline(today);
        while let Some(cases) = next_page(app, &mut page).await? {
            for case in still_to_miss(app, cases).await? {
                if stop.is_cancelled() {
                    return Ok(round);
                }
                round.missed += u64::from(give(app, &case, MissDeadline {}.into()).await?);
            }
        }
        let mut page = unanswered(today);
        while let Some(cases) = next_page(app, &mut page).await? {
            for case in cases.iter().filter(|case| self.has_waited_enough(case, today)) {
                if stop.is_cancelled() {
                    return Ok(round);
                }
                round.escalated += u64::from(self.escalate(app, case).await?);
            }
        }
        Ok(round)
    }

    async fn leads(&self, app: &App, holder: &str) -> Result<bool, Fault> {
        let now = app.now();
        // Twice the interval: a server that stops is replaced one round later.
        let until = now + self.every * 2;
        let taken = app.store.try_lease(LEASE, holder, now.as_microsecond(), until.as_microsecond());
        Ok(taken.await?)
    }

    fn has_waited_enough(&self, case: &StoredCase, today: Date) -> bool {
        let missed_on = case.row.deadline_missed_on.as_deref().and_then(|date| date.parse().ok());
        missed_on.is_some_and(|date: Date| {
            WorkingCalendar::china().working_days_between(date, today) >= self.escalate_after_working_days
        })
    }

    async fn escalate(&self, app: &App, case: &StoredCase) -> Result<bool, Fault> {
        let Some(to) = Level::named(&case.row.level).and_then(Level::up) else {
            return Ok(false);
        };
        let days = self.escalate_after_working_days;
        let reason = format!(
            "逾期后{days}个工作日内无人答复，自动上报。The deadline was missed and nobody answered within {days} working days."
        );
        let reason = Statement::parse(&reason).expect("a short text");
        give(app, case, EscalateCase { to, reason }.into()).await
    }
}

async fn leave(app: &App, holder: &str) {
    if let Err(error) = app.store.release_lease(LEASE, holder).await {
        tracing::warn!(error = %with_causes(&error), "the lease will run out by itself");
    }
}

/// The cases of the page, which then is the one behind them; `None` behind the last.
async fn next_page(app: &App, page: &mut CasePage) -> Result<Option<Vec<StoredCase>>, Fault> {
    let cases = app.cases(&Actor::clock(), page).await?;
    let Some(last) = cases.last() else {
        return Ok(None);
    };
    page.after = Some(page.key_of(last));
    Ok(Some(cases))
}

/// Those whose deadline was not recorded as missed before: one that was answered since without a new deadline stays past
/// its day, and would be refused in every round. What cannot be read is among them.
async fn still_to_miss(app: &App, cases: Vec<StoredCase>) -> Result<Vec<StoredCase>, Fault> {
    let versions = cases.iter().map(|case| (case.row.case_id, case.version)).collect();
    let known = app.aggregates.cases.at_least_all(&versions).await?;
    let was_missed = |case: &StoredCase| {
        let file = known.get(&case.row.case_id).and_then(|known| known.state.file.as_ref());
        file.and_then(|file| file.deadline).is_some_and(|deadline| deadline.was_missed)
    };
    Ok(cases.into_iter().filter(|case| !was_missed(case)).collect())
}

/// Gives the clock's command; what the domain refuses has been done or answered meanwhile. A case that is damaged keeps
/// nobody else's deadline waiting.
async fn give(app: &App, case: &StoredCase, command: CaseCommand) -> Result<bool, Fault> {
    let request = Request {
        actor: Actor::clock(),
        key: Key::unique(app.new_id()),
        expected_version: Some(case.version),
        occurred_at: None,
        source: None,
    };
    match app.execute::<Case>(&request, case.row.case_id, command).await {
        Ok(_) => Ok(true),
        Err(Failure::Fault(fault)) if fault.is_damage() => {
            let case = case.row.case_id;
            tracing::error!(%case, fault = %with_causes(&fault), "a case cannot be read: its deadline is not looked at");
            Ok(false)
        }
        Err(Failure::Fault(fault)) => Err(fault),
        Err(Failure::Refused(_) | Failure::Conflict { .. }) => Ok(false),
    }
}

fn past_deadline(today: Date) -> CasePage {
    let not_missed = Condition::IsNull { column: CaseColumn::DeadlineMissedOn };
    oldest_first(CaseColumn::DeadlineOn, vec![Condition::is_late(&today.to_string()), not_missed])
}

fn unanswered(today: Date) -> CasePage {
    let yesterday = today.saturating_sub(1.day());
    let compare = |column, operator, text: &str| Condition::Compare { column, operator, value: text.into() };
    oldest_first(
        CaseColumn::DeadlineMissedOn,
        vec![
            Condition::is_at_work(&today.to_string()),
            compare(CaseColumn::DeadlineMissedOn, Operator::LessOrEqual, &yesterday.to_string()),
            compare(CaseColumn::Level, Operator::NotEqual, Level::Nation.name()),
        ],
    )
}

fn oldest_first(column: CaseColumn, conditions: Vec<Condition>) -> CasePage {
    CasePage {
        order: vec![(column, Direction::Ascending)],
        ..CasePage::of(Condition::All(conditions), BATCH, Moment::Present)
    }
}
