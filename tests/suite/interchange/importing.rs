//! What becomes of small logs that are brought in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use etalon::app::{App, Failure, Vault};
use etalon::domain::actor::{ActorId, Role};
use etalon::domain::campaign::Campaign;
use etalon::domain::campaign::command::CloseCampaign;
use etalon::domain::case::Case;
use etalon::domain::case::command::{CaseCommand, LinkCases, MarkDuplicate};
use etalon::domain::case::facts::CaseFacts;
use etalon::domain::case::values::LinkRelation;
use etalon::domain::enterprise::Enterprise;
use etalon::domain::enterprise::command::WithdrawEnrolment;
use etalon::domain::refusal::Code;
use etalon::domain::value::{CaseId, Label};
use etalon::interchange::import::error::{BadEvent, ImportError};
use etalon::interchange::read::Place;
use etalon::interchange::report::ImportReport;

use crate::interchange::support::{DRIFT, House, Log, case_event, request};
use crate::store::on_both_databases;
use crate::store::support::{Database, START};

on_both_databases!(
    cases_are_told_apart_and_keep_their_own_times,
    a_longer_export_of_the_same_log_adds_what_is_new,
    a_case_stands_where_its_log_says,
    a_changed_file_is_told,
    what_came_in_before_other_data_keys_is_told_as_that,
    a_mended_file_adds_what_was_left_out,
    a_campaign_that_is_closed_ends_the_import_before_anything_is_on_record,
    a_campaign_serves_where_the_first_import_has_it,
    who_has_withdrawn_has_no_new_cases,
    a_part_that_another_tracker_concluded_has_ended,
    an_attribute_may_be_named_like_a_mark_of_personal_data,
    what_a_log_says_of_a_person_is_sealed_however_long_it_is,
    what_is_internal_comes_once_and_never_into_a_duplicate,
    a_log_without_events_adds_nothing,
);

async fn cases_are_told_apart_and_keep_their_own_times(database: Database) {
    let house = House::on(&database).await;
    let report = house.import(&Log::tickets(DRIFT)).await.unwrap();
    let mapped = [("CaseReported", 2), ("ClockPaused", 1), ("ClockResumed", 1)];
    assert_eq!(report.mapped, mapped.map(|(fact, count)| (fact.to_owned(), count)).into());
    assert_eq!((report.cases, report.events_read, report.legacy), (2, 5, 1));

    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in house.events().await.iter().filter(|record| record.aggregate_type == "Case") {
        let event = case_event(record);
        let source = event.source.unwrap();
        assert_eq!(event.by, ActorId::importer());
        assert!(!source.attributes.contains_key("changed_by"));
        assert!(source.personal.contains_key("changed_by"));
        told.entry(source.case).or_default().push(format!("{} {}", event.occurred_at, record.event_type));
    }
    let drift = [
        "2012-03-14T01:30:00Z CaseReported",
        "2012-03-15T08:05:00Z ClockPaused",
        "2012-03-20T00:00:00Z ClockResumed",
        "2012-03-21T03:45:00Z LegacyActivityRecorded",
    ];
    assert_eq!(told["T-17"], drift);
    assert_eq!(told["T-18"], ["2012-03-15T08:10:00Z CaseReported"]);
    house.check_replay().await;
}

async fn a_longer_export_of_the_same_log_adds_what_is_new(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(&DRIFT[..3])).await.unwrap();
    let house = house.restarted(&database).await;
    let report = house.import(&Log::tickets(DRIFT)).await.unwrap();
    assert_eq!((report.already_there, report.mapped["ClockResumed"], report.legacy), (3, 1, 1));
    assert_eq!(house.head().await, Some(1 + 2 + 5 - 1));
}

