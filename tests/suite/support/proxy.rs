//! A network before a PostgreSQL, which loses what goes through it without a word.

use std::future::pending;
use std::io;

use sqlx::postgres::PgConnectOptions;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

pub struct Proxy {
    /// Of the database, through the network.
    pub url: String,
    silences: watch::Sender<()>,
    _carrying: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Stands before the database of that URL.
    pub async fn before(database: &str) -> Self {
        let options: PgConnectOptions = database.parse().expect("the URL of a PostgreSQL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let name = options.get_database().expect("the URL names it");
        let url = format!("postgres://{}@{address}/{name}", options.get_username());
        let silences = watch::Sender::new(());
        let told = silences.clone();
        let carrying = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("it listens");
                tokio::spawn(carry(client, options.clone(), told.subscribe()));
            }
        });
        Self { url, silences, _carrying: AbortOnDropHandle::new(carrying) }
    }

    /// From now on nothing comes through any connection that is there, and none is closed; new ones are as good as ever.
    /// The database finds its clients gone.
    pub fn falls_silent(&self) {
        self.silences.send_replace(());
    }
}

async fn carry(mut client: TcpStream, options: PgConnectOptions, mut silences: watch::Receiver<()>) {
    let is_silent = tokio::select! {
        _ = carried(&mut client, &options) => false,
        told = silences.changed() => told.is_ok(),
    };
    if is_silent {
        pending::<()>().await;
    }
}

/// Both ways, until one side closes.
async fn carried(client: &mut TcpStream, options: &PgConnectOptions) -> io::Result<(u64, u64)> {
    let port = options.get_port();
    match options.get_socket() {
        Some(folder) => {
            let mut server = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?;
            copy_bidirectional(client, &mut server).await
        }
        None => {
            let mut server = TcpStream::connect((options.get_host(), port)).await?;
            copy_bidirectional(client, &mut server).await
        }
    }
}
