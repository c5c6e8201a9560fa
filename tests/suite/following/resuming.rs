//! A subscriber that is cut off fifty times while others write sees every position once and in order: over both transports, on both databases, while servers end, are killed, and are two.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::following::subscriber::{EVENTS, Got, Subscriber, TRANSPORTS, Transport, is_event, position};
use crate::life::scene::campaign;
use crate::life::world::with;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask};

const CUTS: usize = 50;
const WRITERS: usize = 4;

pub const OPEN: &str = "mutation Open($input: OpenCampaignInput!) {
    openCampaign(input: $input) { receipt { position } userErrors { code } } }";

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_nothing_is_missed_when_the_server_ends_or_is_killed() {
    for transport in TRANSPORTS {
        let installation = Installation::embedded();
        let servers = Servers::start(&installation, 1);
        cut_off_under_load(&installation, &servers, transport).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_nothing_is_missed_when_the_server_ends_or_is_killed() {
    for transport in TRANSPORTS {
        let database = fresh_database();
        let installation = Installation::on(database.url());
        let servers = Servers::start(&installation, 1);
        cut_off_under_load(&installation, &servers, transport).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_one_server_nothing_is_missed_of_what_is_written_at_another() {
    for transport in TRANSPORTS {
        let database = fresh_database();
        let installation = Installation::on(database.url());
        let servers = Servers::start(&installation, 2);
        cut_off_under_load(&installation, &servers, transport).await;
    }
}

/// Writers use the first server and the subscriber the last.
struct Servers<'a> {
    installation: &'a Installation,
    running: RwLock<Vec<Server>>,
}

impl<'a> Servers<'a> {
    fn start(installation: &'a Installation, count: usize) -> Self {
        let running = (0..count).map(|_| installation.start()).collect();
        Self { installation, running: RwLock::new(running) }
    }

    fn first(&self) -> String {
        self.running.read().unwrap().first().expect("one runs").graphql.clone()
    }

    fn last(&self) -> String {
        self.running.read().unwrap().last().expect("one runs").graphql.clone()
    }

    /// Another one in the place of the last, which ends in order or is killed.
    fn replace_last(&self, is_killed: bool) {
        let last = self.running.read().unwrap().len() - 1;
        match is_killed {
            true => self.running.read().unwrap()[last].kill(),
            false => assert!(self.running.read().unwrap()[last].stop(), "it ends in order"),
        }
        let next = self.installation.start();
        self.running.write().unwrap()[last] = next;
    }
}

async fn cut_off_under_load(installation: &Installation, servers: &Servers<'_>, transport: Transport) {
    let is_enough = AtomicBool::new(false);
    let writers =
        futures::future::join_all((0..WRITERS).map(|writer| write(installation, servers, writer, &is_enough)));
    let subscribed = async {
        let token = installation.token(&Who::new("auditor", "AUDITOR", "CN"));
        let mut seen = Vec::new();
        for cut in 0..CUTS {
            let wanted = 1 + cut * 7 % 23;
            read(servers, transport, &token, &mut seen, |read, _| read >= wanted).await;
            match cut {
                10 | 30 => tokio::task::block_in_place(|| servers.replace_last(false)),
                20 | 40 => tokio::task::block_in_place(|| servers.replace_last(true)),
                _ => {}
            }
        }
        is_enough.store(true, Ordering::SeqCst);
        (token, seen)
    };
    let (acknowledged, (token, mut seen)) = tokio::join!(writers, subscribed);
    let last = acknowledged.into_iter().flatten().max().expect("something was written");
    read(servers, transport, &token, &mut seen, |_, position| position >= last).await;
    assert_eq!(seen, (0..=last).collect::<Vec<_>>(), "{transport:?}");
}

/// Reads on where it was until there is enough, and hangs up. However the stream ends before, it is opened again.
async fn read(
    servers: &Servers<'_>,
    transport: Transport,
    token: &str,
    seen: &mut Vec<u64>,
    is_enough: impl Fn(usize, u64) -> bool,
) {
    let mut read = 0;
    let mut retry = tokio::time::interval(Duration::from_millis(20));
    loop {
        retry.tick().await;
        let variables = match seen.last() {
            Some(last) if is_enough(read, *last) => return,
            Some(last) => json!({ "after": last.to_string() }),
            None => json!({ "fromStart": true }),
        };
        let Some(mut subscriber) = Subscriber::open(transport, &servers.last(), token, EVENTS, variables).await else {
            continue;
        };
        while let Got::Update(update) = subscriber.next().await {
            if is_event(&update) {
                seen.push(position(&update));
                read += 1;
            }
            if is_enough(read, position(&update)) {
                return subscriber.cut();
            }
        }
    }
}

/// Writes until it is enough, each command until it is acknowledged: their positions.
async fn write(installation: &Installation, servers: &Servers<'_>, writer: usize, is_enough: &AtomicBool) -> Vec<u64> {
    let token = installation.token(&Who::new("manager", "MANAGER", "44"));
    let client = Client::new();
    let mut acknowledged = Vec::new();
    let mut retry = tokio::time::interval(Duration::from_millis(5));
    while !is_enough.load(Ordering::SeqCst) {
        let key = format!("{writer}-{}", acknowledged.len());
        let input = with(campaign("计量服务"), json!({ "idempotencyKey": key }));
        acknowledged.push(loop {
            retry.tick().await;
            let answer = ask(&client, &servers.first(), &token, OPEN, json!({ "input": input })).await;
            let receipt = answer.map(|answer| answer["openCampaign"]["receipt"].clone());
            if let Some(receipt @ Value::Object(_)) = receipt {
                break position(&receipt);
            }
        });
    }
    acknowledged
}
