//! What the nodes of all registers have in common: where they come from, and how they are listed by pages.

use std::sync::Arc;

use async_graphql::{Context, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::{AggregateType, Commanded, Entry, Moment, RegisterPage, works_on};
use crate::domain::case::state::File;
use crate::domain::value::{CaseId, Division};
use crate::graphql::connection::{self, Beyond, Slice};
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::errors;
use crate::graphql::query::Viewpoint;
use crate::graphql::read_at::ReadAt;
use crate::graphql::scalars::Cursor;

/// The place of an entry in a register's list, and as of when the list is read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    register: String,
    #[serde(deserialize_with = "connection::text")]
    name: String,
    id: Uuid,
    at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
}

/// Which entries of a register.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// Only in this division and below it.
    pub(crate) division: Option<Division>,
    /// Only with exactly this code.
    pub(crate) code: Option<String>,
    /// Only with this in the name.
    pub(crate) name_contains: Option<String>,
    /// Without what is there for an audit alone.
    pub(crate) as_reader: bool,
}

/// A page of a register's entries, with what the connection says about it.
pub(crate) struct EntryPage<A> {
    /// The entries.
    pub(crate) entries: Vec<Entry<A>>,
    /// As of when they were read.
    pub(crate) read: ReadAt,
    /// What lies on either side.
    pub(crate) beyond: Beyond,
    /// The question, for counting.
    pub(crate) page: RegisterPage,
}

impl<A: Commanded> EntryPage<A> {
    /// Loads a page. The first one is read at the log's head, the others where the first one was.
    ///
    /// # Errors
    /// When the cursor is of another list, persons are asked for by their names, or the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, slice: &Slice, which: Which, from: Viewpoint) -> Result<Self> {
        if A::AGGREGATE == AggregateType::Person && which.name_contains.is_some() {
            return Err(names_sealed());
        }
        let places = slice.places(connection::decode::<Place>)?;
        places.require(|place| place.register == A::AGGREGATE.as_str())?;
        let read = match places.read_at(|place| ReadAt { at: place.at, head: place.head, time: place.time })? {
            Some(read) => read.continued(ctx, from).await?,
            None => ReadAt::begun(ctx, from).await?,
        };
        let mut page = RegisterPage {
            ids: None,
            division: which.division,
            code: which.code,
            name_contains: which.name_contains,
            as_reader: which.as_reader,
            after: places.after.map(|place| (place.name, place.id)),
            before: places.before.map(|place| (place.name, place.id)),
            limit: slice.limit(),
            keep: slice.keep(),
            at: read.at,
        };
        let found = app(ctx).page_of_registers::<A>(actor(ctx), &page).await;
        let (mut entries, at) = found.map_err(|fault| errors::fault(ctx, fault))?;
        read.check(ctx, slice, A::AGGREGATE).await?;
        page.at = at;
        let beyond = slice.cut(&mut entries);
        Ok(Self { entries, read: ReadAt { at, ..read }, beyond, page })
    }
}

/// Rows of persons have no name: nobody would be found.
fn names_sealed() -> Error {
    let message = "names of persons are sealed, and nobody is found by them: ask by `divisionWithin` or `code`, and read \
        the names of those who are listed";
    errors::argument("NAMES_SEALED", "filter.nameContains", message)
}

/// The place of that entry.
pub(crate) fn place_of<A: Commanded>(entry: &Entry<A>, read: ReadAt) -> Cursor {
    let ReadAt { at, head, time } = read;
    let register = A::AGGREGATE.as_str().to_owned();
    connection::encode(&Place { register, name: entry.name.clone(), id: entry.id, at, head, time })
}

/// By which way somebody has come to an entry. What names it tells who it is; the rest is for whoever finds it in the
/// register, and how to reach it for those who work on the case with it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// They found it in the register.
    Register,
    /// This case names it.
    Case(CaseId),
    /// Something else names it.
    Mention,
}

/// An entry of a register, as it was at a moment.
pub(crate) struct Snapshot<A> {
    /// The entry.
    pub(crate) entry: Arc<Entry<A>>,
    /// As of when it is shown, and what it points at as well.
    pub(crate) at: Moment,
    /// What the time was then, where that is known better than by the last event.
    pub(crate) time: Option<Timestamp>,
    /// How it was come to.
    pub(crate) way: Way,
}

impl<A> Snapshot<A> {
    /// From where it is looked at.
    pub(crate) fn viewpoint(&self) -> Viewpoint {
        Viewpoint { moment: self.at, time: self.time }
    }
}

impl<A: Commanded> Snapshot<A> {
    /// Whether it is in the register for the actor, and so is shown whole.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn is_whole(&self, ctx: &Context<'_>) -> Result<bool> {
        if self.way == Way::Register {
            return Ok(true);
        }
        let found = loaders(ctx).visible::<A>(self.entry.id, self.at).await;
        found.map(|found| found.is_some()).map_err(|fault| errors::fault(ctx, fault))
    }

    /// Whether the actor is told how to reach it: by the register, or because both have a hand in the case that names it,
    /// as it is on record today. Whom only a preview would bring in, who has not joined and who has left it has not.
    ///
    /// # Parameters
    /// - `has_a_hand`: whether what is shown has one in that case
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn is_reachable(&self, ctx: &Context<'_>, has_a_hand: impl Fn(&File) -> bool) -> Result<bool> {
        if self.is_whole(ctx).await? {
            return Ok(true);
        }
        let Way::Case(id) = self.way else { return Ok(false) };
        let case = loaders(ctx).present(id).await.map_err(|fault| errors::fault(ctx, fault))?;
        let file = case.as_ref().and_then(|case| case.state.file.as_ref());
        Ok(file.is_some_and(|file| works_on(actor(ctx), file) && has_a_hand(file)))
    }
}

