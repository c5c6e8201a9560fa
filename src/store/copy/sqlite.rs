//! `vacuum into`: SQLite's own copy, as of one transaction, without the pages that are free.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};

use crate::store::StoreError;
use crate::store::copy::{Copied, MARK, MARK_WITH, MARKED_WITH};
use crate::store::opening::{has_log, is_unmarked};
use crate::store::sql::HEAD;
use crate::store::sqlite::sql::{LOGS, RESTORING};
use crate::store::stored::HeadRow;
use crate::whole_file::folder_of;

const COPY: &str = "vacuum into $1";

/// A database and what SQLite has beside it, by the ends of their names.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

pub(super) async fn copy_into(url: &str, path: &Path, file: &Path) -> Result<Copied, StoreError> {
    let mut source = open(url, path, false).await?;
    // What is being restored is not verified yet, and its mark would be in the copy.
    is_unmarked(sqlx::query_scalar(RESTORING).fetch_one(&mut source).await, url)?;
    let logs = sqlx::query_scalar(LOGS).fetch_one(&mut source).await;
    has_log(logs.map_err(StoreError::during("look for a log"))?, url)?;
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

pub(super) async fn restore_from(file: &Path, digest: &str, url: &str, path: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| unusable(path, &error.to_string());
    // The log of writes of a database that is gone would be taken for one of this.
    let there = FILES.map(|end| beside(path, end)).into_iter().find(|it| it.exists());
    let draft = draft_of(path);
    if let Some(there) = there {
        if is_marked_with(digest, url, path).await {
            return removed(&draft).map_err(failed);
        }
        return Err(StoreError::NotEmpty { url: url.to_owned(), what: format!("{} is there", there.display()) });
    }
    fresh(file, &draft).map_err(failed)?;
    let mut copy = open(url, &draft, false).await?;
    let marked = async {
        copy.execute(MARK).await?;
        sqlx::query(MARK_WITH).bind(digest).execute(&mut copy).await
    };
    marked.await.map_err(StoreError::during("mark the copy"))?;
    close(copy).await?;
    appear(&draft, path).map_err(failed)
}

/// A copy of the file, to write into whatever the mode of the file is, and for its owner alone: SQLite gives the files
/// beside it the same mode.
fn fresh(file: &Path, draft: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(draft))?;
    removed(draft)?;
    io::copy(&mut File::open(file)?, &mut OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?)
        .map(drop)
}

/// Takes away the draft of a restore that was interrupted, first what SQLite had beside it: to a draft that is made anew
/// that would be its own, and played into it.
fn removed(draft: &Path) -> io::Result<()> {
    for file in FILES.iter().rev().map(|end| beside(draft, end)) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The whole file appears at once, and only where none is.
fn appear(draft: &Path, path: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    fs::hard_link(draft, path)?;
    fs::remove_file(draft)?;
    File::open(folder_of(path))?.sync_all()
}

/// Whether the database was filled with the copy of that digest, and is not served yet.
async fn is_marked_with(digest: &str, url: &str, path: &Path) -> bool {
    let Ok(mut there) = open(url, path, true).await else { return false };
    let marked: Result<String, _> = sqlx::query_scalar(MARKED_WITH).fetch_one(&mut there).await;
    marked.is_ok_and(|marked| marked == digest)
}

/// Where the copy is made that becomes the database.
pub(in crate::store) fn draft_of(path: &Path) -> PathBuf {
    beside(path, ".draft")
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