/// The division of a case decides who sees it and in whose figures it is: it is what the log says, whatever the first
/// event of the case becomes, and wherever else its organisation has cases.
async fn a_case_stands_where_its_log_says(database: Database) {
    let row = |ticket: &str, city: &str| {
        format!("{ticket};Delta Gauge Works;{city};Drift;;new;14.03.2012 09:30;Li Wei;high;")
    };
    let rows = [row("T-17", "4403"), row("T-18", "4401"), row("T-19", "3201")];
    let reported = Log::tickets(&rows.each_ref().map(String::as_str));
    let reported = reported.mapped(|mapping| mapping.replace("jurisdiction = \"44\"", "jurisdiction = \"CN\""));
    let legacy = as_legacy(reported.clone());
    let house = House::on(&database).await;
    for (log, mapped) in [(reported, 3), (legacy.renamed("Legacy"), 0)] {
        let report = house.import(&log).await.unwrap();
        assert_eq!((report.mapped.values().sum::<u64>(), report.legacy), (mapped, 3 - mapped));
        let cases = house.cases().await;
        let of_the_log = cases.iter().filter(|case| case.row.campaign_id == log.mapping.campaign.id.uuid());
        let stands: BTreeSet<_> = of_the_log.map(|case| (case.row.division.as_str(), &case.row.number[..8])).collect();
        assert_eq!(stands, [("3201", "JS-2012-"), ("4401", "GD-2012-"), ("4403", "GD-2012-")].into());
    }
    house.check_replay().await;
}

async fn a_changed_file_is_told(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(&DRIFT[..3])).await.unwrap();
    let head = house.head().await;
    let changed = DRIFT[1].replace("reference ring", "master ring");
    let log = Log::tickets(&[DRIFT[0], &changed, DRIFT[2], DRIFT[3]]);

    let ended = house.import(&log).await.unwrap_err();
    let ImportError::Bad(reason) = ended else { panic!("{ended:?}") };
    assert_eq!(
        reason.to_string(),
        "line 4: nothing new of this case comes in: the file has changed, it no longer has an event of \
         2012-03-15T08:05:00Z as an earlier import brought it in, and this may be that event"
    );
    assert_eq!(house.head().await, head);

    let report = house.import_what_is_good(&log).await.unwrap();
    assert_eq!((report.already_there, report.skipped_count, report.mapped.len()), (2, 2, 0));
    assert_eq!(report.skipped[0].message, reason.to_string());
    assert!(report.skipped[1].message.starts_with("line 6: nothing new of this case comes in"), "{report}");
    assert_eq!(house.head().await, head);

    // What is new of other cases comes in all the same.
    let other = DRIFT[2].replace("T-18", "T-19");
    let log = Log::tickets(&[DRIFT[0], &changed, DRIFT[2], &other]);
    let report = house.import_what_is_good(&log).await.unwrap();
    assert_eq!((report.already_there, report.skipped_count, report.mapped["CaseReported"]), (2, 1, 1));
    assert_eq!(house.import(&Log::tickets(&DRIFT[..4])).await.unwrap().mapped["ClockResumed"], 1);
}

/// What came in was digested under the data keys that are lost: whether the file has it cannot be told.
async fn what_came_in_before_other_data_keys_is_told_as_that(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(&DRIFT[..3])).await.unwrap();
    let (head, folder) = (house.head().await, tempfile::tempdir().unwrap());
    let other = Vault::open_or_create(&folder.path().join("data-keys")).unwrap();
    house.app.adopt_data_keys(&other).await.unwrap();
    house.clock.set(START + 1_000_000);
    let app = App::new(database.open_with(house.clock.clone()).await, house.clock.clone()).with_vault(other);
    let house = House { app: Arc::new(app), ..house };

    // The campaign stands at 0, the organisations behind it; the cases come in side by side.
    let ended = house.import(&Log::tickets(&DRIFT[..3])).await.unwrap_err();
    let ImportError::Bad(reason @ BadEvent::Untold { place: Place::Line(2), position: 3.. }) = ended else {
        panic!("{ended:?}")
    };
    let told = reason.to_string();
    assert!(told.starts_with("line 2: nothing new of this case comes in"), "{told}");
    assert!(told.contains("before the database went on with other data keys"), "{told}");
    let report = house.import_what_is_good(&Log::tickets(DRIFT)).await.unwrap();
    assert_eq!((report.already_there, report.skipped_count, report.mapped.len()), (0, 5, 0));
    assert_eq!(report.skipped[0].message, told);
    assert!(report.skipped.iter().all(|one| one.message.contains("cannot be told any more")), "{report}");
    assert_eq!(house.head().await, head);

    // Cases that are new come in, of the same organisation as well, and are known again.
    let other = DRIFT[2].replace("T-18", "T-19");
    let log = Log::tickets(&[DRIFT[0], &other]);
    let report = house.import_what_is_good(&log).await.unwrap();
    assert_eq!((report.skipped_count, report.mapped["CaseReported"]), (1, 1), "{report}");
    let report = house.import_what_is_good(&log).await.unwrap();
    assert_eq!((report.already_there, report.skipped_count), (1, 1), "{report}");
}

