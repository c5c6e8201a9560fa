use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::panic::catch_unwind;
use std::sync::Barrier;

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::clock::fill_with_secrets as entropy;

pub(super) fn store() -> (TempDir, KeyStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder);
    (folder, store)
}

pub(super) fn open(folder: &TempDir) -> KeyStore {
    KeyStore::open_or_create(&folder.path().join("vault/keys"), entropy).expect("opened")
}

/// Ids whose last digits differ, so that there are several folders.
pub(super) fn id(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number))
}

/// Every file below the folder, with what it holds.
pub(super) fn files_in(folder: &Path) -> HashMap<PathBuf, Vec<u8>> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else {
            let bytes = fs::read(&path).expect("read");
            found.insert(path, bytes);
        }
    }
    found
}

/// The wrapped key as its file spells it.
pub(super) fn wrapped_in(path: &Path) -> String {
    let file: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("read")).expect("JSON");
    file["wrapped"].as_str().expect("a text").to_owned()
}

pub(super) fn holds(folder: &Path, needle: &[u8]) -> bool {
    files_in(folder).values().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn who_opens_what_is_there_makes_nothing() {
    let (folder, store) = store();
    let made = store.create(id(1)).expect("made");
    let there = KeyStore::open(&folder.path().join("vault/keys"), entropy).expect("opened").expect("it is there");
    assert_eq!(there.get(id(1)).expect("read").expect("there").bytes(), made.bytes());
    let elsewhere = folder.path().join("elsewhere");
    assert!(KeyStore::open(&elsewhere, entropy).expect("nothing is wrong").is_none() && !elsewhere.exists());
    fs::create_dir(&elsewhere).expect("made");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o700)).expect("set");
    assert!(KeyStore::open(&elsewhere, entropy).expect("nothing is wrong").is_none(), "it is empty");
    fs::create_dir(elsewhere.join("data")).expect("made");
    let refused = KeyStore::open(&elsewhere, entropy).expect_err("it has no key");
    assert!(matches!(refused, KeyStoreError::MissingKek { .. }), "{refused}");
    assert!(files_in(&elsewhere).is_empty());
}

#[test]
fn a_key_is_made_once_and_read_again() {
    let (folder, store) = store();
    assert!(store.get(id(1)).expect("read").is_none());
    let made = store.create(id(1)).expect("made");
    assert_eq!(made.id(), id(1));
    assert_eq!(store.create(id(1)).expect("there").bytes(), made.bytes());
    assert_eq!(open(&folder).get(id(1)).expect("read").expect("there").bytes(), made.bytes());
    assert_ne!(store.create(id(2)).expect("made").bytes(), made.bytes());
    assert_eq!(store.count().expect("counted"), 2);
    assert!(!holds(folder.path(), made.bytes()));
}

#[test]
fn everything_is_for_the_owner_alone() {
    let (folder, store) = store();
    store.create(id(1)).expect("made");
    store.create(id(2)).expect("made");
    store.destroy(id(2)).expect("destroyed");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let files = files_in(folder.path());
    let mut names: Vec<_> =
        files.keys().map(|path| path.strip_prefix(&store.folder).expect("below").display().to_string()).collect();
    names.sort();
    let [one, two] = [id(1), id(2)];
    assert_eq!(names, [format!("data/01/{one}"), format!("data/02/{two}.destroyed"), "kek-1".into(), "lock".into()]);
    for path in files.keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    }
}

#[test]
fn what_others_may_read_is_refused_by_name() {
    let (folder, store) = store();
    store.create(id(1)).expect("made");
    for (path, right) in
        [(store.path(id(1)), 0o600), (store.kek_path(1), 0o600), (store.folder.clone(), 0o700), (store.data(), 0o700)]
    {
        fs::set_permissions(&path, fs::Permissions::from_mode(right | 0o040)).expect("changed");
        let refused =
            KeyStore::open_or_create(&store.folder, entropy).and_then(|store| store.get(id(1))).expect_err("refused");
        assert_eq!(
            refused.to_string(),
            format!("{} is open to others (mode {:03o}); run `chmod {right:o}` on it", path.display(), right | 0o040)
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(right)).expect("changed");
    }
    assert!(open(&folder).get(id(1)).expect("read").is_some());
}

/// Something that reads or writes a file.
type Attempt = fn(&KeyStore) -> Result<(), KeyStoreError>;

