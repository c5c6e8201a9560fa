//! How many visits to an enterprise a campaign has, and how much they tell: they are in memory with it, and none of them goes
//! away again.

use crate::domain::actor::ActorId;
use crate::domain::enterprise::command::RecordFieldVisit;
use crate::domain::enterprise::state::{Enterprise, FieldVisit};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Label, Statement};

/// The most of them: three a day for a year. What the log holds from before these limits stays as it is.
const MOST_VISITS: u64 = 1_000;

/// The most bytes of what they tell.
const MOST_BYTES: u64 = 8 << 20;

/// The part of both that one actor records at most, so that nobody leaves the others without room.
const PART_OF_ONE: u64 = 4;

/// What a visit takes beside its texts.
const VISIT_BYTES: u64 = 256;

impl Enterprise {
    /// Whether there is room for that visit.
    ///
    /// # Errors
    /// `TOO_MANY_VISITS`.
    pub(super) fn check_room(&self, by: &ActorId, visit: &RecordFieldVisit) -> Result<(), Refusal> {
        let more = bytes_of(visit.place.as_ref(), &visit.seen);
        let of_the_campaign = self.visits.iter().filter(|recorded| recorded.campaign == visit.campaign);
        let own = Taken::by(of_the_campaign.clone().filter(|recorded| recorded.recorded_by == *by));
        own.check(more, PART_OF_ONE, " by you")?;
        Taken::by(of_the_campaign).check(more, 1, "")
    }
}

/// What visits take.
struct Taken {
    visits: u64,
    bytes: u64,
}

impl Taken {
    fn by<'a>(visits: impl Iterator<Item = &'a FieldVisit>) -> Self {
        visits.fold(Self { visits: 0, bytes: 0 }, |taken, visit| Self {
            visits: taken.visits + 1,
            bytes: taken.bytes + bytes_of(visit.place.as_ref(), &visit.seen),
        })
    }

    /// Whether another one of so many bytes fits into that part of the room.
    fn check(&self, more: u64, part: u64, of: &str) -> Result<(), Refusal> {
        let (most_visits, most_bytes) = (MOST_VISITS / part, MOST_BYTES / part);
        let on_record = format!("visits to the enterprise are on record for this campaign{of}");
        let message = if self.visits >= most_visits {
            format!("{} {on_record}: {most_visits} at most", self.visits)
        } else if self.bytes + more > most_bytes {
            format!("{} bytes of {on_record}, and this takes {more} more: {most_bytes} at most", self.bytes)
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::TooManyVisits, "campaignId", message))
    }
}

fn bytes_of(place: Option<&Label>, seen: &Statement) -> u64 {
    VISIT_BYTES + (place.map_or(0, |place| place.as_str().len()) + seen.as_str().len()) as u64
}
