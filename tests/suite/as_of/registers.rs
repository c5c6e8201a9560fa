//! The steps of a history that change registers: what may be charged, who takes part, who is whom, how cases are looked at.

use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::as_of::steps::{Step, day};
use crate::life::world::with;

/// An item of the list of what may be charged.
pub fn item(code: &str) -> Value {
    json!({
        "divisionCode": "44", "code": code, "name": "三坐标测量机校准", "unit": "台", "tariff": "1200.00",
        "basis": "粤发改价格〔2020〕12 号", "inForceFrom": "2020-01-01",
    })
}

impl Step {
    /// Amends a register; a refusal is a step too.
    pub async fn amend(&self, house: &House, choice: u8) {
        let place = usize::from(choice / 16 % 2);
        let name = format!("更名 {}", choice % 5);
        let of_44 = |more: Value| with(json!({ "divisionCode": "44" }), more);
        let because = |more: Value| with(json!({ "reason": "说明" }), more);
        let order = async |who: &str, mutation: &str, input: Value| {
            house.order(who, mutation, "", self.when(house, input)).await;
        };
        match choice % 16 {
            0 => {
                order(
                    "coordinator",
                    "amendInstitution",
                    json!({ "institutionId": house.institutes[place], "name": name }),
                )
                .await
            }
            1 => order("coordinator", "amendPerson", json!({ "personId": house.leads[place], "name": name })).await,
            2 => {
                let view = json!({ "viewId": house.view, "name": name, "filter": { "open": place == 0 } });
                order("coordinator", "updateView", view).await;
            }
            3 => {
                let visit = json!({
                    "enterpriseId": house.enterprises[place], "campaignId": house.campaign,
                    "visitedOn": day(house, -i32::from(choice / 3)), "seen": name,
                });
                let visit = match (self.late_hours, choice % 16) {
                    (None, _) => with(visit, json!({ "occurredAt": house.app.now().to_string() })),
                    // Dated by its day alone.
                    (Some(_), 3) => visit,
                    (Some(_), _) => self.when(house, visit),
                };
                house.order("coordinator", "recordFieldVisit", "", visit).await;
            }
            4 => {
                let division = ["440305", "4406"][usize::from(choice / 32 % 2)];
                let enterprise = json!({ "enterpriseId": house.enterprises[place], "divisionCode": division });
                order("coordinator", "amendEnterprise", with(enterprise, json!({ "name": name }))).await;
            }
            5 => {
                let division = ["44", "4403"][place];
                order("coordinator", "shareView", json!({ "viewId": house.view, "divisionCode": division })).await;
            }
            6 => order("coordinator", "shareView", json!({ "viewId": house.view, "divisionCode": null })).await,
            7 => self.keep_a_view_for_a_while(house, &name).await,
            8 => order("manager", "listChargeableItem", item(&format!("GD-{}", choice / 16))).await,
            9 => {
                let delisted = of_44(json!({ "code": format!("GD-{}", choice / 16), "lastDay": day(house, 0) }));
                order("manager", "delistChargeableItem", because(delisted)).await;
            }
            10 => {
                let edition = json!({
                    "reference": format!("JJF {}-2010", 1064 + u32::from(choice / 16)), "title": "校准规范",
                    "inForceFrom": "2010-12-01",
                });
                order("manager", "registerRegulationEdition", of_44(edition)).await;
            }
            11 => self.open_a_campaign(house, &name, place == 0).await,
            12 => {
                let year = of_44(json!({ "year": 2026, "text": name, "fillFromLog": place == 0 }));
                order("manager", "submitAnnualSummary", year.clone()).await;
                order("manager", "amendAnnualSummary", because(year)).await;
            }
            13 => {
                // Whoever has withdrawn comes back at the next occasion.
                let enrolment = house.enrolment(place);
                let payload = house.order("coordinator", "enrolEnterprise", "", self.when(house, enrolment)).await;
                if !payload["receipt"].is_object() {
                    let from = json!({ "enterpriseId": house.enterprises[place], "campaignId": house.campaign });
                    order("coordinator", "withdrawEnrolment", because(from)).await;
                }
            }
            14 => self.enrol_another(house, place).await,
            _ => self.meet_and_forget(house).await,
        }
    }

    async fn keep_a_view_for_a_while(&self, house: &House, name: &str) {
        let view = json!({ "name": name, "filter": { "clockPaused": true } });
        let view = house.creates("coordinator", "saveView", "view", view).await;
        house.order("coordinator", "deleteView", "", self.when(house, json!({ "viewId": view }))).await;
    }

    async fn open_a_campaign(&self, house: &House, name: &str, closes: bool) {
        let campaign = json!({
            "name": name, "divisionCode": "44", "startsOn": "2026-01-05", "reportingDeadline": "2026-10-31",
        });
        let campaign = house.creates("manager", "openCampaign", "campaign", campaign).await;
        if closes {
            house.order("manager", "closeCampaign", "", self.when(house, json!({ "campaignId": campaign }))).await;
        }
    }

    /// One that says whom to call. Of one of the two that is forgotten at once: what is erased is erased in the past as well,
    /// so whoever looked at it between would not be told the same again.
    async fn enrol_another(&self, house: &House, place: usize) {
        let code = ["91441900MADEM1A34K", "91440402MADEM1A69W"][place];
        let enrolment = json!({
            "creditCode": code, "campaignId": house.campaign, "name": "示例轴承厂", "divisionCode": "440305",
            "consent": "书面同意", "contact": { "name": "王某", "telephone": "0755-12345678" },
        });
        let payload =
            house.order("coordinator", "enrolEnterprise", "enterprise { id }", self.when(house, enrolment)).await;
        if let (Some(id), 0) = (payload["enterprise"]["id"].as_str(), place) {
            let erasure = json!({ "enterpriseId": id, "legalBasis": "PURPOSE_ENDED", "reason": "已离职" });
            house.order("manager", "eraseContact", "", erasure).await;
        }
    }

    /// A person who is erased before anybody looks, for the same reason.
    async fn meet_and_forget(&self, house: &House) {
        let person = json!({
            "name": "要忘记的人", "capacity": "EXPERT", "affiliation": { "institutionId": house.institutes[0] },
            "telephone": "020-12345678",
        });
        let person = house.creates("coordinator", "registerPerson", "person", person).await;
        let erasure = json!({ "personId": person, "legalBasis": "CONSENT_WITHDRAWN", "reason": "书面申请" });
        house.order("manager", "erasePerson", "", self.when(house, erasure)).await;
    }
}
