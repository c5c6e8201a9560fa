//! The table of mutations. Commands on the log are previewed, which is decided as the mutation is and leaves the stage
//! as it was; changes of webhooks are previewed and then made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::authorisation::stage::{Stage, create_webhook, global_id, webhook};
use crate::authorisation::{NOBODY, PEOPLE, compare};
use crate::life::scene::{CREDIT_CODE, campaign, enrolment, institution, person, triage};
use crate::life::world::{day, uuid_of, with, year};

/// A mutation, and how everybody fares who gives an input that is sound where it is theirs to give:
///
/// - `y` it is carried out;
/// - `s` it is theirs, and what it is about is not where it could be carried out;
/// - `n` it is not theirs: they have another role, or nothing ties them to the case;
/// - `j` it lies outside of their jurisdiction, by the division that they name themselves or by what everybody may see;
/// - `.` what it is about is not there.
type Command = (&'static str, &'static str);

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    //                              E V C M L X R A  e v c m l x r a  I K N
    // A case, which has to be there before anything else is said.
    ("acceptAssignment",           "n n n n y n n n  . . . . . . . .  n n n"),
    ("acceptInvitation",           "n n n n n n n n  . . . . . . . .  y n n"),
    ("addAttachment",              "y y y y y y n n  . . . . . . . .  n n y"),
    ("addComment",                 "y y y y y y n n  . . . . . . . .  n n y"),
    ("closeCase",                  "n n y y n n n n  . . . . . . . .  . n y"),
    ("confirmSolution",            "y n n n n n n n  . . . . . . . .  n n n"),
    ("declineAssignment",          "n n n n y n n n  . . . . . . . .  n n n"),
    ("declineInvitation",          "n n n n n n n n  . . . . . . . .  y n n"),
    ("eraseImportedPersons",       "n n n s n n n n  . . . . . . . .  n n s"),
    ("escalateCase",               "n n y y n n n n  . . . . . . . .  n n y"),
    ("extendDeadline",             "n n y y n n n n  . . . . . . . .  n n y"),
    ("introduceTechnique",         "n y n n y y n n  . . . . . . . .  n n n"),
    ("inviteExpert",               "n n y n y n n n  . . . . . . . .  n n n"),
    ("leaveCase",                  "n n n n s y n n  . . . . . . . .  n n n"),
    ("linkCases",                  "n n y n n n n n  . . . . . . . .  n n n"),
    ("markDuplicate",              "n n y n n n n n  . . . . . . . .  n n n"),
    ("pauseClock",                 "n n y n y n n n  . . . . . . . .  n n n"),
    ("proposeSolution",            "n n n n y n n n  . . . . . . . .  n n n"),
    ("publishTypicalCase",         "n n n y n n n n  . . . . . . . .  . n y"),
    ("reassignResearch",           "n n y y n n n n  . . . . . . . .  n n y"),
    ("recordFee",                  "n n y n n n n n  . . . . . . . .  n n n"),
    ("recordFinding",              "n n n n y y n n  . . . . . . . .  n n n"),
    ("recordMeasurement",          "n n n n y y n n  . . . . . . . .  n n n"),
    ("recordTraining",             "n y n n y y n n  . . . . . . . .  n n n"),
    ("recordTrialResult",          "y n n n y n n n  . . . . . . . .  n n n"),
    ("rejectSolution",             "y n n n n n n n  . . . . . . . .  n n n"),
    ("removeExpert",               "n n y y y n n n  . . . . . . . .  n n y"),
    ("renameCase",                 "y n y n y n n n  . . . . . . . .  n n n"),
    ("reopenCase",                 "y n y y n n n n  . . . . . . . .  . n y"),
    ("resumeClock",                "n n y n y n n n  . . . . . . . .  n n n"),
    ("retractFee",                 "n n y n n n n n  . . . . . . . .  n n n"),
    ("retractMeasurement",         "n n n n y y n n  . . . . . . . .  n n n"),
    ("retractTypicalCase",         "n n n y n n n n  . . . . . . . .  . n y"),
    ("reviewSolution",             "n n n n n n y n  . . . . . . . .  n n n"),
    ("specifyRequirement",         "y n y n y n n n  . . . . . . . .  n n n"),
    ("startTrial",                 "y n n n y n n n  . . . . . . . .  n n n"),
    ("unlinkCases",                "n n y n n n n n  . . . . . . . .  n n n"),
    ("withdrawCase",               "y n n n n n n n  . . . . . . . .  n n n"),

    // A case that nobody works on yet: to those who will, it is not there.
    ("assignResearch",             "n n y y . . n n  . . . . . . . .  . . y"),
    ("parkCase",                   "n n n j . . n n  . . . . . . . .  . . y"),
    ("provideRoutineService",      "n n y n . . n n  . . . . . . . .  . . n"),
    ("setDeadline",                "n n y y . . n n  . . . . . . . .  . . y"),
    ("triageCase",                 "n n y n . . n n  . . . . . . . .  . . n"),
    ("unparkCase",                 "n n n j . . n n  . . . . . . . .  . . y"),

    // An enterprise or a person: the role comes first, then whether it is there.
    ("reportCase",                 "y y y n n n n n  . . . n n n n n  n n n"),
    ("amendPerson",                "n n y y n n n n  n n . . n n n n  n n y"),
    ("erasePerson",                "n n n y n n n n  n n n . n n n n  n n y"),
    ("eraseContact",               "n n n y n n n n  n n n . n n n n  n n y"),
    ("recordFieldVisit",           "n y y n n n n n  n . . n n n n n  n n n"),
    ("amendEnterprise",            "y n y n n n n n  . n . n n n n n  n n n"),
    ("withdrawEnrolment",          "y n y n n n n n  . n . n n n n n  n n n"),
    // The enterprise names itself by its code; a coordinator says where it stands.
    ("enrolEnterprise",            "y n y n n n n n  n n j n n n n n  n n n"),

    // What everybody may see, or what is new: whoever is of another jurisdiction is told so.
    ("amendInstitution",           "n n y y n n n n  n n j j n n n n  n n y"),
    ("registerInstitution",        "n n y y n n n n  n n j j n n n n  n n y"),
    ("registerPerson",             "n n y y n n n n  n n j j n n n n  n n y"),
    ("openCampaign",               "n n n y n n n n  n n n j n n n n  n n y"),
    ("closeCampaign",              "n n n y n n n n  n n n j n n n n  n n y"),
    ("listChargeableItem",         "n n n y n n n n  n n n j n n n n  n n y"),
    ("delistChargeableItem",       "n n n y n n n n  n n n j n n n n  n n y"),
    ("registerRegulationEdition",  "n n n y n n n n  n n n j n n n n  n n y"),
    ("submitAnnualSummary",        "n n n y n n n n  n n n j n n n n  n n y"),
    // Of a summary that was submitted, which is not there elsewhere.
    ("amendAnnualSummary",         "n n n y n n n n  n n n . n n n n  n n y"),

    // The manager's own view, which is there for the auditor besides.
    ("saveView",                   "y y y y y y y y  y y y y y y y y  y y y"),
    ("updateView",                 ". . . y . . . n  . . . . . . . .  . . ."),
    ("shareView",                  ". . . y . . . n  . . . . . . . .  . . ."),
    ("deleteView",                 ". . . y . . . n  . . . . . . . .  . . ."),
];

