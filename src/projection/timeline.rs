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
    for event in events {
        case.evolve(event);
        let is_open = case.file.as_ref().is_some_and(|file| file.status.is_open());
        open.follow(is_open, calendar::date_of(event.occurred_at));
    }
    for (place, event) in events.iter().enumerate() {
        let entry = |(kind, text)| Entry { at: event.occurred_at, kind, text, behind: Behind::Event(place) };
        entries.extend(words::of(event, &case).into_iter().map(entry));
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
        Entry { at: end_of(on), kind, text, behind: Behind::Due(on) }
    });
    let review = file.parked_until.map(|on| {
        let text =
            Text { chinese: format!("暂存复查：{on}"), english: format!("Review of the parked case: {on}") };
        Entry { at: end_of(on), kind: Kind::Parking, text, behind: Behind::Due(on) }
    });
    deadline.into_iter().chain(review).collect()
}

fn end_of(day: Date) -> Timestamp {
    in_china(day, Time::constant(23, 59, 59, 0))
}

/// That time of the day in UTC+8; the end of time where there is none.
fn in_china(day: Date, time: Time) -> Timestamp {
    Offset::constant(8).to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::actor::ActorId;
    use crate::domain::case::number::CaseNumber;
    use crate::domain::fixtures::{day, statement, time};

    const CAMPAIGN: Uuid = Uuid::from_u128(7);
    /// That which it was closed in favour of.
    const SUCCESSOR: Uuid = Uuid::from_u128(9);
    pub(super) const TODAY: &str = "2026-03-05";

    /// Of a case of the campaign.
    fn told(events: &[Recorded<CaseFact>], visits: &[FieldVisit], today: &str) -> Vec<Entry> {
        of(events, visits, &[CAMPAIGN.into(), SUCCESSOR.into()], None, day(today))
    }

    pub(super) fn event(at: &str, fact: serde_json::Value) -> Recorded<CaseFact> {
        let event = json!({ "by": "somebody", "occurredAt": at, "fact": fact });
        serde_json::from_value(event).expect("an event")
    }

    /// Reported on 2 March 2026 from the first visit.
    pub(super) fn reported() -> Recorded<CaseFact> {
        let fact = json!({ "CaseReported": {
            "number": "GD-2026-000001", "title": "螺纹塞规", "problem": "无法溯源",
            "enterprise": Uuid::from_u128(1), "enterpriseVersion": 1, "campaign": CAMPAIGN, "division": "440305",
            "origin": { "kind": "FIELD_VISIT", "visit": Uuid::from_u128(100) },
        } });
        event("2026-03-02T02:00:00Z", fact)
    }

    fn deadline_set() -> Recorded<CaseFact> {
        event("2026-03-04T02:00:00Z", json!({ "DeadlineSet": { "deadline": "2026-04-01" } }))
    }

    fn visit(number: u128, on: &str, campaign: Uuid) -> FieldVisit {
        FieldVisit {
            id: Uuid::from_u128(number).into(),
            campaign: CampaignId::from(campaign),
            visitors: Vec::new(),
            visited_on: day(on),
            place: None,
            seen: statement("恒温间"),
            needs: BTreeSet::new(),
            recorded_by: ActorId::parse("visitor").expect("an actor"),
        }
    }

    fn behind(entries: &[Entry]) -> Vec<Behind> {
        entries.iter().map(|entry| entry.behind).collect()
    }

    #[test]
    fn visits_events_and_what_is_due_stand_in_the_order_of_time() {
        let visits = [
            visit(100, "2026-02-20", CAMPAIGN),
            // Before the case was known, and of another campaign: neither concerns it.
            visit(101, "2026-02-25", CAMPAIGN),
            visit(102, "2026-03-03", Uuid::from_u128(8)),
            visit(103, "2026-03-03", CAMPAIGN),
        ];
        let entries = told(&[reported(), deadline_set()], &visits, TODAY);
        assert_eq!(
            behind(&entries),
            [
                Behind::Visit(Uuid::from_u128(100).into()),
                Behind::Event(0),
                Behind::Visit(Uuid::from_u128(103).into()),
                Behind::Event(1),
                Behind::Due(day("2026-04-01")),
            ]
        );
        assert_eq!(entries[2].at, time("2026-03-02T16:00:00Z"), "midnight in China");
        assert_eq!(entries[4].at, time("2026-04-01T15:59:59Z"), "the day's last second in China");
        assert_eq!(entries[3].text.chinese, "期限定为：2026-04-01");
        assert_eq!(entries[3].text.english, "Deadline set: 2026-04-01");
    }

    #[test]
    fn visits_of_the_campaign_that_it_went_on_in_concern_it_while_it_is_open() {
        let withdrawn = event("2027-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
        let visits = [
            visit(103, "2026-05-03", CAMPAIGN),
            visit(104, "2027-03-03", SUCCESSOR),
            visit(105, "2027-03-03", Uuid::from_u128(8)),
            visit(106, "2027-03-11", SUCCESSOR),
        ];
        let entries = told(&[reported(), withdrawn], &visits, TODAY);
        let visited = |number| Behind::Visit(Uuid::from_u128(number).into());
        assert_eq!(behind(&entries), [Behind::Event(0), visited(103), visited(104), Behind::Event(1)]);
    }

    #[test]
    fn nothing_is_due_once_the_deadline_was_missed_or_does_not_run() {
        let missed = event("2026-04-02T02:00:00Z", json!({ "DeadlineMissed": { "deadline": "2026-04-01" } }));
        let paused =
            event("2026-03-05T02:00:00Z", json!({ "ClockPaused": { "from": "2026-03-05", "reason": "等待" } }));
        for last in [missed, paused] {
            let entries = told(&[reported(), deadline_set(), last], &[], TODAY);
            assert_eq!(behind(&entries), [Behind::Event(0), Behind::Event(1), Behind::Event(2)]);
        }
    }

    #[test]
    fn a_parked_case_is_due_for_its_review_and_its_deadline_runs_from_the_day_after() {
        let parked = json!({ "CaseParked": { "reviewOn": "2026-03-20", "reason": "尚无方法" } });
        let events = [reported(), deadline_set(), event("2026-03-05T02:00:00Z", parked)];
        let due = |today: &str| -> Vec<Behind> {
            let entries = told(&events, &[], today);
            behind(&entries).into_iter().filter(|behind| matches!(behind, Behind::Due(_))).collect()
        };
        let review = Behind::Due(day("2026-03-20"));
        assert_eq!(due("2026-03-20"), [review]);
        assert_eq!(due("2026-03-21"), [review, Behind::Due(day("2026-04-01"))]);
    }

    #[test]
    fn a_visit_after_the_end_does_not_concern_the_case() {
        let withdrawn = event("2026-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
        let visits = [visit(100, "2026-02-20", CAMPAIGN), visit(103, "2026-03-11", CAMPAIGN)];
        let entries = told(&[reported(), withdrawn], &visits, TODAY);
        let first = Behind::Visit(Uuid::from_u128(100).into());
        assert_eq!(behind(&entries), [first, Behind::Event(0), Behind::Event(1)]);
    }

    #[test]
    fn a_visit_while_the_case_was_closed_does_not_concern_it() {
        let withdrawn = |at: &str| event(at, json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
        let reopened = |at: &str| event(at, json!({ "CaseReopened": { "reason": "又出现" } }));
        let comment = |at: &str| event(at, json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } }));
        let events = [
            reported(),
            withdrawn("2026-03-10T02:00:00Z"),
            comment("2026-03-15T02:00:00Z"),
            reopened("2026-03-20T02:00:00Z"),
            withdrawn("2026-04-01T02:00:00Z"),
            comment("2026-04-05T02:00:00Z"),
            reopened("2026-04-10T02:00:00Z"),
        ];
        let days = [
            ("2026-03-01", false),
            ("2026-03-02", true),
            ("2026-03-10", true),
            ("2026-03-11", false),
            ("2026-03-15", false),
            ("2026-03-19", false),
            ("2026-03-20", true),
            ("2026-04-01", true),
            ("2026-04-05", false),
            ("2026-04-10", true),
            ("2026-05-01", true),
        ];
        for (day, concerns) in days {
            let entries = told(&events, &[visit(103, day, CAMPAIGN)], TODAY);
            let is_there = behind(&entries).contains(&Behind::Visit(Uuid::from_u128(103).into()));
            assert_eq!(is_there, concerns, "{day}");
        }
    }

    #[test]
    fn what_is_said_after_the_end_does_not_put_it_off() {
        let withdrawn = event("2026-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
        let comment = |at: &str| event(at, json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } }));
        let reopened = event("2026-03-20T02:00:00Z", json!({ "CaseReopened": { "reason": "又出现" } }));
        let again = event("2026-04-01T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
        let visits = [
            visit(103, "2026-03-10", CAMPAIGN),
            visit(104, "2026-03-25", CAMPAIGN),
            visit(105, "2026-04-20", CAMPAIGN),
        ];
        let visited = |events: &[Recorded<CaseFact>]| -> Vec<Behind> {
            let entries = told(events, &visits, TODAY).into_iter();
            entries.map(|entry| entry.behind).filter(|behind| matches!(behind, Behind::Visit(_))).collect()
        };
        let of_visits = |count: u128| -> Vec<Behind> {
            (103..103 + count).map(|number| Behind::Visit(Uuid::from_u128(number).into())).collect()
        };
        let mut events = vec![reported(), withdrawn, comment("2026-05-01T02:00:00Z")];
        assert_eq!(visited(&events), of_visits(1));
        events.push(reopened);
        assert_eq!(visited(&events), of_visits(3), "it is open again");
        events.extend([again, comment("2026-05-02T02:00:00Z")]);
        assert_eq!(visited(&events), of_visits(2), "the end is the last one");
    }

    #[test]
    fn a_duplicate_tells_that_its_original_was_withdrawn() {
        let original = GoesOn::of(Uuid::from_u128(9).into());
        let marked = json!({ "CaseMarkedDuplicate": { "of": original.case, "ofVersion": 1 } });
        let comment = json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } });
        let events = [reported(), event("2026-03-03T02:00:00Z", marked), event("2026-03-05T02:00:00Z", comment)];
        let at =
            |status| GoesOn { status: Some(status), since: Some(time("2026-03-04T02:00:00Z")), ..original.clone() };
        let told = |goes_on_in: &GoesOn| of(&events, &[], &[], Some(goes_on_in), day(TODAY));
        let events_alone = [Behind::Event(0), Behind::Event(1), Behind::Event(2)];
        for going_on in [at(Status::Researching), at(Status::Closed), original.clone()] {
            assert_eq!(behind(&told(&going_on)), events_alone);
        }
        let entries = told(&at(Status::Withdrawn));
        assert_eq!(behind(&entries), [Behind::Event(0), Behind::Event(1), Behind::Original, Behind::Event(2)]);
        let Entry { at: when, kind, text, .. } = &entries[2];
        assert_eq!((*when, *kind), (time("2026-03-04T02:00:00Z"), Kind::Lifecycle));
        assert_eq!(text.chinese, "原案例已由企业撤回，本案例可重新打开");
        assert_eq!(text.english, "The case that went on in its place was withdrawn: this one can be reopened");
        let number = CaseNumber::parse("GD-2026-000009").expect("a number");
        let seen = GoesOn { number: Some(number), ..at(Status::Withdrawn) };
        assert_eq!(told(&seen)[2].text.chinese, "原案例（GD-2026-000009）已由企业撤回，本案例可重新打开");
    }

    #[test]
    fn before_the_report_there_is_no_timeline() {
        assert_eq!(told(&[], &[visit(100, "2026-02-20", CAMPAIGN)], TODAY), []);
    }
}
