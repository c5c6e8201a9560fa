//! Every command that takes a text, in an order in which each can be carried out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etalon::domain::value::Sha256Digest;
use serde_json::{Value, json};

use crate::bad_input::texts::striker::Striker;
use crate::erasure::imported::import;
use crate::life::scene::{Scene, campaign, enrolment, institution, person, triage};
use crate::life::script::Case;
use crate::life::world::{day, text, with, year};

pub async fn play(striker: &Striker<'_>, scene: &Scene) {
    registers(striker, scene).await;
    catalogue(striker).await;
    summaries(striker).await;
    views(striker).await;
    research(striker, scene).await;
    other_ways(striker, scene).await;
    ends(striker, scene).await;
}

/// Orders about one case.
struct Struck<'a> {
    striker: &'a Striker<'a>,
    id: String,
}

impl<'a> Struck<'a> {
    fn of(striker: &'a Striker<'a>, case: Case<'_>) -> Self {
        Self { striker, id: case.id }
    }

    async fn status(&self) -> Value {
        let query = "query Status($id: ID!) { case(id: $id) { status } }";
        self.striker.world.ask("watcher", query, json!({ "id": self.id })).await["case"]["status"].clone()
    }

    async fn by(&self, who: &str, mutation: &str, input: Value) {
        self.striker.order(who, mutation, with(json!({ "caseId": self.id }), input)).await;
    }

    /// Takes back what was recorded first.
    async fn takes_back(&self, who: &str, mutation: &str, list: &str, field: &str) {
        let query = format!("query First($id: ID!) {{ case(id: $id) {{ {list}(first: 1) {{ id }} }} }}");
        let shown = self.striker.world.ask("watcher", &query, json!({ "id": self.id })).await;
        let input = json!({ field: shown["case"][list][0]["id"], "reason": "误记" });
        self.by(who, mutation, input).await;
    }
}

async fn registers(striker: &Striker<'_>, scene: &Scene) {
    striker.order("manager", "openCampaign", campaign("另一个活动")).await;
    let other = striker.order("manager", "openCampaign", campaign("要结束的活动")).await;
    let other = json!({ "campaignId": other["campaign"]["id"], "reason": "结束" });
    striker.order("manager", "closeCampaign", other).await;

    let whole = with(institution("44", "又一个计量院"), json!({ "accreditation": "CNAS" }));
    striker.order("coordinator", "registerInstitution", whole).await;
    let amended = json!({ "institutionId": scene.institute, "accreditation": "CNAS L0001" });
    striker.order("coordinator", "amendInstitution", amended).await;

    let more = json!({ "fields": ["L"] });
    let somebody = striker.order("coordinator", "registerPerson", with(person("某人", &scene.institute), more)).await;
    let somebody = text(&somebody["person"]["id"]);
    let of_a_bureau = json!({ "affiliation": { "bureauDivisionCode": "4403" } });
    striker.order("manager", "registerPerson", with(person("某局某人", &scene.institute), of_a_bureau)).await;
    let amended = json!({ "personId": somebody, "name": "某某人", "fields": ["L"] });
    striker.order("coordinator", "amendPerson", amended).await;
    let erase = |more| with(json!({ "legalBasis": "CONSENT_WITHDRAWN", "reason": "书面申请" }), more);
    striker.order("manager", "erasePerson", erase(json!({ "personId": somebody }))).await;

    let address = json!({ "address": "深圳市" });
    let enrolled = with(enrolment("91441900MADEM1A34K", &scene.campaign), address);
    let enterprise = striker.order("coordinator", "enrolEnterprise", enrolled).await;
    let enterprise = text(&enterprise["enterprise"]["id"]);
    let visit = json!({
        "enterpriseId": enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "place": "磨工车间",
        "seen": "内径千分尺重复性不足",
    });
    striker.order("coordinator", "recordFieldVisit", visit).await;
    let amended = json!({ "enterpriseId": enterprise, "contact": { "name": "赵某", "telephone": "0755-87654321" } });
    striker.order("coordinator", "amendEnterprise", amended).await;
    striker.order("manager", "eraseContact", erase(json!({ "enterpriseId": enterprise }))).await;
    let withdrawal = json!({ "enterpriseId": enterprise, "campaignId": scene.campaign, "reason": "搬迁" });
    striker.order("coordinator", "withdrawEnrolment", withdrawal).await;
    let imported = import(striker.world, 2).await;
    striker.order("manager", "eraseImportedPersons", erase(json!({ "caseId": imported }))).await;
}

