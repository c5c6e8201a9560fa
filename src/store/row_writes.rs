//! What a batch, of a commit or of a rebuild, writes into the read tables. Several appends to
//! one aggregate give several versions, the earlier ones already closed.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::store::sql::OPEN;
use crate::store::{CaseLink, CaseRow, NumberTaken, RebuiltRow, RegisterRow, StreamId};

/// A new row of `case_versions`.
#[derive(Debug)]
pub(super) struct CaseVersion {
    pub(super) row: CaseRow,
    pub(super) span: Span,
}

/// A new row of `register_versions`.
#[derive(Debug)]
pub(super) struct RegisterVersion {
    pub(super) stream: StreamId,
    pub(super) row: RegisterRow,
    pub(super) span: Span,
}

/// Which version a row is and where it is valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from_position: i64,
    pub(super) to_position: i64,
    pub(super) version: i64,
    pub(super) recorded_at: i64,
}

/// The end of the stored open version of an aggregate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) stream: StreamId,
    pub(super) to_position: i64,
}

/// A new row of `case_links`.
#[derive(Debug)]
pub(super) struct LinkWrite {
    pub(super) case_id: Uuid,
    pub(super) link: CaseLink,
    pub(super) from_position: i64,
}

#[derive(Debug, Default)]
pub(super) struct RowWrites {
    pub(super) case_closings: Vec<Closing>,
    pub(super) cases: Vec<CaseVersion>,
    pub(super) register_closings: Vec<Closing>,
    pub(super) registers: Vec<RegisterVersion>,
    pub(super) links: Vec<LinkWrite>,
    /// The last number taken of each series.
    pub(super) series: BTreeMap<String, u64>,
    /// Whether the actor is a member in the end; the last change wins.
    members: BTreeMap<(Uuid, String), Membership>,
    /// Index of the still open new version of each aggregate.
    open: HashMap<StreamId, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    Added,
    Removed,
}

impl RowWrites {
    /// Adds the changes of the next append; positions only grow.
    pub(super) fn add(&mut self, append: RebuiltRow) {
        let RebuiltRow { stream, version, position, recorded_at, changes, number_taken } = append;
        let position = position.cast_signed();
        let span = Span { from_position: position, to_position: OPEN, version: version.cast_signed(), recorded_at };
        if let Some(row) = changes.case {
            match self.open.insert(stream, self.cases.len()) {
                Some(index) => self.cases[index].span.to_position = position,
                None => self.case_closings.push(Closing { stream, to_position: position }),
            }
            self.cases.push(CaseVersion { row, span });
        }
        if let Some(row) = changes.register {
            match self.open.insert(stream, self.registers.len()) {
                Some(index) => self.registers[index].span.to_position = position,
                None => self.register_closings.push(Closing { stream, to_position: position }),
            }
            self.registers.push(RegisterVersion { stream, row, span });
        }
        let case_id = stream.aggregate_id;
        for actor in changes.members_removed {
            self.members.insert((case_id, actor), Membership::Removed);
        }
        for actor in changes.members_added {
            self.members.insert((case_id, actor), Membership::Added);
        }
        self.links.extend(changes.links_added.into_iter().map(|link| LinkWrite {
            case_id,
            link,
            from_position: position,
        }));
        if let Some(NumberTaken { series, number }) = number_taken {
            let last = self.series.entry(series).or_default();
            *last = number.max(*last);
        }
    }

    /// Case and actor of everybody who is now a member.
    pub(super) fn members_added(&self) -> Vec<(String, &str)> {
        self.members_that_are(Membership::Added)
    }

    /// Case and actor of everybody who is no longer a member.
    pub(super) fn members_removed(&self) -> Vec<(String, &str)> {
        self.members_that_are(Membership::Removed)
    }

    fn members_that_are(&self, wanted: Membership) -> Vec<(String, &str)> {
        self.members
            .iter()
            .filter(|(_, membership)| **membership == wanted)
            .map(|((case_id, actor), _)| (case_id.to_string(), actor.as_str()))
            .collect()
    }
}
