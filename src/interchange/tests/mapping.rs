//! Mapping files, and what they make of events.

use std::io::Cursor;

use crate::domain::case::command::{CaseCommand, RecordLegacyActivity};
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::values::{Audience, Kind, Origin, Severity};
use crate::domain::value::{CaseId, Level};
use crate::interchange::format::Format;
use crate::interchange::mapping::Mapping;
use crate::interchange::mapping::plan::{Opening, Planned, Wish};
use crate::interchange::read::{ForeignEvent, open};

const EXAMPLE: &str = include_str!("../../../schema/mappings/example-csv.toml");
const BPIC2013: &str = include_str!("../../../schema/mappings/bpic2013.toml");

const HEADER: &str = "ticket;company;city;subject;description;status;changed;changed_by;priority;remark";

fn example() -> Mapping {
    Mapping::parse("example-csv.toml", EXAMPLE).unwrap()
}

/// The events of the example's table.
fn rows(rows: &[&str]) -> Vec<ForeignEvent> {
    let table = format!("{HEADER}\n{}", rows.join("\n"));
    let events = open(Cursor::new(table), Format::Csv, &example().columns).unwrap();
    events.map(Result::unwrap).collect()
}

fn planned(status: &str, priority: &str, remark: &str) -> Result<Planned, String> {
    let first = "T-17;Delta Gauge Works;4403;Bore gauge drifts;;new;14.03.2012 09:30;Li Wei;high;";
    let second =
        format!("T-17;Delta Gauge Works;4403;Bore gauge drifts;;{status};15.03.2012 16:05;Li Wei;{priority};{remark}");
    example().plan(&rows(&[first, &second])[1]).map_err(|error| error.to_string())
}

fn enrolment(opening: &Opening, mapping: &Mapping) -> EnrolmentFacts {
    EnrolmentFacts {
        enterprise: opening.enterprise,
        enterprise_version: 1,
        division: opening.division.clone(),
        campaign: mapping.campaign.id,
        enrolled: true,
        campaign_open: true,
        visit_known: false,
    }
}

#[test]
fn the_first_event_reports_the_case() {
    let mapping = example();
    let event = &rows(&[
        "T-17;Delta Gauge Works;4403;Bore gauge drifts;\"Readings move by 4 µm\";new;31.12.2011 23:30;Li Wei;high;",
    ])[0];
    let planned = mapping.plan(event).unwrap();
    assert_eq!(planned.case, CaseId::named("import:Gauge tickets:T-17"));
    assert_eq!(planned.occurred_at.to_string(), "2011-12-31T15:30:00Z");
    assert_eq!(planned.wish, Wish::Report);

    let opening = mapping.opening(event).unwrap();
    assert_eq!(opening.organisation.as_str(), "Delta Gauge Works");
    let report = planned.wished(Some((&opening, enrolment(&opening, &mapping))));
    let Some(CaseCommand::ReportCase(report)) = report else {
        panic!("{report:?} is no report");
    };
    assert_eq!(report.title.as_str(), "Bore gauge drifts");
    assert_eq!(report.problem.unwrap().as_str(), "Readings move by 4 µm");
    assert_eq!(report.number.series(), "GD-2011");
    assert_eq!(report.origin, Origin::Import);
    assert_eq!(planned.wished(None), None, "the case is there already");
}

#[test]
fn the_source_has_all_that_was_said_and_persons_apart() {
    let event = &rows(&["T-17;Delta Gauge Works;;Bore gauge drifts;;new;14.03.2012 09:30;Li Wei;high;"])[0];
    let source = example().plan(event).unwrap().source;
    assert_eq!((source.log.as_str(), source.case.as_str(), source.index), ("Gauge tickets", "T-17", 0));
    assert_eq!(source.activity, "new");
    let attributes: Vec<_> = source.attributes.iter().map(|(name, text)| format!("{name}={text}")).collect();
    assert_eq!(
        attributes,
        ["changed=14.03.2012 09:30", "company=Delta Gauge Works", "priority=high", "subject=Bore gauge drifts"]
    );
    assert_eq!(source.personal["changed_by"].reveal(), Some("Li Wei"));
    let stored = serde_json::to_string(&source).unwrap();
    assert_eq!(stored.matches("Li Wei").count(), 1);
    assert_eq!(serde_json::from_str::<crate::domain::event::Source>(&stored).unwrap(), source);
}

