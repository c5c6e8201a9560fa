//! What the tables of webhooks are read and written with, once for both databases.

use async_trait::async_trait;
use uuid::Uuid;

use super::row::{ChangeRow, DeliveryRow, DueRow, EnabledRow, StandingRow, StreamRow, WebhookRow};
use super::{
    Delivery, DeliveryState, EnabledWebhook, KeyPage, PassedBy, Turn, Webhook, WebhookChange, WebhookConfiguration,
    WebhookStanding, WebhookStore, WebhookWrite, serving_lease, sql,
};
use crate::store::backend::{Backend, SqlStore};
use crate::store::condition::{push_list, push_starts_with};
use crate::store::listing::in_order;
use crate::store::statement::{Argument, Statement};
use crate::store::{Keep, StoreError, StreamId};

/// How many rows one statement writes: neither database takes any number of arguments.
const AT_ONCE: usize = 1_024;

impl<B: Backend> SqlStore<B> {
    /// All of the statements or none; the first `guards` of them touch a row each, or nothing is written. Nor is anything
    /// where the log went back: the positions of what is lost are those of other events.
    async fn write(
        &self,
        operation: &'static str,
        guards: usize,
        statements: Vec<Statement>,
    ) -> Result<bool, StoreError> {
        self.seen.goes_on()?;
        self.backend.execute_together(operation, guards, &statements, &self.seen).await
    }
}

#[async_trait]
impl<B: Backend> WebhookStore for SqlStore<B> {
    async fn webhook(&self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        self.one::<WebhookRow, _>("read a webhook", about(sql::WEBHOOK, id)).await
    }

    async fn webhooks(&self, jurisdiction_prefix: &str, page: &KeyPage<Uuid>) -> Result<Vec<Webhook>, StoreError> {
        let mut statement = within(sql::WEBHOOKS, jurisdiction_prefix);
        push_page(&mut statement, "id", page, text_of);
        let listed = self.many::<WebhookRow, _>("list webhooks", statement).await?;
        Ok(in_order(page.keep, listed))
    }

    async fn count_webhooks(&self, jurisdiction_prefix: &str) -> Result<u64, StoreError> {
        self.count("count webhooks", within(sql::COUNT_WEBHOOKS, jurisdiction_prefix)).await
    }

    async fn webhook_standing(&self) -> Result<WebhookStanding, StoreError> {
        let standing = self.one::<StandingRow, _>("see how webhooks are doing", Statement::new(sql::STANDING)).await?;
        Ok(standing.unwrap_or(WebhookStanding { enabled: 0, next_position: None, waiting: 0, dead: 0 }))
    }

    async fn count_owned_webhooks(&self, owner: &str) -> Result<u64, StoreError> {
        self.count("count the webhooks of an owner", Statement::new(sql::COUNT_OWNED).text(owner)).await
    }

    async fn enabled_webhooks(
        &self,
        holder: &str,
        now: i64,
        expires_at: i64,
    ) -> Result<Vec<EnabledWebhook>, StoreError> {
        let statement = Statement::new(sql::ENABLED_WEBHOOKS).text(holder).integer(now).integer(expires_at);
        self.many::<EnabledRow, _>("look for webhooks", statement).await
    }

    async fn prolong_serving(&self, webhooks: &[Uuid], holder: &str, expires_at: i64) -> Result<u64, StoreError> {
        if webhooks.is_empty() {
            return Ok(0);
        }
        let statement = Statement::new(sql::PROLONG).text(holder).integer(expires_at);
        // There are as many texts as there are numbers of endpoints.
        let mut statement = Statement { is_planned_anew: true, ..statement };
        push_list(&mut statement, webhooks.iter().map(|webhook| Argument::Text(serving_lease(*webhook))));
        let prolonged = self.backend.execute(&statement).await;
        prolonged.map_err(StoreError::during("prolong the leases of webhooks"))
    }

    async fn pass_by(&self, passed: &[PassedBy]) -> Result<(), StoreError> {
        let statements = passed.chunks(AT_ONCE).map(pass_by).collect();
        self.write("write how far the log was read for webhooks", 0, statements).await.map(drop)
    }

