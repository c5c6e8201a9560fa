//! What goes on in the place of duplicates, as of any moment.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::domain::case::facts::{GoesOn, LONGEST_CHAIN};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::state::File;
use crate::domain::value::CaseId;
use crate::store::Moment;

impl App {
    /// The cases that go on in the place of the duplicates of those, each in its place, whether the actor sees them or
    /// not; only their numbers are for those who do, by the rights of today. The reads grow with the longest chain alone.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn going_on(&self, actor: &Actor, originals: &[CaseId], at: Moment) -> Result<Vec<GoesOn>, Fault> {
        let mut found: Vec<_> = originals.iter().copied().map(GoesOn::of).collect();
        let mut followed: Vec<_> = found.iter_mut().collect();
        for _ in 0..LONGEST_CHAIN {
            if followed.is_empty() {
                break;
            }
            let ids: BTreeSet<_> = followed.iter().map(|goes_on| Uuid::from(goes_on.case)).collect();
            let ids = Vec::from_iter(ids);
            let seen = self.cases_named(actor, &ids, Moment::Present).await?;
            let seen: BTreeSet<_> = seen.into_iter().map(|case| case.row.case_id).collect();
            let named = self.cases_named(&Actor::clock(), &ids, at).await?;
            let versions: Vec<_> = named.iter().map(|case| (case.row.case_id.into(), case.version)).collect();
            let files = self.case_files(&Actor::clock(), &versions, at).await?;
            let files: HashMap<CaseId, _> = versions.into_iter().map(|(id, _)| id).zip(files).collect();
            followed.retain_mut(|goes_on| {
                let Some(file) = files.get(&goes_on.case).and_then(|case| case.state.file.as_ref()) else {
                    return false;
                };
                let shown = seen.contains(&Uuid::from(goes_on.case)).then(|| file.number.clone());
                goes_on.follow(file, shown)
            });
        }
        Ok(found)
    }
}

impl GoesOn {
    /// Learns what the case is that it has come to, with its number where that is shown. Whether that is a duplicate in
    /// turn: then its original is the next one.
    pub(super) fn follow(&mut self, file: &File, shown: Option<CaseNumber>) -> bool {
        self.number = shown;
        self.status = Some(file.status);
        self.since = Some(file.last_step.at);
        self.case = file.duplicate_of.unwrap_or(self.case);
        file.duplicate_of.is_some()
    }
}
