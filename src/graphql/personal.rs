//! The only place of the API where personal data becomes text. Whoever gets here may see what holds it.

use async_graphql::{Context, Result};

use crate::app::Opened;
use crate::domain::value::Personal;
use crate::graphql::context::loaders;
use crate::graphql::errors;

/// What it says; `None` where there is nothing, or nothing any more.
pub(crate) async fn text(ctx: &Context<'_>, personal: Option<&Personal>) -> Option<Result<String>> {
    let opened = loaders(ctx).personal(personal?).await;
    opened.map(Opened::text).map_err(|fault| errors::fault(ctx, fault)).transpose()
}

/// Whether it was erased.
pub(crate) async fn is_erased(ctx: &Context<'_>, personal: &Personal) -> Option<Result<bool>> {
    let opened = loaders(ctx).personal(personal).await;
    Some(opened.map(|opened| opened == Opened::Erased).map_err(|fault| errors::fault(ctx, fault)))
}
