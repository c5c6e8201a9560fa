//! Proofs and those who vouch for them: what the rows of an answer ask for is read once.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use futures::FutureExt;

use crate::app::{App, Fault, Inclusion, Moment, NoProof, Sealed, Vouched};
use crate::domain::actor::Actor;
use crate::graphql::loaders::positions::PositionKey;
use crate::graphql::loaders::{Loaders, grouped};

pub(super) struct Proofs {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<PositionKey> for Proofs {
    type Value = Arc<Inclusion>;
    type Error = NoProof;

    async fn load(&self, keys: &[PositionKey]) -> Result<HashMap<PositionKey, Self::Value>, NoProof> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let positions: Vec<_> = keys.iter().map(|key| key.position).collect();
            let proofs = self.app.inclusions(&self.actor, &positions, at).await?;
            found.extend(proofs.into_iter().map(|proof| (PositionKey { position: proof.index, at }, Arc::new(proof))));
        }
        Ok(found)
    }
}

pub(super) struct Vouchers {
    pub(super) app: Arc<App>,
}

/// By how many events the checkpoint covers.
impl Loader<u64> for Vouchers {
    type Value = Arc<Vouched>;
    type Error = Fault;

    async fn load(&self, sizes: &[u64]) -> Result<HashMap<u64, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(sizes.len());
        for size in sizes {
            if let Some(vouched) = self.app.checkpoint(Sealed::Size(*size)).await? {
                found.insert(*size, Arc::new(vouched));
            }
        }
        Ok(found)
    }
}

impl Loaders {
    /// That an event is in the latest tree that was sealed, as of that moment; `None` while none has it, and where it is
    /// not there for who asks.
    pub(crate) async fn proof(&self, position: u64, at: Moment) -> Result<Option<Arc<Inclusion>>, NoProof> {
        self.proofs.load_one(PositionKey { position, at }).boxed().await
    }

    /// The checkpoint of that size with everybody who vouches for it.
    pub(crate) async fn vouched(&self, size: u64) -> Result<Option<Arc<Vouched>>, Fault> {
        self.vouchers.load_one(size).boxed().await
    }
}
