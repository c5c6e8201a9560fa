//! What the figures of a year must be: counted in memory, case by case, without the rows of figures.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::EventRecord;
use etalon::domain::annual_summary::figure::FigureName;
use etalon::domain::annual_summary::year::year_of;
use etalon::domain::case::Case;
use etalon::domain::case::event::CaseFact;
use etalon::domain::case::state::File;
use etalon::domain::case::values::{Kind, Status};
use etalon::domain::enterprise::Enterprise;
use etalon::domain::enterprise::event::EnterpriseFact;
use etalon::domain::event::Recorded;
use etalon::domain::value::{Decimal, calendar};
use jiff::civil::Date;

use crate::figures::fold::{by_time, reopens};
use crate::interchange::support::{case_event, event_of};

/// The cases and enterprises of the log so far, and what has counted.
#[derive(Default)]
pub(crate) struct FoldedYears {
    cases: BTreeMap<String, Case>,
    told: BTreeMap<String, Vec<Recorded<CaseFact>>>,
    enterprises: BTreeMap<String, Enterprise>,
    counted: Vec<Counted>,
}

/// Something that counts for a day.
struct Counted {
    of: String,
    position: u64,
    on: Date,
    what: What,
}

enum What {
    Reported,
    Entered(Status),
    Reopened,
    Escalated,
    DeadlineMissed,
    /// So often, or so much less often.
    GapClosed(i64),
    /// One, or one less.
    Fee(i64, Decimal),
    Training(u32),
    Technique,
    Published,
    Enrolled,
    Visit,
}

impl FoldedYears {
    /// Takes the next event of the log.
    pub(crate) fn take(&mut self, record: &EventRecord) {
        match record.aggregate_type.as_str() {
            "Case" => self.take_case(record, &case_event(record)),
            "Enterprise" => self.take_enterprise(record, &event_of(record)),
            _ => {}
        }
    }

    fn take_case(&mut self, record: &EventRecord, event: &Recorded<CaseFact>) {
        let (id, position) = (&record.aggregate_id, record.position);
        let case = self.cases.entry(id.clone()).or_default();
        let before = case.file.clone();
        case.evolve(event);
        let told = self.told.entry(id.clone()).or_default();
        let known = closings(told);
        told.push(event.clone());
        let Some(file) = &case.file else { return };
        let mut on = calendar::date_of(event.occurred_at);
        let mut count = |on, what| self.counted.push(Counted { of: id.clone(), position, on, what });
        match &before {
            None => count(on, What::Reported),
            Some(before) if before.status != file.status => count(on, What::Entered(file.status)),
            Some(_) => {}
        }
        let mut changed = closings(told);
        known.into_iter().for_each(|(day, number)| *changed.entry(day).or_default() -= number);
        for (day, number) in changed.into_iter().filter(|(_, number)| *number != 0) {
            count(day, What::GapClosed(number));
        }
        let what = match &event.fact {
            fact if reopens(before.as_ref(), fact) => What::Reopened,
            CaseFact::CaseEscalated(_) => What::Escalated,
            CaseFact::DeadlineMissed(_) => What::DeadlineMissed,
            CaseFact::TrainingDelivered(fact) => What::Training(fact.trainees),
            CaseFact::TechniqueIntroduced(_) => What::Technique,
            CaseFact::TypicalCasePublished(_) => What::Published,
            CaseFact::FeeRecorded(fact) => {
                on = fact.service_date;
                What::Fee(1, fact.amount.yuan().clone())
            }
            CaseFact::FeeRetracted(fact) => {
                let mut fees = before.iter().flat_map(|file| &file.fees);
                let Some(fee) = fees.find(|fee| fee.id == fact.fee && fee.retraction.is_none()) else { return };
                on = fee.service_date;
                What::Fee(-1, &Decimal::zero() - fee.amount.yuan())
            }
            _ => return,
        };
        count(on, what);
    }

    fn take_enterprise(&mut self, record: &EventRecord, event: &Recorded<EnterpriseFact>) {
        let (id, position) = (&record.aggregate_id, record.position);
        self.enterprises.entry(id.clone()).or_default().evolve(event);
        let (on, what) = match &event.fact {
            EnterpriseFact::EnterpriseEnrolled(_) => (calendar::date_of(event.occurred_at), What::Enrolled),
            EnterpriseFact::FieldVisitRecorded(fact) => (fact.visited_on, What::Visit),
            EnterpriseFact::EnterpriseAmended(_)
            | EnterpriseFact::EnrolmentWithdrawn(_)
            | EnterpriseFact::ContactErased(_) => return,
        };
        self.counted.push(Counted { of: id.clone(), position, on, what });
    }

    /// The figures that a division's year has to have.
    pub(crate) fn figures(&self, division: &str, year: i16) -> BTreeMap<FigureName, Decimal> {
        FigureName::ALL.iter().map(|name| (*name, self.figure(*name, division, year))).collect()
    }

    /// The positions of the events that each of them rests on, in order.
    pub(crate) fn events(&self, division: &str, year: i16) -> BTreeMap<FigureName, Vec<u64>> {
        let events = |name: &FigureName| {
            let counts = self.counts(*name, division, year);
            let positions: BTreeSet<_> = counts.map(|counted| counted.position).collect();
            (*name, positions.into_iter().collect())
        };
        FigureName::ALL.iter().map(events).collect()
    }