async fn a_mended_file_adds_what_was_left_out(database: Database) {
    let house = House::on(&database).await;
    let broken = DRIFT[1].replace("15.03.2012 16:05", "yesterday");
    let report = house.import_what_is_good(&Log::tickets(&[DRIFT[0], &broken, DRIFT[2]])).await.unwrap();
    assert_eq!((report.events_read, report.mapped["CaseReported"], report.skipped_count), (3, 2, 1));
    let report = house.import(&Log::tickets(&DRIFT[..3])).await.unwrap();
    assert_eq!((report.already_there, report.mapped["ClockPaused"]), (2, 1));
}

async fn an_attribute_may_be_named_like_a_mark_of_personal_data(database: Database) {
    let line = r#"{"ticket":"T-1","company":"Delta Gauge Works","subject":"Drift","status":"new",
        "changed":"2012-03-14T09:30:00+08:00","changed_by":"Li Wei","$p":"a third"}"#;
    let log = Log::lines(&[&line.replace('\n', "")]);
    let personal = |mapping: &str| mapping.replace("[\"changed_by\"]", "[\"changed_by\", \"$p\"]");
    let house = House::on(&database).await;
    for (number, log) in [log.clone(), log.mapped(personal)].into_iter().enumerate() {
        let log = log.renamed(&format!("log {number}"));
        assert_eq!(house.import(&log).await.unwrap().mapped["CaseReported"], 1);
        assert_eq!(house.import(&log).await.unwrap().already_there, 1);
    }
    let events = house.events().await;
    let reported = events.iter().filter(|record| record.event_type == "CaseReported");
    let sources: Vec<_> = reported.map(|record| case_event(record).source.unwrap()).collect();
    assert_eq!(sources[0].attributes["$p"], "a third");
    assert_eq!(house.app.open(&sources[0].personal["changed_by"]).await.unwrap().text().unwrap(), "Li Wei");
    assert!(!sources[1].attributes.contains_key("$p"));
    assert_eq!(house.app.open(&sources[1].personal["$p"]).await.unwrap().text().unwrap(), "a third");
    assert!(events.iter().all(|record| !record.payload.contains("Li Wei")));
    house.check_replay().await;
}

/// What another tracker kept has none of the limits that hold for what is said here, whether it is personal or not.
async fn what_a_log_says_of_a_person_is_sealed_however_long_it_is(database: Database) {
    let house = House::on(&database).await;
    let said = format!("Li Wei\n{}", "or 0755, ".repeat(20_000));
    let row = DRIFT[0].replace(";Li Wei;", &format!(";\"{said}\";"));
    let log = Log::tickets(&[&row]);
    assert_eq!(house.import(&log).await.unwrap().mapped["CaseReported"], 1);
    assert_eq!(house.import(&log).await.unwrap().already_there, 1);
    let events = house.events().await;
    let reported = events.iter().find(|record| record.event_type == "CaseReported").unwrap();
    let source = case_event(reported).source.unwrap();
    assert_eq!(house.app.open(&source.personal["changed_by"]).await.unwrap().text().unwrap(), said);
    assert!(events.iter().all(|record| !record.payload.contains("0755")));
    house.check_replay().await;
}

async fn a_campaign_that_is_closed_ends_the_import_before_anything_is_on_record(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(&[DRIFT[0], DRIFT[4]]);
    house.import(&log).await.unwrap();
    let close = CloseCampaign { this: log.mapping.campaign.id, open_cases: 0, successor: None, reason: None };
    let manager = request(&house, &log, Role::Manager);
    house.app.execute::<Campaign>(&manager, log.mapping.campaign.id.into(), close.into()).await.unwrap();
    let head = house.head().await;

    // Two rows are there; the third opens a case, of an organisation that is not there or of the one that is.
    let of_the_same = DRIFT[0].replace("T-17", "T-99");
    for (row, organisation) in [(DRIFT[2], "Pearl River Bearings"), (&*of_the_same, "Delta Gauge Works")] {
        let longer = Log::tickets(&[DRIFT[0], DRIFT[4], row]);
        for log in [longer.clone(), as_legacy(longer)] {
            let ended = house.import(&log).await.unwrap_err();
            assert_eq!(ended.to_string(), format!("the organisation {organisation} cannot be put on record"));
            assert_eq!(refused(&ended), Code::CampaignClosed);
            let report = house.import_what_is_good(&log).await.unwrap();
            assert_eq!((report.already_there, report.skipped_count), (2, 1), "{report}");
            let why = "line 5: CAMPAIGN_CLOSED in campaignId: the campaign is closed: ";
            assert!(report.skipped[0].message.starts_with(why), "{report}");
            assert_eq!(house.head().await, head, "{organisation}");
        }
    }
    // A file that opens nothing is taken as ever.
    assert_eq!(house.import(&log).await.unwrap().already_there, 2);
}

