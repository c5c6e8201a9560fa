//! The statements of webhooks; both databases run them as they stand.

use crate::store::sql::may_be_taken;

macro_rules! webhook_columns {
    () => {
        "id, version, url, aggregate_types, event_types, division, owner, owned_since, owner_role, jurisdiction, state, \
         key_id, secret_number, old_secret_until, oldest_secret_number, created_at, updated_at, first_position, \
         next_position, turn, rest_until, delivered_at, delivered_position, failed_at, failed_class, failed_status, \
         failed_reason"
    };
}

macro_rules! delivery_columns {
    () => {
        "webhook_id, position, aggregate_type, aggregate_id, event_type, state, attempts, first_tried_at, \
         last_tried_at, due_at, failed_class, failed_status, failed_reason"
    };
}

macro_rules! change_columns {
    () => {
        "id, webhook_id, jurisdiction, at, actor, action, url, aggregate_types, event_types, division, \
         idempotency_key, digest"
    };
}

pub(super) const WEBHOOK: &str = concat!("select ", webhook_columns!(), " from webhooks where id = $1");

/// Where they are follows.
pub(super) const WEBHOOKS: &str = concat!("select ", webhook_columns!(), " from webhooks where ");

/// Where they are follows.
pub(super) const COUNT_WEBHOOKS: &str = "select count(*) as count from webhooks where ";

pub(super) const STANDING: &str = "select enabled, next_position, waiting, dead from \
     (select count(*) as enabled, coalesce(min(next_position), -1) as next_position \
     from webhooks where state = 'ENABLED') served cross join \
     (select count(case state when 'WAITING' then 1 end) as waiting, count(case state when 'DEAD' then 1 end) as dead \
     from webhook_deliveries) counted";

/// How many one actor owns.
pub(super) const COUNT_OWNED: &str = "select count(*) as count from webhooks where owner = $1";

/// Everything that a server looks for when it looks for work, for all endpoints at once. The name of a lease is that of
/// [`serving_lease`](super::serving_lease).
pub(super) const ENABLED_WEBHOOKS: &str = concat!(
    "select webhooks.id, webhooks.key_id, webhooks.owner, webhooks.owned_since, webhooks.turn, \
     webhooks.next_position, webhooks.rest_until, \
     coalesce((select min(d.due_at) from webhook_deliveries d where d.webhook_id = webhooks.id \
         and d.state = 'WAITING'), 9223372036854775807) as next_due, \
     log_head.next_position as log_end, \
     cast(case when leases.name is null or ",
    may_be_taken!(by "$1", until "$3", at "$2"),
    " then 1 else 0 end as bigint) as is_free \
     from webhooks join log_head on log_head.id = 1 left join leases on leases.name = 'webhook:' || webhooks.id \
     where webhooks.state = 'ENABLED' order by webhooks.id"
);

/// The list of names follows.
pub(super) const PROLONG: &str = "update leases set expires_at = $2 where holder = $1 and name in ";

/// Rows of an endpoint, a turn and a position follow, and what becomes of them.
pub(super) const PASS_BY: &str = "update webhooks set next_position = passed.column3 from (values ";

/// No row is touched when a turn was written since, and none goes back. The turn stays: nothing was delivered.
pub(super) const PASSED_BY: &str = ") passed where webhooks.id = passed.column1 and webhooks.turn = passed.column2 \
     and webhooks.next_position < passed.column3";

pub(super) const INSERT_WEBHOOK: &str = concat!(
    "insert into webhooks (",
    webhook_columns!(),
    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
     0, 0, 0, 0, 0, '', 0, '')"
);

/// What a user may write; how far it was served is not among it.
pub(super) const UPDATE_WEBHOOK: &str = "update webhooks set version = version + 1, url = $3, aggregate_types = $4, \
     event_types = $5, division = $6, owner = $7, owned_since = $8, state = $9, key_id = $10, secret_number = $11, \
     old_secret_until = $12, oldest_secret_number = $13, updated_at = $14, rest_until = 0 \
     where id = $1 and version = $2";

pub(super) const DELETE_WEBHOOK: &str = "delete from webhooks where id = $1 and version = $2";

pub(super) const DELETE_DELIVERIES: &str = "delete from webhook_deliveries where webhook_id = $1";

pub(super) const INSERT_CHANGE: &str = concat!(
    "insert into webhook_changes (",
    change_columns!(),
    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (actor, idempotency_key) do nothing"
);

pub(super) const CHANGE: &str =
    concat!("select ", change_columns!(), " from webhook_changes where actor = $1 and idempotency_key = $2");

/// Where they are follows.
pub(super) const CHANGES: &str = concat!("select ", change_columns!(), " from webhook_changes where ");

