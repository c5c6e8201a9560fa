-- When a database goes on with other data keys than those that it was written with, what is kept of the inputs of commands by
-- then was digested under keys that are gone: whether a command is sent again as it was cannot be told by it any more.

-- Microseconds since the Unix epoch: when the keys were adopted that are known now; null while no others were there before.
alter table data_keys add column adopted_at bigint;
