//! One command, one transaction; reads; rebuild; the clock's own work.
//!
//! Here the domain meets the store. No rule stands here, and no SQL.

mod aggregates;
mod beside;
mod clocks;
mod clockwork;
mod commanded;
mod compare;
mod duplicates;
mod earlier;
mod execute;
mod facts;
mod files;
mod follow;
mod happened;
mod history;
mod imported;
mod internal;
mod ledger;
mod look;
mod look_back;
mod moments;
mod observed;
mod parts;
mod personal;
mod positions;
mod preview;
mod reads;
mod rebuild;
mod registers;
mod replay;
mod request;
mod revocations;
mod room;
mod rounds;
mod scope;
mod search;
mod similar;
mod statistics;
mod streams;
mod texts;
mod turns;
mod webhooks;
mod whole_streams;
mod work;
mod year;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

use jiff::Timestamp;
use moka::future::Cache;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use beside::{Beside, How, Unlike};
pub use clockwork::Clockwork;
pub use commanded::Commanded;
pub use earlier::Earlier;
pub use follow::{Batch, Follower, Interest, LogEvent, LogFound, LogPage, Start};
pub use history::{CasePoint, HistoryEvent, Reversed, changes_of, differences_between, parts};
pub use imported::ImportedEvent;
pub use ledger::{
    Anchorer, Anchors, Authority, CheckpointFollower, Consistency, Inclusion, NoProof, NotResumed, NotSealed, Prover,
    Resumed, Sealer, Seals, Vouched, Witness,
};
pub use look_back::LookBack;
pub use moments::{NoMoment, Point, Then};
pub use personal::{DisclosedField, Eraser, NotDisclosed, Opened, Vault};
pub use preview::{Foreseen, ForeseenEvent, Previewed, Verdict};
pub use reads::{CasePage, EventPage};
pub use rebuild::Rebuilt;
pub use registers::{Entry, RegisterPage};
pub use replay::{Folded, Replayed, ReplayedPage};
pub use request::{Failure, Fault, Key, Receipt, Request, Subject, recorded_at, stream_of, time_of};
pub use revocations::{Revoker, Standing};
pub use room::{Full, Place, Room, in_place};
pub use scope::{sees_all_of, works_on};
pub use search::{Found, Hit, Search, Shown};
pub use similar::Similar;
pub use statistics::{MOST_GROUPS, StatisticsQuestion, days, fee_total, gap_of, rate};
pub use streams::{Versioned, stored};
pub use webhooks::{
    Changed, Courier, Lag, Next, Outlet, Round, Tested, WebhookAlteration, WebhookDraft, WebhookOrder, WebhookPatch,
    WebhookRequest,
};
pub use work::OpenCases;
pub use year::{Year, YearFigure, YearQuestion};

pub use crate::outbound::FailureClass;
pub use crate::store::{
    AggregateType, CaseColumn, Condition, Delivery, Direction, EventRecord, EvidencePage, Failed, FeeSum, FigureEvent,
    GapSums, GroupKey, GroupSums, Grouped, Keep, KeptCommand, KeyPage, Moment, NewAttachment, NodePlace, Operator,
    RowDifference, RowsDigest, RowsForm, Sealed, Share, Span, StoredCase, StoredCheckpoint, StoredCosignature,
    StoredTimeStamp, StreamId, TableDigest, TimeToState, Value, Webhook, WebhookAction, WebhookChange,
    WebhookConfiguration, WebhookState, limited, sharing,
};

use crate::clock::Clock;
use crate::codec::{self, Upcasters};
use crate::store::{AppendSpan, Store, Writer, WriterLimits};
use aggregates::Aggregates;
use follow::Hub;
use ledger::Checkpoints;
use look::Look;
use revocations::Revocations;
use turns::Turns;

