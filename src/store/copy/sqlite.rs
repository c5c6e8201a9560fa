//! `vacuum into`: SQLite's own copy, as of one transaction, without the pages that are free.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::store::StoreError;
use crate::store::copy::Copied;
use crate::store::sql::HEAD;
use crate::store::stored::HeadRow;

const COPY: &str = "vacuum into $1";

pub(super) async fn copy_into(url: &str, path: &Path, file: &Path) -> Result<Copied, StoreError> {
    let mut source = open(url, path, false).await?;
    let target = file.to_str().ok_or_else(|| unusable(file, "its name is not UTF-8"))?;
    let copied = sqlx::query(COPY).bind(target).execute(&mut source).await;
    copied.map_err(StoreError::during("copy the database"))?;
    close(source).await?;
    // A copy is durable before anybody is told of it.
    File::open(file).and_then(|file| file.sync_all()).map_err(|error| unusable(file, &error.to_string()))?;
    let mut copy = open(url, file, true).await?;
    let head: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut copy).await.map_err(StoreError::during("read the copy"))?;
    close(copy).await?;
    head.try_into()
}

pub(super) fn restore_from(file: &Path, url: &str, path: &Path) -> Result<(), StoreError> {
    // The log of writes of a database that is gone would be taken for one of this.
    if let Some(there) =
        ["", "-wal", "-shm", "-journal"].map(|end| beside(path, end)).into_iter().find(|it| it.exists())
    {
        return Err(StoreError::NotEmpty { url: url.to_owned(), what: format!("{} is there", there.display()) });
    }
    put(file, path).map_err(|error| unusable(path, &error.to_string()))
}

/// The whole file appears at once.
fn put(file: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = beside(path, ".draft");
    fs::copy(file, &draft)?;
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

async fn open(url: &str, path: &Path, read_only: bool) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).read_only(read_only);
    let opened = SqliteConnection::connect_with(&options).await;
    opened.map_err(|source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) })
}

async fn close(connection: SqliteConnection) -> Result<(), StoreError> {
    connection.close().await.map_err(StoreError::during("close a database"))
}

fn unusable(file: &Path, reason: &str) -> StoreError {
    StoreError::Invalid { reason: format!("{} cannot be used: {reason}", file.display()) }
}
