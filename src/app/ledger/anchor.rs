//! Anchors: who outside of this installation vouches that a checkpoint was there at a time. What is anchored cannot be
//! rewritten even by whoever holds the database and the signer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::ledger::seal::NotSealed;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::Note;
use crate::ledger::timestamp::request::Request;
use crate::ledger::witness::NotSigned;
use crate::outbound::{Client, Endpoint, EndpointError, Networks};
use crate::signer::{RemoteSigner, SignError};
use crate::store::{Sealed, StoreError, StoredCheckpoint, StoredCosignature, StoredTimeStamp};
use crate::telemetry::causes::with_causes;

/// How long it may take altogether until somebody has vouched, however often a witness says that it was elsewhere. With
/// [`BEHIND`] it is less than auditors take clocks to differ by: no word is later than that.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nobody is asked again after a failure.
const REST: Duration = Duration::from_secs(30);

/// How often it is looked whether another process has sealed something. Whoever vouches for a checkpoint now says that the
/// log has no more events now: an auditor holds that against the time of the next one.
const LOOKS_EVERY: Duration = Duration::from_secs(20);

/// How far the clock of whoever vouches may be ahead of this one: their word is believed by whoever verifies it, and says
/// of a time to come that the log had no more events by then.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// How long the log may have gone on behind its latest checkpoint while somebody is asked to vouch for that.
const BEHIND: SignedDuration = SignedDuration::from_secs(20);

/// Who vouches for checkpoints.
#[derive(Default)]
pub struct Anchors {
    /// Cosign each checkpoint, or the latest of several.
    pub witnesses: Vec<Witness>,
    /// Stamps one now and then.
    pub authority: Option<Authority>,
}

/// Cosigns checkpoints by tlog-witness.
pub struct Witness(pub RemoteSigner);

/// Stamps checkpoints by RFC 3161.
pub struct Authority {
    url: String,
    endpoint: Endpoint,
    client: Client,
    every: Duration,
}

impl Authority {
    /// The authority at that URL, asked so often while the log grows.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, every: Duration) -> Result<Self, EndpointError> {
        let networks = Networks::any();
        let endpoint = Endpoint::parse(url, &networks)?;
        Ok(Self { url: url.to_owned(), endpoint, client: Client::new(networks, PATIENCE), every })
    }
}

