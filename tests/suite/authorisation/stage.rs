//! The stage of the tables: the one of the script, with cases at every step of a case's life, what else has an id, and
//! the same people once more in another province, who have things of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::authorisation::PEOPLE;
use crate::following::subscriber::{Subscriber, Transport};
use crate::life::scene::{CREDIT_CODE, Scene, campaign, enrolment, person, triage};
use crate::life::world::{World, day, position_of, read, text, uuid_of, with, year};
use crate::support::postgres::{FreshDatabase, fresh_database};
use crate::support::server::{Installation, Server, Who};

/// The code of an enterprise that does not exist, in the other province.
const CREDIT_CODE_ELSEWHERE: &str = "91441900MADEM1A34K";

/// Stands in the title of the case that most rows are about, and nowhere else.
pub const WORD: &str = "鲲鹏翼展";

/// Said internally in every case that was assigned, and nowhere else.
pub const ASIDE: &str = "闭门商议";

/// The number of everybody elsewhere who is registered, and nobody else's.
pub const NUMBER_ELSEWHERE: &str = "025-87654321";

/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9/";

const TYPES: &str = "{ __schema { types { name fields(includeDeprecated: true) { name } } } }";

pub struct Stage {
    pub world: World,
    pub scene: Scene,
    /// Global ids by what they are of: cases by how far they have come, everything else by its kind.
    pub ids: BTreeMap<&'static str, String>,
    /// The number of the case that most rows are about.
    pub number: String,
    /// The last event of that case: its position, and its id.
    pub last: (i64, String),
    /// The same of what was said internally in it.
    pub aside: (i64, String),
    /// How many events the log has.
    pub size: i64,
}

impl Stage {
    pub async fn embedded() -> Self {
        Self::in_installation(Installation::embedded(), None).await
    }

    pub async fn on_postgresql() -> Self {
        let database = fresh_database();
        Self::in_installation(Installation::on(database.url()), Some(database)).await
    }

