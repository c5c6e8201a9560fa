//! A small fold of the log, written a second time: what a case is called, where it is, at which level and until when, who works on it, what they found, and which words find it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::app::{EventRecord, HistoryEvent};
use etalon::domain::case::event::CaseFact;
use etalon::domain::case::values::Verdict;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::as_of::steps::REASON;
use crate::interchange::support::case_event;
use crate::life::world::text;

/// The events of cases among the records.
pub fn told(records: Vec<EventRecord>) -> Vec<HistoryEvent> {
    let of_cases = records.into_iter().filter(|record| record.aggregate_type == "Case");
    of_cases.map(|record| HistoryEvent { event: case_event(&record), before: record.sequence - 1, record }).collect()
}

/// What is known of a case.
#[derive(Clone, Debug, Default)]
pub struct Known {
    title: String,
    status: &'static str,
    level: &'static str,
    deadline: Option<String>,
    triaged: bool,
    assigned: bool,
    accepted: bool,
    /// How it went with everybody who was invited, by their ids.
    experts: BTreeMap<String, &'static str>,
    findings: Vec<String>,
    comments: Vec<String>,
    techniques: Vec<String>,
    trainings: Vec<u32>,
    attachments: Vec<String>,
    /// The item and amount of each fee by its id, in order, and whether it is retracted.
    fees: Vec<Listed<(String, i64)>>,
    /// The uncertainty of each measurement by its id, and when it was made; all of a history are in one unit.
    measured: Vec<Listed<(u64, Timestamp)>>,
    required: Option<u64>,
    lesson: Option<String>,
    is_published: bool,
    reopened: u32,
    positions: Vec<u64>,
}

/// Something on record that may be retracted.
#[derive(Clone, Debug)]
struct Listed<T> {
    id: String,
    what: T,
    is_retracted: bool,
}

impl<T> Listed<T> {
    fn new(id: impl ToString, what: T) -> Self {
        Self { id: id.to_string(), what, is_retracted: false }
    }

    fn retract(all: &mut [Self], id: impl ToString) {
        let id = id.to_string();
        all.iter_mut().filter(|one| one.id == id).for_each(|one| one.is_retracted = true);
    }

    fn standing(all: &[Self]) -> impl Iterator<Item = &T> {
        all.iter().filter(|one| !one.is_retracted).map(|one| &one.what)
    }
}

/// Where nobody is asked any more who has not answered.
const ENDS: [&str; 4] = ["RESOLVED", "CLOSED", "WITHDRAWN", "DUPLICATE"];

/// The cases by number, after those of the events that count, in the order of the log.
pub fn fold<'a>(events: impl Iterator<Item = &'a HistoryEvent>) -> BTreeMap<String, Known> {
    let mut by_id: BTreeMap<&str, (String, Known)> = BTreeMap::new();
    for HistoryEvent { record, event, .. } in events {
        let opening = match &event.fact {
            CaseFact::CaseReported(fact) => Some((&fact.number, &fact.title, &fact.division)),
            CaseFact::LegacyActivityRecorded(fact) => {
                fact.opening.as_ref().map(|opening| (&opening.number, &opening.title, &opening.division))
            }
            _ => None,
        };
        if let Some((number, title, division)) = opening {
            let known = Known {
                title: title.to_string(),
                status: "REPORTED",
                level: division.level().name(),
                ..Known::default()
            };
            by_id.entry(&record.aggregate_id).or_insert((number.to_string(), known));
        }
        if let Some((_, known)) = by_id.get_mut(record.aggregate_id.as_str()) {
            known.positions.push(record.position);
            known.take_up(&event.fact);
            known.keep(&event.fact, record, event.occurred_at);
        }
    }
    by_id.into_values().collect()
}