#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    let (folder, store) = store();
    store.create(id(1)).expect("made");
    store.create(id(2)).expect("made");
    let (elsewhere, aside) = (folder.path().join("elsewhere"), folder.path().join("aside"));
    let words = Some("what somebody else has written");
    let attempts: [(PathBuf, Option<&str>, Attempt); 6] = [
        (store.path(id(1)), words, |store| store.get(id(1)).map(drop)),
        (store.path(id(2)), words, |store| store.destroy(id(2))),
        (store.mark(id(3)), None, |store| store.destroy(id(3))),
        (files::draft_of(&store.path(id(1))), words, |store| store.rotate_kek().map(drop)),
        (store.folder.join("lock"), words, |store| store.discard(id(1))),
        (store.folder.join("lock"), None, |store| store.discard(id(1))),
    ];
    files::make_folder(&store.shard(id(3))).expect("made");
    for (path, there, attempt) in attempts {
        let is_moved = fs::rename(&path, &aside).is_ok();
        if let Some(words) = there {
            fs::write(&elsewhere, words).expect("written");
        }
        symlink(&elsewhere, &path).expect("linked");
        let refused = attempt(&store).expect_err("refused");
        assert!(matches!(&refused, KeyStoreError::Link { path: link } if *link == path), "{refused}");
        assert_eq!(fs::read_to_string(&elsewhere).ok().as_deref(), there, "{}", path.display());
        fs::remove_file(&path).expect("removed");
        let _ = fs::remove_file(&elsewhere);
        if is_moved {
            fs::rename(&aside, &path).expect("put back");
        }
    }
    assert!(store.get(id(1)).expect("read").is_some());
}

#[test]
fn many_servers_make_the_same_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let barrier = Barrier::new(12);
    let keys: Vec<DataKey> = std::thread::scope(|scope| {
        let start = || {
            barrier.wait();
            open(&folder).create(id(1)).expect("made")
        };
        let servers: Vec<_> = (0..12).map(|_| scope.spawn(start)).collect();
        servers.into_iter().map(|server| server.join().expect("no panic")).collect()
    });
    assert!(keys.iter().all(|key| key.bytes() == keys[0].bytes()));
    assert_eq!(files_in(folder.path()).len(), 3, "one data key, one key-encryption key, the lock and no draft");
}

#[test]
fn a_file_that_is_there_is_never_replaced() {
    let (_folder, store) = store();
    let path = store.path(id(1));
    files::make_folder(&store.shard(id(1))).expect("made");
    let lock = store.lock().expect("locked");
    files::write_new(&path, b"first", &lock, entropy).expect("written");
    files::write_new(&path, b"second", &lock, entropy).expect("written");
    assert_eq!(fs::read(&path).expect("read"), b"first");
}

#[test]
fn a_destroyed_key_is_gone_from_every_file_and_never_made_again() {
    let (folder, store) = store();
    let kept = store.create(id(2)).expect("made");
    store.create(id(1)).expect("made");
    let path = store.path(id(1));
    let wrapped = wrapped_in(&path);
    // Names that lead to the same blocks, and a draft that an interrupted write left.
    let linked = folder.path().join("linked");
    fs::hard_link(&path, &linked).expect("linked");
    fs::copy(&path, files::draft_of(&path)).expect("copied");
    store.destroy(id(1)).expect("destroyed");
    assert!(store.is_destroyed(id(1)).expect("read"));
    assert!(!store.is_destroyed(id(2)).expect("read"));
    assert!(!path.exists() && !files::draft_of(&path).exists());
    assert!(linked.exists());
    for piece in wrapped.as_bytes().windows(8) {
        assert!(!holds(folder.path(), piece));
    }
    assert!(store.get(id(1)).expect("read").is_none());
    assert!(matches!(store.create(id(1)), Err(KeyStoreError::Destroyed { id: destroyed }) if destroyed == id(1)));
    store.destroy(id(1)).expect("destroyed again");
    assert_eq!(store.count().expect("counted"), 1);
    assert_eq!(store.get(id(2)).expect("read").expect("there").bytes(), kept.bytes());
}

#[test]
fn a_key_that_never_was_can_be_destroyed() {
    let (_folder, store) = store();
    store.destroy(id(1)).expect("destroyed");
    assert!(matches!(store.create(id(1)), Err(KeyStoreError::Destroyed { .. })));
}