async fn catalogue(striker: &Striker<'_>) {
    let item = json!({
        "divisionCode": "44", "code": "GD-L-012", "name": "三坐标测量机校准", "unit": "台", "tariff": "1200.00",
        "basis": "粤发改价格〔2020〕12 号", "inForceFrom": "2020-01-01",
    });
    striker.order("manager", "listChargeableItem", item.clone()).await;
    striker.order("manager", "listChargeableItem", with(item, json!({ "code": "GD-L-013" }))).await;
    let delisted = json!({ "divisionCode": "44", "code": "GD-L-013", "lastDay": day(0), "reason": "降费" });
    striker.order("manager", "delistChargeableItem", delisted).await;
    let edition = json!({
        "divisionCode": "44", "reference": "JJF 1064-2010", "title": "坐标测量机校准规范", "inForceFrom": "2010-12-01",
    });
    striker.order("manager", "registerRegulationEdition", edition).await;
}

async fn summaries(striker: &Striker<'_>) {
    let summary = json!({
        "divisionCode": "44", "year": year(0), "text": "走访 120 家企业", "goodPractice": ["一企一策"],
        "figures": [{ "name": "走访", "value": "120" }],
    });
    striker.order("manager", "submitAnnualSummary", summary.clone()).await;
    striker.order("manager", "amendAnnualSummary", with(summary, json!({ "reason": "补报" }))).await;
}

async fn views(striker: &Striker<'_>) {
    let view = striker
        .order("manager", "saveView", json!({ "name": "近期", "filter": { "title": { "contains": "径" } } }))
        .await;
    let view = text(&view["view"]["id"]);
    striker.order("manager", "updateView", json!({ "viewId": view, "name": "最近" })).await;
    striker.order("manager", "shareView", json!({ "viewId": view, "divisionCode": "44" })).await;
}