impl Known {
    fn take_up(&mut self, fact: &CaseFact) {
        let back = match (self.assigned, self.accepted, self.triaged) {
            (true, true, _) => "RESEARCHING",
            (true, false, _) => "ASSIGNED",
            (false, _, true) => "TRIAGED",
            (false, _, false) => "REPORTED",
        };
        let (status, deadline) = match fact {
            CaseFact::CaseTriaged(fact) if fact.correction_reason.is_none() => (Some("TRIAGED"), None),
            CaseFact::RoutineServiceProvided(_) => (Some("AWAITING_CONFIRMATION"), None),
            CaseFact::ResearchAssigned(fact) => (Some("ASSIGNED"), Some(fact.deadline)),
            CaseFact::ResearchReassigned(fact) => (Some("ASSIGNED"), fact.deadline),
            CaseFact::AssignmentAccepted(_) => (Some("RESEARCHING"), None),
            CaseFact::AssignmentDeclined(_) => (Some("TRIAGED"), None),
            CaseFact::SolutionProposed(_) => (Some("SOLUTION_PROPOSED"), None),
            CaseFact::SolutionReviewed(fact) if fact.verdict == Verdict::ChangesRequested => {
                (Some("RESEARCHING"), None)
            }
            CaseFact::TrialStarted(_) => (Some("ON_TRIAL"), None),
            CaseFact::TrialResultRecorded(fact) if fact.passed => (Some("AWAITING_CONFIRMATION"), None),
            CaseFact::TrialResultRecorded(_) => (Some("RESEARCHING"), None),
            CaseFact::CaseResolved(_) => (Some("RESOLVED"), None),
            CaseFact::SolutionRejected(_) | CaseFact::CaseReopened(_) => (Some(back), None),
            CaseFact::CaseClosed(_) => (Some("CLOSED"), None),
            CaseFact::CaseWithdrawn(_) => (Some("WITHDRAWN"), None),
            CaseFact::CaseMarkedDuplicate(_) => (Some("DUPLICATE"), None),
            CaseFact::DeadlineSet(fact) => (None, Some(fact.deadline)),
            CaseFact::DeadlineExtended(fact) => (None, Some(fact.to)),
            CaseFact::ClockResumed(fact) => (None, fact.deadline),
            CaseFact::CaseUnparked(fact) => (None, fact.deadline),
            _ => (None, None),
        };
        let status = status.unwrap_or(self.status);
        if status != self.status && ENDS.contains(&status) {
            let unanswered = self.experts.values_mut().filter(|membership| **membership == "INVITED");
            unanswered.for_each(|membership| *membership = "LAPSED");
        }
        self.status = status;
        self.deadline = deadline.map(|day| day.to_string()).or(self.deadline.take());
        match fact {
            CaseFact::CaseTriaged(_) => self.triaged = true,
            CaseFact::ResearchAssigned(_) | CaseFact::ResearchReassigned(_) => {
                (self.assigned, self.accepted) = (true, false);
            }
            CaseFact::AssignmentAccepted(_) => self.accepted = self.assigned,
            CaseFact::AssignmentDeclined(_) => self.assigned = false,
            CaseFact::CaseReopened(_) => self.deadline = None,
            CaseFact::CaseEscalated(fact) => self.level = fact.to.name(),
            CaseFact::CaseRenamed(fact) => self.title = fact.to.to_string(),
            _ => {}
        }
    }

    /// What stands in the file of a case.
    fn keep(&mut self, fact: &CaseFact, record: &EventRecord, at: Timestamp) {
        let membership = match fact {
            CaseFact::ExpertInvited(fact) => Some((fact.expert, "INVITED")),
            CaseFact::ExpertJoined(fact) => Some((fact.expert, "ACTIVE")),
            CaseFact::InvitationDeclined(fact) => Some((fact.expert, "DECLINED")),
            CaseFact::ExpertLeft(fact) => Some((fact.expert, "LEFT")),
            CaseFact::ExpertRemoved(fact) => Some((fact.expert, "REMOVED")),
            _ => None,
        };
        self.experts.extend(membership.map(|(expert, membership)| (expert.to_string(), membership)));
        match fact {
            CaseFact::FindingRecorded(fact) => self.findings.push(fact.text.to_string()),
            CaseFact::CommentAdded(fact) => self.comments.push(fact.text.to_string()),
            CaseFact::InternalCommentAdded(fact) => self.comments.push(fact.text.to_string()),
            CaseFact::TechniqueIntroduced(fact) => self.techniques.push(fact.technique.to_string()),
            CaseFact::TrainingDelivered(fact) => self.trainings.push(fact.trainees),
            CaseFact::AttachmentAdded(fact) => self.attachments.push(fact.name.to_string()),
            CaseFact::FeeRecorded(fact) => {
                let amount = number(&payload(record)["FeeRecorded"]["amount"]).cast_signed();
                self.fees.push(Listed::new(fact.id, (fact.item.to_string(), amount)));
            }
            CaseFact::FeeRetracted(fact) => Listed::retract(&mut self.fees, fact.fee),
            CaseFact::MeasurementRecorded(fact) => {
                let uncertainty = &payload(record)["MeasurementRecorded"]["result"]["uncertainty"]["value"];
                self.measured.push(Listed::new(fact.id, (number(uncertainty), at)));
            }
            CaseFact::MeasurementRetracted(fact) => Listed::retract(&mut self.measured, fact.measurement),
            CaseFact::RequirementSpecified(_) => {
                let target = &payload(record)["RequirementSpecified"]["requirement"]["target"]["uncertainty"];
                self.required = Some(number(&target["value"]));
            }
            CaseFact::CaseClosed(fact) => self.lesson = Some(fact.lesson.to_string()),
            CaseFact::CaseReopened(_) => {
                self.lesson = None;
                self.reopened += 1;
            }
            CaseFact::TypicalCasePublished(_) => self.is_published = true,
            CaseFact::TypicalCaseRetracted(_) => self.is_published = false,
            _ => {}
        }
    }

    /// The capability gap: the best that was measured, the first of equals in time, against what is required.
    fn gap(&self) -> Value {
        let best = Listed::standing(&self.measured).min_by_key(|(uncertainty, at)| (*uncertainty, *at));
        match (best, self.required) {
            (Some((best, at)), Some(required)) => {
                json!({ "closed": *best <= required, "best": { "at": at.to_string() } })
            }
            _ => Value::Null,
        }
    }

