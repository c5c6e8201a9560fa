//! The data keys are those of the user that a server runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

use etalon::clock::fill_with_secrets;
use etalon::vault::keys::KeyStore;
use etalon::vault::reference::KeyId;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::left_out;

const KEY: Uuid = Uuid::from_u128(7);

/// Root alone can give a file to another user.
#[test]
fn what_another_user_owns_is_refused_by_name() {
    let folder = TempDir::new().expect("a temporary folder");
    let keys = folder.path().join("keys");
    let store = KeyStore::open_or_create(&keys, fill_with_secrets).expect("made");
    store.create(KeyId(KEY)).expect("made");
    let user = fs::metadata(folder.path()).expect("there").uid();
    let other = user + 4_711;
    let [data, shard, key, kek] = ["data", "data/07", &format!("data/07/{KEY}"), "kek-1"].map(|name| keys.join(name));
    for path in [keys.clone(), data, shard, key, kek] {
        if chown(&path, Some(other), None).is_err() {
            return left_out("data keys of another user, since this process may not give them to one");
        }
        let refused = KeyStore::open(&keys, fill_with_secrets).and_then(|_| store.rotate_kek()).expect_err("refused");
        let said = format!("{} belongs to the user {other}, and this is the user {user}: ", path.display());
        assert!(refused.to_string().starts_with(&said), "{refused}");
        chown(&path, Some(user), None).expect("given back");
    }
    store.rotate_kek().expect("rotated");
}
