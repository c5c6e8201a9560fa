-- Webhooks: where events are sent to without being asked for. An endpoint is configuration of the installation, and how
-- far it has been served is the state of its operation; neither is a fact about measurement, so neither is in the log.
-- Whoever creates or changes an endpoint is on record in webhook_changes, which is only ever added to.

create table webhooks (
    id text collate "C" primary key,
    version bigint not null,
    url text collate "C" not null,
    -- JSON lists; an empty one hears everything.
    aggregate_types text collate "C" not null,
    event_types text collate "C" not null,
    division text collate "C" not null,
    -- Whose rights every event is judged by.
    owner text collate "C" not null,
    owner_role text collate "C" not null,
    jurisdiction text collate "C" not null,
    state text collate "C" not null check (state in ('ENABLED', 'PAUSED', 'GONE')),
    -- The secret itself is nowhere in the database: it is derived from a key file and this number.
    key_id text collate "C" not null,
    secret_number bigint not null,
    old_secret_until bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    first_position bigint not null,
    -- Every event before it has been delivered, left out, or is in webhook_deliveries.
    next_position bigint not null,
    -- Counts what was written about deliveries: a server that has lost its lease finds it moved on.
    turn bigint not null,
    rest_until bigint not null,
    delivered_at bigint not null,
    delivered_position bigint not null,
    failed_at bigint not null,
    failed_class text collate "C" not null,
    failed_status bigint not null,
    failed_reason text collate "C" not null
);
-- The list of a jurisdiction's endpoints.
create index webhooks_jurisdiction_id_idx on webhooks (jurisdiction, id);
-- What a server looks for when it looks for work.
create index webhooks_state_idx on webhooks (state);

-- Events that were not delivered at the first try, or wait behind one of their case that was not (WAITING), and those
-- that were given up (DEAD). Of the waiting events of a case only the first has a time at which it is due.
create table webhook_deliveries (
    webhook_id text collate "C" not null,
    position bigint not null,
    aggregate_type text collate "C" not null,
    aggregate_id text collate "C" not null,
    event_type text collate "C" not null,
    state text collate "C" not null check (state in ('WAITING', 'DEAD')),
    attempts bigint not null,
    first_tried_at bigint not null,
    last_tried_at bigint not null,
    due_at bigint not null,
    failed_class text collate "C" not null,
    failed_status bigint not null,
    failed_reason text collate "C" not null,
    primary key (webhook_id, position)
);
-- What is due, and when the next one is.
create index webhook_deliveries_webhook_id_due_at_idx on webhook_deliveries (webhook_id, due_at)
    where state = 'WAITING';
-- What waits behind it.
create index webhook_deliveries_webhook_id_aggregate_id_position_idx
    on webhook_deliveries (webhook_id, aggregate_id, position) where state = 'WAITING';
-- The dead letters of an endpoint.
create index webhook_deliveries_webhook_id_position_idx on webhook_deliveries (webhook_id, position)
    where state = 'DEAD';

-- Who created or changed which endpoint, when and to what. Its keys make a change that is sent again no second change.
create table webhook_changes (
    id text collate "C" primary key,
    webhook_id text collate "C" not null,
    jurisdiction text collate "C" not null,
    at bigint not null,
    actor text collate "C" not null,
    action text collate "C" not null,
    url text collate "C" not null,
    aggregate_types text collate "C" not null,
    event_types text collate "C" not null,
    division text collate "C" not null,
    idempotency_key text collate "C" not null,
    digest text collate "C" not null,
    unique (actor, idempotency_key)
);
-- The changes in a jurisdiction, and those of one endpoint.
create index webhook_changes_jurisdiction_id_idx on webhook_changes (jurisdiction, id);
create index webhook_changes_webhook_id_id_idx on webhook_changes (webhook_id, id);