    async fn write_webhook(&self, write: &WebhookWrite, change: &WebhookChange) -> Result<bool, StoreError> {
        let change = insert_change(change);
        let (guards, statements) = match write {
            WebhookWrite::Create(webhook) => (1, vec![change, insert(webhook)]),
            WebhookWrite::Update(webhook) => (2, vec![update(webhook), change]),
            WebhookWrite::Delete(webhook) => {
                let delete = about(sql::DELETE_WEBHOOK, webhook.id).integer(webhook.version.cast_signed());
                (2, vec![delete, change, about(sql::DELETE_DELIVERIES, webhook.id)])
            }
        };
        self.write("write a webhook", guards, statements).await
    }

    async fn webhook_change(&self, actor: &str, key: &str) -> Result<Option<WebhookChange>, StoreError> {
        let statement = Statement::new(sql::CHANGE).text(actor).text(key);
        self.one::<ChangeRow, _>("look up a change of a webhook", statement).await
    }

    async fn webhook_changes(
        &self,
        jurisdiction_prefix: &str,
        webhook: Option<Uuid>,
        page: &KeyPage<Uuid>,
    ) -> Result<Vec<WebhookChange>, StoreError> {
        let mut statement = changes(sql::CHANGES, jurisdiction_prefix, webhook);
        push_page(&mut statement, "id", page, text_of);
        let listed = self.many::<ChangeRow, _>("list changes of webhooks", statement).await?;
        Ok(in_order(page.keep, listed))
    }

    async fn count_webhook_changes(&self, jurisdiction_prefix: &str, webhook: Option<Uuid>) -> Result<u64, StoreError> {
        let statement = changes(sql::COUNT_CHANGES, jurisdiction_prefix, webhook);
        self.count("count changes of webhooks", statement).await
    }

    async fn due_deliveries(
        &self,
        webhook: Uuid,
        now: i64,
        latest: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let statement = about(sql::DUE, webhook).integer(now).integer(latest).integer(limit.into());
        self.many::<DeliveryRow, _>("list due deliveries", statement).await
    }

