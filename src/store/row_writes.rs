//! What a batch, of a commit or of a rebuild, writes into the read tables. Several appends to
//! one aggregate give several versions, the earlier ones already closed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use crate::store::happened::{Happened, LastEvent, PastRow, PastState};
use crate::store::sql::OPEN;
use crate::store::text::MOST_OF_AN_EVENT;
use crate::store::{
    AggregateType, CaseLink, CaseRow, FigureRow, NumberTaken, RebuiltRow, RegisterRow, StreamId, TextRow,
};

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

/// Which version a row is and where it is valid, by position and by what had happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from_position: i64,
    pub(super) to_position: i64,
    pub(super) version: i64,
    pub(super) recorded_at: i64,
    /// 0 for the row of an append, from 1 for those of the axis of what had happened alone.
    pub(super) lane: i64,
    pub(super) occurred_from: i64,
    pub(super) occurred_to: i64,
}

impl Span {
    /// Ends where the next version begins.
    fn close(&mut self, closing: &Closing) {
        self.to_position = closing.to_position;
        self.occurred_to = self.occurred_to.min(closing.occurred_to);
    }

    /// Takes the row off the axis of what had happened.
    fn take_off(&mut self) {
        (self.occurred_from, self.occurred_to) = (0, 0);
    }
}

/// The end of the open version of an aggregate. On the axis of what had happened it ends there unless it has ended
/// before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) stream: StreamId,
    pub(super) to_position: i64,
    pub(super) occurred_to: i64,
}

/// A new row of `case_links`.
#[derive(Debug)]
pub(super) struct LinkWrite {
    pub(super) case_id: Uuid,
    pub(super) link: CaseLink,
    pub(super) from_position: i64,
}

/// A new row of `search_texts`.
#[derive(Debug)]
pub(super) struct TextWrite {
    pub(super) text_id: i64,
    pub(super) case_id: Uuid,
    pub(super) from_position: i64,
    pub(super) to_position: i64,
    pub(super) occurred_until: i64,
    pub(super) row: TextRow,
}

/// The end of the stored texts that a case had in a field.
#[derive(Clone, Debug)]
pub(super) struct TextClosing {
    pub(super) case_id: Uuid,
    pub(super) field: String,
    pub(super) to_position: i64,
    pub(super) occurred_until: i64,
}

/// A new row of `figures`.
#[derive(Debug)]
pub(super) struct FigureWrite {
    pub(super) aggregate_id: Uuid,
    pub(super) position: i64,
    pub(super) from_position: i64,
    pub(super) row: FigureRow,
}

/// First the stored rows of streams whose history is brought anew are taken off the axis of what had happened; then
/// stored open versions are closed and new ones come, in any order.
#[derive(Debug, Default)]
pub(super) struct RowWrites {
    pub(super) cases_anew: BTreeSet<Uuid>,
    pub(super) case_closings: Vec<Closing>,
    pub(super) cases: Vec<CaseVersion>,
    /// Rows of the axis of what had happened alone.
    past_cases: BTreeMap<StreamId, Vec<CaseVersion>>,
    pub(super) registers_anew: BTreeSet<StreamId>,
    pub(super) register_closings: Vec<Closing>,
    pub(super) registers: Vec<RegisterVersion>,
    /// Rows of the axis of what had happened alone.
    past_registers: BTreeMap<StreamId, Vec<RegisterVersion>>,
    pub(super) links: Vec<LinkWrite>,
    /// What of them there is already: one that is made again, after it was taken back, has its row.
    linked: HashSet<(Uuid, CaseLink)>,
    pub(super) text_closings: Vec<TextClosing>,
    pub(super) texts: Vec<TextWrite>,
    pub(super) figures: Vec<FigureWrite>,
    /// The last number taken of each series.
    pub(super) series: BTreeMap<String, u64>,
    /// Whether the actor is a member in the end; the last change wins.
    members: BTreeMap<(Uuid, String), Membership>,
    /// Which of the rows are of which aggregate.
    places: HashMap<StreamId, Places>,
    /// Of these nothing is stored yet.
    begun: HashSet<StreamId>,
}

/// The indexes of an aggregate's rows.
#[derive(Debug, Default)]
struct Places {
    closing: Option<usize>,
    /// Of the new versions; the last one is still open.
    versions: Vec<usize>,
    text_closings: Vec<usize>,
    texts: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    Added,
    Removed,
}

impl RowWrites {
    /// Adds the changes of the next append; positions grow within a stream.
    pub(super) fn add(&mut self, append: RebuiltRow) {
        let RebuiltRow { stream, version, event_count, position, recorded_at, changes, number_taken } = append;
        if version == event_count {
            self.begun.insert(stream);
        }
        let position = position.cast_signed();
        // A history that comes anew leaves nothing to be ended.
        let (occurred_from, ended_at) = match &changes.happened {
            Happened::InOrder { at } => (*at, *at),
            Happened::Anew { last_at, .. } => (*last_at, OPEN),
        };
        let span = Span {
            from_position: position,
            to_position: OPEN,
            version: version.cast_signed(),
            recorded_at,
            lane: 0,
            occurred_from,
            occurred_to: OPEN,
        };
        if let Happened::Anew { states, .. } = changes.happened {
            self.bring_anew(stream, states, span);
        }
        let closing = Closing { stream, to_position: position, occurred_to: ended_at };
        let is_stored = self.is_stored(stream);
        let places = self.places.entry(stream).or_default();
        if let Some(row) = changes.case {
            match places.versions.last() {
                Some(open) => self.cases[*open].span.close(&closing),
                None if is_stored => places.closing = Some(pushed(&mut self.case_closings, closing)),
                None => {}
            }
            places.versions.push(pushed(&mut self.cases, CaseVersion { row, span }));
        }
        if let Some(row) = changes.register {
            match places.versions.last() {
                Some(open) => self.registers[*open].span.close(&closing),
                None if is_stored => places.closing = Some(pushed(&mut self.register_closings, closing)),
                None => {}
            }
            places.versions.push(pushed(&mut self.registers, RegisterVersion { stream, row, span }));
        }
        let case_id = stream.aggregate_id;
        for actor in changes.members_removed {
            match is_stored {
                true => self.members.insert((case_id, actor), Membership::Removed),
                false => self.members.remove(&(case_id, actor)),
            };
        }
        for actor in changes.members_added {
            self.members.insert((case_id, actor), Membership::Added);
        }
        for link in changes.links_added {
            if self.linked.insert((case_id, link.clone())) {
                self.links.push(LinkWrite { case_id, link, from_position: position });
            }
        }
        for row in changes.texts {
            self.add_text(stream, position, row);
        }
        self.figures.extend(changes.figures.into_iter().map(|row| FigureWrite {
            aggregate_id: stream.aggregate_id,
            position: position - row.events_after.cast_signed(),
            from_position: position,
            row,
        }));
        if let Some(NumberTaken { series, number }) = number_taken {
            let last = self.series.entry(series).or_default();
            *last = number.max(*last);
        }
    }

