//! What was ordered before under an idempotency key: what is sent again gets its first answer, and is not carried out twice.

use crate::app::App;
use crate::app::request::{Failure, Fault, Key, Receipt};
use crate::domain::actor::ActorId;
use crate::domain::refusal::{Code, Refusal};

/// What the log has under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing: no command of this key was carried out.
    Nothing,
    /// This command.
    This(Receipt),
    /// A command with another input.
    Another,
    /// A command of before the database went on with other data keys: its input was digested under those that are gone, and
    /// cannot be compared with this one any more.
    Untold {
        /// The position of its last event.
        position: u64,
    },
}

impl App {
    /// What the command of this key came to.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails.
    pub async fn earlier(&self, actor: &ActorId, key: &Key) -> Result<Earlier, Fault> {
        let Some(stored) = self.store.command(actor.as_str(), key.text()).await? else { return Ok(Earlier::Nothing) };
        if self.digests_kept(key).await?.contains(&stored.digest) {
            return Ok(Earlier::This(Receipt { replayed: true, ..Receipt::from(stored.committed) }));
        }
        Ok(match self.is_from_before_these_keys(stored.committed.recorded_at).await? {
            true => Earlier::Untold { position: stored.committed.last_position() },
            false => Earlier::Another,
        })
    }

    /// The answer that the command of this key has got; `None` where it was not carried out.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when the key came with another input then, `IDEMPOTENCY_KEY_INCOMPARABLE` when that cannot
    /// be told, or a fault.
    pub async fn answer_to(&self, actor: &ActorId, key: &Key) -> Result<Option<Receipt>, Failure> {
        match self.earlier(actor, key).await? {
            Earlier::Nothing => Ok(None),
            Earlier::This(receipt) => Ok(Some(receipt)),
            Earlier::Another => Err(key_reused().into()),
            Earlier::Untold { position } => {
                Err(incomparable(&format!("what was recorded then is at position {position}")).into())
            }
        }
    }
}

pub(super) fn key_reused() -> Refusal {
    Refusal::new(
        Code::IdempotencyKeyReused,
        "idempotencyKey",
        "this key was used before with another input; use a new key for a new command",
    )
}

/// The refusal of a key whose first input cannot be compared any more; where is told what came of that.
pub(super) fn incomparable(place: &str) -> Refusal {
    let message = format!(
        "this key was used before the database went on with other data keys, and whether with this input cannot be told any \
         more: {place}; look there, and use a new key for a new command"
    );
    Refusal::new(Code::IdempotencyKeyIncomparable, "idempotencyKey", message)
}