/// Webhooks, which are there for managers and auditors of where their owner works.
#[rustfmt::skip]
const WEBHOOKS: &[Command] = &[
    //                              E V C M L X R A  e v c m l x r a  I K N
    ("createWebhook",              "n n n y n n n n  n n n j n n n n  n n y"),
    ("pauseWebhook",               ". . . y . . . n  . . . . . . . .  . . y"),
    ("resumeWebhook",              ". . . y . . . n  . . . . . . . .  . . y"),
    ("updateWebhook",              ". . . y . . . n  . . . . . . . .  . . y"),
    ("rotateWebhookSecret",        ". . . y . . . n  . . . . . . . .  . . y"),
    ("testWebhook",                ". . . y . . . n  . . . . . . . .  . . y"),
    // Of the webhook that is there: to those who may, its dead letter is what is missing.
    ("replayDeadLetter",           ". . . s . . . n  . . . . . . . .  . . s"),
    ("discardDeadLetter",          ". . . s . . . n  . . . . . . . .  . . s"),
    ("deleteWebhook",              ". . . y . . . n  . . . . . . . .  . . y"),
];

/// The mutation that carries many commands out.
const BULK: &str = "executeCommands";

/// The fields of inputs that say what a command is about.
const ABOUT: [&str; 6] = ["caseId", "viewId", "webhookId", "deadLetterId", "personId", "enterpriseId"];

/// Nothing ties them to it, or they have not the role.
const NOT_THEIRS: [&str; 4] = ["NOT_PERMITTED", "NOT_A_MEMBER", "NOT_INVITED", "REVIEWER_NOT_INDEPENDENT"];

