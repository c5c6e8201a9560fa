//! What statistics must be: sums over cases in memory, each the fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::{EventRecord, FeeSum, GapSums, GroupKey, GroupSums, TimeToState, time_of};
use etalon::domain::case::Case;
use etalon::domain::case::event::{CaseFact, FeeRecorded, MeasurementRecorded};
use etalon::domain::case::state::File;
use etalon::domain::case::values::{FeeId, MeasurementId, Status};
use etalon::domain::event::Recorded;
use etalon::domain::value::{CatalogueId, Decimal, Division, calendar};
use jiff::Timestamp;
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

/// How many fees of the cases that stand in a division are not retracted, and their sum.
pub(crate) fn fees_within(events: &[EventRecord], division: &str) -> (usize, String) {
    let cases = cases_within(events, division);
    let mut fees = BTreeMap::new();
    for event in events.iter().filter(|event| cases.contains(&event.aggregate_id)) {
        match case_event(event).fact {
            CaseFact::FeeRecorded(fact) => drop(fees.insert(fact.id, fact.amount)),
            CaseFact::FeeRetracted(fact) => drop(fees.remove(&fact.fee)),
            _ => {}
        }
    }
    let sum = fees.values().fold(Decimal::zero(), |sum, amount| &sum + amount.yuan());
    (fees.len(), sum.to_string())
}

/// The events as though what was retracted of them had never been measured.
fn without_retracted(events: &[Recorded<CaseFact>]) -> impl Iterator<Item = Recorded<CaseFact>> {
    let retracted: Vec<_> = events.iter().filter_map(|event| retracted(&event.fact)).collect();
    events.iter().cloned().filter_map(move |mut event| {
        let stands = |measurement: &MeasurementRecorded| !retracted.contains(&measurement.id);
        match &mut event.fact {
            CaseFact::MeasurementRecorded(fact) if !stands(fact) => return None,
            CaseFact::MeasurementRetracted(_) => return None,
            CaseFact::TrialResultRecorded(fact) => fact.measurement = fact.measurement.take().filter(stands),
            _ => {}
        }
        Some(event)
    })
}

/// The events as though what was required had been stated as it was corrected, and again as it stood for earlier times
/// alone.
fn put_right(events: impl Iterator<Item = Recorded<CaseFact>>) -> Vec<Recorded<CaseFact>> {
    let mut right: Vec<Recorded<CaseFact>> = Vec::new();
    for event in events {
        let mut stated = right.iter_mut().rev().filter_map(|event| match &mut event.fact {
            CaseFact::RequirementSpecified(fact) => Some((event.occurred_at, &mut fact.requirement)),
            _ => None,
        });
        match &event.fact {
            CaseFact::RequirementSpecified(fact) => match stated.next() {
                Some((at, standing)) if *standing == fact.requirement && at <= event.occurred_at => {}
                Some((at, standing)) if fact.in_place_of == Some(at) => *standing = fact.requirement.clone(),
                _ => right.push(event),
            },
            _ => right.push(event),
        }
    }
    right
}

/// A case from a time on at which something was stated or measured.
pub(crate) struct InTime {
    /// From when on.
    pub(crate) at: Timestamp,
    /// What had happened by then, in the order of the log, and no more of it than a gap depends on.
    pub(crate) case: Case,
    /// Whether what is required in the end was stated by then.
    is_last_required: bool,
}

/// A case from each of those times on, as it was put right since.
pub(crate) fn by_time(told: &[Recorded<CaseFact>]) -> Vec<InTime> {
    let opens = |fact: &CaseFact| matches!(fact, CaseFact::CaseReported(_) | CaseFact::LegacyActivityRecorded(_));
    let requires = |fact: &CaseFact| matches!(fact, CaseFact::RequirementSpecified(_));
    let measures = |fact: &CaseFact| match fact {
        CaseFact::MeasurementRecorded(_) => true,
        CaseFact::TrialResultRecorded(fact) => fact.measurement.is_some(),
        _ => false,
    };
    let told = put_right(without_retracted(told));
    let last_required = told.iter().rposition(|event| requires(&event.fact));
    let moves = |place: &usize| requires(&told[*place].fact) || measures(&told[*place].fact);
    let mut in_time: Vec<_> = (0..told.len()).filter(moves).collect();
    in_time.sort_by_key(|place| told[*place].occurred_at);
    let known = |places: &[usize]| {
        let mut case = Case::default();
        let had_happened = |place: &usize| opens(&told[*place].fact) || places.contains(place);
        (0..told.len()).filter(had_happened).for_each(|place| case.evolve(&told[place]));
        case
    };
    let by = |number: usize| {
        let places = &in_time[..=number];
        let is_last_required = last_required.is_some_and(|place| places.contains(&place));
        InTime { at: told[in_time[number]].occurred_at, case: known(places), is_last_required }
    };
    (0..in_time.len()).map(by).collect()
}

/// Whether what was solved is taken up again, be it a duplicate by then; another duplicate was not solved.
pub(crate) fn reopens(before: Option<&File>, fact: &CaseFact) -> bool {
    let is_unsolved = |file: &File| file.status == Status::Duplicate && file.resolution.is_none();
    matches!(fact, CaseFact::CaseReopened(_)) && !before.is_some_and(is_unsolved)
}

fn retracted(fact: &CaseFact) -> Option<MeasurementId> {
    match fact {
        CaseFact::MeasurementRetracted(fact) => Some(fact.measurement),
        _ => None,
    }
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
    told: Vec<Recorded<CaseFact>>,
    reopened: bool,
    /// Those that are not retracted, each of no count.
    fees: Vec<(FeeId, FeeSum)>,
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
        for (_, fee) in cases.iter().flat_map(|told| &told.fees) {
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
            gap_before: gaps(cases.iter().filter_map(|told| told.first_gap()).collect()),
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
        let before = self.case.file.clone();
        let was = before.as_ref().map(|file| file.status);
        self.case.evolve(event);
        self.told.push(event.clone());
        if self.case.file.is_none() {
            // Of what had happened by a time, the report may be missing.
            return;
        }
        let (status, happened) = (self.file().status, event.occurred_at.as_microsecond());
        if was != Some(status) {
            let first = self.entered.entry(status).or_insert(happened);
            *first = happened.min(*first);
        }
        match &event.fact {
            CaseFact::FeeRecorded(fee) => self.fees.push((fee.id, charged(fee))),
            CaseFact::FeeRetracted(fact) => self.fees.retain(|(id, _)| *id != fact.fee),
            _ => {}
        }
        self.reopened |= reopens(before.as_ref(), &event.fact);
    }

    fn was_solved(&self) -> bool {
        [Status::Resolved, Status::Closed].iter().any(|status| self.entered.contains_key(status))
    }

    fn file(&self) -> &File {
        self.case.file.as_ref().expect("its first event opens it")
    }

    fn gap(&self) -> Option<(i64, bool)> {
        gap_of(&self.case)
    }

    fn first_gap(&self) -> Option<(i64, bool)> {
        let known = by_time(&self.told).into_iter().filter(|then| then.is_last_required);
        known.map(|then| then.case).find_map(|case| gap_of(&case))
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

fn gap_of(case: &Case) -> Option<(i64, bool)> {
    case.file.as_ref()?.capability_gap().map(|gap| (gap.parts_per_million(), gap.is_closed()))
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
