//! A PostgreSQL of a scenario's own, which it may kill and stop.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::time::interval;

use crate::support::server::Server;

const READY: &str = "database system is ready to accept connections";

/// Killed when dropped.
pub struct Cluster {
    /// Its socket stands here, so that it is there whatever befalls the data.
    home: TempDir,
    data: PathBuf,
    owner: Option<Owner>,
    postmaster: Server,
}

/// As whom it runs where this process is root: PostgreSQL refuses to be that.
#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Cluster {
    /// Makes one and starts it.
    pub fn start() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let data = home.path().join("data");
        Self::start_at(home, data)
    }

    /// Makes one whose data is in that folder, and starts it.
    pub fn start_in(folder: &Path) -> Self {
        Self::start_at(TempDir::new().expect("a temporary folder"), folder.join("data"))
    }

    fn start_at(home: TempDir, data: PathBuf) -> Self {
        let owner = Owner::if_root();
        fs::create_dir(&data).expect("a folder");
        for folder in [home.path(), &data] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("its own folder");
            if let Some(Owner { user, group }) = owner {
                chown(folder, Some(user), Some(group)).expect("root may");
            }
        }
        // What is not synced here is by the checkpoint at the end of the first start, or by the scenario.
        let mut initdb = program("initdb", home.path(), owner);
        initdb.args(["--username=etalon", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]);
        let made = initdb.args(["--no-sync", "--wal-segsize=1", "-D"]).arg(&data).output().expect("initdb is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let postmaster = start_postmaster(home.path(), &data, owner);
        Self { home, data, owner, postmaster }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=etalon", self.home.path().display())
    }

    /// Every process of it.
    pub fn processes(&self) -> Vec<u32> {
        let postmaster = self.postmaster.id();
        let mut processes = vec![postmaster];
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.unwrap_or_default();
        processes.extend(children.split_whitespace().map(|id| id.parse::<u32>().expect("a process")));
        processes
    }

    /// kill -9 of every process at once, as when the machine is lost.
    pub fn kill(&self) {
        // What is stopped starts no process that would be missed.
        self.stop();
        let processes = self.processes();
        signal("KILL", &processes);
        self.postmaster.kill();
        // Their shared memory is free, and a new one can start, when all have gone.
        while processes.iter().any(|id| is_running(*id)) {
            std::thread::yield_now();
        }
    }

    /// No process of it does anything any more.
    pub fn stop(&self) {
        // The first is the one that would start others.
        let mut stopped = Vec::new();
        loop {
            let more: Vec<_> = self.processes().into_iter().filter(|id| !stopped.contains(id)).collect();
            if more.is_empty() {
                return;
            }
            signal("STOP", &more);
            stopped.extend(more);
        }
    }

    /// Every process of it goes on where it was.
    pub fn go_on(&self) {
        signal("CONT", &self.processes());
    }

    /// Starts it again after it has ended.
    pub fn start_again(&mut self) {
        self.postmaster = start_postmaster(self.home.path(), &self.data, self.owner);
    }

    /// Comes back when it takes connections: PostgreSQL starts anew after most failures by itself, and after the others
    /// whoever looks after the service starts it, as here.
    pub async fn is_up(&mut self) {
        let mut looks = interval(Duration::from_millis(20));
        for _ in 0..3_000 {
            looks.tick().await;
            if self.postmaster.has_ended() {
                tokio::task::block_in_place(|| self.start_again());
            }
            if PgConnection::connect(&self.url()).await.is_ok() {
                return;
            }
        }
        panic!("PostgreSQL does not come back:\n{}", self.postmaster.log());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Stopped or not.
        self.kill();
    }
}

impl Owner {
    fn if_root() -> Option<Self> {
        let id = |what, user| {
            let told = Command::new("id").args([what, user]).output().expect("id is there");
            String::from_utf8_lossy(&told.stdout).trim().parse::<u32>().ok()
        };
        let myself = Command::new("id").arg("-u").output().expect("id is there");
        if myself.stdout.trim_ascii() != b"0" {
            return None;
        }
        let of = |user| Some(Self { user: id("-u", user)?, group: id("-g", user)? });
        Some(of("postgres").or_else(|| of("nobody")).expect("there is somebody else than root"))
    }
}

fn start_postmaster(home: &Path, data: &Path, owner: Option<Owner>) -> Server {
    // Durable as a real one, and small.
    let mut postgres = program("postgres", home, owner);
    postgres.arg("-D").arg(data).arg("-c").arg(format!("unix_socket_directories={}", home.display()));
    for setting in
        ["listen_addresses=", "max_connections=100", "shared_buffers=16MB", "max_wal_size=8MB", "min_wal_size=2MB"]
    {
        postgres.args(["-c", setting]);
    }
    Server::start_until(&mut postgres, READY)
}

/// A program of PostgreSQL's, which `tests/run` has put into `PATH`.
fn program(name: &str, home: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var_os("PATH").expect("a path");
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", home).current_dir(home);
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    // One of them may have ended meanwhile.
    let _ = Command::new("kill").args(["-s", name]).args(processes).output().expect("kill is there");
}

/// What has ended and was not waited for yet runs no longer.
fn is_running(process: u32) -> bool {
    let told = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    told.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
