//! Dry runs.

use async_graphql::{Object, Result};

use crate::app::Moment;
use crate::graphql::errors;
use crate::graphql::mutation::Preview;
use crate::graphql::query::Viewpoint;

#[derive(Default)]
pub(crate) struct PreviewQuery(pub(super) Viewpoint);

/// What commands would do.
#[Object]
impl PreviewQuery {
    /// 预演: what a command would do, were it given now: the same input, the same decision, the events that would be recorded; nothing is. Of the present alone: nobody gives orders to the past.
    async fn preview(&self) -> Option<Result<Preview>> {
        Some(match self.0.moment {
            Moment::Present => Ok(Preview::default()),
            Moment::Position(_) | Moment::Occurred(_) => {
                let message = "a preview is of the present: ask for it outside `asOf`";
                Err(errors::argument("PREVIEW_OF_THE_PAST", "preview", message))
            }
        })
    }
}
