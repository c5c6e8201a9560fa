-- Tokens that are refused before their time is over. Whoever runs the installation writes a row, and every server reads
-- all that may still matter every two seconds: those of the last 366 days, which is the longest that a token lasts.

-- The key is an actor, a provider's subject or a single token; what was issued up to the moment is refused.
create table revocations (
    key text not null,
    revoked_at bigint not null,
    primary key (key, revoked_at)
) without rowid;
create index revocations_by_time on revocations (revoked_at);

create trigger revocations_are_not_updated before update on revocations
begin select raise(abort, 'a revocation is never changed'); end;
create trigger revocations_are_not_deleted before delete on revocations
begin select raise(abort, 'a revocation is never taken back'); end;
