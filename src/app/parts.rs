//! Cases that are parts of others, as of any moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::value::CaseId;
use crate::store::{Moment, StoredCase};

impl App {
    /// The parts of each of those cases, in its place, that are there for the actor by the rights of today: in the order of
    /// their numbers.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn parts_of(
        &self,
        actor: &Actor,
        wholes: &[CaseId],
        at: Moment,
    ) -> Result<Vec<Vec<Arc<StoredCase>>>, Fault> {
        let ids: Vec<_> = wholes.iter().copied().map(Uuid::from).collect();
        let linked = self.store.sub_cases(&ids).await?;
        let linked: BTreeSet<_> = linked.into_iter().map(|(_, part)| part).collect();
        let seen = self.cases_named(actor, &Vec::from_iter(linked), at).await?;
        let versions: Vec<_> = seen.iter().map(|case| (case.row.case_id.into(), case.version)).collect();
        let files = self.case_files(actor, &versions, at).await?;
        let parts = seen.into_iter().map(Arc::new).zip(files).collect::<Vec<_>>();
        let of = |whole: &CaseId| {
            let is_part = |case: &Case| case.file.as_ref().is_some_and(|file| file.is_part_of(*whole));
            let parts = parts.iter().filter(|(_, case)| is_part(&case.state));
            let mut parts: Vec<_> = parts.map(|(row, _)| row.clone()).collect();
            parts.sort_unstable_by(|one, other| one.row.number.cmp(&other.row.number));
            parts
        };
        Ok(wholes.iter().map(of).collect())
    }
}
