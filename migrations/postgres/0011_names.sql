-- The name of the log changes with an event that says so, and with nothing else.
drop trigger log_head_only_advances on log_head;
create trigger log_head_only_advances before update on log_head for each row
    when (new.next_position < old.next_position or new.recorded_at < old.recorded_at
        or (new.origin <> old.origin and new.next_position = old.next_position))
    execute function refuse_going_back();
