use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::process::Command;

use super::*;
use crate::vault::keys::tests::{files_in, holds, id, open, store, wrapped_in};
use crate::vault::seal::DataKey;

#[test]
fn a_rotation_wraps_every_key_anew() {
    let (folder, store) = store();
    let made: Vec<DataKey> = (0..5).map(|number| store.create(id(number)).expect("made")).collect();
    let before: Vec<String> = (0..5).map(|number| wrapped_in(&store.path(id(number)))).collect();
    let kek = fs::read(store.kek_path(1)).expect("read");
    assert_eq!(store.rotate_kek().expect("rotated"), Rotation { kek: 2, rewrapped: 5 });
    for key in &made {
        assert_eq!(open(&folder).get(key.id()).expect("read").expect("there").bytes(), key.bytes());
    }
    for old in before.iter().map(String::as_bytes).chain([&kek[..]]) {
        assert!(!holds(folder.path(), old));
    }
    assert_eq!(store.keks().expect("read"), [2]);
    store.create(id(9)).expect("made");
    assert_eq!(store.rotate_kek().expect("rotated"), Rotation { kek: 3, rewrapped: 6 });
}

#[test]
fn a_rotation_that_is_cut_short_anywhere_is_made_up_for() {
    let cut =
        || KeyStoreError::File { operation: "go on with", path: "it".into(), source: io::ErrorKind::Other.into() };
    // A new key-encryption key, three data keys, the destruction of the old one.
    for step in 0..5 {
        let (folder, store) = store();
        let made: Vec<DataKey> = (0..3).map(|number| store.create(id(number)).expect("made")).collect();
        let mut steps = 0;
        store
            .rotate(&mut |_| {
                steps += 1;
                if steps > step { Err(cut()) } else { Ok(()) }
            })
            .expect_err("cut short");
        let store = open(&folder);
        let between = store.create(id(7)).expect("made");
        let readable = |store: &KeyStore| {
            made.iter()
                .chain([&between])
                .all(|key| store.get(key.id()).expect("read").expect("there").bytes() == key.bytes())
        };
        assert!(readable(&store), "after {step} steps");
        assert!(store.kek_path(1).exists(), "the old one goes last");
        let rotation = store.rotate_kek().expect("rotated");
        let kek = if step == 0 { 2 } else { 3 };
        assert_eq!(rotation, Rotation { kek, rewrapped: 4 }, "after {step} steps");
        assert!(readable(&store), "after {step} steps");
        assert_eq!(store.keks().expect("read"), [kek]);
    }
}

/// A copy of the folder that was taken while a rotation was cut short opens nothing that is destroyed until the next.
#[test]
fn what_is_destroyed_between_a_cut_and_the_next_rotation_is_unreadable_in_copies() {
    let (folder, store) = store();
    store.create(id(1)).expect("made");
    let mut steps = 0;
    let cut =
        || KeyStoreError::File { operation: "go on with", path: "it".into(), source: io::ErrorKind::Other.into() };
    let is_cut_short = store.rotate(&mut |_| {
        steps += 1;
        if steps > 2 { Err(cut()) } else { Ok(()) }
    });
    is_cut_short.expect_err("cut short");
    let copied = fs::read(store.path(id(1))).expect("wrapped by the second");
    store.destroy(id(1)).expect("destroyed");
    store.rotate_kek().expect("rotated");
    let kek = Wrapped::parse(&copied, &store.path(id(1))).expect("wrapped").kek();
    assert!(kek == 2 && !store.keks().expect("read").contains(&kek));
    assert!(!holds(folder.path(), &copied));
}

