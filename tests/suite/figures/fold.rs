//! What statistics must be: sums over cases in memory, each the fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::{EventRecord, FeeSum, GapSums, GroupKey, GroupSums, TimeToState, time_of};
use etalon::domain::case::Case;
use etalon::domain::case::event::{CaseFact, FeeRecorded};
use etalon::domain::case::values::Status;
use etalon::domain::event::Recorded;
use etalon::domain::value::{CatalogueId, Decimal, Division, calendar};
use jiff::civil::Date;

use crate::interchange::support::case_event;

/// The last event of the command that recorded the event at the position.
pub(crate) fn end_of_commit(events: &[EventRecord], position: u64) -> u64 {
    let at = |position: u64| &events[usize::try_from(position).expect("it fits")];
    let mut end = position;
    while end + 1 < events.len() as u64 && at(end + 1).command_id == at(position).command_id {
        end += 1;
    }
    end
}

/// Ids of the cases that stand in a division.
pub(crate) fn cases_within(events: &[EventRecord], division: &str) -> BTreeSet<String> {
    let reported = events.iter().filter(|event| event.event_type == "CaseReported");
    let within = reported.filter(|event| match case_event(event).fact {
        CaseFact::CaseReported(fact) => fact.division.code().starts_with(division),
        other => panic!("{other:?}"),
    });
    within.map(|event| event.aggregate_id.clone()).collect()
}

/// The sum of the fees of the cases that stand in a division.
pub(crate) fn fees_within(events: &[EventRecord], division: &str) -> String {
    let cases = cases_within(events, division);
    let fees = events.iter().filter(|event| event.event_type == "FeeRecorded" && cases.contains(&event.aggregate_id));
    let sum = fees.fold(Decimal::zero(), |sum, event| match case_event(event).fact {
        CaseFact::FeeRecorded(fact) => &sum + fact.amount.yuan(),
        other => panic!("{other:?}"),
    });
    sum.to_string()
}

/// The cases of the log so far.
#[derive(Default)]
pub(crate) struct Folded {
    cases: BTreeMap<String, FoldedCase>,
    today: Date,
}

/// A case, and what its state does not keep.
#[derive(Default)]
struct FoldedCase {
    case: Case,
    /// When it first was in a status, by when it happened.
    entered: BTreeMap<Status, i64>,
    first_gap: Option<(i64, bool)>,
    reopened: bool,
    /// Of none, each as often as it was charged.
    fees: Vec<FeeSum>,
}

impl Folded {
    /// Takes the next event of the log.
    pub(crate) fn take(&mut self, record: &EventRecord) {
        self.today = calendar::date_of(time_of(record.recorded_at));
        if record.aggregate_type == "Case" {
            let event = case_event(record);
            self.cases.entry(record.aggregate_id.clone()).or_default().take(&event);
        }
    }

    /// The same, looked at on that day.
    pub(crate) fn on(self, today: Date) -> Self {
        Self { today, ..self }
    }

    /// The sums that statistics have to give.
    pub(crate) fn groups(&self, keys: &[GroupKey]) -> Vec<GroupSums> {
        let mut groups: BTreeMap<Vec<String>, Vec<&FoldedCase>> = BTreeMap::new();
        for told in self.cases.values().filter(|told| told.case.file.is_some()) {
            groups.entry(keys.iter().map(|key| told.part(*key)).collect()).or_default().push(told);
        }
        groups.into_iter().map(|(key, cases)| self.sums(key, &cases)).collect()
    }

    fn sums(&self, key: Vec<String>, cases: &[&FoldedCase]) -> GroupSums {
        let count = |holds: &dyn Fn(&FoldedCase) -> bool| cases.iter().filter(|told| holds(told)).count() as u64;
        let file = |told: &&&FoldedCase| told.case.file.clone().expect("it was reported");
        let mut fees = BTreeMap::new();
        for fee in cases.iter().flat_map(|told| &told.fees) {
            *fees.entry(fee.clone()).or_insert(0) += 1;
        }
        let trainings: Vec<_> = cases.iter().flat_map(|told| file(&told).trainings).collect();
        let statuses = Status::ALL.iter().filter(|status| **status != Status::Reported);
        let mut times: Vec<_> = statuses.filter_map(|status| time_to(*status, cases)).collect();
        times.sort_by(|one, other| one.status.cmp(&other.status));
        GroupSums {
            key,
            cases: cases.len() as u64,
            open: count(&|told| told.file().waits()),
            late: count(&|told| {
                let deadline = told.file().running_deadline(self.today);
                told.file().waits() && deadline.is_some_and(|deadline| deadline.on < self.today)
            }),
            typical: count(&|told| told.file().publication.is_some()),
            resolved: count(&FoldedCase::was_solved),
            reopened: count(&|told| told.reopened && told.was_solved()),
            times,
            gap_before: gaps(cases.iter().filter_map(|told| told.first_gap).collect()),
            gap_after: gaps(cases.iter().filter_map(|told| told.gap()).collect()),
            fees: fees.into_iter().map(|(fee, count)| FeeSum { count, ..fee }).collect(),
            trainings: trainings.len() as u64,
            trainees: trainings.iter().map(|training| u64::from(training.trainees)).sum(),
            techniques: cases.iter().map(|told| told.file().techniques.len() as u64).sum(),
        }
    }
}

