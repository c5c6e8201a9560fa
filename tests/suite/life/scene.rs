//! The stage: a campaign in Guangdong, two institutions, the people, two enterprises, and a token for everybody.

use serde_json::{Value, json};

use crate::life::script::{Case, Order};
use crate::life::world::{World, day, text, uuid_of, with};
use crate::support::server::Who;

/// Valid codes of enterprises that do not exist.
pub const CREDIT_CODE: &str = "91440305MADEM1A26M";
pub const OTHER_CREDIT_CODE: &str = "91440605MADEM1A18A";

/// Global ids of what stands on the stage.
pub struct Scene {
    pub campaign: String,
    pub institute: String,
    /// In another province.
    pub university: String,
    /// Leads for the institute.
    pub lead: String,
    /// Works for the university.
    pub expert: String,
    /// Works for the institute too.
    pub second_lead: String,
    pub enterprise: String,
    pub other_enterprise: String,
}

impl Scene {
    pub async fn set(world: &World) -> Self {
        for (name, role, jurisdiction) in [
            ("manager", "MANAGER", "44"),
            ("city manager", "MANAGER", "4403"),
            ("national manager", "MANAGER", "CN"),
            ("coordinator", "COORDINATOR", "44"),
            ("coordinator elsewhere", "COORDINATOR", "32"),
            ("visitor", "VISITOR", "4403"),
            ("reviewer", "REVIEWER", "44"),
            ("auditor", "AUDITOR", "44"),
        ] {
            world.admit(name, &Who::new(name.replace(' ', "-"), role, jurisdiction));
        }
        let campaign = world.creates("manager", "openCampaign", campaign("计量服务走进万家中小企业")).await;
        let institute = world.creates("coordinator", "registerInstitution", institution("44", "示范计量院")).await;
        let university =
            world.creates("coordinator elsewhere", "registerInstitution", institution("32", "示范大学")).await;
        let lead = world.creates("coordinator", "registerPerson", person("领衔人", &institute)).await;
        let second_lead = world.creates("coordinator", "registerPerson", person("接替人", &institute)).await;
        let expert = world.creates("coordinator elsewhere", "registerPerson", person("专家", &university)).await;
        let enterprise = world.creates("coordinator", "enrolEnterprise", enrolment(CREDIT_CODE, &campaign)).await;
        let other = enrolment(OTHER_CREDIT_CODE, &campaign);
        let other_enterprise = world.creates("coordinator", "enrolEnterprise", other).await;

        let works = |person: &str, role, jurisdiction, institution: &str| Who {
            institution: Some(uuid_of(institution)),
            ..Who::new(uuid_of(person).to_string(), role, jurisdiction)
        };
        world.admit("lead", &works(&lead, "LEAD", "44", &institute));
        world.admit("second lead", &works(&second_lead, "LEAD", "44", &institute));
        world.admit("expert", &works(&expert, "EXPERT", "32", &university));
        // Both once more, with the token of a reviewer.
        world.admit("expert as reviewer", &Who::new(uuid_of(&expert).to_string(), "REVIEWER", "44"));
        world.admit("lead as reviewer", &Who::new(uuid_of(&lead).to_string(), "REVIEWER", "44"));
        let speaks = |actor: &str, enterprise: &str| Who {
            enterprise: Some(uuid_of(enterprise)),
            ..Who::new(actor, "ENTERPRISE", "CN")
        };
        world.admit("enterprise", &speaks("contact", &enterprise));
        world.admit("other enterprise", &speaks("other-contact", &other_enterprise));
        Self { campaign, institute, university, lead, expert, second_lead, enterprise, other_enterprise }
    }

    /// What reports a case of the enterprise.
    pub fn report(&self, title: &str) -> Value {
        json!({
            "enterpriseId": self.enterprise, "campaignId": self.campaign, "title": title,
            "problem": "同一工件两次测量相差 8 µm，找不到原因。The same part measures 8 µm apart.",
            "origin": { "ownReport": true },
        })
    }

    /// A case that was just reported by its enterprise.
    pub async fn reported<'a>(&self, world: &'a World, title: &str) -> Case<'a> {
        Case { world, id: world.creates("enterprise", "reportCase", self.report(title)).await }
    }

    /// A research problem that was triaged.
    pub async fn triaged<'a>(&self, world: &'a World, title: &str) -> Case<'a> {
        let case = self.reported(world, title).await;
        case.takes("coordinator", "triageCase", triage("RESEARCH_PROBLEM")).await;
        case
    }

    /// A case that the lead works on.
    pub async fn researching<'a>(&self, world: &'a World, title: &str) -> Case<'a> {
        self.researching_until(world, title, &day(30)).await
    }

    /// A case that the lead works on until then.
    pub async fn researching_until<'a>(&self, world: &'a World, title: &str, deadline: &str) -> Case<'a> {
        let case = self.triaged(world, title).await;
        let assignment = with(self.assignment(), json!({ "deadline": deadline }));
        case.takes("coordinator", "assignResearch", assignment).await;
        case.takes("lead", "acceptAssignment", json!({})).await;
        case
    }

    /// From a report to the end, by a calibration.
    pub fn solved_by_service(&self) -> [Order; 4] {
        let service = json!({ "institutionId": self.institute, "certificate": "JZ-5" });
        [
            ("coordinator", "triageCase", triage("CALIBRATION")),
            ("coordinator", "provideRoutineService", service),
            ("enterprise", "confirmSolution", json!({})),
            ("coordinator", "closeCase", json!({ "lesson": "先恒温，后测量", "feeTotal": "0" })),
        ]
    }

    /// The institute and its lead, for a month.
    pub fn assignment(&self) -> Value {
        json!({ "institutionId": self.institute, "leadId": self.lead, "deadline": day(30) })
    }
}

pub fn campaign(name: &str) -> Value {
    json!({ "name": name, "divisionCode": "44", "startsOn": "2026-01-05", "reportingDeadline": "2026-10-31" })
}

pub fn institution(division: &str, name: &str) -> Value {
    json!({ "name": name, "divisionCode": division, "kind": "METROLOGY_INSTITUTE", "capabilities": ["L/DimMet-2.1.2"] })
}

pub fn person(name: &str, institution: &str) -> Value {
    json!({ "name": name, "capacity": "EXPERT", "affiliation": { "institutionId": institution }, "telephone": "020-12345678" })
}

pub fn enrolment(credit_code: &str, campaign: &str) -> Value {
    json!({
        "creditCode": credit_code, "campaignId": campaign, "name": "示例轴承厂 / Example Bearings",
        "divisionCode": "440305", "consent": "signed at the kick-off meeting",
        "contact": { "name": "王某", "telephone": "0755-12345678" },
    })
}

pub fn triage(kind: &str) -> Value {
    json!({ "category": "L/DimMet-2.1.2", "kind": kind, "severity": "MAJOR" })
}

/// The number of a case.
pub async fn number(case: &Case<'_>) -> String {
    text(&case.shows("number").await["number"])
}
