//! The timeline of a case for people: its events in words, the visits that concern it, and what is still to come.

mod words;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::facts::GoesOn;
use crate::domain::case::state::File;
use crate::domain::case::values::{Origin, Status};
use crate::domain::enterprise::state::FieldVisit;
use crate::domain::event::Recorded;
use crate::domain::value::{CampaignId, VisitId, calendar};
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What an entry of a timeline is about.
    Kind {
        /// 生命周期.
        Lifecycle = "LIFECYCLE",
        /// 走访.
        Visit = "VISIT",
        /// 协作.
        Collaboration = "COLLABORATION",
        /// 工作.
        Work = "WORK",
        /// 期限.
        Deadline = "DEADLINE",
        /// 计时.
        Clock = "CLOCK",
        /// 层级.
        Level = "LEVEL",
        /// 暂存.
        Parking = "PARKING",
        /// 记录.
        Record = "RECORD",
        /// 导入.
        Imported = "IMPORTED",
    }
}

/// The same in two languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// 中文.
    pub chinese: String,
    /// English.
    pub english: String,
}

/// What stands behind an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The visit, recorded with the enterprise.
    Visit(VisitId),
    /// The event at that place of the list that was asked about.
    Event(usize),
    /// The end of the case that was to go on in the place of this one.
    Original,
    /// Nothing has happened yet: the day is still to come.
    Due(Date),
}

/// An entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When: of an event, when it happened; of a day, its beginning, or its end where something is due, in UTC+8.
    pub at: Timestamp,
    /// What it is about.
    pub kind: Kind,
    /// What people read.
    pub text: Text,
    /// What stands behind it.
    pub behind: Behind,
}

/// The timeline of a case by what has happened to it, by the visits to its enterprise and, of a duplicate, by what became
/// of the case that goes on in its place, looked at on that day, in the order of time; what happened at the same time
/// stands as the log has it.
///
/// # Parameters
/// - `campaigns`: those that look after the case: its own, and those that this was closed in favour of, directly or
///   through others
#[must_use]
pub fn of(
    events: &[Recorded<CaseFact>],
    visits: &[FieldVisit],
    campaigns: &[CampaignId],
    goes_on_in: Option<&GoesOn>,
    today: Date,
) -> Vec<Entry> {
    let mut case = Case::default();
    let mut entries = Vec::new();
    let mut open = OpenDays::default();
    let mut deadlines_before = Vec::with_capacity(events.len());
    for event in events {
        deadlines_before.push(case.file.as_ref().and_then(|file| file.deadline).map(|deadline| deadline.on));
        case.evolve(event);
        let is_open = case.file.as_ref().is_some_and(|file| file.status.is_open());
        open.follow(is_open, calendar::date_of(event.occurred_at));
    }
    for (place, (event, deadline_before)) in events.iter().zip(deadlines_before).enumerate() {
        let entry = |(kind, text)| Entry { at: event.occurred_at, kind, text, behind: Behind::Event(place) };
        entries.extend(words::of(event, &case, deadline_before).into_iter().map(entry));
    }
    if let Some(file) = &case.file {
        let concerns = |visit: &&FieldVisit| is_origin(visit, file) || looks_after(visit, campaigns, &open);
        entries.extend(visits.iter().filter(concerns).map(of_visit));
        entries.extend(goes_on_in.and_then(of_original));
        entries.extend(due(file, today));
    }
    // Stable: events of one time stay in the order of the log.
    entries.sort_by_key(|entry| (entry.at, matches!(entry.behind, Behind::Due(_))));
    entries
}

/// The stretches of days in which a case was open, first and last day: it may end and be reopened any number of times.
/// The last day is absent where it has not ended again.
#[derive(Default)]
struct OpenDays(Vec<(Date, Option<Date>)>);

impl OpenDays {
    /// Whether the case is open after what happened on that day. What is said of it after its end does not put the end off.
    fn follow(&mut self, is_open: bool, day: Date) {
        let running = self.0.last_mut().filter(|(_, last)| last.is_none());
        match (running, is_open) {
            (None, true) => self.0.push((day, None)),
            (Some((_, last)), false) => *last = Some(day),
            (None, false) | (Some(_), true) => {}
        }
    }

    fn contain(&self, day: Date) -> bool {
        self.0.iter().any(|(first, last)| *first <= day && last.is_none_or(|last| day <= last))
    }
}

/// A visit concerns a case that was reported from it.
fn is_origin(visit: &FieldVisit, file: &File) -> bool {
    matches!(file.origin, Origin::FieldVisit { visit: origin } if origin == visit.id)
}

/// And every case of the enterprise that was open on its day, of the campaigns that look after it.
fn looks_after(visit: &FieldVisit, campaigns: &[CampaignId], open: &OpenDays) -> bool {
    campaigns.contains(&visit.campaign) && open.contain(visit.visited_on)
}

fn of_visit(visit: &FieldVisit) -> Entry {
    let place = visit.place.as_ref();
    let text = Text {
        chinese: format!("现场走访{}：{}", place.map(|place| format!("（{place}）")).unwrap_or_default(), visit.seen),
        english: format!("Field visit{}: {}", place.map(|place| format!(" ({place})")).unwrap_or_default(), visit.seen),
    };
    Entry { at: in_china(visit.visited_on, Time::midnight()), kind: Kind::Visit, text, behind: Behind::Visit(visit.id) }
}

/// A duplicate whose original was withdrawn is nobody's any more: who follows it learns that it can be taken up again.
fn of_original(goes_on_in: &GoesOn) -> Option<Entry> {
    let at = goes_on_in.since.filter(|_| goes_on_in.status == Some(Status::Withdrawn))?;
    let number = goes_on_in.number.as_ref();
    let text = Text {
        chinese: format!(
            "原案例{}已由企业撤回，本案例可重新打开",
            number.map(|number| format!("（{number}）")).unwrap_or_default()
        ),
        english: format!(
            "The case that went on in its place{} was withdrawn: this one can be reopened",
            number.map(|number| format!(" ({number})")).unwrap_or_default()
        ),
    };
    Some(Entry { at, kind: Kind::Lifecycle, text, behind: Behind::Original })
}

/// The deadline that runs, and the day on which a parked case is looked at again.
fn due(file: &File, today: Date) -> Vec<Entry> {
    let running = file.running_deadline(today).filter(|deadline| !deadline.was_missed);
    let deadline = running.map(|deadline| {
        let (on, kind) = (deadline.on, Kind::Deadline);
        let text = Text { chinese: format!("期限：{on}"), english: format!("Deadline: {on}") };
        Entry { at: last_second_of(on), kind, text, behind: Behind::Due(on) }
    });
    let review = file.parked_until.map(|on| {
        let text =
            Text { chinese: format!("暂存复查：{on}"), english: format!("Review of the parked case: {on}") };
        Entry { at: last_second_of(on), kind: Kind::Parking, text, behind: Behind::Due(on) }
    });
    deadline.into_iter().chain(review).collect()
}

fn last_second_of(day: Date) -> Timestamp {
    in_china(day, Time::constant(23, 59, 59, 0))
}

/// That time of the day in UTC+8; the end of time where there is none.
fn in_china(day: Date, time: Time) -> Timestamp {
    Offset::constant(8).to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