#[test]
fn what_interrupted_writes_leave_is_cleared_away() {
    let (folder, store) = store();
    let made = store.create(id(1)).expect("made");
    let path = store.path(id(1));
    // Cut short between writing a draft and putting it in place.
    fs::write(files::draft_of(&path), "half a k").expect("written");
    fs::write(files::draft_of(&store.kek_path(2)), "half a k").expect("written");
    // Cut short between linking a new file and removing the draft's name: both are one file.
    fs::hard_link(store.kek_path(1), files::draft_of(&store.kek_path(1))).expect("linked");
    let linked = store.create(id(2)).expect("made");
    fs::hard_link(store.path(id(2)), files::draft_of(&store.path(id(2)))).expect("linked");
    assert_eq!(store.rotate_kek().expect("rotated"), Rotation { kek: 2, rewrapped: 2 });
    assert_eq!(store.get(id(1)).expect("read").expect("there").bytes(), made.bytes());
    assert_eq!(store.get(id(2)).expect("read").expect("there").bytes(), linked.bytes());
    let left = files_in(folder.path());
    assert!(left.keys().all(|path| path.extension().is_none()), "{:?}", left.keys());
    // An old key-encryption key that was overwritten and not removed.
    fs::copy(store.path(id(2)), files::draft_of(&store.path(id(2)))).expect("copied");
    fs::write(store.kek_path(1), [0xff; 45]).expect("written");
    assert_eq!(store.rotate_kek().expect("rotated"), Rotation { kek: 3, rewrapped: 2 });
    assert_eq!(store.keks().expect("read"), [3]);
    assert!(!files::draft_of(&store.path(id(2))).exists());
}

#[test]
fn a_rotation_that_was_overtaken_changes_nothing() {
    let (_folder, store) = store();
    store.create(id(1)).expect("made");
    store.rotate_kek().expect("rotated");
    store.rotate_kek().expect("rotated");
    let before = wrapped_in(&store.path(id(1)));
    let lock = store.lock().expect("locked");
    assert!(!store.rewrap(id(1), 2, &lock, &mut |_| Ok(())).expect("left"));
    assert_eq!(wrapped_in(&store.path(id(1))), before);
}

#[test]
fn keys_are_made_read_and_destroyed_while_rotations_run() {
    let (folder, store) = store();
    for number in 0..8 {
        store.create(id(number)).expect("made");
    }
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..4).for_each(|_| assert!(open(&folder).rotate_kek().expect("rotated").kek > 1)));
        }
        scope.spawn(|| (8..24).for_each(|number| drop(open(&folder).create(id(number)).expect("made"))));
        scope.spawn(|| (0..4).for_each(|number| open(&folder).destroy(id(number)).expect("destroyed")));
        scope.spawn(|| {
            // Until another server has made the last of its keys, and a while longer.
            let mut turns_left = 400;
            while turns_left > 0 {
                (4..8).for_each(|number| assert!(store.get(id(number)).expect("read").is_some()));
                turns_left -= u32::from(store.get(id(23)).expect("read").is_some());
            }
        });
    });
    for number in 0..24 {
        assert_eq!(store.get(id(number)).expect("read").is_some(), number >= 4, "number {number}");
    }
    assert_eq!(store.count().expect("counted"), 20);
    assert_eq!(store.keks().expect("read").len(), 1);
}

#[test]
fn a_key_that_is_wrapped_anew_while_it_is_read_is_read_again() {
    let (folder, store) = store();
    let made = store.create(id(1)).expect("made");
    let path = store.path(id(1));
    let before = fs::read(&path).expect("read");
    store.rotate_kek().expect("rotated");
    // A pipe in the file's place: its reader has it open until the test lets go.
    let after = folder.path().join("after");
    fs::rename(&path, &after).expect("moved");
    let made_pipe = Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().expect("run");
    assert!(made_pipe.success());
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| store.get(id(1)));
        let mut pipe = OpenOptions::new().write(true).open(&path).expect("opened");
        pipe.write_all(&before).expect("written");
        fs::rename(&after, &path).expect("moved");
        drop(pipe);
        let read = reader.join().expect("no panic").expect("read").expect("there");
        assert_eq!(read.bytes(), made.bytes());
    });
}

#[test]
fn a_rotation_keeps_the_old_key_when_a_file_is_broken() {
    let (_folder, store) = store();
    let made = store.create(id(1)).expect("made");
    store.create(id(2)).expect("made");
    fs::write(store.path(id(2)), "{}").expect("written");
    let refused = store.rotate_kek().expect_err("refused");
    assert_eq!(
        refused.to_string(),
        format!("{} is not a wrapped data key; put back the file from where it was kept", store.path(id(2)).display())
    );
    assert_eq!(store.keks().expect("read"), [1, 2]);
    assert_eq!(store.get(id(1)).expect("read").expect("there").bytes(), made.bytes());
    store.destroy(id(2)).expect("destroyed");
    assert_eq!(store.rotate_kek().expect("rotated").kek, 3);
}