#[test]
fn a_destruction_that_was_cut_short_holds_and_is_completed() {
    let complete: [fn(&KeyStore); 2] = [
        |store| store.destroy(id(1)).expect("destroyed"),
        |store| assert_eq!(store.rotate_kek().expect("rotated").rewrapped, 0),
    ];
    for complete in complete {
        for overwritten in [false, true] {
            let (_folder, store) = store();
            store.create(id(1)).expect("made");
            files::write_mark(&store.mark(id(1)), &store.lock().expect("locked")).expect("written");
            if overwritten {
                fs::write(store.path(id(1)), [0xff; 100]).expect("written");
            }
            assert!(store.get(id(1)).expect("read").is_none());
            assert_eq!(store.count().expect("counted"), 0);
            assert!(matches!(store.create(id(1)), Err(KeyStoreError::Destroyed { .. })));
            complete(&store);
            assert!(!store.path(id(1)).exists());
        }
    }
}

#[test]
fn a_missing_key_encryption_key_is_named_and_not_made_anew() {
    let (_folder, store) = store();
    store.create(id(1)).expect("made");
    store.rotate_kek().expect("rotated");
    fs::remove_file(store.kek_path(2)).expect("removed");
    for refused in
        [store.get(id(1)).expect_err("refused"), KeyStore::open_or_create(&store.folder, entropy).expect_err("refused")]
    {
        assert!(matches!(&refused, KeyStoreError::MissingKek { path } if *path == store.kek_path(2)), "{refused}");
    }
    fs::write(store.kek_path(2), "c2hvcnQ=\n").expect("written");
    fs::set_permissions(store.kek_path(2), fs::Permissions::from_mode(0o600)).expect("changed");
    let refused = store.get(id(1)).expect_err("refused");
    assert!(matches!(&refused, KeyStoreError::Malformed { path, .. } if *path == store.kek_path(2)), "{refused}");
    fs::write(store.kek_path(2), *wrapped::kek_to_bytes(&[7; 32])).expect("written");
    let refused = store.get(id(1)).expect_err("refused");
    assert!(matches!(refused, KeyStoreError::KekRefused { .. }), "{refused}");
}

#[test]
fn any_flipped_bit_of_a_wrapped_key_is_found() {
    let (_folder, store) = store();
    let made = store.create(id(1)).expect("made");
    let path = store.path(id(1));
    let bytes = fs::read(&path).expect("read");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, changed).expect("written");
        // A flipped line feed may still be white space.
        if let Ok(read) = store.get(id(1)) {
            assert_eq!((bit / 8, read.expect("there").bytes()), (bytes.len() - 1, made.bytes()));
        }
    }
}

#[test]
fn a_key_under_another_id_is_refused() {
    let (_folder, store) = store();
    store.create(id(1)).expect("made");
    store.create(id(2)).expect("made");
    fs::copy(store.path(id(1)), store.path(id(2))).expect("copied");
    assert!(matches!(store.get(id(2)), Err(KeyStoreError::KekRefused { .. })));
}

#[test]
fn a_discarding_that_was_cut_short_is_in_the_way_of_no_rotation() {
    let (folder, store) = store();
    let kept = store.create(id(2)).expect("made");
    store.create(id(1)).expect("made");
    // The process ends where it would overwrite the key.
    let killed = KeyStore { entropy: |_| panic!("killed"), ..store.clone() };
    catch_unwind(|| killed.discard(id(1))).expect_err("killed");
    let (path, draft) = (store.path(id(1)), files::draft_of(&store.path(id(1))));
    assert!(!path.exists() && draft.exists());
    // Or a moment later, when it has.
    fs::write(&draft, [0xff; 100]).expect("written");
    assert_eq!(store.rotate_kek().expect("rotated").rewrapped, 1);
    assert_eq!(store.get(id(2)).expect("read").expect("there").bytes(), kept.bytes());
    assert!(store.get(id(1)).expect("read").is_none());
    store.create(id(1)).expect("made anew");
    assert!(!draft.exists() && open(&folder).get(id(1)).expect("read").is_some());
}

#[test]
fn a_key_that_is_discarded_was_never_there() {
    let (folder, store) = store();
    let before = files_in(folder.path());
    let discarded = store.create(id(1)).expect("made");
    store.discard(id(1)).expect("discarded");
    store.discard(id(2)).expect("there is none");
    assert_eq!(files_in(folder.path()), before);
    assert!(!store.is_destroyed(id(1)).expect("read") && store.get(id(1)).expect("read").is_none());
    assert_ne!(store.create(id(1)).expect("made anew").bytes(), discarded.bytes());
}
