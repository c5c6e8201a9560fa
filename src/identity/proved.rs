//! Tokens whose signatures were found good, and what they say: a signature takes longer to verify than all else that is
//! done for a small question, and nothing about it changes while the key is trusted. Whether a token holds *now*, its
//! times and its revocation, is looked at every time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::identity::IdentityError;

/// How many tokens are remembered: some megabytes.
const MOST: u64 = 10_000;

/// How long one is remembered that nobody shows.
const IDLE: Duration = Duration::from_secs(600);

/// What good tokens say. Tokens are known by their digests, so none can be read from it.
pub(super) struct Proved<P> {
    kept: Cache<[u8; 32], Arc<P>>,
}

/// Both remember the same tokens.
impl<P> Clone for Proved<P> {
    fn clone(&self) -> Self {
        Self { kept: self.kept.clone() }
    }
}

impl<P> fmt::Debug for Proved<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proved").finish_non_exhaustive()
    }
}

impl<P: Send + Sync + 'static> Default for Proved<P> {
    fn default() -> Self {
        Self { kept: Cache::builder().max_capacity(MOST).time_to_idle(IDLE).build() }
    }
}

impl<P: Send + Sync + 'static> Proved<P> {
    /// What a token says, proved now unless it was before by the same edition of the keys.
    ///
    /// # Errors
    /// What the proof fails with. That is not remembered.
    pub(super) fn payload(
        &self,
        token: &str,
        edition: u64,
        prove: impl FnOnce() -> Result<P, IdentityError>,
    ) -> Result<Arc<P>, IdentityError> {
        let digest: [u8; 32] = Sha256::new().chain_update(edition.to_be_bytes()).chain_update(token).finalize().into();
        if let Some(payload) = self.kept.get(&digest) {
            return Ok(payload);
        }
        let payload = Arc::new(prove()?);
        self.kept.insert(digest, payload.clone());
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_proved_once_for_each_edition_of_the_keys() {
        let proved = Proved::default();
        let mut proofs = 0;
        let mut says = |token: &str, edition| {
            let payload = proved.payload(token, edition, || {
                proofs += 1;
                if token == "bad" { Err(IdentityError::Signature) } else { Ok(format!("what {token} says")) }
            });
            payload.map(|payload| payload.to_string())
        };
        for (token, edition) in [("one", 1), ("one", 1), ("two", 1), ("one", 2), ("one", 1)] {
            assert_eq!(says(token, edition), Ok(format!("what {token} says")));
        }
        assert_eq!([says("bad", 1), says("bad", 1)], [Err(IdentityError::Signature), Err(IdentityError::Signature)]);
        assert_eq!(proofs, 3 + 2, "what is no proof is asked for again");
    }
}
