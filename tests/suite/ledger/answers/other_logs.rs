//! Of a log that is not the one that was seen: another name, or fewer events.

use std::fs;

use ed25519_dalek::SigningKey;
use etalon::app::Sealed;
use etalon::audit::{Followed, Follower};
use etalon::ledger::note::{Algorithm, NoteSigner, VerifierKey};
use serde_json::json;

use super::{Stage, alarm, failed, good, noon};

#[tokio::test]
async fn a_log_that_has_lost_events_is_told_as_shrunk() {
    let stage = Stage::set().await;
    let follower = stage.follower().await;
    stage.shows().await;
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(10, 10));
    stage.goes_on(10, 20).await;
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(20, 10));
    let memory = stage.house.folder.path().join("seen");
    let seen = fs::read_to_string(&memory).expect("it is kept");
    // As a database that was put back: what it shows is signed, and of what was seen it has no proof.
    stage.says(&stage.shown(Sealed::Size(10)).await);
    stage.says_of_proofs(&failed("consistencyProof", "NOT_IN_TREE"));
    assert_eq!(alarm(&follower).await, "LOG_SHRUNK");
    let (code, said) = stage.looked_once().await;
    assert!(code == Some(3) && said.contains("the log had 20 events and has 10 now"), "{code:?}: {said}");
    assert_eq!(fs::read_to_string(&memory).expect("it reads"), seen, "what was seen stays");
}

/// Whichever of the keys are known, and in whatever order they are given.
#[tokio::test]
async fn a_log_of_another_name_is_told_as_renamed() {
    let stage = Stage::set().await;
    let memory = stage.house.folder.path().join("seen");
    let follow = |keys: &[&VerifierKey]| {
        let keys = keys.iter().map(|key| (*key).clone()).collect();
        Follower::new(&stage.url, &stage.token_file(), keys, &memory).expect("it follows")
    };
    let old = stage.house.key().await;
    stage.shows().await;
    assert_eq!(follow(&[&old]).look(noon()).await.expect("an answer"), good(10, 10));
    let seen = fs::read_to_string(&memory).expect("it is kept");
    let signer = NoteSigner::new("after.example/1", Algorithm::Ed25519, SigningKey::from_bytes(&[7; 32]));
    let signer = signer.expect("a name");
    let new = signer.verifier();
    let text = seen.split_once("\n\n").expect("a note").0.replace(old.name(), new.name()) + "\n";
    let note = format!("{text}\n{}", signer.sign(&text, 0));
    stage.says(&json!({ "data": { "checkpoint": { "note": note } } }).to_string());
    for (keys, is_verified) in [(&[&old][..], false), (&[&old, new][..], true), (&[new, &old][..], true)] {
        match follow(keys).look(noon()).await.expect("an answer") {
            Followed::Alarm { kind: "LOG_RENAMED", message, .. } => {
                assert!(message.contains(old.name()) && message.contains("after.example/1"), "{message}");
                assert_eq!(message.contains("which is not verified"), !is_verified, "{message}");
                assert_eq!(message.contains("get the key of that name"), !is_verified, "{message}");
            }
            other => panic!("{keys:?}: it was to be renamed, and not {other:?}"),
        }
    }
    let refused = follow(&[new]).look(noon()).await.expect_err("nobody has given the key of what was seen");
    assert!(refused.code() == "NO_CHECKPOINT" && refused.to_string().ends_with("whose key was not given"), "{refused}");
    assert_eq!(fs::read_to_string(&memory).expect("it reads"), seen, "what was seen stays");
    // A note that nobody has signed under a known name is none, whatever was seen.
    let forged = format!("{}\n\n{}", seen.split_once("\n\n").expect("a note").0, signer.sign(&text, 0));
    stage.says(&json!({ "data": { "checkpoint": { "note": forged } } }).to_string());
    assert_eq!(alarm(&follow(&[&old])).await, "CHECKPOINT");
    // Where nothing was seen yet, there is nothing that was renamed.
    fs::remove_file(&memory).expect("removed");
    stage.says(&json!({ "data": { "checkpoint": { "note": note } } }).to_string());
    assert_eq!(alarm(&follow(&[&old])).await, "CHECKPOINT");
    assert_eq!(follow(&[new]).look(noon()).await.expect("an answer"), good(10, 10));
}
