-- An endpoint is served by the rights of its owner, and no longer than these stand: a revocation of the owner's tokens holds for
-- it when it came after the owner had created it, or taken it over.
alter table webhooks add column owned_since bigint not null default 0;
update webhooks set owned_since = created_at;
