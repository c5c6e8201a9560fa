//! `ledger`: what it costs that the log proves itself. Commits with the ledger, which is written and sealed as a server
//! does it, beside the same without one; then what auditors do with a log.

use std::sync::Arc;
use std::time::Duration;

use crate::Arguments;
use crate::audits;
use crate::database::Kind;
use crate::in_process::{Etalon, Ledger};
use crate::report::{Charted, Column, Table};
use crate::samples::{Samples, median};

const CLIENTS: [usize; 2] = [1, 32];
const LASTS: Duration = Duration::from_secs(2);
/// What the ledger leaves of the throughput, at the least.
const GOAL: f64 = 0.8;

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut rows = Vec::new();
    for kind in arguments.kinds() {
        rows.extend(commits(kind, arguments).await);
    }
    let column = |name, decimals| Column { name, decimals };
    let commits = Table {
        name: "ledger-commits".to_owned(),
        title: format!(
            "ledger: commits a second with the ledger, sealed, and without one; p99 in ms; medians of {} rounds of {} s",
            arguments.few_rounds(),
            LASTS.as_secs()
        ),
        columns: vec![
            column("with: /s", 0),
            column("with: p99", 1),
            column("without: /s", 0),
            column("without: p99", 1),
            column("ratio", 2),
        ],
        rows,
        charted: Charted { columns: &["ratio"], goal: Some(GOAL) },
    };
    vec![commits, audits::measured(arguments).await]
}

async fn commits(kind: Kind, arguments: &Arguments) -> Vec<(String, Vec<f64>)> {
    let with = Etalon::on(kind, "with_ledger", arguments.cases, Ledger::Sealed).await;
    let without = Etalon::on(kind, "without_ledger", arguments.cases, Ledger::LeftOut).await;
    let mut rows = Vec::new();
    for (place, clients) in CLIENTS.into_iter().enumerate() {
        let mut measured: [(Vec<f64>, Samples); 2] = Default::default();
        // The first round only warms up.
        for round in 0..=arguments.few_rounds() {
            let mut both: [(&Arc<Etalon>, _); 2] = [(&with, 0), (&without, 1)];
            // Neither always comes after the other.
            if round % 2 == 1 {
                both.reverse();
            }
            for (etalon, which) in both {
                let driven = etalon.drive(clients, LASTS, round * CLIENTS.len() + place).await;
                let name = ["with", "without"][which];
                eprintln!("{} {name} the ledger, {clients} clients: {:.0}/s", kind.name(), driven.per_second);
                if round > 0 {
                    measured[which].0.push(driven.per_second);
                    measured[which].1.append(driven.samples);
                }
            }
        }
        let [(with, slow_with), (without, slow_without)] = measured;
        let (with, without) = (median(with), median(without));
        let p99 = |samples: Samples| samples.quantile_ms(0.99);
        let figures = vec![with, p99(slow_with), without, p99(slow_without), with / without];
        rows.push((format!("{}, {clients} clients", kind.name()), figures));
    }
    rows
}