/// A case of Jiangsu lies within what the mapping says, and outside of what the log has.
async fn a_campaign_serves_where_the_first_import_has_it(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(&DRIFT[..2])).await.unwrap();
    let head = house.head().await;
    let of_jiangsu = DRIFT[2].replace("4401", "3201");
    let wider = Log::tickets(&[DRIFT[0], DRIFT[1], &of_jiangsu])
        .mapped(|mapping| mapping.replace("jurisdiction = \"44\"", "jurisdiction = \"CN\""));
    for ended in [house.import(&wider).await.unwrap_err(), house.import_what_is_good(&wider).await.unwrap_err()] {
        assert_eq!(ended.code(), Some("JURISDICTION_DIFFERS"));
        let said = "nothing was imported: `campaign.jurisdiction`: the log has 44, the mapping says CN";
        assert_eq!(ended.to_string(), said);
        assert_eq!(house.head().await, head);
    }
    assert_eq!(house.import(&wider.renamed("Other tickets")).await.unwrap().mapped["CaseReported"], 2);
}

async fn who_has_withdrawn_has_no_new_cases(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(&DRIFT[..3]);
    house.import(&log).await.unwrap();
    let enterprise = log.mapping.identity(&Label::parse("Delta Gauge Works").unwrap()).enterprise();
    let withdraw = WithdrawEnrolment { campaign: log.mapping.campaign.id, reason: None };
    let coordinator = request(&house, &log, Role::Coordinator);
    house.app.execute::<Enterprise>(&coordinator, enterprise.into(), withdraw.into()).await.unwrap();
    let head = house.head().await;

    let of_the_same = DRIFT[0].replace("T-17", "T-99");
    let of_another = DRIFT[2].replace("T-18", "T-19");
    let longer = Log::tickets(&[DRIFT[0], DRIFT[1], DRIFT[2], &of_the_same, &of_another, DRIFT[3]]);
    // Nor is anything of one on record that stands before it, and with which the log begins earlier.
    let newcomer = "T-20;Humen Moulds;4401;Runout of pins;;new;12.03.2012 16:10;Wang Fang;low;";
    let behind = Log::tickets(&[DRIFT[0], DRIFT[1], DRIFT[2], newcomer, &of_the_same]);
    for log in [longer.clone(), as_legacy(longer.clone()), behind.clone(), as_legacy(behind)] {
        let ended = house.import(&log).await.unwrap_err();
        assert_eq!(ended.to_string(), "the organisation Delta Gauge Works cannot be put on record");
        assert_eq!(refused(&ended), Code::ConsentMissing);
        assert_eq!(house.head().await, head);
    }
    // What is left out is its new case alone: another's comes in, and what was begun goes on.
    for log in [longer.clone(), as_legacy(longer)] {
        let report = house.import_what_is_good(&log).await.unwrap();
        assert_eq!(report.skipped_count, 1, "{report}");
        let why = "line 6: CONSENT_MISSING in consent: the enterprise has withdrawn from this campaign, ";
        assert!(report.skipped[0].message.starts_with(why), "{report}");
        assert_eq!(report.already_there + report.mapped.values().sum::<u64>(), 5, "{report}");
        assert_eq!(house.head().await, head.map(|head| head + 2));
    }
    let again = Log::tickets(&[DRIFT[0], DRIFT[1], DRIFT[2], &of_another, DRIFT[3]]);
    assert_eq!(house.import(&again).await.unwrap().already_there, 5);
    house.check_replay().await;
}