/// Where they are follows.
pub(super) const COUNT_CHANGES: &str = "select count(*) as count from webhook_changes where ";

pub(super) const DUE: &str = concat!(
    "select ",
    delivery_columns!(),
    " from webhook_deliveries where webhook_id = $1 and state = 'WAITING' and due_at < 9223372036854775807 \
     and (due_at <= $2 or due_at > $3) order by due_at, position limit $4"
);

/// The list of ids follows, and how many are wanted of each stream.
pub(super) const WAITING_OF: &str = concat!(
    "select ",
    delivery_columns!(),
    " from (select ",
    delivery_columns!(),
    ", row_number() over (partition by aggregate_type, aggregate_id order by position) as place \
     from webhook_deliveries where webhook_id = $1 and state = 'WAITING' and aggregate_id in "
);

/// The list of ids follows.
pub(super) const WAITING_AMONG: &str = "select distinct aggregate_type, aggregate_id from webhook_deliveries \
     where webhook_id = $1 and state = 'WAITING' and aggregate_id in ";

pub(super) const NEXT_DUE: &str = "select due_at from webhook_deliveries \
     where webhook_id = $1 and state = 'WAITING' and due_at < 9223372036854775807 order by due_at limit 1";

pub(super) const COUNT_WAITING: &str =
    "select count(*) as count from webhook_deliveries where webhook_id = $1 and state = 'WAITING'";

pub(super) const COUNT_DEAD: &str =
    "select count(*) as count from webhook_deliveries where webhook_id = $1 and state = 'DEAD'";

pub(super) const DEAD_LETTERS: &str =
    concat!("select ", delivery_columns!(), " from webhook_deliveries where webhook_id = $1 and state = 'DEAD'");

/// The guard of a turn: no row is touched when another server has written one, the endpoint is gone, or what was sent went
/// to another address than it has by now. How long an endpoint asks to be left alone holds for that endpoint, not for what it was changed to meanwhile.
pub(super) const MOVE_WEBHOOK: &str = "update webhooks set turn = turn + 1, next_position = $3, \
     rest_until = case when version = $5 then $4 else rest_until end where id = $1 and turn = $2 \
     and url = $6";

pub(super) const SET_DELIVERED: &str = "update webhooks set delivered_at = $2, delivered_position = $3 where id = $1";

pub(super) const SET_FAILED: &str = "update webhooks set failed_at = $2, failed_class = $3, failed_status = $4, \
     failed_reason = $5 where id = $1";

/// No row is touched when it was changed since it was called: what answered is not what is there now.
pub(super) const SET_GONE: &str = "update webhooks set state = 'GONE', version = version + 1, updated_at = $2 \
     where id = $1 and version = $3 and state = 'ENABLED'";

/// The rows follow, and what becomes of those that are there.
pub(super) const KEEP_DELIVERIES: &str = concat!("insert into webhook_deliveries (", delivery_columns!(), ") values ");

pub(super) const KEPT_BEFORE: &str = " on conflict (webhook_id, position) do update set state = excluded.state, \
     attempts = excluded.attempts, first_tried_at = excluded.first_tried_at, last_tried_at = excluded.last_tried_at, \
     due_at = excluded.due_at, failed_class = excluded.failed_class, failed_status = excluded.failed_status, \
     failed_reason = excluded.failed_reason";

/// The list of positions follows.
pub(super) const DELIVERIES_DONE: &str =
    "delete from webhook_deliveries where webhook_id = $1 and state = 'WAITING' and position in ";

/// Bumps the turn, so that a server that is delivering the stream just now writes nothing about it.
pub(super) const NEXT_TURN: &str = "update webhooks set turn = turn + 1 where id = $1 and turn = $2";

/// A letter that is sent for again is due at once, unless an earlier event of its stream waits.
pub(super) const REPLAY: &str = "update webhook_deliveries set state = 'WAITING', attempts = 0, first_tried_at = 0, \
     due_at = case when exists (select 1 from webhook_deliveries e where e.webhook_id = $1 and e.aggregate_id = $3 \
         and e.aggregate_type = $4 and e.position < $2 and e.state = 'WAITING') \
         then 9223372036854775807 else $5 end \
     where webhook_id = $1 and position = $2 and state = 'DEAD'";

/// Whatever waits behind it waits for it.
pub(super) const HOLD_BEHIND: &str = "update webhook_deliveries set due_at = 9223372036854775807 \
     where webhook_id = $1 and aggregate_id = $3 and aggregate_type = $4 and position > $2 and state = 'WAITING'";

pub(super) const DISCARD: &str =
    "delete from webhook_deliveries where webhook_id = $1 and position = $2 and state = 'DEAD'";