    fn figure(&self, name: FigureName, division: &str, year: i16) -> Decimal {
        let counts: Vec<_> = self.counts(name, division, year).collect();
        let things = counts.iter().map(|counted| &counted.of).collect::<BTreeSet<_>>().len();
        match name {
            FigureName::VisitsMade
            | FigureName::DeadlinesMissed
            | FigureName::Trainings
            | FigureName::TechniquesIntroduced => whole(counts.len()),
            FigureName::EnterprisesEnrolled
            | FigureName::CasesReported
            | FigureName::CasesResolved
            | FigureName::CasesClosed
            | FigureName::CasesWithdrawn
            | FigureName::CasesDuplicate
            | FigureName::CasesReopened
            | FigureName::CasesEscalated
            | FigureName::CasesOpen
            | FigureName::EnergyCases
            | FigureName::TypicalCases => whole(things),
            FigureName::GapsClosed => {
                let mut closed: BTreeMap<&String, i64> = BTreeMap::new();
                for Counted { of, what, .. } in &counts {
                    *closed.entry(of).or_default() += how_often(what);
                }
                whole(closed.values().filter(|number| **number > 0).count())
            }
            FigureName::FeesCharged => {
                Decimal::from(counts.iter().map(|counted| how_often(&counted.what)).sum::<i64>())
            }
            FigureName::EnterprisesServed => {
                let served: BTreeSet<_> = counts.iter().map(|counted| self.enterprise_of(counted)).collect();
                whole(served.len())
            }
            FigureName::Trainees => {
                let trainees = counts.iter().map(|counted| match &counted.what {
                    What::Training(trainees) => *trainees as usize,
                    _ => 0,
                });
                whole(trainees.sum())
            }
            FigureName::FeeTotal => counts.iter().fold(Decimal::zero(), |sum, counted| match &counted.what {
                What::Fee(_, amount) => &sum + amount,
                _ => sum,
            }),
        }
    }

    /// What counts for a figure.
    fn counts(&self, name: FigureName, division: &str, year: i16) -> impl Iterator<Item = &Counted> {
        let is_of_year = move |counted: &&Counted| name == FigureName::CasesOpen || year_of(counted.on) == year;
        let within = self.counted.iter().filter(move |counted| self.lies_within(counted, division));
        within.filter(is_of_year).filter(move |counted| self.is_of(name, counted))
    }

    fn is_of(&self, name: FigureName, counted: &Counted) -> bool {
        let entered = |status: Status| matches!(&counted.what, What::Entered(entered) if *entered == status);
        match name {
            FigureName::VisitsMade => matches!(counted.what, What::Visit),
            FigureName::EnterprisesEnrolled => matches!(counted.what, What::Enrolled),
            FigureName::EnterprisesServed => {
                matches!(
                    counted.what,
                    What::Visit | What::Reported | What::Entered(_) | What::Training(_) | What::Technique
                )
            }
            FigureName::CasesReported => matches!(counted.what, What::Reported),
            FigureName::CasesResolved => entered(Status::Resolved),
            FigureName::CasesClosed => entered(Status::Closed),
            FigureName::CasesWithdrawn => entered(Status::Withdrawn),
            FigureName::CasesDuplicate => entered(Status::Duplicate),
            FigureName::CasesReopened => matches!(counted.what, What::Reopened),
            FigureName::CasesEscalated => matches!(counted.what, What::Escalated),
            FigureName::CasesOpen => matches!(counted.what, What::Reported) && self.file(counted).waits(),
            FigureName::DeadlinesMissed => matches!(counted.what, What::DeadlineMissed),
            FigureName::GapsClosed => matches!(counted.what, What::GapClosed(_)),
            FigureName::EnergyCases => {
                let kind = |file: &File| file.triage.as_ref().map(|triage| triage.kind);
                matches!(counted.what, What::Reported) && kind(self.file(counted)) == Some(Kind::EnergyMetrology)
            }
            FigureName::Trainings | FigureName::Trainees => matches!(counted.what, What::Training(_)),
            FigureName::TechniquesIntroduced => matches!(counted.what, What::Technique),
            FigureName::TypicalCases => {
                matches!(counted.what, What::Published) && self.file(counted).publication.is_some()
            }
            FigureName::FeesCharged | FigureName::FeeTotal => matches!(counted.what, What::Fee(..)),
        }
    }

    /// Whether it is of what is there, and in the division.
    fn lies_within(&self, counted: &Counted, division: &str) -> bool {
        let case = self.cases.get(&counted.of).and_then(|case| case.file.as_ref()).map(|file| &file.division);
        let enterprise = self.enterprises.get(&counted.of).and_then(|enterprise| enterprise.file.as_ref());
        let lies = case.or(enterprise.map(|file| &file.division));
        lies.is_some_and(|lies| lies.code().starts_with(division))
    }

    fn file(&self, counted: &Counted) -> &File {
        self.cases[&counted.of].file.as_ref().expect("only a case that is there has counted")
    }

    fn enterprise_of(&self, counted: &Counted) -> String {
        match self.cases.contains_key(&counted.of) {
            true => self.file(counted).enterprise.to_string(),
            false => counted.of.clone(),
        }
    }
}

fn how_often(what: &What) -> i64 {
    match what {
        What::GapClosed(number) | What::Fee(number, _) => *number,
        _ => 1,
    }
}

/// On which days the gap of a case came to 1 or less, and how often, without what was retracted.
fn closings(told: &[Recorded<CaseFact>]) -> BTreeMap<Date, i64> {
    let (mut was_closed, mut days) = (false, BTreeMap::new());
    for then in by_time(told) {
        let is_closed = is_closed(&then.case);
        if is_closed && !was_closed {
            *days.entry(calendar::date_of(then.at)).or_default() += 1;
        }
        was_closed = is_closed;
    }
    days
}

fn is_closed(case: &Case) -> bool {
    let gap = case.file.as_ref().and_then(File::capability_gap);
    gap.is_some_and(|gap| gap.is_closed())
}

fn whole(count: usize) -> Decimal {
    Decimal::from(i64::try_from(count).expect("it fits"))
}
