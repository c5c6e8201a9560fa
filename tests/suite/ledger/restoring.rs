//! A restore that is doubled, cut short or fails: nothing serves what was not verified, and it goes on when it is ordered
//! again.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use etalon::ledger::tree::base64;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor, PgConnection};

use crate::ledger::backup::{commit, path, restore, run};
use crate::ledger::serving::key_of;
use crate::life::world::text;
use crate::support::postgres::{FreshDatabase, fresh_database};
use crate::support::server::Installation;

/// A backup, and an empty database to put it into.
struct House {
    installation: Installation,
    backup: String,
    elsewhere: FreshDatabase,
    _origin: FreshDatabase,
}

impl House {
    async fn build() -> Self {
        let (origin, elsewhere) = (fresh_database(), fresh_database());
        let installation = Installation::on(origin.url());
        let backup = path(installation.folder(), "backup");
        let server = installation.start();
        commit(&installation, &server, "省级计量难点征集").await;
        assert!(server.stop(), "{}", server.log());
        run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
        Self { installation, backup, elsewhere, _origin: origin }
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(self.elsewhere.url()).await.expect("the server answers")
    }

    fn restore(&self) -> Command {
        restore(&self.installation, &self.backup, self.elsewhere.url())
    }

    /// A restore whose `pg_restore` is that script.
    fn restore_by(&self, script: &str) -> Command {
        let programs = self.installation.folder().join("programs");
        fs::create_dir_all(&programs).expect("made");
        let program = programs.join("pg_restore");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("runnable");
        let mut command = self.restore();
        command.env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").expect("it is set")));
        command
    }

    /// Marks the database as a restore of the backup does that is killed before anything is filled.
    async fn mark(&self) {
        let manifest = fs::read(Path::new(&self.backup).join("backup.json")).expect("it reads");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        let mut connection = self.connect().await;
        for statement in [
            "create table etalon_restoring (backup text not null)".to_owned(),
            format!("insert into etalon_restoring (backup) values ('{}')", text(&manifest["sha256"])),
        ] {
            connection.execute(statement.as_str()).await.expect("marked");
        }
    }

    #[track_caller]
    fn is_served_by_nobody(&self) {
        let mut serving = self.installation.command();
        serving.env("ETALON_DATABASE", self.elsewhere.url()).args(["serve", "--listen", "127.0.0.1:0"]);
        let refused = run(&mut serving);
        assert!(refused.code == Some(1) && refused.err.contains("is being restored"), "{}", refused.err);
    }

    #[track_caller]
    fn is_refused(command: &mut Command, why: &str) {
        let refused = run(command);
        assert!(refused.code == Some(1) && refused.err.contains(why), "{:?} {}", refused.code, refused.err);
    }
}

#[tokio::test]
async fn of_two_restores_at_once_one_fills_the_database() {
    let house = House::build().await;
    let spawn = || house.restore().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let ran = [spawn(), spawn()].map(|child| child.wait_with_output().expect("it ends"));
    let mut codes = ran.each_ref().map(|ran| ran.status.code());
    codes.sort_unstable();
    let said = ran.each_ref().map(|ran| String::from_utf8_lossy(&ran.stderr).into_owned());
    assert_eq!(codes, [Some(0), Some(1)], "{said:?}");
    let mut command = house.installation.command();
    run(command.env("ETALON_DATABASE", house.elsewhere.url()).args(["audit", "replay"])).ends_with(0);
}

#[tokio::test]
async fn a_restore_under_way_keeps_another_one_out() {
    let house = House::build().await;
    // The fill of the first one lasts until the test lets it go.
    let fifo = house.installation.folder().join("filling");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("it runs").success());
    let script = format!("exec 3>'{}'; echo filling >&3; exec tail -f /dev/null", fifo.display());
    let first = house.restore_by(&script).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut filling = BufReader::new(File::open(&fifo).expect("opened"));
    let mut line = String::new();
    filling.read_line(&mut line).expect("it fills");
    House::is_refused(&mut house.restore(), "another `etalon restore` is under way");
    house.is_served_by_nobody();
    // It ends as it is told, and its program with it: the other end of the pipe is let go by nobody else.
    assert!(Command::new("kill").args(["-s", "TERM", &first.id().to_string()]).status().expect("it runs").success());
    let ended = first.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(1) && said.contains("it goes on when it is ordered again"), "{said}");
    filling.read_to_string(&mut line).expect("the program has ended");
    house.is_served_by_nobody();
    run(&mut house.restore()).ends_with(0);
}

#[tokio::test]
async fn what_a_killed_restore_has_left_filling_is_waited_for() {
    let house = House::build().await;
    house.mark().await;
    let mut left = house.connect().await;
    left.execute("set application_name = 'pg_restore'").await.expect("named");
    House::is_refused(&mut house.restore(), "`pg_restore` is still connected to it");
    house.is_served_by_nobody();
    left.execute("set application_name = 'ended'").await.expect("named");
    run(&mut house.restore()).ends_with(0);
}