/// Why a checkpoint is not vouched for.
#[derive(Debug, thiserror::Error)]
pub enum NotAnchored {
    /// The witness gave no cosignature.
    #[error("the witness {witness} has not cosigned the checkpoint of {size} events")]
    Witness {
        /// Its name.
        witness: String,
        /// Of the checkpoint.
        size: u64,
        /// Why.
        source: NotSealed,
    },
    /// The witness has cosigned more than the log has.
    #[error(
        "the witness {witness} has seen {seen} events of this log, which has {events}: events that were signed are lost, by \
         a failover or a machine that was put back, and others are recorded in their place; end the servers, and see \
         \"Failover\" in the README for how the log goes on under another name"
    )]
    WentBack {
        /// Its name.
        witness: String,
        /// Of the checkpoint that it has cosigned last.
        seen: u64,
        /// That the log has.
        events: u64,
    },
    /// What it gave is none, or of a time to come.
    #[error("the witness {witness} gave no cosignature: {reason}")]
    Cosignature {
        /// Its name.
        witness: String,
        /// Why.
        reason: String,
    },
    /// The authority gave no token.
    #[error("the authority {authority} gave no time stamp: {reason}")]
    TimeStamp {
        /// Its URL.
        authority: String,
        /// Why.
        reason: String,
    },
    /// It has taken too long.
    #[error("{peer} has not vouched for the checkpoint of {size} events within {} s", PATIENCE.as_secs())]
    Late {
        /// Who was asked.
        peer: String,
        /// Of the checkpoint.
        size: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotAnchored {
    /// Whether the log is not the one that was vouched for before, which asking again does not mend.
    fn is_of_another_log(&self) -> bool {
        match self {
            Self::WentBack { .. } => true,
            Self::Witness { source: NotSealed::Signer(SignError::NotSigned(refused)), .. } => {
                matches!(refused, NotSigned::Forked { .. } | NotSigned::Unproved { .. })
            }
            _ => false,
        }
    }
}

/// Asks for anchors, until it is stopped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anchorer;

impl Anchorer {
    /// Looks at every new checkpoint. A failure is logged, and asked for again later. Where nobody is to be asked, it
    /// only waits.
    pub async fn run(self, app: Arc<App>, stop: CancellationToken) {
        let Some(seals) = app.seals.clone() else { return stop.cancelled().await };
        let anchors = seals.anchors;
        if anchors.witnesses.is_empty() && anchors.authority.is_none() {
            return stop.cancelled().await;
        }
        let latest = watch::Sender::new(None);
        let each = anchors.each().map(|anchor| ask_again_and_again(&app, anchor, latest.subscribe(), &stop));
        tokio::join!(look_again_and_again(&app, &latest, &stop), join_all(each));
    }
}

/// Reads the latest checkpoint, once for all who vouch: when this process has sealed something, and now and then, for
/// what others have.
async fn look_again_and_again(app: &App, latest: &watch::Sender<Option<StoredCheckpoint>>, stop: &CancellationToken) {
    let mut sealed = app.checkpoints.sealed.known();
    loop {
        sealed.mark_unchanged();
        match app.store.checkpoint(Sealed::Latest).await {
            Ok(found) => {
                latest.send_if_modified(|known| {
                    let is_new = *known != found;
                    *known = found;
                    is_new
                });
            }
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "no checkpoint is anchored: the latest cannot be read");
            }
        }
        tokio::select! {
            _ = sealed.changed() => {}
            () = tokio::time::sleep(LOOKS_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Asks one for each new checkpoint: whoever fails or is slow keeps nobody else waiting.
async fn ask_again_and_again(
    app: &App,
    anchor: Anchor<'_>,
    mut latest: watch::Receiver<Option<StoredCheckpoint>>,
    stop: &CancellationToken,
) {
    loop {
        let checkpoint = latest.borrow_and_update().clone();
        // What it would have answered is asked for again by the next server.
        let asked = tokio::select! {
            asked = app.ask(anchor, checkpoint.as_ref()) => asked,
            () = stop.cancelled() => return,
        };
        let rest = match asked {
            Ok(()) => None,
            Err(error) => {
                let causes = with_causes(&error);
                match error.is_of_another_log() {
                    true => tracing::error!(error = %causes, "a checkpoint is not anchored"),
                    false => tracing::warn!(error = %causes, "a checkpoint is not anchored"),
                }
                Some(REST)
            }
        };
        tokio::select! {
            _ = latest.changed(), if rest.is_none() => {}
            () = tokio::time::sleep(rest.unwrap_or(anchor.asks_every())) => {}
            () = stop.cancelled() => return,
        }
    }
}

impl Anchors {
    fn each(&self) -> impl Iterator<Item = Anchor<'_>> {
        self.witnesses.iter().map(Anchor::Witness).chain(self.authority.as_ref().map(Anchor::Authority))
    }
}

/// One of those who vouch.
#[derive(Clone, Copy)]
enum Anchor<'a> {
    Witness(&'a Witness),
    Authority(&'a Authority),
}

impl Anchor<'_> {
    /// How often it is asked again where nothing new is sealed.
    fn asks_every(self) -> Duration {
        match self {
            Self::Witness(_) => LOOKS_EVERY,
            Self::Authority(authority) => authority.every,
        }
    }

    /// Who it is, as errors tell.
    fn peer(self) -> String {
        match self {
            Self::Witness(Witness(witness)) => format!("the witness {}", witness.key().name()),
            Self::Authority(Authority { url, .. }) => format!("the authority {url}"),
        }
    }
}

impl App {
    /// Has the latest checkpoint vouched for by everybody who has not done so.
    ///
    /// # Errors
    /// The first failure; the others are asked all the same.
    pub async fn anchor(&self, anchors: &Anchors) -> Result<(), NotAnchored> {
        let latest = self.store.checkpoint(Sealed::Latest).await?;
        let asked = anchors.each().map(|anchor| self.ask(anchor, latest.as_ref()));
        join_all(asked).await.into_iter().collect()
    }

    /// Nothing is asked where nothing was sealed yet, nor where nothing is any more, as while the signer is away: what was
    /// sealed last is not what the log has now.
    async fn ask(&self, anchor: Anchor<'_>, latest: Option<&StoredCheckpoint>) -> Result<(), NotAnchored> {
        let Some(latest) = latest else { return Ok(()) };
        let asked = async {
            if self.is_left_behind(latest).await? {
                return Ok(());
            }
            match anchor {
                Anchor::Witness(witness) => self.cosign(witness, latest).await,
                Anchor::Authority(authority) => self.stamp(authority, latest).await,
            }
        };
        let late = |_| Err(NotAnchored::Late { peer: anchor.peer(), size: latest.size });
        timeout(PATIENCE, asked).await.unwrap_or_else(late)
    }

    /// Whether the log has gone on for long behind that checkpoint.
    async fn is_left_behind(&self, latest: &StoredCheckpoint) -> Result<bool, StoreError> {
        let next = self.store.log(latest.size.checked_sub(1), Some(latest.size), 1).await?.pop();
        let since = next.and_then(|next| Timestamp::from_microsecond(next.recorded_at).ok());
        Ok(since.is_some_and(|since| self.clock.now().duration_since(since) > BEHIND))
    }

    async fn cosign(&self, Witness(witness): &Witness, latest: &StoredCheckpoint) -> Result<(), NotAnchored> {
        let name = witness.key().name();
        let last = self.store.last_cosignature(name, latest.size).await?.map_or(0, |last| last.size);
        if last >= latest.size {
            return Ok(());
        }
        let refused = |reason: String| NotAnchored::Cosignature { witness: name.to_owned(), reason };
        let no_cosignature = || refused("its answer has none of its key".to_owned());
        let checkpoint: Checkpoint =
            Note::parse(&latest.note).ok().and_then(|note| note.text().parse().ok()).ok_or_else(no_cosignature)?;
        let lines = match self.signature(witness, last, &checkpoint, &latest.note).await {
            Err(NotSealed::Signer(SignError::NotSigned(NotSigned::Outdated { size }))) if size > latest.size => {
                return match self.store.tree().await?.size() {
                    // It has seen a later one, by another server's asking.
                    events if events >= size => Ok(()),
                    events => Err(NotAnchored::WentBack { witness: name.to_owned(), seen: size, events }),
                };
            }
            Err(source) => {
                return Err(NotAnchored::Witness { witness: name.to_owned(), size: latest.size, source });
            }
            Ok(lines) => lines,
        };
        let note = Note::parse(&format!("{}{lines}", latest.note)).map_err(|_| no_cosignature())?;
        let verified = note.verify(std::slice::from_ref(witness.key())).map_err(|_| no_cosignature())?;
        let cosigned = verified.iter().find_map(|verified| Some((verified.at()?, &verified.line)));
        let (time, line) = cosigned.ok_or_else(no_cosignature)?;
        must_not_be_ahead(time, self.clock.now()).map_err(refused)?;
        let cosignature = StoredCosignature {
            size: latest.size,
            witness: name.to_owned(),
            cosigned_at: time.as_microsecond(),
            signature: line.clone(),
        };
        Ok(self.store.add_cosignature(&cosignature).await?)
    }

    async fn stamp(&self, authority: &Authority, latest: &StoredCheckpoint) -> Result<(), NotAnchored> {
        let now = self.clock.now();
        if let Some(last) = self.store.last_time_stamp(&authority.url).await?
            && (last.size >= latest.size || is_recent(last.stamped_at, now, authority.every))
        {
            return Ok(());
        }
        let refused = |reason: String| NotAnchored::TimeStamp { authority: authority.url.clone(), reason };
        let (nonce, _) =
            self.clock.random().split_first_chunk().map(|(nonce, rest)| (*nonce, rest.len())).expect("16 bytes");
        let request = Request::new(latest.note.as_bytes(), u64::from_be_bytes(nonce));
        let body = Bytes::from(request.to_der());
        let headers = HeaderMap::new();
        let posted = authority.client.post(&authority.endpoint, "application/timestamp-query", &headers, body).await;
        let answer = posted.map_err(|failure| refused(failure.to_string()))?;
        if !answer.status.is_success() {
            return Err(refused(format!("it answered {}", answer.status)));
        }
        let body = answer.body.map_err(|failure| refused(failure.to_string()))?;
        let token = request.accept(&body).map_err(|error| refused(error.to_string()))?;
        let time = token.stamp().time;
        must_not_be_ahead(time, self.clock.now()).map_err(refused)?;
        let stamp = StoredTimeStamp {
            size: latest.size,
            authority: authority.url.clone(),
            stamped_at: time.as_microsecond(),
            token: token.as_der().to_vec(),
        };
        Ok(self.store.add_time_stamp(&stamp).await?)
    }
}

/// # Errors
/// When whoever vouches says that it is later than it is.
fn must_not_be_ahead(time: Timestamp, now: Timestamp) -> Result<(), String> {
    let wrong = || format!("it is {time} by its clock, and {now} here: one of the two is wrong");
    if time.duration_since(now) > AHEAD { Err(wrong()) } else { Ok(()) }
}

/// Whether a stamp is younger than that. One of an authority whose clock is ahead is younger than now; one of a time that
/// is long to come is none.
fn is_recent(stamped_at: i64, now: Timestamp, every: Duration) -> bool {
    let age = i128::from(now.as_microsecond().saturating_sub(stamped_at));
    (-AHEAD.as_micros()..every.as_micros().cast_signed()).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Trusted;

    /// A word that came later would say for ever that events of before were dated back.
    #[test]
    fn what_is_said_of_a_log_is_no_older_than_auditors_bear() {
        let oldest = BEHIND + SignedDuration::try_from(PATIENCE).expect("seconds");
        let borne = Trusted::default().tolerance.expect("a bound");
        assert!(oldest * 3 <= borne * 2, "{oldest:#} leaves a third of {borne:#} to the clocks");
    }

    #[test]
    fn a_stamp_is_recent_whichever_clock_is_ahead() {
        let (now, hour) = (Timestamp::UNIX_EPOCH, Duration::from_secs(3_600));
        for (stamped_at, expected) in [
            (-3_600_000_000, false),
            (-3_599_999_999, true),
            (0, true),
            (60_000_000, true),
            (60_000_001, false),
            (i64::MAX, false),
        ] {
            assert_eq!(is_recent(stamped_at, now, hour), expected, "{stamped_at}");
        }
    }
}