pub async fn hold(stage: &Stage) {
    let rows: BTreeSet<_> = COMMANDS.iter().chain(WEBHOOKS).map(|(mutation, _)| (*mutation).to_owned()).collect();
    assert_eq!(rows.len(), COMMANDS.len() + WEBHOOKS.len(), "a mutation has one row");
    let mut mutations = stage.fields_of("Mutation").await;
    assert!(mutations.remove(BULK), "many commands are what each of them is");
    assert_eq!(rows, mutations, "every mutation has a row");
    commands(stage).await;
    webhooks(stage).await;
}

async fn commands(stage: &Stage) {
    let schema = &stage.world.schema;
    let declared = COMMANDS.iter().map(|(mutation, _)| format!("${mutation}: {}!", schema.input_of(mutation)));
    let asked = COMMANDS
        .iter()
        .map(|(mutation, _)| format!("{mutation}(input: ${mutation}) {{ userErrors {{ code field message }} }}"));
    let (declared, asked) = (declared.collect::<Vec<_>>().join(", "), asked.collect::<Vec<_>>().join(" "));
    let document = format!("query Previews({declared}) {{ preview {{ {asked} }} }}");
    let there = inputs(stage);
    let absent: BTreeMap<_, _> = there.iter().map(|(mutation, input)| (*mutation, of_nothing(input))).collect();
    let named: Vec<_> = there.iter().filter_map(|(mutation, input)| Some((*mutation, &input[about(input)?]))).collect();
    let ids = json!({ "ids": named.iter().map(|(_, id)| id).collect::<Vec<_>>() });
    let [there, absent] = [json!(there), json!(absent)];
    let position = stage.world.position().await;
    let found = stage.asked_of_everybody(async |who| {
        let nodes = stage.world.ask(who, "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids.clone()).await;
        let nodes = nodes["nodes"].as_array().expect("a list").iter();
        let hidden: BTreeSet<_> =
            named.iter().zip(nodes).filter(|(_, node)| node.is_null()).map(|((mutation, _), _)| *mutation).collect();
        let [seen, unseen] = [&there, &absent].map(|variables| stage.answer(who, &document, variables));
        let (seen, unseen) = (seen.await, unseen.await);
        assert_eq!(in_bulk(stage, who, &there).await, of_each(&seen), "{who}: among many as alone");
        let letters = COMMANDS.iter().map(|(mutation, _)| {
            let [seen, unseen] = [&seen, &unseen].map(|answer| &answer["data"]["preview"][mutation]["userErrors"]);
            // Whoever may not see what it is about is told what is told of nothing, whatever the reason.
            assert!(!hidden.contains(mutation) || seen == unseen, "{who}: {mutation}\n{seen}\n{unseen}");
            letter(seen, unseen)
        });
        letters.collect()
    });
    compare(COMMANDS, &found.await);
    assert_eq!(stage.world.position().await, position, "nothing was recorded");
    stage.is_closed_to_strangers(&document, &there).await;
    for (mutation, _) in COMMANDS {
        let variables = json!({ "input": there[mutation] });
        stage.is_closed_to_strangers(&schema.document_of(mutation), &variables).await;
    }
}

/// What is refused of every command, given alone in one request.
fn of_each(answer: &Value) -> Vec<Value> {
    COMMANDS.iter().map(|(mutation, _)| answer["data"]["preview"][mutation]["userErrors"].clone()).collect()
}

/// The same of all of them as one order.
async fn in_bulk(stage: &Stage, who: &str, inputs: &Value) -> Vec<Value> {
    let errors = "userErrors { code field message }";
    let document = format!(
        "query Bulk($input: ExecuteCommandsInput!) {{ preview {{ {BULK}(input: $input) {{ results {{
            ... on CasePreviewPayload {{ {errors} }} ... on RegisterPreviewPayload {{ {errors} }}
        }} }} }} }}"
    );
    let commands: Vec<_> = COMMANDS.iter().map(|(mutation, _)| json!({ *mutation: inputs[mutation] })).collect();
    let answer = stage.answer(who, &document, &json!({ "input": { "commands": commands } })).await;
    let results = answer["data"]["preview"][BULK]["results"].as_array().expect("a list").iter();
    results.map(|result| result["userErrors"].clone()).collect()
}

