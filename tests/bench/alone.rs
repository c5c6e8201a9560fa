//! The statements alone: what pgbench gets for the work of a list, of a case with its events and of a comment, on the same
//! tables. It is favoured: nothing is decided, nobody's rights are looked at, positions come from a sequence, which takes
//! no lock and leaves gaps, and a comment gets no ledger entry and no words for the search.

use sqlx::{Connection, Executor, PgConnection};

use crate::database::Database;
use crate::in_process::comment;
use crate::questions::{Question, STATUSES};

const OPEN: &str = "9223372036854775807";

/// What a list reads of a case.
const READ: &str = "v.case_id, v.from_position, v.version, v.updated_at, v.number, v.title, v.status, v.kind, v.category, \
     v.severity, v.level, v.division, v.enterprise_id, v.campaign_id, v.institution_id, v.lead_id, v.origin, v.is_open, \
     v.reported_at, v.deadline_on, v.deadline_missed_on, v.clock_paused, v.parked_until, v.gap_ppm, v.fee_total, \
     v.typical, v.reported_by, v.members, v.fee_fen";

/// What stays as it is from one version of a case to the next.
const KEPT: &str = "case_id, number, title, status, kind, category, severity, level, division, enterprise_id, \
     campaign_id, institution_id, lead_id, origin, is_open, reported_at, deadline_on, deadline_missed_on, clock_paused, \
     parked_until, gap_ppm, fee_total, typical, reported_by, members, fee_fen, to_position, lane, occurred_to";

/// Cases by number, and tables to write into that are made like Etalon's and have its rows of the present.
const TABLES: &str = "
    create schema alone;
    create table alone.cases as
        select row_number() over (order by case_id) as n, case_id, version from case_versions
        where to_position = 9223372036854775807 and lane = 0;
    alter table alone.cases add primary key (n);
    create sequence alone.positions start 1000000000;
    create table alone.commands (like commands including indexes);
    create table alone.events (like events including indexes);
    create table alone.case_versions (like case_versions including indexes including defaults);
    insert into alone.case_versions
        select * from case_versions where to_position = 9223372036854775807 and lane = 0;
    create table alone.present_cases (like cases including indexes) with (fillfactor = 70);
    insert into alone.present_cases select * from cases;
    ";

/// The scripts over a database.
pub(crate) struct Alone {
    /// How many cases it has.
    cases: i64,
}

impl Alone {
    pub(crate) async fn on(database: &Database) -> Self {
        let mut connection = PgConnection::connect(&database.url).await.expect("the server answers");
        connection.execute(TABLES).await.expect("the tables are made");
        connection.execute("vacuum analyze").await.expect("it is swept");
        let count = sqlx::query_scalar("select count(*) from alone.cases");
        Self { cases: count.fetch_one(&mut connection).await.expect("it reads") }
    }

    /// The scripts of which pgbench takes one by chance for each request.
    pub(crate) fn scripts(&self, question: Question) -> Vec<String> {
        match question {
            Question::List => STATUSES.map(list).into(),
            Question::Case => vec![self.case()],
            Question::Comment => vec![self.comment()],
        }
    }

    fn case(&self) -> String {
        let cases = self.cases;
        format!(
            "\\set n random(1, {cases})\n\
             select {READ}, p.document, (select next_position from log_head where id = 1) from alone.cases a \
             join cases v on v.case_id = a.case_id {LEAD} where a.n = :n;\n\
             select e.position, e.sequence, e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at, \
             e.actor, e.command_id from alone.cases a join events e on e.aggregate_type = 'Case' \
             and e.aggregate_id = a.case_id where a.n = :n order by e.sequence limit 51;\n"
        )
    }

    /// The lock on the stream is the row of the case.
    fn comment(&self) -> String {
        let (cases, payload) = (self.cases, format!("{{\"text\":\"{}\"}}", comment()));
        format!(
            "\\set n random(1, {cases})\n\
             begin;\n\
             update alone.cases set version = version + 1 where n = :n \
             returning case_id, version, nextval('alone.positions') as place \\gset\n\
             insert into alone.commands (actor, idempotency_key, digest, aggregate_type, aggregate_id, version, \
             first_position, event_count, recorded_at) values ('bureau', gen_random_uuid()::text, \
             sha256('comment'::bytea), 'Case', :case_id, :version, :place, 1, {NOW});\n\
             insert into alone.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata, recorded_at, actor, command_id, entry, leaf_hash) values (:place, 'Case', :case_id, \
             :version, 'CommentAdded', '1.0', '{payload}', '{{\"role\":\"COORDINATOR\"}}', {NOW}, 'bureau', \
             gen_random_uuid()::text, '', '');\n\
             insert into alone.case_versions ({KEPT}, from_position, version, updated_at, occurred_from) \
             select {KEPT}, :place, :version, {NOW}, {NOW} from alone.case_versions \
             where case_id = :case_id and to_position = {OPEN};\n\
             update alone.case_versions set to_position = :place, occurred_to = least(occurred_to, {NOW}) \
             where case_id = :case_id and to_position = {OPEN} and from_position < :place;\n\
             update alone.present_cases set from_position = :place, version = :version, updated_at = {NOW}, \
             occurred_from = {NOW} where case_id = :case_id;\n\
             commit;\n"
        )
    }
}

const LEAD: &str = "left join register_versions p on p.aggregate_type = 'Person' and p.aggregate_id = v.lead_id \
     and p.to_position = 9223372036854775807";

/// The time as the log has it.
const NOW: &str = "(extract(epoch from now()) * 1000000)::bigint";

fn list(status: &str) -> String {
    format!(
        "select {READ}, p.document, (select next_position from log_head where id = 1) from (\
         select * from case_versions where to_position = {OPEN} and status = '{status}' \
         order by updated_at desc, case_id limit 21) v {LEAD} order by v.updated_at desc, v.case_id;\n"
    )
}
