//! A clock that is stopped and started in the past counts from the day of the record, and says so.

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::world::{World, days, text, with};

pub async fn a_clock_that_is_dated_back_counts_from_the_record(world: &World) {
    let (scene, day) = (Scene::set(world).await, days());
    let case = scene.triaged(world, "补记停表").await;
    case.takes("coordinator", "assignResearch", with(scene.assignment(), json!({ "deadline": day(30) }))).await;
    for (who, to) in [("coordinator", "CITY"), ("manager", "PROVINCE"), ("national manager", "NATION")] {
        case.takes(who, "escalateCase", json!({ "to": to, "reason": "本级无此能力" })).await;
    }
    let park = json!({ "reason": "国内尚无标准装置", "reviewOn": day(90) });
    for (who, mutation, input) in [
        ("coordinator", "pauseClock", json!({ "reason": "零件在途" })),
        ("coordinator", "resumeClock", json!({})),
        ("national manager", "parkCase", park.clone()),
        ("national manager", "unparkCase", json!({})),
    ] {
        let dated_back = with(input, json!({ "occurredAt": "2026-01-06T02:00:00Z" }));
        let warning = &case.takes(who, mutation, dated_back).await["warnings"][0];
        assert_eq!(warning["code"], "COUNTED_FROM_RECORD", "{mutation}");
        let message = text(&warning["message"]);
        assert!(message.starts_with("this is dated 2026-01-06, and the clock counts from "), "{message}");
    }
    assert_eq!(case.shows("deadline").await["deadline"], day(30));
    for (who, mutation, input) in [
        ("coordinator", "pauseClock", json!({ "reason": "零件在途" })),
        ("coordinator", "resumeClock", json!({})),
        ("national manager", "parkCase", park),
        ("national manager", "unparkCase", json!({})),
    ] {
        let warnings: Value = case.takes(who, mutation, input).await["warnings"].clone();
        assert_eq!(warnings, json!([]), "{mutation}");
    }
}
