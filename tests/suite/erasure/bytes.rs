//! A search through the bytes of files, as somebody would make it who holds the disk.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::PgPool;
use sqlx::{Executor, Row};

use crate::life::world::World;

/// Long enough for nothing else to be it.
const PIECE_BYTES: usize = 12;

/// How often files are written anew before a row that is left in them is not a reader's fault.
const TRIES: u32 = 20;

/// In no file of the installation and in none of the database's, as they are on the disk.
pub async fn are_nowhere(world: &World, needles: &[&[u8]]) {
    let places = places(world).await;
    for needle in needles {
        assert_eq!(found_in(&places, needle), [] as [PathBuf; 0], "{}", String::from_utf8_lossy(needle));
    }
}

/// Pieces of them are in no file that the database still uses. What PostgreSQL's WAL and free pages hold is not asked for
/// here: it is ciphertext whose key is gone.
pub async fn are_not_in_the_database(world: &World, ciphertexts: &[Vec<u8>]) {
    let has_no_break = |piece: &&[u8]| !piece.contains(&0) && !piece.contains(&b'\n');
    let piece = |ciphertext: &Vec<u8>| ciphertext.windows(PIECE_BYTES).find(has_no_break).map(<[u8]>::to_vec);
    let pieces: Vec<_> =
        ciphertexts.iter().map(|ciphertext| piece(ciphertext).expect("random bytes have such a piece")).collect();
    let found = |places: &[PathBuf]| pieces.iter().flat_map(|piece| found_in(places, piece)).collect::<Vec<_>>();
    let Some(pool) = pool(world).await else {
        assert_eq!(found(&[world.installation.folder().to_owned()]), [] as [PathBuf; 0]);
        return;
    };
    let places = [files_of_database(&pool).await];
    let mut left = Vec::new();
    // Its files keep a deleted row until they are written anew, and the new ones as well while a read goes on that began
    // before: the server's own come and go.
    for _ in 0..TRIES {
        pool.execute("vacuum full ciphertexts").await.expect("an owner may");
        pool.execute("checkpoint").await.expect("a superuser may");
        left = found(&places);
        if left.is_empty() {
            return;
        }
    }
    assert_eq!(left, [] as [PathBuf; 0]);
}

async fn places(world: &World) -> Vec<PathBuf> {
    let mut places = vec![world.installation.folder().to_owned()];
    if let Some(pool) = pool(world).await {
        pool.execute("checkpoint").await.expect("a superuser may");
        places.push(files_of_database(&pool).await);
        places.push(data_directory(&pool).await.join("pg_wal"));
    }
    places
}

async fn pool(world: &World) -> Option<PgPool> {
    let url = world.installation.database();
    match url.starts_with("postgres") {
        true => Some(PgPool::connect(&url).await.expect("the server answers")),
        false => None,
    }
}

async fn data_directory(pool: &PgPool) -> PathBuf {
    let row = pool.fetch_one("show data_directory").await.expect("a superuser may");
    PathBuf::from(row.get::<String, _>(0))
}

async fn files_of_database(pool: &PgPool) -> PathBuf {
    let row = pool.fetch_one("select oid::text from pg_database where datname = current_database()").await;
    data_directory(pool).await.join("base").join(row.expect("it is there").get::<String, _>(0))
}

/// Files below the places that hold these bytes.
fn found_in(places: &[PathBuf], needle: &[u8]) -> Vec<PathBuf> {
    assert!(places.iter().all(|place| Path::new(place).is_dir()));
    let mut grep = Command::new("grep");
    grep.env("LC_ALL", "C").args(["-rlaF", "-e"]).arg(OsStr::from_bytes(needle)).arg("--").args(places);
    let output = grep.output().expect("grep is there");
    String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect()
}

#[test]
fn a_needle_is_found_where_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("haystack"), b"\0\xff\n\x01hay \xe6\xac\xa7\xe9\x98\xb3 hay").expect("written");
    let places = [folder.path().to_owned()];
    assert_eq!(found_in(&places, "欧阳".as_bytes()).len(), 1);
    assert_eq!(found_in(&places, b"\x01hay").len(), 1);
    assert_eq!(found_in(&places, b"needle").len(), 0);
}