/// What another tracker was done with keeps no whole open, as no list calls it open.
async fn a_part_that_another_tracker_concluded_has_ended(database: Database) {
    let house = House::on(&database).await;
    let third = DRIFT[2].replace("T-18", "T-19").replace("Roundness of rings", "Runout of rings");
    let log = Log::tickets(&[DRIFT[0], DRIFT[2], &third]);
    house.import(&log).await.unwrap();
    let cases = house.cases().await;
    let id_of = |title: &str| CaseId::from(cases.iter().find(|case| case.row.title == title).unwrap().row.case_id);
    let [part, whole, other] = ["Bore gauge drifts", "Roundness of rings", "Runout of rings"].map(id_of);
    let given = async |this: CaseId, command: CaseCommand| {
        let coordinator = request(&house, &log, Role::Coordinator);
        house.app.execute::<Case>(&coordinator, this.into(), command).await
    };
    let link = LinkCases { this: part, other: CaseFacts::of(whole), relation: LinkRelation::SubCaseOf };
    given(part, link.into()).await.unwrap();
    let duplicate = || MarkDuplicate { this: whole, of: CaseFacts::of(other), open_sub_cases: Vec::new() };
    let Err(Failure::Refused(refusal)) = given(whole, duplicate().into()).await else { panic!("the part is open") };
    assert_eq!(refusal.code, Code::SubCaseOpen);

    house.import(&Log::tickets(&[DRIFT[0], DRIFT[2], &third, DRIFT[4]])).await.unwrap();
    given(whole, duplicate().into()).await.unwrap();
    house.check_replay().await;
}

/// The same log under a mapping that makes nothing of what opens a case.
fn as_legacy(log: Log) -> Log {
    log.mapped(|mapping| mapping.replace("then = \"CaseReported\"", "then = \"LegacyActivityRecorded\""))
}

/// Why what the cases of a log belong to was refused.
fn refused(ended: &ImportError) -> Code {
    match ended {
        ImportError::Frame { source: Failure::Refused(refusal), .. } => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// Nothing more is said in a duplicate. What another tracker recorded of it is kept, but for what everybody would read who
/// sees the case.
async fn what_is_internal_comes_once_and_never_into_a_duplicate(database: Database) {
    let house = House::on(&database).await;
    let aside = "T-17;Delta Gauge Works;4403;Bore gauge drifts;;aside;16.03.2012 10:00;Li Wei;high;not for them";
    let log = Log::tickets(&[DRIFT[0], DRIFT[2], aside]);
    assert_eq!(house.import(&log).await.unwrap().mapped["InternalCommentAdded"], 1);
    let head = house.head().await;
    assert_eq!(house.import(&log).await.unwrap().already_there, 3);
    assert_eq!(house.head().await, head);

    let cases = house.cases().await;
    let id_of = |title: &str| CaseId::from(cases.iter().find(|case| case.row.title == title).unwrap().row.case_id);
    let (this, other) = (id_of("Bore gauge drifts"), id_of("Roundness of rings"));
    let duplicate = MarkDuplicate { this, of: CaseFacts::of(other), open_sub_cases: Vec::new() };
    house.app.execute::<Case>(&request(&house, &log, Role::Coordinator), this.into(), duplicate.into()).await.unwrap();

    let [again, note] = [("aside", "nor is this"), ("note", "everybody may read this")].map(|(status, remark)| {
        format!("T-17;Delta Gauge Works;4403;;;{status};17.03.2012 10:00;Li Wei;high;{remark}")
    });
    let longer = Log::tickets(&[DRIFT[0], DRIFT[2], aside, &again, &note]);
    let report = house.import(&longer).await.unwrap();
    assert_eq!((report.already_there, report.skipped_count, report.refused_by_lifecycle["CommentAdded"]), (3, 1, 1));
    assert!(report.skipped[0].message.starts_with("line 6: "), "{}", report.skipped[0].message);
    let last = house.events().await.pop().unwrap();
    assert_eq!(
        (last.event_type.as_str(), case_event(&last).source.unwrap().activity.as_str()),
        ("LegacyActivityRecorded", "note")
    );
    let told: Vec<_> = house.events().await.iter().map(|record| format!("{record:?}")).collect();
    assert!(!told.iter().any(|event| event.contains("nor is this")));
    house.check_replay().await;
}

async fn a_log_without_events_adds_nothing(database: Database) {
    let house = House::on(&database).await;
    assert_eq!(house.import(&Log::tickets(&[])).await.unwrap(), ImportReport::default());
    assert_eq!(house.import(&Log::lines(&[])).await.unwrap(), ImportReport::default());
    let empty = r#"<log><trace><string key="concept:name" value="1"/></trace></log>"#;
    let report = house.import(&Log::traces(empty)).await.unwrap();
    assert_eq!(report, ImportReport { empty_cases: 1, ..ImportReport::default() });
    assert_eq!(house.head().await, None);
}
