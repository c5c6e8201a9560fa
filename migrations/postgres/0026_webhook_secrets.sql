-- A secret that was rotated twice within its overlap still signs: nobody may have heard of the one between. What is sent is
-- signed with every secret from the oldest that is owed to a receiver up to the present one.
alter table webhooks add column oldest_secret_number bigint not null default 1;
update webhooks set oldest_secret_number = case when old_secret_until > 0 then secret_number - 1 else secret_number end;
