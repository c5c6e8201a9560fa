//! The files of cases: everything that somebody may know of them.

use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::streams::Versioned;
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::case::values::Audience;
use crate::domain::value::CaseId;
use crate::store::Moment;

impl App {
    /// Everything that this actor may know of a case at that version, as of that moment. They have been shown its row.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn case_file(
        &self,
        actor: &Actor,
        id: CaseId,
        version: u64,
        at: Moment,
    ) -> Result<Arc<Versioned<Case>>, Fault> {
        Ok(self.case_files(actor, &[(id, version)], at).await?.pop().unwrap_or_default())
    }

    /// The same of several cases, each at its version and in its place.
    ///
    /// # Errors
    /// As [`App::case_file`].
    pub async fn case_files(
        &self,
        actor: &Actor,
        cases: &[(CaseId, u64)],
        at: Moment,
    ) -> Result<Vec<Arc<Versioned<Case>>>, Fault> {
        let asked: Vec<_> = cases.iter().map(|(id, version)| (Uuid::from(*id), *version)).collect();
        let mut files = self.aggregates.cases.at_versions(&asked, at).await?;
        let ids = asked.iter().map(|(id, _)| *id);
        let with_internal: Vec<_> =
            ids.clone().zip(&files).filter(|(_, file)| has_internal(file)).map(|(id, _)| id).collect();
        let privy = self.privy(actor, &with_internal).await?;
        for (id, file) in ids.zip(&mut files) {
            if has_internal(file) && !privy.contains(&id) {
                hide_internal(file);
            }
        }
        Ok(files)
    }
}

fn has_internal(case: &Versioned<Case>) -> bool {
    let mut comments = case.state.file.iter().flat_map(|file| &file.comments);
    comments.any(|comment| comment.audience == Audience::Internal)
}

/// What others share of the file stays as it is.
fn hide_internal(case: &mut Arc<Versioned<Case>>) {
    if let Some(file) = &mut Arc::make_mut(case).state.file {
        file.comments.retain(|comment| comment.audience == Audience::Everybody);
    }
}