/// From the report to what is published of it.
async fn research(striker: &Striker<'_>, scene: &Scene) {
    let reported = striker.order("enterprise", "reportCase", scene.report("内径测量")).await;
    let case = Struck { striker, id: text(&reported["case"]["id"]) };
    let survey = json!({ "origin": { "survey": "2026 年问卷" } });
    striker.order("coordinator", "reportCase", with(scene.report("问卷中的难点"), survey)).await;
    let comment = json!({ "caseId": case.id, "text": "请保存原始记录" });
    striker.strike_key("enterprise", "addComment", &comment).await;
    case.by("enterprise", "renameCase", json!({ "title": "内径测量重复性", "reason": "说清楚" })).await;
    case.by("enterprise", "addComment", comment).await;
    let attachment = json!({
        "name": "记录.bin", "mediaType": "application/octet-stream", "contentBase64": STANDARD.encode(b"x"),
        "digest": Sha256Digest::of_bytes(b"x").as_str(),
    });
    case.by("enterprise", "addAttachment", attachment).await;
    let uncertainty =
        |value: &str| json!({ "value": value, "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" });
    let requirement = |value: &str| {
        json!({ "requirement": {
            "measurand": "内径", "target": { "uncertainty": uncertainty(value) },
            "interval": { "low": "10", "high": "50", "unit": "mm" },
        } })
    };
    case.by("enterprise", "specifyRequirement", requirement("20")).await;
    let corrected = with(requirement("2"), json!({ "correctionReason": "数值误写" }));
    case.by("enterprise", "specifyRequirement", corrected).await;
    case.by("coordinator", "triageCase", triage("RESEARCH_PROBLEM")).await;
    let anew = json!({ "severity": "MINOR", "correctionReason": "影响不大" });
    case.by("coordinator", "triageCase", with(triage("RESEARCH_PROBLEM"), anew)).await;
    let limit = json!({ "requirement": {
        "measurand": "内径", "target": { "maximumPermissibleError": { "value": "6", "unit": "um" } },
        "interval": { "low": "10", "high": "50", "unit": "mm" },
    } });
    let limited = Struck::of(striker, scene.reported(striker.world, "另一种要求").await);
    limited.by("enterprise", "specifyRequirement", limit).await;

    case.by("coordinator", "assignResearch", scene.assignment()).await;
    case.by("lead", "declineAssignment", json!({ "reason": "检修" })).await;
    case.by("coordinator", "assignResearch", scene.assignment()).await;
    case.by("lead", "acceptAssignment", json!({})).await;
    let other = json!({ "institutionId": scene.institute, "leadId": scene.second_lead, "reason": "出国" });
    case.by("coordinator", "reassignResearch", other.clone()).await;
    case.by("coordinator", "reassignResearch", with(other, json!({ "leadId": scene.lead }))).await;
    if case.status().await == "ASSIGNED" {
        case.by("lead", "acceptAssignment", json!({})).await;
    }
    let invited = json!({ "expertId": scene.expert, "message": "请协助" });
    case.by("lead", "inviteExpert", invited.clone()).await;
    case.by("expert", "declineInvitation", json!({ "reason": "出差" })).await;
    case.by("lead", "inviteExpert", invited.clone()).await;
    case.by("expert", "acceptInvitation", json!({})).await;
    case.by("expert", "leaveCase", json!({ "reason": "冲突" })).await;
    case.by("lead", "inviteExpert", invited).await;
    case.by("lead", "removeExpert", json!({ "expertId": scene.expert, "reason": "请错了人" })).await;

    let result = json!({
        "value": "25.0012", "unit": "mm", "uncertainty": uncertainty("3"), "measurand": "内径", "method": "比较测量",
        "traceability": "JZ-1",
    });
    case.by("lead", "recordMeasurement", json!({ "result": result })).await;
    case.takes_back("lead", "retractMeasurement", "measurements", "measurementId").await;
    case.by("lead", "recordFinding", json!({ "text": "温度梯度", "citations": ["JJG 146-2011"] })).await;
    let source = json!({ "reference": "JJG 396", "origin": "示范计量院" });
    case.by("lead", "introduceTechnique", json!({ "technique": "气动比较", "source": source })).await;
    case.by("lead", "recordTraining", json!({ "topic": "内径测量", "trainees": 3, "hours": "4.5" })).await;
    let solution = json!({ "description": "气动量仪", "citations": ["JJG 146-2011"] });
    case.by("lead", "proposeSolution", solution).await;
    case.by("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })).await;
    case.by("lead", "startTrial", json!({ "plan": "三天" })).await;
    let trial = json!({ "passed": true, "summary": "合格", "measurement": result });
    case.by("lead", "recordTrialResult", trial).await;
    // What was measured falls short of what was asked for.
    let confirmed = json!({ "acceptShortfall": "够用了", "statement": "满意" });
    case.by("enterprise", "confirmSolution", confirmed).await;
    let fee = json!({ "item": "GD-L-012", "serviceDate": day(0), "amount": "800" });
    case.by("coordinator", "recordFee", fee.clone()).await;
    case.takes_back("coordinator", "retractFee", "fees", "feeId").await;
    case.by("coordinator", "recordFee", fee).await;
    case.by("coordinator", "closeCase", json!({ "lesson": "先恒温", "feeTotal": "800" })).await;
    case.by("manager", "publishTypicalCase", json!({ "summary": "8 µm 到 3 µm", "consent": "书面同意" })).await;
    case.by("manager", "retractTypicalCase", json!({ "reason": "收回" })).await;
    case.by("enterprise", "reopenCase", json!({ "reason": "又超差" })).await;
}

/// Up to the nation, with deadlines and a clock; and a service instead of research.
async fn other_ways(striker: &Striker<'_>, scene: &Scene) {
    let case = Struck::of(striker, scene.reported(striker.world, "一级一级上报").await);
    for (who, level) in [("coordinator", "CITY"), ("manager", "PROVINCE"), ("national manager", "NATION")] {
        case.by(who, "escalateCase", json!({ "to": level, "reason": "本级无此能力" })).await;
    }
    case.by("national manager", "parkCase", json!({ "reason": "尚无标准装置", "reviewOn": day(90) })).await;
    case.by("national manager", "unparkCase", json!({ "reason": "建成" })).await;

    let case = Struck::of(striker, scene.triaged(striker.world, "期限").await);
    case.by("coordinator", "setDeadline", json!({ "deadline": day(10) })).await;
    case.by("manager", "extendDeadline", json!({ "deadline": day(20), "reason": "等待零件" })).await;
    case.by("coordinator", "pauseClock", json!({ "reason": "零件在途" })).await;

    let case = Struck::of(striker, scene.reported(striker.world, "校准一台卡尺").await);
    case.by("coordinator", "triageCase", triage("CALIBRATION")).await;
    let service = json!({
        "institutionId": scene.institute, "certificate": "JZ2026-0001", "regulation": "JJG 30-2012", "report": "R-1",
    });
    case.by("coordinator", "provideRoutineService", service).await;
    case.by("enterprise", "rejectSolution", json!({ "reason": "编号不对" })).await;
}

async fn ends(striker: &Striker<'_>, scene: &Scene) {
    let case = Struck::of(striker, scene.reported(striker.world, "企业收回").await);
    let other = scene.reported(striker.world, "挂错了的").await.id;
    let link = json!({ "otherCaseId": other, "relation": "RELATED_TO" });
    case.by("coordinator", "linkCases", link.clone()).await;
    case.by("coordinator", "unlinkCases", with(link, json!({ "reason": "选错了" }))).await;
    case.by("enterprise", "withdrawCase", json!({ "reason": "自行解决" })).await;
}
