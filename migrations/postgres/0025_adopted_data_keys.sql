-- When a database goes on with other data keys than those that it was written with, what is kept of the inputs of commands by
-- then was digested under keys that are gone: whether a command is sent again as it was cannot be told by it any more.

-- Microseconds since the Unix epoch: the latest time of what was recorded by when the keys were adopted that are known now. It is
-- asked about where an idempotency key comes again with something else. Null while none were adopted since this column is here:
-- an adoption of before is not known, and what was digested before that is held to be another input.
alter table data_keys add column adopted_after bigint;