    async fn waiting_of(&self, webhook: Uuid, streams: &[StreamId], limit: u32) -> Result<Vec<Delivery>, StoreError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = about(sql::WAITING_OF, webhook);
        push_ids(&mut statement, streams);
        statement.push(") waiting where place <= ");
        statement.push_integer(limit.into());
        statement.push(" order by position");
        self.many::<DeliveryRow, _>("list what waits of streams", statement).await
    }

    async fn waiting_among(&self, webhook: Uuid, streams: &[StreamId]) -> Result<Vec<StreamId>, StoreError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = about(sql::WAITING_AMONG, webhook);
        push_ids(&mut statement, streams);
        self.many::<StreamRow, _>("look for streams that wait", statement).await
    }

    async fn next_due(&self, webhook: Uuid) -> Result<Option<i64>, StoreError> {
        let next = self.one::<DueRow, DueRow>("find the next due delivery", about(sql::NEXT_DUE, webhook)).await?;
        Ok(next.map(|row| row.due_at))
    }

    async fn count_deliveries(&self, webhook: Uuid, state: DeliveryState) -> Result<u64, StoreError> {
        let text = match state {
            DeliveryState::Waiting => sql::COUNT_WAITING,
            DeliveryState::Dead => sql::COUNT_DEAD,
        };
        self.count("count deliveries", about(text, webhook)).await
    }

    async fn write_turn(&self, turn: &Turn) -> Result<bool, StoreError> {
        let id = turn.webhook_id;
        let guard = about(sql::MOVE_WEBHOOK, id).integer(turn.turn).integer(turn.next_position.cast_signed());
        let version = turn.version.cast_signed();
        let mut statements = vec![guard.integer(turn.rest_until).integer(version).text(&turn.url)];
        if let Some(change) = &turn.gone {
            let gone = about(sql::SET_GONE, id).integer(change.at).integer(version);
            statements.extend([gone, insert_change(change)]);
        }
        let guards = statements.len();
        if let Some((at, position)) = turn.delivered {
            statements.push(about(sql::SET_DELIVERED, id).integer(at).integer(position.cast_signed()));
        }
        if let Some((at, failed)) = &turn.failed {
            let statement = about(sql::SET_FAILED, id).integer(*at).text(&failed.class);
            statements.push(statement.integer(failed.status.into()).text(&failed.reason));
        }
        if !turn.done.is_empty() {
            let mut done = Statement { is_planned_anew: true, ..about(sql::DELIVERIES_DONE, id) };
            push_list(&mut done, turn.done.iter().map(|position| Argument::Integer(position.cast_signed())));
            statements.push(done);
        }
        statements.extend(turn.kept.chunks(AT_ONCE).map(keep));
        self.write("write what was delivered", guards, statements).await
    }

    async fn dead_letters(&self, webhook: Uuid, page: &KeyPage<u64>) -> Result<Vec<Delivery>, StoreError> {
        let mut statement = about(sql::DEAD_LETTERS, webhook);
        push_page(&mut statement, "position", page, |position| Argument::Integer(position.cast_signed()));
        let listed = self.many::<DeliveryRow, _>("list dead letters", statement).await?;
        Ok(in_order(page.keep, listed))
    }

    async fn dead_letter(&self, webhook: Uuid, position: u64) -> Result<Option<Delivery>, StoreError> {
        let mut statement = about(sql::DEAD_LETTERS, webhook);
        statement.push(" and position = ");
        statement.push_integer(position.cast_signed());
        self.one::<DeliveryRow, _>("read a dead letter", statement).await
    }

    async fn replay(&self, letter: &Delivery, turn: i64, now: i64, change: &WebhookChange) -> Result<bool, StoreError> {
        let next_turn = about(sql::NEXT_TURN, letter.webhook_id).integer(turn);
        let replay = of_stream(letter_of(sql::REPLAY, letter), letter.stream).integer(now);
        let hold = of_stream(letter_of(sql::HOLD_BEHIND, letter), letter.stream);
        self.write("replay a dead letter", 3, vec![next_turn, replay, insert_change(change), hold]).await
    }

    async fn discard(&self, letter: &Delivery, change: &WebhookChange) -> Result<bool, StoreError> {
        let statements = vec![letter_of(sql::DISCARD, letter), insert_change(change)];
        self.write("discard a dead letter", 2, statements).await
    }
}

fn about(sql: &str, webhook: Uuid) -> Statement {
    Statement::new(sql).text(&webhook.to_string())
}

fn letter_of(sql: &str, letter: &Delivery) -> Statement {
    about(sql, letter.webhook_id).integer(letter.position.cast_signed())
}

fn of_stream(statement: Statement, stream: StreamId) -> Statement {
    statement.text(&stream.aggregate_id.to_string()).text(stream.aggregate_type.as_str())
}

fn push_ids(statement: &mut Statement, streams: &[StreamId]) {
    // There are as many texts as there are numbers of streams.
    statement.is_planned_anew = true;
    push_list(statement, streams.iter().map(|stream| Argument::Text(stream.aggregate_id.to_string())));
}

fn within(sql: &str, jurisdiction_prefix: &str) -> Statement {
    let mut statement = Statement::new(sql);
    push_starts_with(&mut statement, "jurisdiction", jurisdiction_prefix);
    statement
}

fn changes(sql: &str, jurisdiction_prefix: &str, webhook: Option<Uuid>) -> Statement {
    let mut statement = within(sql, jurisdiction_prefix);
    if let Some(webhook) = webhook {
        statement.push(" and webhook_id = ");
        statement.push_text(&webhook.to_string());
    }
    statement
}

fn text_of(id: &Uuid) -> Argument {
    Argument::Text(id.to_string())
}

fn push_page<K>(statement: &mut Statement, key: &str, page: &KeyPage<K>, argument: impl Fn(&K) -> Argument) {
    for (bound, operator) in [(&page.after, " > "), (&page.before, " < ")] {
        if let Some(bound) = bound {
            statement.push(" and ");
            statement.push(key);
            statement.push(operator);
            statement.push_argument(argument(bound));
        }
    }
    statement.push(" order by ");
    statement.push(key);
    statement.push(if page.keep == Keep::Last { " desc limit " } else { " limit " });
    statement.push_integer(page.limit.into());
}