#[tokio::test]
async fn a_database_that_breaks_off_is_told_as_that() {
    let house = House::build().await;
    let cut_off = "psql -qtc 'select pg_terminate_backend(pid) from pg_stat_activity \
                   where datname = current_database() and pid <> pg_backend_pid()'; \
                   echo 'pg_restore: error: server closed the connection unexpectedly' >&2; exit 1";
    let refused = run(&mut house.restore_by(cut_off));
    assert_eq!(refused.code, Some(1));
    let told =
        "pg_restore failed: pg_restore: error: server closed the connection unexpectedly; the database stays marked";
    assert!(refused.err.contains(told) && refused.err.contains("order the same restore once more"), "{}", refused.err);
    house.is_served_by_nobody();
    run(&mut house.restore()).ends_with(0);
}

#[tokio::test]
async fn a_failure_takes_away_no_mark_but_that_of_a_database_that_stayed_empty() {
    let house = House::build().await;
    // Nothing was filled: it can be given another backup.
    House::is_refused(&mut house.restore_by("echo 'pg_restore: error: no' >&2; exit 1"), "pg_restore failed");
    let mut connection = house.connect().await;
    let tables = "select count(*) from pg_tables where schemaname = 'public'";
    assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut connection).await.expect("it reads"), 0);
    // An earlier run was killed: its program may still come.
    house.mark().await;
    House::is_refused(&mut house.restore_by("exit 1"), "pg_restore failed");
    house.is_served_by_nobody();
    // It failed when it had filled something.
    connection.execute("drop table etalon_restoring").await.expect("dropped");
    House::is_refused(&mut house.restore_by("psql -qc 'create table rest (id bigint)'; exit 1"), "pg_restore failed");
    house.is_served_by_nobody();
    connection.execute("drop table rest").await.expect("dropped");
    run(&mut house.restore()).ends_with(0);
}

/// They are functions of the log: a copy of wrong ones loses nothing.
#[tokio::test]
async fn rows_that_the_log_does_not_make_are_made_anew() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, restored) = (path(folder, "backup"), format!("sqlite:{}", path(folder, "restored.db")));
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    let database = sqlx::SqlitePool::connect(&installation.database()).await.expect("it opens");
    let stray = sqlx::query("insert into case_number_series (series, last) values ('GD-2026', 7)");
    stray.execute(&database).await.expect("inserted");
    database.close().await;
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let told = run(&mut restore(&installation, &backup, &restored)).ends_with(0);
    assert!(told.contains("(1 difference; case_number_series series GD-2026") && told.contains("made anew"), "{told}");
    run(installation.command().args(["audit", "replay", "--database", &restored])).ends_with(0);
}

#[tokio::test]
async fn what_a_killed_restore_has_left_is_not_played_into_the_next() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, restored) = (path(folder, "backup"), format!("sqlite:{}", path(folder, "restored.db")));
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    // A draft of another backup, and beside it how that was before what was being written when it was killed.
    let other = path(folder, "other.db");
    let options = SqliteConnectOptions::new().filename(&other).create_if_missing(true);
    let mut writing = SqliteConnection::connect_with(&options).await.expect("a new file");
    for statement in [
        "create table other (id integer primary key, body blob)",
        "insert into other with recursive n (i) as (select 1 union all select i + 1 from n where i < 500) \
         select i, randomblob(1000) from n",
        // More than there is room for is written out before its end.
        "pragma cache_size = 2",
        "begin",
        "update other set body = zeroblob(1000)",
    ] {
        writing.execute(statement).await.expect("written");
    }
    for end in ["", "-journal"] {
        fs::copy(format!("{other}{end}"), path(folder, &format!("restored.db.draft{end}"))).expect("copied");
    }
    drop(writing);
    run(&mut restore(&installation, &backup, &restored)).ends_with(0);
    assert!(
        fs::read_dir(folder)
            .expect("it reads")
            .all(|file| { !file.expect("a file").file_name().to_string_lossy().contains(".draft") })
    );
}

#[tokio::test]
async fn a_log_of_which_other_events_were_signed_does_not_go_on() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, restored) = (path(folder, "backup"), format!("sqlite:{}", path(folder, "restored.db")));
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    // As many, of another tree.
    let file = folder.join("ledger-memory.json");
    let mut memory: Value = serde_json::from_slice(&fs::read(&file).expect("it reads")).expect("JSON");
    for log in memory["logs"].as_object_mut().expect("an object").values_mut() {
        log["root"] = json!(base64(&[9; 32]));
    }
    fs::write(&file, memory.to_string()).expect("written");
    let told = run(&mut restore(&installation, &backup, &restored)).ends_with(3);
    assert!(told.contains("FORKED") && told.contains("the backup is not of it, or was changed"), "{told}");
}

#[tokio::test]
async fn a_backup_that_was_audited_where_it_lies_is_restored() {
    let installation = Installation::embedded();
    let backup = path(installation.folder(), "backup");
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    let key = key_of(&installation).to_string();
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let copy = format!("sqlite:{backup}/database");
    run(installation.command().args(["audit", "replay", "--database", &copy, "--key", &key])).ends_with(0);
    let files = fs::read_dir(&backup).expect("it reads").map(|file| file.expect("it reads").file_name());
    assert_eq!(files.count(), 2, "nothing is left beside it");
    let elsewhere = format!("sqlite:{}", path(installation.folder(), "restored/etalon.db"));
    run(&mut restore(&installation, &backup, &elsewhere)).ends_with(0);
}
