//! One statement that writes a batch of any size: a part a table, an array a column.
//!
//! A round trip costs as much as writing a few rows, and so does a statement of its own; a part costs neither. All
//! parts see the tables as they were before any of them.

use sqlx::Executor;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::query_builder::{QueryBuilder, Separated};

use crate::store::clocks::MOST_AHEAD;
use crate::store::plan::{NewCommand, Plan};
use crate::store::postgres::assumed::Assumed;
use crate::store::postgres::news::CHANNEL;
use crate::store::postgres::sql::{self, Change, Insert};
use crate::store::row::ROWS_VERSION;
use crate::store::row_writes::{CaseVersion, FigureWrite, RegisterVersion, RowWrites, TextWrite};
use crate::store::sql::OPEN;
use crate::store::{CaseRow, EventRecord, RegisterRow, StreamId};

/// The arguments of a part: its columns, each an array.
type Columns<'q, 'a> = Separated<'q, 'a, Postgres, &'static str>;

/// A statement in the making.
pub(super) struct Parts<'a> {
    query: QueryBuilder<'a, Postgres>,
    is_empty: bool,
    /// Of the tables of rows: nothing, or the schema with its dot.
    schema: &'static str,
    /// On what every part depends.
    condition: &'static str,
}

impl<'a> Parts<'a> {
    /// Everything that a plan writes but for what must come before or after it. The head moves first, if what was
    /// assumed is so, and no other part does anything unless it moved. What followers are told goes out with the
    /// commit.
    pub(super) fn of_commit(plan: &'a Plan, assumed: Option<&'a Assumed<'a>>) -> Self {
        let mut parts = Self::new("", "exists (select from head)");
        parts.head(plan, assumed);
        parts.log(plan);
        parts.rows(&plan.rows);
        // Commits stand in line for the head, so the lock that a notification takes makes nobody wait who does not wait
        // already.
        parts.query.push(" select pg_notify(").push_bind(CHANNEL).push(", ");
        parts.query.push_bind(plan.head.next_position.to_string()).push(") from head");
        parts
    }

    /// Rows for the shadow tables.
    pub(super) fn of_rebuild(rows: &'a RowWrites) -> Self {
        let mut parts = Self::new("etalon_rebuild.", "true");
        parts.rows(rows);
        parts.query.push(" select 1");
        parts
    }

    fn new(schema: &'static str, condition: &'static str) -> Self {
        Self { query: QueryBuilder::new("with "), is_empty: true, schema, condition }
    }

    /// Runs it, unless it has no part; whether the parts have done anything.
    pub(super) async fn run(mut self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        Ok(!self.is_empty && connection.execute(self.query.build()).await?.rows_affected() == 1)
    }

    fn head(&mut self, plan: &'a Plan, assumed: Option<&'a Assumed<'a>>) {
        self.begin("head");
        self.query.push("update log_head set next_position = ").push_bind(plan.head.next_position.cast_signed());
        self.query.push(", recorded_at = ").push_bind(plan.head.recorded_at);
        self.query.push(", peaks = ").push_bind(plan.tree.to_bytes());
        self.query.push(", origin = ").push_bind(&plan.origin);
        self.query.push(" where id = 1");
        if let Some(Assumed { head, origin, peaks, asked, last_numbers }) = assumed {
            self.query.push(" and next_position = ").push_bind(head.next_position.cast_signed());
            self.query.push(" and recorded_at = ").push_bind(head.recorded_at);
            self.query.push(" and origin = ").push_bind(origin);
            self.query.push(" and peaks = ").push_bind(peaks);
            self.query.push(" and rows_version = ").push_bind(ROWS_VERSION.cast_signed());
            if let Some(shown) = plan.shown {
                self.query.push(" and ").push_bind(shown - MOST_AHEAD).push(sql::IS_IN_TIME);
            }
            self.query.push(sql::NO_KEY_IS_USED.0);
            self.columns(|keys| {
                keys.push_bind(&asked.actors).push_bind(&asked.idempotency_keys);
            });
            self.query.push(sql::NO_KEY_IS_USED.1).push(sql::VERSIONS_ARE.0);
            self.columns(|streams| {
                streams.push_bind(&asked.aggregate_types).push_bind(&asked.aggregate_ids).push_bind(&asked.versions);
            });
            self.query.push(sql::VERSIONS_ARE.1).push(sql::LAST_NUMBERS_ARE.0);
            self.columns(|series| {
                series.push_bind(&asked.series).push_bind(last_numbers);
            });
            self.query.push(sql::LAST_NUMBERS_ARE.1);
        }
        self.query.push(" returning 1)");
    }

