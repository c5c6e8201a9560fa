-- Tokens that are refused before their time is over. Whoever runs the installation writes a row, and every server reads
-- all that may still matter every two seconds: those of the last 366 days, which is the longest that a token lasts.

-- The key is an actor, a provider's subject or a single token; what was issued up to the moment is refused.
create table revocations (
    key text collate "C" not null,
    revoked_at bigint not null,
    primary key (key, revoked_at)
);
create index revocations_by_time on revocations (revoked_at);

create trigger revocations_only_grow before update or delete or truncate on revocations
    for each statement execute function refuse_change();
