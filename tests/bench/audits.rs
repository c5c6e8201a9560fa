//! What auditors do with a log: `etalon audit verify` of a bundle of all of it, offline, and `etalon audit replay` against
//! its database, each as a process of its own. A tenth of the history as well, to see whether memory grows with it.

use crate::Arguments;
use crate::child::{Ended, run};
use crate::database::Kind;
use crate::history::copy_of_history;
use crate::report::{Charted, Column, Table};
use crate::samples::median;
use crate::served::{adopted, quiet};

const ROUNDS: usize = 3;

pub(crate) async fn measured(arguments: &Arguments) -> Table {
    let mut rows = Vec::new();
    for kind in arguments.kinds() {
        for cases in arguments.sizes() {
            rows.push(audited(kind, cases).await);
        }
    }
    let column = |name, decimals| Column { name, decimals };
    Table {
        name: "ledger-audits".to_owned(),
        title: format!(
            "ledger: events a second and most memory of `etalon audit verify` and `replay`; medians of {ROUNDS}"
        ),
        columns: vec![
            column("verify: /s", 0),
            column("verify: MB", 0),
            column("replay: /s", 0),
            column("replay: MB", 0),
        ],
        rows,
        charted: Charted { columns: &["verify: /s", "replay: /s"], goal: None },
    }
}

async fn audited(kind: Kind, cases: u32) -> (String, Vec<f64>) {
    let (database, _) = copy_of_history(kind, cases, "audits").await;
    let house = adopted(&database).await;
    // What is searched and what figures are read from is not in the history, and a replay would miss it.
    run(house.command().arg("rebuild")).await;
    let server = house.start();
    quiet(&database).await;
    assert!(server.stop(), "everything is sealed when it ends: {}", server.log());
    database.settle().await;
    let events = database.length().await as f64;
    let key = run(house.command().args(["audit", "key"])).await.said;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("bundle");
    run(house.command().args(["audit", "export", "--output"]).arg(&bundle)).await;
    let (mut verified, mut replayed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut verify = house.command();
        verify.args(["audit", "verify", "--format", "json", "--key", key.trim()]).arg(&bundle);
        verified.push(run(&mut verify).await);
        let mut replay = house.command();
        replay.args(["audit", "replay", "--format", "json", "--key", key.trim()]);
        replayed.push(run(&mut replay).await);
        eprintln!("{} {events} events: verified and replayed", kind.name());
    }
    let [verified, replayed] = [verified, replayed].map(|ended| figures(events, &ended));
    (format!("{}, {events} events", kind.name()), [verified, replayed].concat())
}

/// Events a second, and memory.
fn figures(events: f64, ended: &[Ended]) -> Vec<f64> {
    let rate = median(ended.iter().map(|ended| events / ended.seconds).collect());
    vec![rate, median(ended.iter().map(|ended| ended.peak_mb).collect())]
}