fn configured(statement: Statement, configuration: &WebhookConfiguration) -> Statement {
    let list = |names: &[String]| serde_json::to_string(names).expect("texts always serialise");
    statement
        .text(&configuration.url)
        .text(&list(&configuration.aggregate_types))
        .text(&list(&configuration.event_types))
        .text(&configuration.division)
}

fn insert(webhook: &Webhook) -> Statement {
    let statement = about(sql::INSERT_WEBHOOK, webhook.id).integer(webhook.version.cast_signed());
    configured(statement, &webhook.configuration)
        .text(&webhook.owner)
        .integer(webhook.owned_since)
        .text(&webhook.owner_role)
        .text(&webhook.jurisdiction)
        .text(webhook.state.as_str())
        .text(&webhook.key_id)
        .integer(webhook.secret_number.into())
        .integer(webhook.old_secret_until)
        .integer(webhook.oldest_secret_number.into())
        .integer(webhook.created_at)
        .integer(webhook.updated_at)
        .integer(webhook.first_position.cast_signed())
        .integer(webhook.next_position.cast_signed())
}

fn update(webhook: &Webhook) -> Statement {
    let statement = about(sql::UPDATE_WEBHOOK, webhook.id).integer(webhook.version.cast_signed());
    configured(statement, &webhook.configuration)
        .text(&webhook.owner)
        .integer(webhook.owned_since)
        .text(webhook.state.as_str())
        .text(&webhook.key_id)
        .integer(webhook.secret_number.into())
        .integer(webhook.old_secret_until)
        .integer(webhook.oldest_secret_number.into())
        .integer(webhook.updated_at)
}

fn insert_change(change: &WebhookChange) -> Statement {
    let statement = Statement::new(sql::INSERT_CHANGE)
        .text(&change.id.to_string())
        .text(&change.webhook_id.to_string())
        .text(&change.jurisdiction)
        .integer(change.at)
        .text(&change.actor)
        .text(change.action.as_str());
    configured(statement, &change.configuration).text(&change.idempotency_key).text(&change.digest)
}

fn pass_by(passed: &[PassedBy]) -> Statement {
    let mut statement = Statement { is_planned_anew: true, ..Statement::new(sql::PASS_BY) };
    for (place, passed) in passed.iter().enumerate() {
        statement.push(if place == 0 { "" } else { ", " });
        let row = [
            Argument::Text(passed.webhook_id.to_string()),
            Argument::Integer(passed.turn),
            Argument::Integer(passed.next_position.cast_signed()),
        ];
        push_list(&mut statement, row.into_iter());
    }
    statement.push(sql::PASSED_BY);
    statement
}

fn keep(deliveries: &[Delivery]) -> Statement {
    let mut statement = Statement { is_planned_anew: true, ..Statement::new(sql::KEEP_DELIVERIES) };
    for (place, delivery) in deliveries.iter().enumerate() {
        statement.push(if place == 0 { "" } else { ", " });
        let row = [
            Argument::Text(delivery.webhook_id.to_string()),
            Argument::Integer(delivery.position.cast_signed()),
            Argument::Text(delivery.stream.aggregate_type.as_str().to_owned()),
            Argument::Text(delivery.stream.aggregate_id.to_string()),
            Argument::Text(delivery.event_type.clone()),
            Argument::Text(delivery.state.as_str().to_owned()),
            Argument::Integer(delivery.attempts.into()),
            Argument::Integer(delivery.first_tried_at),
            Argument::Integer(delivery.last_tried_at),
            Argument::Integer(delivery.due_at),
            Argument::Text(delivery.failed.class.clone()),
            Argument::Integer(delivery.failed.status.into()),
            Argument::Text(delivery.failed.reason.clone()),
        ];
        push_list(&mut statement, row.into_iter());
    }
    statement.push(sql::KEPT_BEFORE);
    statement
}