async fn webhooks(stage: &Stage) {
    let letter_of = |webhook: &str| global_id("DeadLetter", format!("{webhook}:0"));
    let mut found = vec![Vec::new(); PEOPLE.len()];
    for (mutation, _) in WEBHOOKS {
        let mut input_type = (*mutation).to_owned();
        input_type[..1].make_ascii_uppercase();
        let document = format!(
            "mutation Change($input: {input_type}Input!) {{ {mutation}(input: $input) {{
                userErrors {{ code field message }} }} }}"
        );
        let preview = format!(
            "query Foresee($input: {input_type}Input!) {{ preview {{ {mutation}(input: $input) {{
                userErrors {{ code field message }} }} }} }}"
        );
        let new = with(webhook(), json!({ "divisionWithin": "44" }));
        for (who, letters) in PEOPLE.iter().zip(&mut found) {
            let (there, absent) = match *mutation {
                "createWebhook" => (new.clone(), new.clone()),
                "replayDeadLetter" | "discardDeadLetter" => {
                    let letter = letter_of(&uuid_of(&stage.ids["webhook"]).to_string());
                    (json!({ "deadLetterId": letter }), json!({ "deadLetterId": letter_of(NOBODY) }))
                }
                // Whoever may deletes it.
                "deleteWebhook" => {
                    (json!({ "webhookId": create_webhook(&stage.world).await }), json!({ "webhookId": NOBODY }))
                }
                _ => (json!({ "webhookId": stage.ids["webhook"] }), json!({ "webhookId": NOBODY })),
            };
            let told = async |input: Value| {
                let variables = json!({ "input": input });
                let foreseen = stage.answer(who, &preview, &variables).await;
                let answer = stage.answer(who, &document, &variables).await;
                let told = answer["data"][mutation]["userErrors"].clone();
                assert_eq!(foreseen["data"]["preview"][mutation]["userErrors"], told, "{who}: {mutation}");
                told
            };
            letters.push(letter(&told(there).await, &told(absent).await));
        }
        stage.is_closed_to_strangers(&document, &json!({ "input": new })).await;
    }
    compare(WEBHOOKS, &found);
}

/// The letter of what was refused, beside what is refused of nothing.
fn letter(seen: &Value, unseen: &Value) -> char {
    match seen[0]["code"].as_str() {
        None => 'y',
        Some(code) if NOT_THEIRS.contains(&code) => 'n',
        Some("OUTSIDE_JURISDICTION") => 'j',
        Some(_) if seen == unseen => '.',
        Some(_) => 's',
    }
}

/// The field that says what the command is about; `None` where that is new, or named by what it says.
fn about(input: &Value) -> Option<&'static str> {
    ABOUT.into_iter().find(|field| input.get(field).is_some())
}

/// The same, about nothing.
fn of_nothing(input: &Value) -> Value {
    match about(input) {
        Some(field) => with(input.clone(), json!({ field: NOBODY })),
        None => input.clone(),
    }
}

