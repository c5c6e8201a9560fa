//! A program that is run to its end: how long it took, and how much memory it had at most.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often its memory is looked at. The system keeps the peak, so only what comes in the last moment is missed.
const LOOKS: Duration = Duration::from_millis(10);

/// What is known of a program that has ended well.
pub(crate) struct Ended {
    pub(crate) seconds: f64,
    /// The most memory it had at a time.
    pub(crate) peak_mb: f64,
    /// Its standard output.
    pub(crate) said: String,
}

/// Runs it.
pub(crate) async fn run(command: &mut Command) -> Ended {
    let file = || tempfile::tempfile().expect("a temporary file");
    let (mut said, mut complained) = (file(), file());
    let out = |file: &std::fs::File| Stdio::from(file.try_clone().expect("a file"));
    command.stdin(Stdio::null()).stdout(out(&said)).stderr(out(&complained));
    let begin = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let id = child.id();
    let mut ends = tokio::task::spawn_blocking(move || (child.wait().expect("it ends"), begin.elapsed()));
    let mut looks = tokio::time::interval(LOOKS);
    let mut peak_mb = 0.0_f64;
    let (status, took) = loop {
        tokio::select! {
            ended = &mut ends => break ended.expect("nobody panics with it"),
            _ = looks.tick() => peak_mb = peak_mb.max(memory_mb(id, "VmHWM").unwrap_or(0.0)),
        }
    };
    let read = |file: &mut std::fs::File| {
        let mut text = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("it can be read");
        text
    };
    let said = read(&mut said);
    assert!(status.success(), "{command:?}: {status}\n{said}{}", read(&mut complained));
    Ended { seconds: took.as_secs_f64(), peak_mb, said }
}

/// What Linux says of a process's memory: `VmHWM`, the most it had, or `VmRSS`, what it has. In 10⁶ bytes.
pub(crate) fn memory_mb(id: u32, line: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}