    /// Whether it has those words in its title, its findings, its comments or its lesson.
    fn has(&self, words: &str) -> bool {
        let mut texts = std::iter::once(&self.title).chain(&self.findings).chain(&self.comments).chain(&self.lesson);
        texts.any(|text| text.contains(words))
    }
}

/// What an event says, as the log has it.
fn payload(record: &EventRecord) -> Value {
    let payload: Value = serde_json::from_str(&record.payload).expect("a payload is JSON");
    payload["fact"].clone()
}

fn number(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("a number is a text, not {value}"));
    text.parse().expect("a whole number")
}

/// What [`QUESTIONS`] have to be answered with, of these cases.
pub fn answers(known: &BTreeMap<String, Known>) -> Value {
    let found = |words: &str| {
        let numbers = known.iter().filter(|(_, known)| known.has(words)).map(|(number, _)| number.clone());
        let numbers: Vec<_> = numbers.collect();
        json!({ "totalCount": numbers.len(), "numbers": numbers })
    };
    let words = WORDS.map(|(alias, words)| (alias.to_owned(), found(words)));
    words.into_iter().chain([("cases".to_owned(), shown(known))]).collect::<Map<_, _>>().into()
}

fn shown(known: &BTreeMap<String, Known>) -> Value {
    let list = |field: &str, texts: &[String]| texts.iter().map(|text| json!({ field: text })).collect::<Vec<_>>();
    let node = |(number, known): (&String, &Known)| {
        let events = known.positions.iter().map(|position| json!({ "position": position.to_string() }));
        let expert = |(id, membership): (&String, &&str)| json!({ "personId": URL_SAFE_NO_PAD.encode(format!("Person:{id}")), "membership": membership });
        json!({
            "number": number, "title": known.title, "status": known.status, "level": known.level,
            "deadline": known.deadline, "typical": known.is_published, "lesson": known.lesson,
            "reopened": known.reopened, "feeTotal": Listed::standing(&known.fees).map(|(_, amount)| amount).sum::<i64>().to_string(), "gap": known.gap(),
            "experts": known.experts.iter().map(expert).collect::<Vec<_>>(),
            "findings": list("text", &known.findings), "comments": list("text", &known.comments),
            "techniques": list("technique", &known.techniques), "attachments": list("name", &known.attachments),
            "fees": known.fees.iter().map(|fee| json!({ "item": fee.what.0, "retraction": known_retraction(fee) })).collect::<Vec<_>>(),
            "trainings": known.trainings.iter().map(|trainees| json!({ "trainees": trainees })).collect::<Vec<_>>(),
            "measurements": known.measured.iter().map(|made| json!({ "at": made.what.1.to_string(), "retraction": known_retraction(made) })).collect::<Vec<_>>(),
            "events": { "nodes": events.collect::<Vec<_>>() },
        })
    };
    json!({ "totalCount": known.len(), "nodes": known.iter().map(node).collect::<Vec<_>>() })
}

/// What is said of a fee or a measurement that is taken back.
fn known_retraction<T>(listed: &Listed<T>) -> Value {
    match listed.is_retracted {
        true => json!({ "reason": REASON }),
        false => Value::Null,
    }
}

/// What a history may have in titles, which are replaced; in findings and in comments, which are not; in lessons, which
/// are gone when a case is reopened; and nowhere else.
const WORDS: [(&str, &str); 5] = [
    ("ofTitles", "铂电阻"),
    ("ofOtherTitles", "热电偶"),
    ("ofFindings", "温度梯度"),
    ("ofComments", "留言"),
    ("ofLessons", "先恒温"),
];

/// The questions whose answers the fold foretells.
pub fn questions() -> String {
    let search = |(alias, words): (&str, &str)| {
        format!("{alias}: search(query: {words:?}, first: 100) {{ totalCount nodes {{ number }} }}\n")
    };
    WORDS.map(search).concat() + CASES
}

/// An answer to them as the fold gives it: what was found by the numbers, and not the best first.
pub fn in_order(mut answer: Value) -> Value {
    for (alias, _) in WORDS {
        let found = answer[alias]["nodes"].as_array().expect("a list").iter();
        let mut numbers: Vec<_> = found.map(|node| text(&node["number"])).collect();
        numbers.sort();
        answer[alias] = json!({ "totalCount": answer[alias]["totalCount"], "numbers": numbers });
    }
    answer
}

const CASES: &str = "cases(first: 100, orderBy: [{ field: NUMBER }]) {
    totalCount nodes {
        number title status level deadline typical lesson reopened feeTotal gap { closed best { at } }
        experts { personId membership } findings { text } comments { text } techniques { technique }
        attachments { name } fees { item retraction { reason } } trainings { trainees }
        measurements { at retraction { reason } }
        events(first: 100) { nodes { position } }
    }
}";
