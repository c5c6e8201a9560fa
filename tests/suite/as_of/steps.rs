//! Histories: steps that somebody takes, legal or not, now or reported late; drawn at random, small to print.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etalon::app::Clockwork;
use etalon::domain::value::{Sha256Digest, calendar};
use etalon::interchange::import::{BadEvents, import};
use jiff::{SignedDuration, Span};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::interchange::support::{DRIFT, Log};
use crate::life::world::{text, with};

/// One step of a history.
#[derive(Clone, Debug)]
pub struct Step {
    /// How much later it is.
    pub hours: u8,
    /// How long ago it happened, where that is not now.
    pub late_hours: Option<u16>,
    /// What happens, by the numbers that `take` reads.
    pub what: What,
}

/// What happens in a step. Numbers stand for a choice among what there is.
#[derive(Clone, Debug)]
pub enum What {
    /// An enterprise reports a case.
    Report(u8),
    /// Somebody does with a case what may be done with it in its status.
    GoOn(u8, u8),
    /// Somebody does anything with a case.
    Anything(u8, u8),
    /// A register changes.
    Amend(u8),
    /// Another tracker's log comes in.
    Import,
    /// The server's clock looks at deadlines.
    Clock,
    /// Somebody asks everything, and keeps the answers.
    Look,
}

pub fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        2 => (0_u8..4).prop_map(What::Report),
        9 => (0_u8..8, any::<u8>()).prop_map(|(case, choice)| What::GoOn(case, choice)),
        2 => (0_u8..8, any::<u8>()).prop_map(|(case, choice)| What::Anything(case, choice)),
        3 => any::<u8>().prop_map(What::Amend),
        1 => Just(What::Import),
        1 => Just(What::Clock),
        2 => Just(What::Look),
    ];
    let late = prop_oneof![3 => Just(None), 1 => (1_u16..2_000).prop_map(Some)];
    (0_u8..72, late, what).prop_map(|(hours, late_hours, what)| Step { hours, late_hours, what })
}

pub fn history() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 20..60)
}

/// A history in which everything is recorded as it happens.
pub fn history_in_order() -> impl Strategy<Value = Vec<Step>> {
    let in_order = step().prop_map(|step| match step.what {
        What::Import | What::Clock => Step { late_hours: None, what: What::Look, ..step },
        what => Step { late_hours: None, what, ..step },
    });
    vec(in_order, 20..40)
}

/// Who orders what, with an input that names the case.
type Order = (&'static str, &'static str, Value);

/// Why somebody orders something.
pub const REASON: &str = "说明";