    async fn in_installation(installation: Installation, database: Option<FreshDatabase>) -> Self {
        // A webhook may call this machine, and a subscriber who is shown nothing is soon told so.
        let mut command = installation.command();
        command.env("ETALON_WEBHOOK_NETWORKS", "127.0.0.0/8").env("ETALON_HEARTBEAT_MS", "100");
        let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        let world = World::served(installation, server, database).await;
        let scene = Scene::set(&world).await;
        let mut ids = BTreeMap::new();
        everybody(&world, &scene, &mut ids).await;
        registers(&world, &scene, &mut ids).await;
        cases(&world, &scene, &mut ids).await;
        let asked = json!({ "id": ids["researching"] });
        let query = "query Last($id: ID!) { case(id: $id) { number events(last: 1) { nodes { id position } }
            asides: events(filter: { types: [\"InternalCommentAdded\"] }) { nodes { id position } } } }";
        let case = world.ask("watcher", query, asked).await["case"].clone();
        let place = |event: &Value| (position_of(event), text(&event["id"]));
        let [last, aside] = ["events", "asides"].map(|events| place(&case[events]["nodes"][0]));
        let size = world.position().await + 1;
        // Proofs are of what is sealed.
        let sealed = "subscription { checkpoints { position checkpoint { size } } }";
        let token = world.token("watcher");
        let sealed = Subscriber::open(Transport::EventStream, &world.server.graphql, &token, sealed, json!({})).await;
        sealed.expect("it is there").update().await;
        Self { number: text(&case["number"]), last, aside, size, world, scene, ids }
    }

    /// The fields of a type, as the schema tells them.
    pub async fn fields_of(&self, name: &str) -> BTreeSet<String> {
        let schema = self.world.ask("watcher", TYPES, json!({})).await;
        let types = schema["__schema"]["types"].as_array().expect("a list");
        let found = types.iter().find(|kind| kind["name"] == name).unwrap_or_else(|| panic!("there is a type {name}"));
        found["fields"].as_array().expect("it has fields").iter().map(|field| text(&field["name"])).collect()
    }

    /// Asks as somebody: the whole answer, with what was refused of it.
    pub async fn answer(&self, who: &str, query: &str, variables: &Value) -> Value {
        let (status, answer) = self.world.post(who, query, variables.clone()).await;
        assert!(status.is_success() && answer["data"].is_object(), "{who}: {query}\n{answer:#}");
        answer
    }

    /// Nothing of it is answered without a token.
    pub async fn is_closed_to_strangers(&self, query: &str, variables: &Value) {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.world.client.post(&self.world.server.graphql).json(&body).send().await;
        let (status, answer) = read(sent.expect("an answer")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{query}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "TOKEN_MISSING", "{query}");
        assert!(answer.get("data").is_none(), "{answer:#}");
    }

    /// The letters of everybody, a letter a row.
    pub async fn asked_of_everybody(&self, letters: impl AsyncFn(&'static str) -> Vec<char>) -> Vec<Vec<char>> {
        let mut found = Vec::with_capacity(PEOPLE.len());
        for who in PEOPLE {
            found.push(letters(who).await);
        }
        found
    }
}

/// A global id of that type.
pub fn global_id(kind: &str, of: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{of}"))
}

/// The global id of the event at a position.
pub fn event_id(position: i64) -> String {
    global_id("Event", position)
}

/// Sends an order that is carried out: the id of what it is about.
async fn done(world: &World, who: &str, mutation: &str, input: Value) -> String {
    let payload = world.order(who, mutation, &input).await;
    assert_eq!(payload["userErrors"], json!([]), "{who} {mutation} {input}\n{payload:#}");
    text(&payload[world.schema.object_of(mutation)]["id"])
}

/// Everybody whom the scene does not have.
async fn everybody(world: &World, scene: &Scene, ids: &mut BTreeMap<&'static str, String>) {
    for (name, role) in [
        ("visitor elsewhere", "VISITOR"),
        ("manager elsewhere", "MANAGER"),
        ("reviewer elsewhere", "REVIEWER"),
        ("auditor elsewhere", "AUDITOR"),
    ] {
        world.admit(name, &Who::new(name.replace(' ', "-"), role, "32"));
    }
    for (name, role) in [("lead elsewhere", "LEAD"), ("expert elsewhere", "EXPERT"), ("invited expert", "EXPERT")] {
        let input = with(person(name, &scene.university), json!({ "telephone": NUMBER_ELSEWHERE }));
        let id = done(world, "coordinator elsewhere", "registerPerson", input).await;
        let institution = Some(uuid_of(&scene.university));
        world.admit(name, &Who { institution, ..Who::new(uuid_of(&id).to_string(), role, "32") });
        ids.insert(name, id);
    }
}

/// What is on the registers, here and elsewhere.
async fn registers(world: &World, scene: &Scene, ids: &mut BTreeMap<&'static str, String>) {
    for (name, who, division) in [
        ("second campaign", "manager", "44"),
        ("spare campaign", "manager", "44"),
        ("campaign elsewhere", "manager elsewhere", "32"),
    ] {
        let input = with(campaign(name), json!({ "divisionCode": division }));
        ids.insert(name, done(world, who, "openCampaign", input).await);
    }
    let address = json!({ "address": "宝安区示例路 1 号" });
    let again = with(enrolment(CREDIT_CODE, &ids["second campaign"]), address);
    done(world, "enterprise", "enrolEnterprise", again).await;
    let there = json!({ "divisionCode": "320505" });
    let there = with(enrolment(CREDIT_CODE_ELSEWHERE, &ids["campaign elsewhere"]), there);
    ids.insert("enterprise elsewhere", done(world, "coordinator elsewhere", "enrolEnterprise", there).await);
    let visit = json!({
        "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "seen": "另一条产线也有难处",
    });
    done(world, "visitor", "recordFieldVisit", visit).await;
    let known = json!({ "personId": scene.lead, "fields": ["L/DimMet-2.1.2"] });
    done(world, "coordinator", "amendPerson", known).await;
    let item = json!({
        "divisionCode": "44", "code": "GD-L-012", "name": "三坐标测量机校准", "unit": "台", "tariff": "1200.00",
        "basis": "粤发改价格〔2020〕12 号", "inForceFrom": "2020-01-01",
    });
    done(world, "manager", "listChargeableItem", item).await;
    let summary = json!({ "divisionCode": "44", "year": year(-1), "text": "走访 120 家企业" });
    ids.insert("summary", done(world, "manager", "submitAnnualSummary", summary).await);
    ids.insert("view", done(world, "manager", "saveView", json!({ "name": "我的" })).await);
    ids.insert("webhook", create_webhook(world).await);
}

/// The input of a webhook that nothing will ever be sent to.
pub fn webhook() -> Value {
    json!({ "url": NOWHERE, "eventTypes": ["LegacyActivityRecorded"] })
}

/// Creates such a one, of the manager.
pub async fn create_webhook(world: &World) -> String {
    let create = "mutation Create($input: CreateWebhookInput!) { createWebhook(input: $input) {
        webhook { id } userErrors { code message } } }";
    let created = world.ask("manager", create, json!({ "input": webhook() })).await["createWebhook"].clone();
    assert_eq!(created["userErrors"], json!([]));
    text(&created["webhook"]["id"])
}

/// A case for every step of its life, and one of everybody who is elsewhere.
async fn cases(world: &World, scene: &Scene, ids: &mut BTreeMap<&'static str, String>) {
    let life = life(scene, &ids["invited expert"]);
    let steps: BTreeSet<_> = life.iter().map(|(step, ..)| *step).collect();
    for step in steps {
        let title = if step == "researching" { WORD } else { step };
        ids.insert(step, research(world, scene.report(title), &life, step).await);
    }
    let report = |title: &str| scene.report(title);
    ids.insert("reported", done(world, "enterprise", "reportCase", report("刚报告的")).await);
    let about = |id: &str, more: Value| with(json!({ "caseId": id }), more);

    let routine = done(world, "enterprise", "reportCase", report("校准一台卡尺")).await;
    done(world, "coordinator", "triageCase", about(&routine, triage("CALIBRATION"))).await;
    ids.insert("routine", routine);
    for name in ["national", "parked"] {
        let case = done(world, "enterprise", "reportCase", report(name)).await;
        for level in ["CITY", "PROVINCE", "NATION"] {
            let input = about(&case, json!({ "to": level, "reason": "本级无此能力" }));
            done(world, "national manager", "escalateCase", input).await;
        }
        ids.insert(name, case);
    }
    let park = about(&ids["parked"], json!({ "reason": "国内尚无标准装置", "reviewOn": day(90) }));
    done(world, "national manager", "parkCase", park).await;
    let paused = research(world, report("停表的"), &life, "researching").await;
    done(world, "coordinator", "pauseClock", about(&paused, json!({ "reason": "零件在途" }))).await;
    mistaken(world, &paused, ids).await;
    ids.insert("paused", paused);

    let of_another = with(report("另一家的"), json!({ "enterpriseId": scene.other_enterprise }));
    ids.insert("of another", done(world, "other enterprise", "reportCase", of_another).await);
    let there = json!({ "enterpriseId": ids["enterprise elsewhere"], "campaignId": ids["campaign elsewhere"] });
    let there = done(world, "coordinator elsewhere", "reportCase", with(report("外省的"), there)).await;
    ids.insert("elsewhere", there);
}

/// A result, a fee and a link of a case, to be taken back.
async fn mistaken(world: &World, case: &str, ids: &mut BTreeMap<&'static str, String>) {
    let result = json!({ "value": "25.0012", "unit": "mm", "method": "比较测量", "traceability": "JZ-1" });
    let fee = json!({ "caseId": case, "item": "GD-L-012", "serviceDate": day(0), "amount": "800" });
    done(world, "lead", "recordMeasurement", json!({ "caseId": case, "result": result })).await;
    done(world, "coordinator", "recordFee", fee).await;
    let link = json!({ "caseId": case, "otherCaseId": ids["reported"], "relation": "RELATED_TO" });
    done(world, "coordinator", "linkCases", link).await;
    let query = "query Mistaken($id: ID!) { case(id: $id) { measurements { id } fees { id } } }";
    let shown = world.ask("lead", query, json!({ "id": case })).await["case"].clone();
    ids.insert("measurement", text(&shown["measurements"][0]["id"]));
    ids.insert("fee", text(&shown["fees"][0]["id"]));
}

/// A step of a case's life, and the order that takes a case there.
type Step = (&'static str, &'static str, &'static str, Value);

/// From the report to good practice. The expert has joined, and somebody else is invited.
fn life(scene: &Scene, invited: &str) -> Vec<Step> {
    let review = json!({ "verdict": "APPROVED", "comment": "同意" });
    let document = json!({
        "name": "记录.txt", "mediaType": "text/plain", "contentBase64": "",
        "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    });
    vec![
        ("triaged", "coordinator", "triageCase", triage("RESEARCH_PROBLEM")),
        ("assigned", "coordinator", "assignResearch", scene.assignment()),
        ("assigned", "lead", "inviteExpert", json!({ "expertId": scene.expert })),
        ("assigned", "expert", "acceptInvitation", json!({})),
        ("assigned", "lead", "inviteExpert", json!({ "expertId": invited })),
        ("assigned", "enterprise", "addAttachment", document),
        ("assigned", "lead", "addComment", json!({ "text": ASIDE, "audience": "INTERNAL" })),
        ("researching", "lead", "acceptAssignment", json!({})),
        ("researching", "lead", "recordFinding", json!({ "text": "温度梯度" })),
        ("proposed", "lead", "proposeSolution", json!({ "description": "恒温 4 h" })),
        ("reviewed", "reviewer", "reviewSolution", review),
        ("on trial", "lead", "startTrial", json!({ "plan": "30 件" })),
        ("awaiting", "lead", "recordTrialResult", json!({ "passed": true, "summary": "全部合格" })),
        ("resolved", "enterprise", "confirmSolution", json!({})),
        ("closed", "coordinator", "closeCase", json!({ "lesson": "先恒温", "feeTotal": "0" })),
        ("published", "manager", "publishTypicalCase", json!({ "summary": "内径测量", "consent": "书面同意" })),
    ]
}

/// A research problem that has come so far.
async fn research(world: &World, report: Value, life: &[Step], so_far: &str) -> String {
    let case = done(world, "enterprise", "reportCase", report).await;
    let last = life.iter().rposition(|(step, ..)| *step == so_far).expect("a step of a case's life");
    for (_, who, mutation, input) in &life[..=last] {
        done(world, who, mutation, with(json!({ "caseId": case }), input.clone())).await;
    }
    case
}