impl FoldedCase {
    fn take(&mut self, event: &Recorded<CaseFact>) {
        let was = self.case.file.as_ref().map(|file| file.status);
        self.case.evolve(event);
        if self.case.file.is_none() {
            // Of what had happened by a time, the report may be missing.
            return;
        }
        let (status, happened) = (self.file().status, event.occurred_at.as_microsecond());
        if was != Some(status) {
            let first = self.entered.entry(status).or_insert(happened);
            *first = happened.min(*first);
        }
        if let CaseFact::FeeRecorded(fee) = &event.fact {
            self.fees.push(charged(fee));
        }
        self.first_gap = self.first_gap.or(self.gap());
        self.reopened |= self.file().reopened > 0;
    }

    fn was_solved(&self) -> bool {
        [Status::Resolved, Status::Closed].iter().any(|status| self.entered.contains_key(status))
    }

    fn file(&self) -> &etalon::domain::case::state::File {
        self.case.file.as_ref().expect("its first event opens it")
    }

    fn gap(&self) -> Option<(i64, bool)> {
        self.file().capability_gap().map(|gap| (gap.parts_per_million(), gap.is_closed()))
    }

    fn part(&self, key: GroupKey) -> String {
        let file = self.file();
        match key {
            GroupKey::Division(digits) => file.division.code().chars().take(digits.into()).collect(),
            GroupKey::Institution => {
                file.assignment.as_ref().map(|assignment| assignment.institution.to_string()).unwrap_or_default()
            }
            GroupKey::Category => file.triage.as_ref().map(|triage| triage.category.to_string()).unwrap_or_default(),
            GroupKey::Kind => file.triage.as_ref().map(|triage| triage.kind.to_string()).unwrap_or_default(),
            GroupKey::Severity => file.triage.as_ref().map(|triage| triage.severity.to_string()).unwrap_or_default(),
            GroupKey::Status => file.status.to_string(),
            GroupKey::Level => file.level.to_string(),
            GroupKey::Month => calendar::date_of(file.reported_at).strftime("%Y-%m").to_string(),
        }
    }
}

/// A fee without its count, with the division that its catalogue is of.
fn charged(fee: &FeeRecorded) -> FeeSum {
    let is_its_list = |division: &&&str| CatalogueId::of(&Division::parse(division).expect("a code")) == fee.catalogue;
    let list = ["CN", "44", "32"].iter().find(is_its_list).expect("the demonstration has no other");
    FeeSum {
        item: fee.item.to_string(),
        list: Division::parse(list).expect("a code").code().to_owned(),
        amount: fee.amount.to_string(),
        count: 0,
    }
}

fn time_to(status: Status, cases: &[&FoldedCase]) -> Option<TimeToState> {
    let took =
        |told: &&FoldedCase| Some((told.entered.get(&status)? - told.file().reported_at.as_microsecond()).max(0));
    let times = sorted(cases.iter().filter_map(took).collect());
    (!times.is_empty()).then(|| TimeToState {
        status: status.to_string(),
        cases: times.len() as u64,
        median: at_rank(&times, 50),
        ninetieth: at_rank(&times, 90),
    })
}

fn gaps(gaps: Vec<(i64, bool)>) -> GapSums {
    let closed = gaps.iter().filter(|(_, closed)| *closed).count() as u64;
    let values = sorted(gaps.into_iter().map(|(gap, _)| gap).collect());
    match values.is_empty() {
        true => GapSums::default(),
        false => GapSums { cases: values.len() as u64, median_ppm: at_rank(&values, 50), closed },
    }
}

fn sorted(mut values: Vec<i64>) -> Vec<i64> {
    values.sort_unstable();
    values
}

/// The value at rank ⌈percent · n / 100⌉, from 1.
fn at_rank(sorted: &[i64], percent: usize) -> i64 {
    sorted[(percent * sorted.len()).div_ceil(100) - 1]
}
