//! The life of one case: what happens to it, and when. The same number always has the same life.

use etalon::domain::case::event::CaseFact;
use etalon::domain::event::Recorded;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// How many events a case has when its life is over.
pub(crate) const STEPS: usize = 12;

/// Monday, 2 January 2023, 9:00 in China, in microseconds.
pub(crate) const BEGIN: i64 = 1_672_621_200_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;
/// Three years later.
pub(crate) const END: i64 = BEGIN + 3 * 365 * DAY;

/// How long a step takes on average.
const STEP_TAKES: f64 = 7.0 * DAY as f64;

/// Numbers that a seed repeats (SplitMix64, Steele, Lea and Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and less than 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.share() * count as f64) as usize
    }

    pub(crate) fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }

    fn uuid(&mut self, at: i64) -> Uuid {
        let mut tail = [0; 10];
        tail[..8].copy_from_slice(&self.bits().to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis((at / 1_000).cast_unsigned(), &tail).into_uuid()
    }
}

/// Who and what there is besides cases.
pub(crate) struct Surroundings {
    pub(crate) divisions: Vec<String>,
    pub(crate) leads: Vec<Uuid>,
    pub(crate) institutions: Vec<Uuid>,
    pub(crate) enterprises: Vec<Uuid>,
    pub(crate) campaign: Uuid,
}

/// One event of a case.
pub(crate) struct Step {
    /// When the log takes it, microseconds since the Unix epoch.
    pub(crate) recorded_at: i64,
    pub(crate) event: Recorded<CaseFact>,
}

/// A case with everything that happens to it before the end of the history.
pub(crate) struct Life {
    pub(crate) id: Uuid,
    pub(crate) steps: Vec<Step>,
}

impl Life {
    /// Before then the case of that number among so many is not reported. Cases are reported in the order of their numbers.
    pub(crate) fn begins_after(number: u32, among: u32) -> i64 {
        BEGIN + (f64::from(number) * every(among)) as i64
    }

    /// The id of that case.
    pub(crate) fn id_of(number: u32, among: u32) -> Uuid {
        Self::begun(number, among).2
    }

    /// Its dice, when it is reported, and its id.
    fn begun(number: u32, among: u32) -> (Dice, i64, Uuid) {
        let mut dice = Dice(u64::from(number) << 20);
        let at = Self::begins_after(number, among) + (dice.share() * every(among)) as i64;
        let id = dice.uuid(at);
        (dice, at, id)
    }

    /// The life of the case of that number among so many.
    pub(crate) fn of(number: u32, among: u32, surroundings: &Surroundings) -> Self {
        let (mut dice, mut at, id) = Self::begun(number, among);
        // One in twenty drags on.
        let pace = if dice.share() < 0.05 { 8.0 } else { 1.0 };
        let mut happened_until = 0;
        let mut steps = Vec::with_capacity(STEPS);
        let facts = facts(number, at, &mut dice, surroundings);
        for (place, (by, fact)) in facts.into_iter().enumerate() {
            if place > 0 {
                at += (-(1.0 - dice.share()).ln() * STEP_TAKES * pace) as i64 + 1_000_000;
            }
            if at >= END {
                break;
            }
            // Most is recorded within the hour; of the rest some turns out to have happened before what is known.
            let late = dice.share();
            let occurred_at = match place > 1 && late < 0.03 {
                true => at - DAY - (dice.share() * 30.0 * DAY as f64) as i64,
                false => (at - (late * 3.6e9) as i64).max(happened_until),
            };
            let occurred_at = occurred_at.max(BEGIN);
            happened_until = happened_until.max(occurred_at);
            let occurred_at = Timestamp::from_microsecond(occurred_at).expect("a time");
            let event = json!({ "by": by, "occurredAt": occurred_at, "fact": fact });
            let event = serde_json::from_value(event).expect("the shape of an event");
            steps.push(Step { recorded_at: at, event });
        }
        Self { id, steps }
    }
}

/// How much time lies between two reports, in microseconds.
fn every(among: u32) -> f64 {
    (END - BEGIN) as f64 / f64::from(among)
}