#[test]
fn a_time_is_kept_as_it_was_written_where_its_text_says_more() {
    let mapping = EXAMPLE.replace(r#"format = "%d.%m.%Y %H:%M""#, "");
    let mapping = Mapping::parse("example.toml", &mapping).unwrap();
    let kept = |at: &str| {
        let line = format!(r#"{{"ticket":"T-1","company":"Delta","subject":"Drift","status":"new","changed":"{at}"}}"#);
        let event = open(Cursor::new(line), Format::Jsonl, &mapping.columns).unwrap().next().unwrap().unwrap();
        let planned = mapping.plan(&event).unwrap();
        (planned.occurred_at.to_string(), planned.source.attributes.get("changed").cloned())
    };
    for written in ["2012-05-10T23:26:15Z", "2012-05-10T23:26:15.25Z"] {
        assert_eq!(kept(written), (written.to_owned(), None));
    }
    for (written, at) in [
        ("2012-05-11T00:26:15+01:00", "2012-05-10T23:26:15Z"),
        ("2012-05-10T23:26:15+00:00", "2012-05-10T23:26:15Z"),
        ("2012-05-10T23:26:15.123456789Z", "2012-05-10T23:26:15.123456Z"),
        ("2012-05-11T07:26:15", "2012-05-10T23:26:15Z"),
    ] {
        assert_eq!(kept(written), (at.to_owned(), Some(written.to_owned())));
    }
}

#[test]
fn what_is_empty_is_kept_and_an_event_is_known_without_it() {
    let mapping = EXAMPLE.replace(r#"format = "%d.%m.%Y %H:%M""#, "");
    let mapping = Mapping::parse("example.toml", &mapping).unwrap();
    let planned = |more: &str| {
        let line = format!(
            r#"{{"ticket":"T-1","company":"Delta","subject":"Drift","status":"new","changed":"2012-05-10T23:26:15Z"{more}}}"#
        );
        let event = open(Cursor::new(line), Format::Jsonl, &mapping.columns).unwrap().next().unwrap().unwrap();
        mapping.plan(&event).unwrap()
    };
    let (without, with) = (planned(""), planned(r#","labels":[],"city":{}"#));
    assert_eq!((with.source.attributes["labels"].as_str(), with.source.attributes["city"].as_str()), ("", ""));
    assert!(!without.source.attributes.contains_key("labels"));
    assert_eq!(with.digest, without.digest);
    assert_ne!(planned(r#","labels":["urgent"]"#).digest, with.digest);
}

#[test]
fn rules_make_orders_of_events() {
    let order = |status, priority, remark| match planned(status, priority, remark).unwrap().wish {
        Wish::Order { fact, command } => (fact, *command),
        other => panic!("{other:?} is no order"),
    };
    match order("sorted", "urgent", "") {
        ("CaseTriaged", CaseCommand::TriageCase(triage)) => {
            assert_eq!(triage.category.to_string(), "L");
            assert_eq!((triage.kind, triage.severity), (Kind::Calibration, Severity::Major));
        }
        other => panic!("{other:?}"),
    }
    match order("waiting", "", "waits for the ring") {
        ("ClockPaused", CaseCommand::PauseClock(pause)) => assert_eq!(pause.reason.as_str(), "waits for the ring"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(order("in work", "", ""), ("ClockResumed", CaseCommand::ResumeClock(_))));
    match order("passed on", "", "") {
        ("CaseEscalated", CaseCommand::EscalateCase(escalation)) => assert_eq!(escalation.to, Level::Province),
        other => panic!("{other:?}"),
    }
    let (first, again) = (order("note", "", "seen"), order("note", "", "seen"));
    assert_eq!(first, again, "the comment's id is the same in every import");
    match order("aside", "", "not for them") {
        ("InternalCommentAdded", CaseCommand::AddComment(comment)) => assert_eq!(comment.audience, Audience::Internal),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_no_rule_is_about_stays_in_the_other_trackers_words() {
    let concludes = |status, priority| match planned(status, priority, "").unwrap() {
        Planned { wish: Wish::Legacy { concludes }, .. } => concludes,
        other => panic!("{other:?} is no legacy"),
    };
    assert!(!concludes("reviewed", ""));
    assert!(!concludes("sorted", "low"));
    assert!(concludes("done", ""));
    assert!(concludes("dropped", ""));
}

#[test]
fn an_event_without_a_value_of_its_fact_stays_in_the_other_trackers_words() {
    for (remark, said) in [
        (String::new(), "the attribute `remark` is missing or empty"),
        ("\u{c}".to_owned(), "the statement is empty"),
        ("a\u{c}b".to_owned(), "the statement has the control character U+000C"),
        ("x".repeat(20_001), "the statement has 20001 characters"),
    ] {
        let planned = planned("note", "", &remark).unwrap();
        assert_eq!((planned.fact(), planned.wished(None)), ("CommentAdded", None));
        let Wish::Unmade { problem, .. } = &planned.wish else { panic!("{planned:?}") };
        assert!(problem.to_string().starts_with(&format!("line 3: `rule 5, text`: {said}")), "{problem}");
        let legacy = RecordLegacyActivity { opening: None, concludes: false };
        assert_eq!(planned.legacy(None), CaseCommand::from(legacy));
    }
    let mapping = EXAMPLE.replace("\"MAJOR\"", "\"{priority}\"");
    let sorted = &rows(&["T-17;Delta;;Bore gauge;;sorted;14.03.2012 09:30;;urgent;"])[0];
    let mapping = mapping.replace("when = { first = true }", "when = { first = false }");
    let planned = Mapping::parse("my.toml", &mapping).unwrap().plan(sorted).unwrap();
    let Wish::Unmade { fact: "CaseTriaged", problem } = &planned.wish else { panic!("{planned:?}") };
    assert!(problem.to_string().contains("`rule 2, severity`: \"urgent\" is no severity"), "{problem}");
}

#[test]
fn an_event_whose_case_is_not_there_yet_opens_it() {
    let mapping = example();
    let event = &rows(&[
        "T-17;Delta;;Bore gauge;;done;14.03.2012 09:30;;;",
        "T-17;Delta;;Bore gauge;;done;14.03.2012 09:30;;;",
    ])[1];
    let (planned, opening) = (mapping.plan(event).unwrap(), mapping.opening(event).unwrap());
    let legacy = planned.legacy(Some((&opening, enrolment(&opening, &mapping))));
    let CaseCommand::RecordLegacyActivity(RecordLegacyActivity { opening: Some(opened), concludes: true }) = legacy
    else {
        panic!("{legacy:?} opens nothing");
    };
    assert_eq!(opened.enrolment.campaign, mapping.campaign.id);
    assert_eq!(opened.division.code(), "44");
    assert_eq!(opened.problem.as_str(), "The other tracker kept no description.");
}

#[test]
fn the_key_tells_the_event_and_the_digest_what_is_said_of_it() {
    let mapping = example();
    let read = rows(&[
        "A;Delta;;x;;new;14.03.2012 09:30;;;",
        "A;Delta;;x;;new;14.03.2012 09:30;;;",
        "B;Delta;;x;;new;14.03.2012 09:30;;;",
    ]);
    let planned: Vec<_> = read.iter().map(|event| mapping.plan(event).unwrap()).collect();
    assert_ne!(planned[0].key, planned[1].key);
    assert_ne!(planned[0].key, planned[2].key);
    let changed = rows(&["A;Delta;;x;;old;14.03.2012 09:30;;;"]);
    let changed = mapping.plan(&changed[0]).unwrap();
    assert_eq!(planned[0].key, changed.key);
    assert_ne!(planned[0].digest, changed.digest);
}

#[test]
fn a_value_that_is_none_is_named_with_its_place_and_key() {
    let missing = "the attribute `remark` is missing or empty: `{remark|…}` has a text for that";
    assert_eq!(planned("aside", "", "").unwrap_err(), format!("line 3: `rule 8, text`: {missing}"));
    let opening = |row: &str| example().opening(&rows(&[row])[0]).unwrap_err().to_string();
    let said = opening("T-17;Delta;9999;Bore gauge;;new;14.03.2012 09:30;;;");
    assert!(said.starts_with("line 2: `case.division`: \"9999\" is not a division"), "{said}");
    let said = opening("T-17;Delta;31;Bore gauge;;new;14.03.2012 09:30;;;");
    assert_eq!(said, "line 2: `case.division`: 31 lies outside of the campaign's jurisdiction, 44");
    let said = opening(&format!("T-17;Delta;;{};;new;14.03.2012 09:30;;;", "x".repeat(201)));
    assert!(said.contains("`case.title`: the title has 201 characters"), "{said}");
}

#[test]
fn a_mapping_that_is_none_is_told_where_and_what_would_be_right() {
    for (from, to, said) in [
        ("log = ", "logg = ", "line 24: unknown field `logg`, expected one of `log`, `personal`"),
        ("log = \"Gauge tickets\"", "", "missing field `log`"),
        ("\"Gauge tickets\"", "\"Gauge: tickets\"", "`log`: ids are made of"),
        ("log = \"Gauge tickets\"", "log = \"\"", "`log`: the name is empty"),
        ("\"Gauge tickets\"", "\"Gauge", "line 24: "),
        ("jurisdiction = \"44\"", "jurisdiction = \"4\"", "`campaign.jurisdiction`: \"4\" is not a division"),
        (
            "starts_on = 2012-01-01",
            "starts_on = 2012-01-01T00:00:00Z",
            "`campaign.starts_on`: 2012-01-01T00:00:00Z is more than a day",
        ),
        ("starts_on = 2012-01-01", "starts_on = \"2012-01-01\"", "line 36: "),
        (
            "reporting_deadline = 2012-10-31",
            "reporting_deadline = 2011-10-31",
            "`campaign.reporting_deadline`: 2011-10-31 lies before",
        ),
        ("title = \"{subject}\"", "title = \"{subject\"", "`case.title`: a `{` is not closed"),
        ("title = \"{subject}\"", "title = \"{changed_by}\"", "`case.title`: `changed_by` is listed as personal"),
        ("id = \"{ticket}\"", "id = \"{changed_by}\"", "`case.id`: `changed_by` is listed as personal"),
        ("activity = \"status\"", "activity = \"changed_by\"", "`event.activity`: `changed_by` is listed as personal"),
        (
            "title = \"{subject}\"",
            "title = \"{case:changed_by/name}\"",
            "`case.title`: `case:changed_by/name` is listed as personal by `changed_by`",
        ),
        ("\"%d.%m.%Y %H:%M\"", "\"%d.%m.%Y %E\"", "`event.format`: "),
        ("\"+08:00\"", "\"China\"", "`event.utc_offset`: \"China\" is no offset: write it as \"+08:00\""),
        ("delimiter = \";\"", "delimiter = \"、\"", "`csv.delimiter`: a delimiter is one ASCII character"),
        (
            "then = \"ClockResumed\"",
            "then = \"CaseClosed\"",
            "`rule 4, then`: there is no rule for `CaseClosed`: write one of CaseReported, ",
        ),
        (
            "then = \"ClockResumed\"",
            "then = \"ClockResumed\"\nreason = \"x\"",
            "`rule 4, reason`: ClockResumed has no reason: leave it out",
        ),
        (
            "then = \"ClockResumed\"",
            "then = \"ClockResumed\"\nconcludes = true",
            "`rule 4, concludes`: only a LegacyActivityRecorded",
        ),
        (
            "then = \"ClockResumed\"",
            "then = \"ClockPaused\"",
            "`rule 4, reason`: ClockPaused needs a reason: write `reason = \"…\"`",
        ),
        ("category = \"L\"", "category = \"X\"", "`rule 2, category`: "),
        (
            "kind = \"CALIBRATION\"",
            "kind = \"REPAIR\"",
            "`rule 2, kind`: \"REPAIR\" is no kind: write one of INSTRUMENT_PROVISION",
        ),
        (
            "severity = \"MAJOR\"",
            "severity = \"{changed_by}\"",
            "`rule 2, severity`: `changed_by` is listed as personal",
        ),
        (
            "to = \"PROVINCE\"",
            "to = \"STATE\"",
            "`rule 6, to`: \"STATE\" is no level: write one of COUNTY, CITY, PROVINCE, NATION",
        ),
        (
            "{ activity = \"in work\" }",
            "{ transition = \"in work\" }",
            "`rule 4, when.transition`: `event.transition` does not say",
        ),
        (
            "{ activity = \"in work\" }",
            "{ status = \"in work\" }",
            "unknown field `status`, expected one of `first`, `activity`",
        ),
        ("{ activity = \"in work\" }", "{ activity = 1 }", "expected a text, or a list of texts"),
    ] {
        let changed = EXAMPLE.replacen(from, to, if from == "log = " { 1 } else { usize::MAX });
        assert_ne!(changed, EXAMPLE, "{from}");
        let said_now = Mapping::parse("my.toml", &changed).unwrap_err().to_string();
        assert!(said_now.starts_with("my.toml: ") && said_now.contains(said), "{said_now}");
    }
}

#[test]
fn the_problem_desk_is_mapped() {
    let mapping = Mapping::parse("bpic2013.toml", BPIC2013).unwrap();
    let event = |status: &str, transition: &str| {
        format!(
            r#"<event><string key="org:group" value="Org line A2"/><string key="organization country" value="se"/>
            <string key="org:resource" value="Minnie"/><string key="impact" value="High"/><string key="product" value="PROD191"/>
            <string key="concept:name" value="{status}"/><string key="lifecycle:transition" value="{transition}"/>
            <date key="time:timestamp" value="2006-01-11T15:49:42+01:00"/></event>"#
        )
    };
    let log = format!(
        r#"<log><trace><string key="concept:name" value="1-109135791"/>{}{}{}{}{}</trace><trace><string key="concept:name" value="2"/>{}</trace></log>"#,
        event("Queued", "Awaiting Assignment"),
        event("Accepted", "Wait"),
        event("Accepted", "In Progress"),
        event("Accepted", "Assigned"),
        event("Completed", "Closed"),
        event("Completed", "Cancelled"),
    );
    let events: Vec<_> = open(Cursor::new(log), Format::Xes, &mapping.columns).unwrap().map(Result::unwrap).collect();
    let planned: Vec<_> = events.iter().map(|event| mapping.plan(event).unwrap()).collect();
    let facts: Vec<_> = planned.iter().map(Planned::fact).collect();
    assert_eq!(
        facts,
        [
            "CaseReported",
            "ClockPaused",
            "ClockResumed",
            "LegacyActivityRecorded",
            "LegacyActivityRecorded",
            "LegacyActivityRecorded"
        ]
    );
    assert_eq!(planned[3].wish, Wish::Legacy { concludes: false });
    assert_eq!(planned[4].wish, Wish::Legacy { concludes: true });
    assert_eq!(planned[5].wish, Wish::Legacy { concludes: true });
    assert_eq!(planned[0].source.personal["org:resource"].reveal(), Some("Minnie"));
    assert_eq!(planned[0].source.attributes["lifecycle:transition"], "Awaiting Assignment");
    let opening = mapping.opening(&events[0]).unwrap();
    assert_eq!(opening.title.as_str(), "PROD191: problem 1-109135791");
    assert_eq!(opening.problem.as_str(), "Problem 1-109135791 with PROD191, impact High, in se.");
    assert_eq!(opening.organisation.as_str(), "Org line A2");
}