impl<A> Clone for Snapshot<A> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), at: self.at, time: self.time, way: self.way }
    }
}

/// Declares the node of a register: how it is loaded, what all nodes show, and its connection.
macro_rules! register_node {
    ($node:ident of $root:ident as $id:ident) => {
        #[doc = concat!("An entry of the register of type `", stringify!($root), "`, as of a moment.")]
        #[derive(Clone)]
        pub(crate) struct $node(crate::graphql::types::register::Snapshot<$root>);

        impl $node {
            /// The entry, as it is seen from there.
            pub(crate) fn new(
                entry: std::sync::Arc<crate::app::Entry<$root>>,
                from: impl Into<crate::graphql::query::Viewpoint>,
            ) -> Self {
                let crate::graphql::query::Viewpoint { moment: at, time } = from.into();
                let way = crate::graphql::types::register::Way::Register;
                Self(crate::graphql::types::register::Snapshot { entry, at, time, way })
            }

            /// The entry, if the actor may see it; batched with its neighbours.
            ///
            /// # Errors
            /// When the house fails.
            pub(crate) async fn load(
                ctx: &async_graphql::Context<'_>,
                id: crate::domain::value::$id,
                from: impl Into<crate::graphql::query::Viewpoint>,
            ) -> async_graphql::Result<Option<Self>> {
                let from = from.into();
                let entry = crate::graphql::context::loaders(ctx).visible::<$root>(id.into(), from.moment).await;
                let entry = entry.map_err(|fault| crate::graphql::errors::fault(ctx, fault))?;
                Ok(entry.map(|entry| Self::new(entry, from)))
            }

            fn global_id(&self) -> async_graphql::ID {
                crate::graphql::ids::global(crate::domain::value::$id::from(self.0.entry.id))
            }
        }

        impl crate::graphql::orders::Shown for $node {
            type Preview = crate::graphql::types::preview::RegisterPreview;

            async fn after(
                ctx: &async_graphql::Context<'_>,
                receipt: &crate::app::Receipt,
            ) -> async_graphql::Result<Option<Self>> {
                Self::load(ctx, receipt.stream.aggregate_id.into(), crate::app::Moment::Present).await
            }
        }
    };
}
pub(super) use register_node;

/// Declares the connection of a register.
macro_rules! register_connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident of $node:ident, $root:ident) => {
        pub(crate) struct $connection {
            page: crate::graphql::types::register::EntryPage<$root>,
            nodes: Vec<$node>,
        }

        /// An entry and its place in the list.
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $edge {
            /// The place.
            cursor: crate::graphql::scalars::Cursor,
            /// The entry.
            node: $node,
        }

        impl $connection {
            /// Loads a page.
            ///
            /// # Errors
            /// When an argument makes no sense or the house fails.
            pub(crate) async fn load(
                ctx: &async_graphql::Context<'_>,
                slice: crate::graphql::connection::Slice,
                which: crate::graphql::types::register::Which,
                from: crate::graphql::query::Viewpoint,
            ) -> async_graphql::Result<Self> {
                let mut page =
                    crate::graphql::types::register::EntryPage::<$root>::load(ctx, &slice, which, from).await?;
                let at = page.read.at;
                let entries = std::mem::take(&mut page.entries).into_iter();
                let nodes = entries.map(|entry| $node::new(std::sync::Arc::new(entry), at)).collect();
                Ok(Self { page, nodes })
            }

            fn cursor(&self, node: &$node) -> crate::graphql::scalars::Cursor {
                crate::graphql::types::register::place_of(&node.0.entry, self.page.read)
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The entries with their places.
            async fn edges(&self) -> Vec<$edge> {
                let edge = |node: &$node| $edge { cursor: self.cursor(node), node: node.clone() };
                self.nodes.iter().map(edge).collect()
            }

            /// The entries.
            async fn nodes(&self) -> &[$node] {
                &self.nodes
            }

            /// Where this page stands.
            async fn page_info(&self) -> crate::graphql::connection::PageInfo {
                let ends = self.nodes.first().zip(self.nodes.last());
                let ends = ends.map(|(first, last)| (self.cursor(first), self.cursor(last)));
                crate::graphql::connection::PageInfo::new(self.page.beyond, ends)
            }

            /// How many there are on all pages. Counted when it is asked for.
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> Option<async_graphql::Result<u64>> {
                crate::graphql::errors::nullable(async {
                    let actor = crate::graphql::context::actor(ctx);
                    let app = crate::graphql::context::app(ctx);
                    let counted = app.count_registers::<$root>(actor, &self.page.page).await;
                    counted.map(Some).map_err(|fault| crate::graphql::errors::fault(ctx, fault))
                })
                .await
            }
        }
    };
}
pub(super) use register_connection;