const TITLES: [&str; 8] = [
    "缸孔直径在线测量与离线坐标测量不一致",
    "内径测量 bore gauge disagrees with the coordinate measuring machine",
    "真空计在 0.1 Pa 以下示值漂移",
    "Torque wrenches of the final line cannot be traced",
    "高温炉温度均匀性测量不确定度过大",
    "流量计现场校准条件不足",
    "Hardness of thin coatings scatters between shifts",
    "三相电能表动态负荷误差超差",
];

pub(crate) const PROBLEMS: [&str; 4] = [
    "气动量仪与三坐标测量机相差 4 µm 至 7 µm，随班次变化。The two disagree, and the difference drifts with the shift.",
    "送检周期三周，产线停不下来；现场没有可用的标准器，环境温度 17 °C 至 31 °C。",
    "The certificate states U = 1.2 µm (k = 2), but what the line shows over a week is four times as much. 原因不明。",
    "标准装置的测量范围不够，更高一级的机构也没有；the customer asks for U(k=2) of 0.3 % at 1600 °C.",
];

/// What happens in the course of a life, and who does it.
fn facts(number: u32, at: i64, dice: &mut Dice, surroundings: &Surroundings) -> Vec<(Uuid, Value)> {
    let year = Timestamp::from_microsecond(at).expect("a time").strftime("%Y");
    let lead = *dice.of(&surroundings.leads);
    let desk = surroundings.leads[0];
    // One in two hundred and fifty is about something rare.
    let rare = if number % 250 == 7 { "（等离子体）" } else { "" };
    let title = format!("{}{rare} No. {number}", dice.of(&TITLES));
    let deadline = Timestamp::from_microsecond(at + (60 + dice.below(120) as i64) * DAY).expect("a time");
    let deadline = deadline.strftime("%Y-%m-%d").to_string();
    let finding = dice.uuid(at);
    vec![
        (
            desk,
            json!({ "CaseReported": {
                "number": format!("GD-{year}-{number:06}"), "title": title, "problem": dice.of(&PROBLEMS),
                "enterprise": dice.of(&surroundings.enterprises), "enterpriseVersion": 1,
                "campaign": surroundings.campaign, "division": dice.of(&surroundings.divisions),
                "origin": { "kind": "FIELD_VISIT", "visit": dice.uuid(at) },
            } }),
        ),
        (
            desk,
            json!({ "CaseTriaged": {
                "category": "L/DimMet-2.4.2", "kind": "RESEARCH_PROBLEM", "severity": dice.of(&["MINOR", "MODERATE", "MAJOR"]),
            } }),
        ),
        (
            desk,
            json!({ "ResearchAssigned": {
                "institution": dice.of(&surroundings.institutions), "lead": lead, "leadVersion": 1, "deadline": deadline,
            } }),
        ),
        (lead, json!({ "AssignmentAccepted": {} })),
        (lead, json!({ "CommentAdded": { "id": dice.uuid(at), "text": dice.of(&PROBLEMS) } })),
        (
            lead,
            json!({ "FindingRecorded": {
                "id": finding, "citations": ["ISO 1:2022, 4.2", "JJF 1059.1-2012"],
                "text": "The gauge is set at 20 °C, but the part leaves the washer at 26 °C: 82 mm · 23.0e-6 /K · 6 K = 11 µm.",
            } }),
        ),
        (
            lead,
            json!({ "SolutionProposed": {
                "description": "在清洗机出口测量缸体温度，按铝合金线膨胀系数修正气动量仪示值，并改用铝制校准环规。",
                "findings": [finding], "citations": ["ISO/TR 16015:2003"],
            } }),
        ),
        (
            desk,
            json!({ "SolutionReviewed": { "verdict": "APPROVED", "comment": "预算完整，温度分量已由 2.9 µm 降至 0.6 µm。" } }),
        ),
        (lead, json!({ "TrialStarted": { "plan": "二号线，十个班次，每班 20 件，与三坐标测量机比对。" } })),
        (
            desk,
            json!({ "TrialResultRecorded": {
                "passed": true, "summary": "Over 200 blocks the two agree within 1.4 µm; no drift with the shift is left.",
            } }),
        ),
        (desk, json!({ "CaseResolved": {} })),
        (
            desk,
            json!({ "CaseClosed": { "lesson": "先看温度，再看量仪。Before a gauge is blamed, know the part's temperature.", "feeTotal": "0" } }),
        ),
    ]
}
