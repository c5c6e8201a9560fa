-- A server's role adds to the log by inserting. Below the head every position is taken, so that the key refuses another event
-- there; but none was below 0, where one would have given its stream a wrong sequence for ever. SQLite refuses it since 0007.
alter table events add constraint events_position_check check (position >= 0);