/// Everything that can be ordered of a case that has these measurements and fees; `choice` decides the rest.
fn orders(house: &House, choice: u8, other: &str, listed: &Value) -> Vec<Order> {
    let pick = usize::from(choice);
    let lead = ["lead 0", "lead 1"][pick % 2];
    let enterprise = ["enterprise 0", "enterprise 1"][pick / 2 % 2];
    let assignment = |days: i32| {
        let (institute, lead) = (&house.institutes[pick % 2], &house.leads[pick % 2]);
        json!({ "institutionId": institute, "leadId": lead, "deadline": day(house, days + i32::from(choice % 30)) })
    };
    let because = || json!({ "reason": REASON });
    let one_of = |list: &str| {
        listed[list]
            .as_array()
            .and_then(|all| all.get(pick % all.len().max(1)))
            .map_or(json!("none"), |one| one["id"].clone())
    };
    let uncertainty = |value: u8| {
        let value = (1 + value % 9).to_string();
        json!({ "value": value, "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" })
    };
    let sorted = || {
        let kind = ["RESEARCH_PROBLEM", "TESTING"][usize::from(pick % 5 == 0)];
        json!({ "category": (["L", "T"][pick % 2]), "kind": kind, "severity": "MAJOR" })
    };
    let levels = ["COUNTY", "CITY", "PROVINCE", "NATION"];
    vec![
        (
            enterprise,
            "renameCase",
            json!({ "title": format!("难点 {} {}", choice % 7, ["铂电阻", "热电偶", "量块"][pick % 3]) }),
        ),
        ("coordinator", "triageCase", sorted()),
        ("coordinator", "triageCase", with(sorted(), json!({ "correctionReason": REASON }))),
        (
            "coordinator",
            "provideRoutineService",
            json!({ "institutionId": house.institutes[pick % 2], "certificate": "JZ-1" }),
        ),
        ("coordinator", "assignResearch", assignment(1)),
        ("manager", "reassignResearch", with(assignment(2), because())),
        (lead, "acceptAssignment", json!({})),
        (lead, "declineAssignment", because()),
        (lead, "inviteExpert", json!({ "expertId": house.expert })),
        ("expert", "acceptInvitation", json!({})),
        ("expert", "declineInvitation", json!({})),
        ("expert", "leaveCase", json!({})),
        (["coordinator", "manager"][pick % 2], "removeExpert", with(json!({ "expertId": house.expert }), because())),
        (
            enterprise,
            "specifyRequirement",
            json!({ "requirement": { "measurand": "内径", "target": { "uncertainty": uncertainty(choice) } } }),
        ),
        (
            lead,
            "recordMeasurement",
            json!({ "result": { "value": "25.001", "unit": "mm", "uncertainty": uncertainty(choice / 3), "method": "比较测量", "traceability": "JZ-1" } }),
        ),
        (lead, "retractMeasurement", with(json!({ "measurementId": one_of("measurements") }), because())),
        (lead, "recordFinding", json!({ "text": format!("温度梯度 {choice}") })),
        (lead, "proposeSolution", json!({ "description": "改用气动量仪" })),
        (
            "reviewer",
            "reviewSolution",
            json!({ "verdict": (["APPROVED", "CHANGES_REQUESTED"][usize::from(pick % 4 == 0)]), "comment": "核对" }),
        ),
        (lead, "startTrial", json!({ "plan": "30 件" })),
        (lead, "recordTrialResult", json!({ "passed": pick % 3 != 0, "summary": "三天" })),
        (enterprise, "confirmSolution", json!({ "acceptShortfall": "可以接受" })),
        (enterprise, "rejectSolution", because()),
        ("coordinator", "closeCase", json!({ "lesson": "先恒温", "feeTotal": (FEE * (pick % 4)).to_string() })),
        (enterprise, "reopenCase", because()),
        ("manager", "escalateCase", with(json!({ "to": levels[1 + pick % 3] }), because())),
        ("nation", "parkCase", with(json!({ "reviewOn": day(house, 90) }), because())),
        ("coordinator", "setDeadline", json!({ "deadline": day(house, 1 + i32::from(choice % 20)) })),
        ("coordinator", "extendDeadline", with(json!({ "deadline": day(house, 30 + i32::from(choice)) }), because())),
        ("coordinator", "pauseClock", because()),
        ("coordinator", "resumeClock", json!({})),
        (
            [enterprise, "coordinator"][pick % 2],
            "addComment",
            json!({ "text": format!("留言 {choice}"), "audience": (["EVERYBODY", "INTERNAL"][pick % 2]) }),
        ),
        (lead, "recordTraining", json!({ "topic": "内径测量", "trainees": 1 + pick % 9 })),
        (
            "coordinator",
            "recordFee",
            json!({ "item": "GD-L-012", "serviceDate": day(house, -i32::from(choice % 90)), "amount": FEE.to_string() }),
        ),
        ("coordinator", "retractFee", with(json!({ "feeId": one_of("fees") }), because())),
        (
            lead,
            "introduceTechnique",
            json!({ "technique": format!("气动测量 {choice}"), "source": { "reference": "JJG 396", "origin": "计量院" } }),
        ),
        (enterprise, "addAttachment", document(choice)),
        ("manager", "publishTypicalCase", json!({ "summary": "从 8 µm 到 1 µm", "consent": "书面同意" })),
        ("manager", "retractTypicalCase", because()),
        ("nation", "unparkCase", because()),
        (
            "coordinator",
            "linkCases",
            json!({ "otherCaseId": other, "relation": (["RELATED_TO", "SUB_CASE_OF"][pick % 2]) }),
        ),
        (
            "coordinator",
            "unlinkCases",
            with(json!({ "otherCaseId": other, "relation": (["RELATED_TO", "SUB_CASE_OF"][pick % 2]) }), because()),
        ),
        ("coordinator", "markDuplicate", json!({ "ofCaseId": other })),
        (enterprise, "withdrawCase", because()),
    ]
}

/// What a service costs, in yuan.
const FEE: usize = 100;

fn document(choice: u8) -> Value {
    let bytes = format!("读数 {choice}");
    json!({
        "name": format!("记录 {choice}.txt"), "mediaType": "text/plain",
        "digest": Sha256Digest::of_bytes(bytes.as_bytes()).as_str(), "contentBase64": STANDARD.encode(bytes),
    })
}

