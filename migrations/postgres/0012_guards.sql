-- What a command was answered is part of the log: nothing prunes it, and whoever took it away could have the command carried
-- out a second time. An `insert … on conflict do update` is an update, so that the other tables need no more than they have.

create trigger commands_only_grow before update or delete or truncate on commands
    for each statement execute function refuse_change();