    /// Adds a text of an append that ends at the position. One that replaces others ends those of this batch here and
    /// the stored ones by a closing.
    fn add_text(&mut self, stream: StreamId, position: i64, row: TextRow) {
        let case_id = stream.aggregate_id;
        let is_stored = self.is_stored(stream);
        let places = self.places.entry(stream).or_default();
        if row.replaces {
            for place in &places.texts {
                let text = &mut self.texts[*place];
                if text.row.field == row.field {
                    text.to_position = text.to_position.min(position);
                    text.occurred_until = text.occurred_until.min(row.occurred_at);
                }
            }
            let same = places.text_closings.iter().find(|place| self.text_closings[**place].field == row.field);
            if let Some(place) = same {
                let closing = &mut self.text_closings[*place];
                closing.occurred_until = closing.occurred_until.min(row.occurred_at);
            } else if is_stored {
                let (field, occurred_until) = (row.field.clone(), row.occurred_at);
                let closing = TextClosing { case_id, field, to_position: position, occurred_until };
                places.text_closings.push(pushed(&mut self.text_closings, closing));
            }
        }
        let text = TextWrite {
            text_id: (position - row.events_after.cast_signed()) * MOST_OF_AN_EVENT + i64::from(row.index),
            case_id,
            from_position: position,
            to_position: OPEN,
            occurred_until: OPEN,
            row,
        };
        places.texts.push(pushed(&mut self.texts, text));
    }

    /// Puts the states in the place of what the stream has on the axis of what had happened, stored or new.
    fn bring_anew(&mut self, stream: StreamId, states: Vec<PastState>, append: Span) {
        let is_case = stream.aggregate_type == AggregateType::Case;
        if self.is_stored(stream) {
            match is_case {
                true => self.cases_anew.insert(stream.aggregate_id),
                false => self.registers_anew.insert(stream),
            };
        }
        let places = self.places.entry(stream).or_default();
        for place in &places.versions {
            match is_case {
                true => self.cases[*place].span.take_off(),
                false => self.registers[*place].span.take_off(),
            }
        }
        if let Some(place) = places.closing {
            let closings = if is_case { &mut self.case_closings } else { &mut self.register_closings };
            closings[place].occurred_to = OPEN;
        }
        self.past_cases.remove(&stream);
        self.past_registers.remove(&stream);
        let mut until = append.occurred_from;
        for (index, state) in states.into_iter().enumerate().rev() {
            let lane = index as i64 + 1;
            let (position, recorded_at) = match state.last {
                LastEvent::Stored { position, recorded_at } => (position.cast_signed(), recorded_at),
                LastEvent::OfAppend { followed_by } => {
                    (append.from_position - followed_by.cast_signed(), append.recorded_at)
                }
            };
            let span = Span {
                from_position: position,
                to_position: position,
                version: state.version.cast_signed(),
                recorded_at,
                lane,
                occurred_from: state.from,
                occurred_to: until,
            };
            until = state.from;
            match state.row {
                PastRow::Case(row) => self.past_cases.entry(stream).or_default().push(CaseVersion { row, span }),
                PastRow::Register(row) => {
                    self.past_registers.entry(stream).or_default().push(RegisterVersion { stream, row, span });
                }
            }
        }
    }

    /// Whether the tables have rows of the stream, as far as the batch tells.
    fn is_stored(&self, stream: StreamId) -> bool {
        !self.begun.contains(&stream)
    }

    /// The new rows of cases, those of the past included.
    pub(super) fn case_versions(&self) -> impl Iterator<Item = &CaseVersion> {
        self.cases.iter().chain(self.past_cases.values().flatten())
    }

    /// The new rows of registers, those of the past included.
    pub(super) fn register_versions(&self) -> impl Iterator<Item = &RegisterVersion> {
        self.registers.iter().chain(self.past_registers.values().flatten())
    }

    /// The cases as they are in the end.
    pub(super) fn present_cases(&self) -> impl Iterator<Item = &CaseVersion> {
        self.cases.iter().filter(|version| version.span.to_position == OPEN)
    }

    /// Whether there are cases of which nothing is stored yet.
    pub(super) fn begins_cases(&self) -> bool {
        self.begun.iter().any(|stream| stream.aggregate_type == AggregateType::Case)
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

/// Puts a row behind the others; its index.
fn pushed<T>(rows: &mut Vec<T>, row: T) -> usize {
    rows.push(row);
    rows.len() - 1
}
