//! The names that a log has had. A log that goes on from a backup takes a new name with a `RecoveredFrom` event, the
//! first whose entry bears it; the entries before it keep the one that they were hashed with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ledger::counted::counted;
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::tree::{Hash, base64};

/// The type of the aggregate that a recovery is an event of.
const AGGREGATE: &str = "Log";

/// The type of the event.
const RECOVERED: &str = "RecoveredFrom";

/// A name that the log had before it was recovered from a backup.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierName {
    /// The name.
    pub origin: String,
    /// The position of the recovery: that many events, of this name and those before it, were in the backup.
    pub until: u64,
}

/// The name of a log at each of its positions.
#[derive(Clone, Debug)]
pub struct Names {
    /// In the order of the log.
    earlier: Vec<EarlierName>,
    present: String,
}

/// What a recovery says of the log, as far as an audit needs it.
#[derive(Deserialize)]
struct Payload {
    fact: Fact,
}

#[derive(Deserialize)]
struct Fact {
    #[serde(rename = "RecoveredFrom")]
    recovered: Recovery,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recovery {
    origin: String,
    previous_origin: String,
    size: u64,
    root: String,
    last_signed: Option<LastSigned>,
}

#[derive(Deserialize)]
struct LastSigned {
    size: u64,
}

/// An end of a name that the log itself tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The name that ended.
    pub ended: EarlierName,
    /// How many events had been signed under it that are lost, as far as it was known.
    pub lost: u64,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EarlierName { origin, until } = &self.ended;
        let are = counted(self.lost, "event of it that was signed is", "events of it that were signed are");
        write!(f, "the log was {origin} up to position {until}, and was restored from a backup there; {are} lost")
    }
}

impl Names {
    /// The names of a log. Each of the earlier ones is a claim until [`Names::recovery`] has confirmed it.
    pub fn new(earlier: &[EarlierName], present: &str) -> Self {
        let mut earlier = earlier.to_vec();
        earlier.sort_unstable_by_key(|name| name.until);
        Self { earlier, present: present.to_owned() }
    }

    /// The name that the log has.
    pub fn present(&self) -> &str {
        &self.present
    }

    /// How many events the log had when it lost that name; `None` for one that it never had, or has now.
    pub fn end_of(&self, origin: &str) -> Option<u64> {
        self.earlier.iter().filter(|name| name.origin == origin).map(|name| name.until).max()
    }

    /// These keys, and for each earlier name without a key of its own the log's under that name.
    pub fn keys(&self, given: &[VerifierKey]) -> Vec<VerifierKey> {
        let of_log = |name: &str| given.iter().find(|key| key.algorithm() == Algorithm::Ed25519 && key.name() == name);
        let nameless = self.earlier.iter().filter(|name| of_log(&name.origin).is_none());
        let renamed = nameless.filter_map(|name| of_log(&self.present)?.named(&name.origin).ok());
        given.iter().cloned().chain(renamed).collect()
    }

    /// The name that the entry at that position bears.
    pub fn at(&self, position: u64) -> &str {
        self.earlier.iter().find(|name| position < name.until).map_or(&self.present, |name| &name.origin)
    }

    /// The name that ends before that position.
    pub fn ended_at(&self, position: u64) -> Option<&EarlierName> {
        self.earlier.iter().find(|name| name.until == position)
    }

    /// Those of the names that no event ended in a log of that size, or that end together with another: nothing tells
    /// of them.
    pub fn unended(&self, size: u64) -> impl Iterator<Item = &EarlierName> {
        let twice = |name: &EarlierName| self.earlier.iter().filter(|other| other.until == name.until).count() > 1;
        self.earlier.iter().filter(move |name| name.until >= size || twice(name))
    }

    /// Those of the names that another one followed.
    pub fn earlier(&self) -> &[EarlierName] {
        &self.earlier
    }

    /// What the event at the end of an earlier name says, if it is the recovery: that the log goes on from that many
    /// events of that name, which have this root, if it is known.
    pub fn recovery(
        &self,
        ended: &EarlierName,
        entry: &ParsedEntry<'_>,
        payload: &[u8],
        root: Option<&Hash>,
    ) -> Option<Recovered> {
        let said = serde_json::from_slice::<Payload>(payload).ok()?.fact.recovered;
        let fits = entry.aggregate_type == AGGREGATE
            && entry.event_type == RECOVERED
            && said.origin == self.at(ended.until)
            && said.previous_origin == ended.origin
            && said.size == ended.until
            && root.is_none_or(|root| said.root == base64(root));
        let lost = said.last_signed.map_or(0, |last| last.size.saturating_sub(said.size));
        fits.then(|| Recovered { ended: ended.clone(), lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_the_name_of_its_time() {
        let earlier = |origin: &str, until| EarlierName { origin: origin.to_owned(), until };
        let names = Names::new(&[earlier("b", 7), earlier("a", 3)], "c");
        let at: Vec<_> = [0, 2, 3, 6, 7, 100].into_iter().map(|position| names.at(position)).collect();
        assert_eq!(at, ["a", "a", "b", "b", "c", "c"]);
        assert_eq!(names.ended_at(3), Some(&earlier("a", 3)));
        assert_eq!(names.ended_at(4), None);
        assert_eq!(Names::new(&[], "c").at(0), "c");
        assert_eq!((names.end_of("a"), names.end_of("c"), names.end_of("d")), (Some(3), None, None));
        assert_eq!(names.unended(8).count(), 0);
        assert_eq!(names.unended(7).collect::<Vec<_>>(), [&earlier("b", 7)]);
        assert_eq!(Names::new(&[earlier("a", 3), earlier("b", 3)], "c").unended(9).count(), 2);
    }
}
