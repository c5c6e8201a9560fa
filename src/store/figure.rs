//! Rows of figures: what each event adds to statistics and annual figures. They are only ever added.
//!
//! What an event adds depends on the events before it in the log. On the axis of what had happened it depends on those
//! of them that had happened by the time that is asked about, so that one event can have several rows of a kind there:
//! each says from when until when it holds.

use crate::store::StoreError;
use crate::store::stored::corrupt;

/// What one event adds to the figures: at most one row of each kind and day at any time of either axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureRow {
    /// How many events of the append come after this one.
    pub events_after: u64,
    /// What it adds to.
    pub kind: FigureKind,
    /// Which of the kind: a status, the item of a fee ([`fee_item`]); empty where there is no more to say.
    pub detail: String,
    /// A whole number, such as how many learnt something. Of what can be taken back it is how many there are more, which
    /// a row that takes back has below 0.
    pub number: Option<i64>,
    /// Decimal CNY.
    pub amount: Option<String>,
    /// Business time, microseconds since the Unix epoch.
    pub occurred_at: i64,
    /// `YYYY-MM-DD`, Asia/Shanghai: the day whose year it counts for.
    pub counted_on: String,
    /// Where it holds on the axis of what had happened.
    pub happened: FigureSpan,
}

/// Where a row holds on the axis of what had happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureSpan {
    /// 0 for the row of what the log recorded, from 1 for those of what had happened alone.
    pub lane: u32,
    /// From when, microseconds since the Unix epoch.
    pub from: i64,
    /// Until when; always after `from`. `None` = since then.
    pub to: Option<i64>,
}

/// What an event adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// A case has come on record.
    Reported,
    /// A case that was on record has come into the status that is the detail.
    Entered,
    /// A case was reopened.
    Reopened,
    /// A case was escalated to the level that is the detail.
    Escalated,
    /// A deadline passed unmet.
    DeadlineMissed,
    /// The capability gap may have moved: the number is the gap in millionths, if there is one, and the detail says by
    /// exact comparison whether it is closed.
    Gap,
    /// The first capability gap that was known is another than it was: told like a gap.
    FirstGap,
    /// The capability gap has come to 1 or less on that day, from above it or from none: the number is how often, below 0
    /// where a retraction has taken it back.
    GapClosed,
    /// A fee: the detail is its item, as [`fee_item`] writes it, the number 1, or -1 where it is retracted.
    Fee,
    /// A training: the number is how many learnt it.
    Training,
    /// A technique was brought in.
    Technique,
    /// A case was published as typical.
    Published,
    /// An enterprise enrolled: the number is 1, or -1 on the day from which it was on the list before an earlier beginning
    /// was told of.
    Enrolled,
    /// An enterprise was visited.
    Visit,
}

impl FigureKind {
    /// Whether a row of it may take back what another has counted: then each says how many there are more, or less.
    #[must_use]
    pub fn is_taken_back(self) -> bool {
        matches!(self, Self::GapClosed | Self::Fee | Self::Enrolled)
    }

    /// The name in the rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Entered => "ENTERED",
            Self::Reopened => "REOPENED",
            Self::Escalated => "ESCALATED",
            Self::DeadlineMissed => "DEADLINE_MISSED",
            Self::Gap => "GAP",
            Self::FirstGap => "FIRST_GAP",
            Self::GapClosed => "GAP_CLOSED",
            Self::Fee => "FEE",
            Self::Training => "TRAINING",
            Self::Technique => "TECHNIQUE",
            Self::Published => "PUBLISHED",
            Self::Enrolled => "ENROLLED",
            Self::Visit => "VISIT",
        }
    }
}

/// The detail of a [`FigureKind::Gap`] or [`FigureKind::FirstGap`] of 1 or less.
pub const GAP_CLOSED: &str = "CLOSED";
/// The detail of one above 1.
pub const GAP_STANDS: &str = "STANDS";

/// Between the division of a list and the code of an item on it. No division contains it.
const ON_THE_LIST_OF: char = '/';

/// The detail of a [`FigureKind::Fee`]: the code of its item, which each list gives as it likes, behind the division of
/// the list.
#[must_use]
pub fn fee_item(list: &str, code: &str) -> String {
    format!("{list}{ON_THE_LIST_OF}{code}")
}

/// The division and the code that such a detail is made of.
pub(super) fn parts_of_fee_item(detail: &str) -> Result<(&str, &str), StoreError> {
    detail.split_once(ON_THE_LIST_OF).ok_or_else(|| corrupt("figures", "detail", detail))
}