/// What leads on from a status; what ends a case seldom comes.
fn leads_on(status: &str, choice: u8) -> &'static [&'static str] {
    match (status, choice % 8) {
        (_, 0 | 1) => &[
            "renameCase",
            "addComment",
            "escalateCase",
            "setDeadline",
            "extendDeadline",
            "pauseClock",
            "resumeClock",
            "inviteExpert",
            "acceptInvitation",
            "linkCases",
            "unlinkCases",
            "specifyRequirement",
            "recordFee",
            "retractFee",
            "addAttachment",
            "leaveCase",
            "removeExpert",
            "declineInvitation",
            "parkCase",
            "unparkCase",
        ],
        ("REPORTED", _) => &["triageCase"],
        ("TRIAGED", _) => &["assignResearch", "assignResearch", "provideRoutineService"],
        ("ASSIGNED", _) => &["acceptAssignment", "acceptAssignment", "declineAssignment"],
        ("RESEARCHING", _) => &[
            "recordFinding",
            "recordMeasurement",
            "recordMeasurement",
            "retractMeasurement",
            "proposeSolution",
            "proposeSolution",
            "recordTraining",
            "reassignResearch",
            "recordFee",
            "introduceTechnique",
            "addAttachment",
            "specifyRequirement",
        ],
        ("SOLUTION_PROPOSED", _) => &["reviewSolution", "startTrial"],
        ("ON_TRIAL", _) => &["recordTrialResult"],
        ("AWAITING_CONFIRMATION", _) => &["confirmSolution", "confirmSolution", "rejectSolution"],
        ("RESOLVED", _) => &["closeCase", "closeCase", "reopenCase"],
        ("CLOSED", _) => &["publishTypicalCase", "publishTypicalCase", "retractTypicalCase", "reopenCase"],
        _ => &["reopenCase", "renameCase"],
    }
}

pub fn day(house: &House, after: i32) -> String {
    let today = calendar::date_of(house.app.now());
    today.checked_add(Span::new().days(after)).expect("a day of the calendar").to_string()
}

impl Step {
    /// Takes the step; a refusal is a step too. `cases` are those that were reported so far.
    pub async fn take(&self, house: &House, cases: &mut Vec<String>) {
        house.clock.advance(SignedDuration::from_hours(self.hours.into()) + SignedDuration::from_micros(7));
        match &self.what {
            What::Report(choice) => {
                let place = usize::from(choice % 2);
                let input = self.when(
                    house,
                    json!({
                        "enterpriseId": house.enterprises[place], "campaignId": house.campaign,
                        "title": format!("难点 {choice}"), "problem": "相差 8 µm", "origin": { "ownReport": true },
                    }),
                );
                let who = ["enterprise 0", "enterprise 1"][place];
                let payload = house.order(who, "reportCase", "case { id }", input).await;
                cases.extend(payload["case"]["id"].as_str().map(str::to_owned));
            }
            What::GoOn(case, choice) => {
                let Some(case) = chosen(cases, *case) else { return };
                let shown = shown(house, &case).await;
                let wanted = leads_on(&text(&shown["status"]), *choice);
                let wanted = wanted[usize::from(*choice) / 8 % wanted.len()];
                // Whoever may is among those who try.
                for twist in 0..4 {
                    let others = orders(house, choice.wrapping_add(twist), &cases[0], &shown);
                    let order = others.into_iter().find(|(_, mutation, _)| *mutation == wanted);
                    let order = order.unwrap_or_else(|| panic!("{wanted} is no order of this file"));
                    if self.give(house, &case, order).await {
                        break;
                    }
                }
            }
            What::Anything(case, choice) => {
                let Some(case) = chosen(cases, *case) else { return };
                let mut all = orders(house, *choice, &cases[0], &shown(house, &case).await);
                let order = all.swap_remove(usize::from(*choice) % all.len());
                self.give(house, &case, order).await;
            }
            What::Amend(choice) => self.amend(house, *choice).await,
            What::Import => {
                let log = Log::tickets(DRIFT);
                let imported =
                    import(&house.app, log.file(), log.format, &log.mapping, BadEvents::EndTheImport, |_, _| {}).await;
                imported.expect("the log comes in");
            }
            What::Clock => {
                let clockwork = Clockwork { every: Duration::from_secs(1), escalate_after_working_days: 3 };
                clockwork.round(&house.app, "test").await.expect("the store works");
            }
            What::Look => {}
        }
    }

    async fn give(&self, house: &House, case: &str, (who, mutation, input): Order) -> bool {
        let input = self.when(house, with(json!({ "caseId": case }), input));
        house.order(who, mutation, "case { id }", input).await["receipt"].is_object()
    }

    pub fn when(&self, house: &House, input: Value) -> Value {
        match self.late_hours {
            Some(hours) => {
                let at = house.app.now() - SignedDuration::from_hours(hours.into());
                with(input, json!({ "occurredAt": at.to_string() }))
            }
            None => input,
        }
    }
}

/// Where a case is, and what of it may be taken back.
async fn shown(house: &House, case: &str) -> Value {
    let query = "query Shown($id: ID!) { case(id: $id) { status measurements { id } fees { id } } }";
    house.ask("watcher", query, json!({ "id": case })).await["case"].clone()
}

fn chosen(cases: &[String], choice: u8) -> Option<String> {
    let count = cases.len();
    (count > 0).then(|| cases[usize::from(choice) % count].clone())
}
