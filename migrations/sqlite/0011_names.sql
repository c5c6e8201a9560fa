-- The name of the log changes with an event that says so, and with nothing else.
drop trigger log_head_only_advances;
create trigger log_head_only_advances before update on log_head
when new.next_position < old.next_position or new.recorded_at < old.recorded_at
    or (new.origin <> old.origin and new.next_position = old.next_position)
begin select raise(abort, 'the log is append-only: its head never goes back'); end;