/// A sound input of each mutation, about what stands where it can be carried out.
fn inputs(stage: &Stage) -> BTreeMap<&'static str, Value> {
    let (scene, id) = (&stage.scene, |name: &str| &stage.ids[name]);
    let of = |case: &str, more: Value| with(json!({ "caseId": id(case) }), more);
    let reason = || json!({ "reason": "另有安排" });
    let erasure = || json!({ "legalBasis": "RETENTION_ENDED", "reason": "已过保存期限" });
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let document = json!({ "name": "空.txt", "mediaType": "text/plain", "contentBase64": "", "digest": empty });
    let uncertainty = json!({ "value": "0.5", "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" });
    let requirement = json!({
        "measurand": "内径", "target": { "uncertainty": uncertainty },
        "interval": { "low": "10", "high": "50", "unit": "mm" },
    });
    let result = json!({
        "value": "25.0012", "unit": "mm", "uncertainty": uncertainty, "method": "比较测量", "traceability": "JZ-1",
    });
    let item = json!({
        "divisionCode": "44", "code": "GD-L-013", "name": "卡尺校准", "unit": "把", "tariff": "60.00",
        "basis": "粤发改价格〔2020〕12 号", "inForceFrom": "2020-01-01",
    });
    let edition = json!({
        "divisionCode": "44", "reference": "JJF 1064-2010", "title": "坐标测量机校准规范", "inForceFrom": "2010-12-01",
    });
    let summary = |of_year| json!({ "divisionCode": "44", "year": year(of_year), "text": "走访 120 家企业" });
    let visit = json!({
        "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "seen": "温度不稳",
    });
    let withdrawal = json!({ "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "reason": "搬迁" });
    let related = json!({ "otherCaseId": id("reported"), "relation": "RELATED_TO" });
    let reassignment = json!({ "institutionId": scene.institute, "leadId": scene.second_lead, "reason": "出国" });
    BTreeMap::from([
        ("acceptAssignment", of("assigned", json!({}))),
        ("acceptInvitation", of("assigned", json!({}))),
        ("addAttachment", of("researching", document)),
        ("addComment", of("researching", json!({ "text": "看过了" }))),
        ("amendAnnualSummary", with(summary(-1), reason())),
        ("amendEnterprise", json!({ "enterpriseId": scene.enterprise, "name": "新名称" })),
        ("amendInstitution", json!({ "institutionId": scene.institute, "name": "新名称" })),
        ("amendPerson", json!({ "personId": scene.lead, "name": "新姓名" })),
        ("assignResearch", of("triaged", scene.assignment())),
        ("closeCampaign", json!({ "campaignId": id("spare campaign") })),
        ("closeCase", of("resolved", json!({ "lesson": "先恒温", "feeTotal": "0" }))),
        ("confirmSolution", of("awaiting", json!({}))),
        ("declineAssignment", of("assigned", reason())),
        ("declineInvitation", of("assigned", reason())),
        ("deleteView", json!({ "viewId": id("view") })),
        (
            "delistChargeableItem",
            with(json!({ "divisionCode": "44", "code": "GD-L-012", "lastDay": day(0) }), reason()),
        ),
        ("enrolEnterprise", enrolment(CREDIT_CODE, id("spare campaign"))),
        ("eraseContact", with(json!({ "enterpriseId": scene.enterprise }), erasure())),
        ("eraseImportedPersons", of("researching", erasure())),
        ("erasePerson", with(json!({ "personId": scene.lead }), erasure())),
        ("escalateCase", of("researching", with(json!({ "to": "CITY" }), reason()))),
        ("extendDeadline", of("researching", with(json!({ "deadline": day(60) }), reason()))),
        (
            "introduceTechnique",
            of("researching", json!({ "technique": "气动测量", "source": { "reference": "JJG 396" } })),
        ),
        ("inviteExpert", of("researching", json!({ "expertId": id("expert elsewhere") }))),
        ("leaveCase", of("researching", json!({}))),
        ("linkCases", of("researching", related.clone())),
        ("listChargeableItem", item),
        ("markDuplicate", of("researching", json!({ "ofCaseId": id("reported") }))),
        ("openCampaign", campaign("又一个")),
        ("parkCase", of("national", with(json!({ "reviewOn": day(90) }), reason()))),
        ("pauseClock", of("researching", reason())),
        ("proposeSolution", of("researching", json!({ "description": "恒温" }))),
        ("provideRoutineService", of("routine", json!({ "institutionId": scene.institute, "certificate": "JZ-1" }))),
        ("publishTypicalCase", of("closed", json!({ "summary": "内径测量", "consent": "书面同意" }))),
        ("reassignResearch", of("researching", reassignment)),
        ("recordFee", of("researching", json!({ "item": "GD-L-012", "serviceDate": day(0), "amount": "800" }))),
        ("recordFieldVisit", visit),
        ("recordFinding", of("researching", json!({ "text": "温度梯度" }))),
        ("recordMeasurement", of("researching", json!({ "result": result }))),
        ("recordTraining", of("researching", json!({ "topic": "内径测量", "trainees": 3 }))),
        ("recordTrialResult", of("on trial", json!({ "passed": true, "summary": "合格" }))),
        ("registerInstitution", institution("44", "新机构")),
        ("registerPerson", person("新人", &scene.institute)),
        ("registerRegulationEdition", edition),
        ("rejectSolution", of("awaiting", reason())),
        ("removeExpert", of("researching", with(json!({ "expertId": scene.expert }), reason()))),
        ("renameCase", of("researching", json!({ "title": "新标题" }))),
        ("reopenCase", of("resolved", reason())),
        ("reportCase", scene.report("新的难点")),
        ("resumeClock", of("paused", json!({}))),
        ("retractFee", of("paused", with(json!({ "feeId": id("fee") }), reason()))),
        ("retractMeasurement", of("paused", with(json!({ "measurementId": id("measurement") }), reason()))),
        ("retractTypicalCase", of("published", reason())),
        ("reviewSolution", of("proposed", json!({ "verdict": "APPROVED", "comment": "同意" }))),
        ("saveView", json!({ "name": "我的" })),
        ("setDeadline", of("reported", json!({ "deadline": day(10) }))),
        ("shareView", json!({ "viewId": id("view"), "divisionCode": "44" })),
        ("specifyRequirement", of("researching", json!({ "requirement": requirement }))),
        ("startTrial", of("reviewed", json!({ "plan": "30 件" }))),
        ("submitAnnualSummary", summary(0)),
        ("triageCase", of("reported", triage("RESEARCH_PROBLEM"))),
        ("unlinkCases", of("paused", with(related, reason()))),
        ("unparkCase", of("parked", json!({}))),
        ("updateView", json!({ "viewId": id("view"), "name": "改名" })),
        ("withdrawCase", of("researching", reason())),
        ("withdrawEnrolment", withdrawal),
    ])
}
