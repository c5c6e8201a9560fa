//! Disks that are full for a while.
//!
//! The disk is a small one in memory. Where this process may not mount one, a limit of the size of files takes its place, which fails the same writes with another error (`EFBIG` for `ENOSPC`).

use std::process::Command;
use std::time::Instant;

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::faults::dice::Dice;
use crate::faults::disk::Disk;
use crate::faults::load::{CLIENTS, Pace, READ};
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::support::cluster::Cluster;
use crate::support::server::{Installation, Server};

/// Starts the program behind it so that a write beyond the limit fails, rather than ends the process.
const TOLD: &str = "trap '' XFSZ; exec \"$0\" \"$@\"";

/// Less than any database has.
const LARGEST_FILE_BYTES: u64 = 16 << 10;

/// Where a database is that runs out of room.
enum Room {
    OnDisk(Disk),
    Limited(TempDir),
}

impl Room {
    fn of_mib(size: usize) -> Self {
        let disk = Disk::in_memory(size);
        disk.map_or_else(|| Self::Limited(TempDir::new().expect("a temporary folder")), Self::OnDisk)
    }

    fn path(&self) -> std::path::PathBuf {
        match self {
            Self::OnDisk(disk) => disk.path(),
            Self::Limited(folder) => folder.path().to_owned(),
        }
    }

    /// These processes can write no more.
    fn ends(&self, processes: &[u32]) {
        match self {
            Self::OnDisk(disk) => disk.fills(),
            Self::Limited(_) => limit(processes, &LARGEST_FILE_BYTES.to_string()),
        }
    }

    /// They can again.
    fn is_there_again(&self, processes: &[u32]) {
        match self {
            Self::OnDisk(disk) => disk.has_room(),
            Self::Limited(_) => limit(processes, "unlimited"),
        }
    }
}

/// Sets the soft limit of the size of a file, which every process may set back.
fn limit(processes: &[u32], bytes: &str) {
    for process in processes {
        let (process, size) = (process.to_string(), format!("--fsize={bytes}:"));
        // One of them may have ended meanwhile.
        Command::new("prlimit").args(["--pid", &process, &size]).output().expect("prlimit is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_disk_of_sqlite_is_full() {
    let room = Room::of_mib(scaled(64, 256));
    let installation = Installation::embedded_in(&room.path());
    let serve = installation.command();
    let mut command = Command::new("sh");
    command.args(["-c", TOLD]).arg(serve.get_program()).args(["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(installation.folder());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let server = Server::start(&mut command);
    let scene = Scene::set("disk full, SQLite", &installation, &[&server.graphql], Pace::of(scaled(32, 400))).await;
    let moments = Dice::of_this_run().moments(scaled(2, 20), scene.load.commands());
    let processes = [server.id()];
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                room.ends(&processes);
                scene.load.is_set_back_again(CLIENTS, &["UNAVAILABLE"]).await;
                // What is read needs no room.
                scene.load.answered(0, READ, &scene.load.a_case()).await;
                scene.becomes(&server.graphql, StatusCode::SERVICE_UNAVAILABLE).await;
                let since = Instant::now();
                room.is_there_again(&processes);
                scene.goes_on(since).await;
                scene.becomes_ready(&server.graphql).await;
            }
        })
        .await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_disk_of_postgresql_is_full() {
    let room = Room::of_mib(scaled(128, 512));
    let mut cluster = Cluster::start_in(&room.path());
    let installation = Installation::on(&cluster.url());
    let server = installation.start();
    let scene = Scene::set("disk full, PostgreSQL", &installation, &[&server.graphql], Pace::of(scaled(32, 400))).await;
    let moments = Dice::of_this_run().moments(scaled(2, 20), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                room.ends(&cluster.processes());
                // PostgreSQL fails what it cannot write, or ends where that is its own log.
                scene.load.is_set_back_again(CLIENTS, &["UNAVAILABLE", "OUTCOME_UNKNOWN"]).await;
                let since = Instant::now();
                room.is_there_again(&cluster.processes());
                cluster.is_up().await;
                scene.goes_on(since).await;
            }
        })
        .await;
    scene.becomes_ready(&server.graphql).await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}