    fn log(&mut self, plan: &'a Plan) {
        let (commands, events) = (&plan.commands, &plan.events);
        let command = |value: fn(&NewCommand) -> &str| column(commands, value);
        let text = |value: fn(&EventRecord) -> &str| column(events, value);
        self.insert(&sql::COMMANDS, |columns| {
            columns
                .push_bind(command(|new| &new.key.actor))
                .push_bind(command(|new| &new.key.idempotency_key))
                .push_bind(column(commands, |new| &new.key.digest[..]))
                .push_bind(command(|new| new.stream.aggregate_type.as_str()))
                .push_bind(column(commands, |new| new.stream.aggregate_id.to_string()))
                .push_bind(column(commands, |new| new.committed.version.cast_signed()))
                .push_bind(column(commands, |new| new.committed.first_position.cast_signed()))
                .push_bind(column(commands, |new| new.committed.event_count.cast_signed()))
                .push_bind(column(commands, |new| new.committed.recorded_at));
        });
        self.insert(&sql::EVENTS, |columns| {
            columns
                .push_bind(column(events, |event| event.position.cast_signed()))
                .push_bind(text(|event| &event.aggregate_type))
                .push_bind(text(|event| &event.aggregate_id))
                .push_bind(column(events, |event| event.sequence.cast_signed()))
                .push_bind(text(|event| &event.event_type))
                .push_bind(text(|event| &event.event_version))
                .push_bind(text(|event| &event.payload))
                .push_bind(text(|event| &event.metadata))
                .push_bind(column(events, |event| event.recorded_at))
                .push_bind(text(|event| &event.actor))
                .push_bind(text(|event| &event.command_id))
                .push_bind(column(events, |event| &event.entry[..]))
                .push_bind(column(events, |event| &event.leaf_hash[..]));
        });
        if !plan.nodes.is_empty() {
            self.insert(&sql::NODES, |columns| {
                columns
                    .push_bind(column(&plan.nodes, |node| i64::from(node.level)))
                    .push_bind(column(&plan.nodes, |node| node.index.cast_signed()))
                    .push_bind(column(&plan.nodes, |node| &node.hash[..]));
            });
        }
        if !plan.attachments.is_empty() {
            self.insert(&sql::ATTACHMENTS, |columns| {
                columns
                    .push_bind(column(&plan.attachments, |attachment| attachment.digest.as_str()))
                    .push_bind(column(&plan.attachments, |attachment| attachment.content.len() as i64))
                    .push_bind(column(&plan.attachments, |attachment| attachment.media_type.as_str()))
                    .push_bind(column(&plan.attachments, |attachment| &attachment.content[..]));
            });
        }
        if !plan.ciphertexts.is_empty() {
            self.insert(&sql::CIPHERTEXTS, |columns| {
                columns
                    .push_bind(column(&plan.ciphertexts, |sealed| &sealed.digest[..]))
                    .push_bind(column(&plan.ciphertexts, |sealed| sealed.key_id.to_string()))
                    .push_bind(column(&plan.ciphertexts, |sealed| &sealed.ciphertext[..]));
            });
        }
    }

    fn rows(&mut self, rows: &'a RowWrites) {
        self.cases(rows);
        self.registers(rows);
        let (added, removed) = (rows.members_added(), rows.members_removed());
        if !added.is_empty() {
            let (cases, actors): (Vec<_>, Vec<_>) = added.into_iter().unzip();
            self.insert(&sql::MEMBERS, |columns| {
                columns.push_bind(cases).push_bind(actors);
            });
        }
        if !removed.is_empty() {
            let (cases, actors): (Vec<_>, Vec<_>) = removed.into_iter().unzip();
            self.change(&sql::END_MEMBERS, |columns| {
                columns.push_bind(cases).push_bind(actors);
            });
        }
        if !rows.links.is_empty() {
            self.insert(&sql::LINKS, |columns| {
                columns
                    .push_bind(column(&rows.links, |write| write.case_id.to_string()))
                    .push_bind(column(&rows.links, |write| write.link.other_id.to_string()))
                    .push_bind(column(&rows.links, |write| write.link.relation.as_str()))
                    .push_bind(column(&rows.links, |write| write.from_position));
            });
        }
        self.texts(rows);
        self.figures(&rows.figures);
        if !rows.series.is_empty() {
            self.insert(&sql::SERIES, |columns| {
                columns
                    .push_bind(rows.series.keys().collect::<Vec<_>>())
                    .push_bind(rows.series.values().map(|number| number.cast_signed()).collect::<Vec<_>>());
            });
        }
    }