/// The application: everything that can be ordered and asked.
pub struct App {
    store: Arc<dyn Store>,
    writer: Writer,
    clock: Arc<dyn Clock>,
    turns: Turns,
    /// How events of older shapes are read.
    upcasters: Upcasters,
    aggregates: Arc<Aggregates>,
    /// How many events the log has, for those who wait for one or name one.
    events: Look,
    /// The appends around positions that were asked as of.
    appends: Cache<u64, AppendSpan>,
    /// What webhooks are delivered with, in a process that serves.
    outlet: Option<Outlet>,
    /// Who signs the log, in a process that serves.
    seals: Option<Seals>,
    /// What is sealed, for those who follow it.
    checkpoints: Arc<Checkpoints>,
    /// When the latest checkpoint that was seen was signed, and where none was, when the log began; `i64::MIN` where neither
    /// is known.
    unsealed_since: AtomicI64,
    /// What personal data is sealed with, in a process that was given keys.
    vault: Option<Vault>,
    /// Whether the database was seen to have gone on with other data keys.
    has_other_data_keys: AtomicBool,
    /// Every key that was erased before this position is destroyed, as far as this process knows.
    erased_before: AtomicU64,
    /// Which tokens are refused, as far as this process knows.
    revocations: Revocations,
    /// Empty until somebody follows the log.
    hub: OnceCell<Arc<Hub>>,
    /// Cancelled when the hub has ended.
    hub_ended: CancellationToken,
}

impl App {
    /// The application over that store. Starts the writer task of this process.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let upcasters = codec::upcasters();
        Self {
            writer: Writer::spawn(store.clone(), WriterLimits::default()),
            turns: Turns::default(),
            aggregates: Arc::new(Aggregates::new(&store, &upcasters)),
            upcasters,
            checkpoints: Checkpoints::new(store.clone()),
            events: Look::every(look::POSITION_EVERY),
            appends: Cache::new(moments::KNOWN_APPENDS),
            hub: OnceCell::new(),
            hub_ended: CancellationToken::new(),
            store,
            clock,
            outlet: None,
            seals: None,
            unsealed_since: AtomicI64::new(i64::MIN),
            vault: None,
            has_other_data_keys: AtomicBool::new(false),
            erased_before: AtomicU64::new(0),
            revocations: Revocations::default(),
        }
    }

    /// The application, able to set webhooks up and to deliver to them.
    #[must_use]
    pub fn with_outlet(self, outlet: Outlet) -> Self {
        Self { outlet: Some(outlet), ..self }
    }

    /// The application, which reads events of older shapes by these: for a log that was begun by another program than
    /// this house's.
    #[must_use]
    pub fn with_upcasters(self, upcasters: Upcasters) -> Self {
        Self { aggregates: Arc::new(Aggregates::new(&self.store, &upcasters)), upcasters, ..self }
    }

    /// A new id.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the database answers, takes commands of this process and its time for right, has its data keys still, and
    /// commits what it is given, as far as this is known.
    ///
    /// # Errors
    /// When it does not: of other rows, read only or of a clock that is ahead, among others; [`Fault::OtherDataKeys`] and
    /// [`Fault::CommitsFail`].
    pub async fn ready(&self) -> Result<(), Fault> {
        self.store.takes_commands().await?;
        self.may_write_under_data_keys()?;
        if *self.writer.failing().borrow() { Err(Fault::CommitsFail) } else { Ok(()) }
    }

    /// Comes back when the task that commits has ended: before the application is shut down only where it broke.
    pub async fn writer_ended(&self) {
        self.writer.ended().await;
    }

    /// Comes back when the task that reads the log for followers has ended: before the application is shut down only
    /// where it broke. It begins with the first follower.
    pub async fn following_ended(&self) {
        self.hub_ended.cancelled().await;
    }

    /// Takes no more commands and returns when every accepted one is committed and answered. Followers are told.
    pub async fn shutdown(&self) {
        if let Some(hub) = self.hub.get() {
            hub.shutdown().await;
        }
        self.writer.shutdown().await;
    }
}