    fn cases(&mut self, rows: &'a RowWrites) {
        let closings = &rows.case_closings;
        if !closings.is_empty() {
            self.change(&sql::END_CASES, |columns| {
                columns
                    .push_bind(column(closings, |closing| closing.stream.aggregate_id.to_string()))
                    .push_bind(column(closings, |closing| closing.to_position))
                    .push_bind(column(closings, |closing| closing.occurred_to));
            });
        }
        let versions: Vec<&CaseVersion> = rows.case_versions().collect();
        if versions.is_empty() {
            return;
        }
        let always = |value: fn(&'a CaseRow) -> &'a str| column(&versions, |new| value(&new.row));
        let sometimes = |value: fn(&'a CaseRow) -> Option<&'a str>| column(&versions, |new| value(&new.row));
        let id = |value: fn(&CaseRow) -> Option<uuid::Uuid>| {
            column(&versions, |new| value(&new.row).map(|id| id.to_string()))
        };
        let number = |value: fn(&CaseVersion) -> i64| column(&versions, |new| value(new));
        self.insert(&sql::CASES, |columns| {
            columns
                .push_bind(id(|row| Some(row.case_id)))
                .push_bind(number(|new| new.span.from_position))
                .push_bind(number(|new| new.span.version))
                .push_bind(number(|new| new.span.recorded_at))
                .push_bind(always(|row| &row.number))
                .push_bind(always(|row| &row.title))
                .push_bind(always(|row| &row.status))
                .push_bind(sometimes(|row| row.kind.as_deref()))
                .push_bind(sometimes(|row| row.category.as_deref()))
                .push_bind(sometimes(|row| row.severity.as_deref()))
                .push_bind(always(|row| &row.level))
                .push_bind(always(|row| &row.division))
                .push_bind(id(|row| Some(row.enterprise_id)))
                .push_bind(id(|row| Some(row.campaign_id)))
                .push_bind(id(|row| row.institution_id))
                .push_bind(id(|row| row.lead_id))
                .push_bind(always(|row| &row.origin))
                .push_bind(number(|new| new.row.is_open.into()))
                .push_bind(number(|new| new.row.reported_at))
                .push_bind(sometimes(|row| row.deadline_on.as_deref()))
                .push_bind(sometimes(|row| row.deadline_missed_on.as_deref()))
                .push_bind(number(|new| new.row.clock_paused.into()))
                .push_bind(sometimes(|row| row.parked_until.as_deref()))
                .push_bind(column(&versions, |new| new.row.gap_ppm))
                .push_bind(always(|row| &row.fee_total))
                .push_bind(number(|new| new.row.typical.into()))
                .push_bind(always(|row| &row.reported_by))
                .push_bind(always(|row| &row.members))
                .push_bind(number(|new| new.row.fee_fen))
                .push_bind(number(|new| new.span.to_position))
                .push_bind(number(|new| new.span.lane))
                .push_bind(number(|new| new.span.occurred_from))
                .push_bind(number(|new| new.span.occurred_to));
        });
        if !closings.is_empty() {
            self.of_new_rows(sql::MOVE_CASES);
        }
        if rows.begins_cases() {
            self.of_new_rows(sql::BRING_CASES);
        }
    }

    fn registers(&mut self, rows: &'a RowWrites) {
        let type_of = |stream: StreamId| stream.aggregate_type.as_str();
        let id_of = |stream: StreamId| stream.aggregate_id.to_string();
        let closings = &rows.register_closings;
        if !closings.is_empty() {
            self.change(&sql::END_REGISTERS, |columns| {
                columns
                    .push_bind(column(closings, |closing| type_of(closing.stream)))
                    .push_bind(column(closings, |closing| id_of(closing.stream)))
                    .push_bind(column(closings, |closing| closing.to_position))
                    .push_bind(column(closings, |closing| closing.occurred_to));
            });
        }
        let versions: Vec<&RegisterVersion> = rows.register_versions().collect();
        if versions.is_empty() {
            return;
        }
        let text = |value: fn(&'a RegisterRow) -> &'a str| column(&versions, |new| value(&new.row));
        let number = |value: fn(&RegisterVersion) -> i64| column(&versions, |new| value(new));
        self.insert(&sql::REGISTERS, |columns| {
            columns
                .push_bind(column(&versions, |new| type_of(new.stream)))
                .push_bind(column(&versions, |new| id_of(new.stream)))
                .push_bind(number(|new| new.span.from_position))
                .push_bind(number(|new| new.span.version))
                .push_bind(text(|row| &row.code))
                .push_bind(text(|row| &row.name))
                .push_bind(text(|row| &row.division))
                .push_bind(text(|row| &row.state))
                .push_bind(text(|row| &row.document))
                .push_bind(number(|new| new.span.recorded_at))
                .push_bind(number(|new| new.span.to_position))
                .push_bind(number(|new| new.span.lane))
                .push_bind(number(|new| new.span.occurred_from))
                .push_bind(number(|new| new.span.occurred_to));
        });
    }

    fn texts(&mut self, rows: &'a RowWrites) {
        let (closings, texts) = (&rows.text_closings, &rows.texts);
        if !closings.is_empty() {
            self.change(&sql::END_TEXTS, |columns| {
                columns
                    .push_bind(column(closings, |closing| closing.case_id.to_string()))
                    .push_bind(column(closings, |closing| closing.field.as_str()))
                    .push_bind(column(closings, |closing| closing.to_position))
                    .push_bind(column(closings, |closing| closing.occurred_until));
            });
        }
        if texts.is_empty() {
            return;
        }
        let number = |value: fn(&TextWrite) -> i64| column(texts, value);
        self.insert(&sql::TEXTS, |columns| {
            columns
                .push_bind(number(|new| new.text_id))
                .push_bind(column(texts, |new| new.case_id.to_string()))
                .push_bind(column(texts, |new| new.row.field.as_str()))
                .push_bind(number(|new| new.from_position))
                .push_bind(number(|new| new.to_position))
                .push_bind(number(|new| new.row.occurred_at))
                .push_bind(number(|new| new.occurred_until))
                .push_bind(number(|new| new.row.length.into()))
                .push_bind(column(texts, |new| new.row.words.as_str()))
                .push_bind(column(texts, |new| new.row.body.as_str()))
                .push_bind(column(texts, |new| new.row.terms()));
        });
    }

    fn figures(&mut self, figures: &'a [FigureWrite]) {
        if figures.is_empty() {
            return;
        }
        let of_row = |value: fn(&FigureWrite) -> &str| column(figures, value);
        self.insert(&sql::FIGURES, |columns| {
            columns
                .push_bind(column(figures, |write| write.aggregate_id.to_string()))
                .push_bind(column(figures, |write| write.position))
                .push_bind(of_row(|write| write.row.kind.name()))
                .push_bind(column(figures, |write| i64::from(write.row.happened.lane)))
                .push_bind(column(figures, |write| write.from_position))
                .push_bind(of_row(|write| &write.row.detail))
                .push_bind(column(figures, |write| write.row.number))
                .push_bind(column(figures, |write| write.row.amount.as_deref()))
                .push_bind(column(figures, |write| write.row.occurred_at))
                .push_bind(of_row(|write| &write.row.counted_on))
                .push_bind(column(figures, |write| write.row.happened.from))
                .push_bind(column(figures, |write| write.row.happened.to.unwrap_or(OPEN)));
        });
    }

    /// A part that puts rows in.
    fn insert(&mut self, into: &Insert, bind: impl FnOnce(&mut Columns<'_, 'a>)) {
        let Insert { table, columns, values, on_conflict, returning } = into;
        self.begin(&format!("new_{table}"));
        self.query.push(format_args!("insert into {}{table} ({columns}) select {values} from ", self.schema));
        self.columns(bind);
        self.query.push(format_args!(" n ({columns}) where {}{on_conflict}{returning})", self.condition));
    }

    /// A part that goes by the rows that another one puts in.
    fn of_new_rows(&mut self, (name, text): (&str, &str)) {
        self.begin(name);
        self.query.push(text.replace("{schema}", self.schema)).push(")");
    }

    /// A part that changes rows or takes them away.
    fn change(&mut self, change: &Change, bind: impl FnOnce(&mut Columns<'_, 'a>)) {
        self.begin(change.name);
        self.query.push(change.begins.replace("{schema}", self.schema));
        self.columns(bind);
        self.query.push(change.ends.replace("{schema}", self.schema));
        self.query.push(format_args!(" and {})", self.condition));
    }

    fn begin(&mut self, name: &str) {
        self.query.push(if self.is_empty { "" } else { ", " }).push(name).push(" as (");
        self.is_empty = false;
    }

    fn columns(&mut self, bind: impl FnOnce(&mut Columns<'_, 'a>)) {
        self.query.push("unnest(");
        bind(&mut self.query.separated(", "));
        self.query.push(")");
    }
}

fn column<'r, Row, Value>(rows: &'r [Row], value: impl Fn(&'r Row) -> Value) -> Vec<Value> {
    rows.iter().map(value).collect()
}
