//! What a resolver finds in its context: the application, who is asking, and what was loaded before.

use std::sync::Arc;

use async_graphql::Context;
use jiff::Timestamp;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::graphql::errors;
use crate::graphql::loaders::Loaders;
use crate::graphql::scalars::Position;
use crate::identity::credential::Credential;

/// Who is asking, for one request.
#[derive(Clone, Debug)]
pub struct Session {
    /// The actor, as the token says.
    pub actor: Actor,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// What the token is known by, should it be revoked while a stream is open.
    pub credential: Credential,
    /// What the server's log calls this request.
    pub request_id: String,
}

/// The application.
pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a Arc<App> {
    ctx.data_unchecked::<Arc<App>>()
}

/// Who is asking.
pub(crate) fn session<'a>(ctx: &Context<'a>) -> &'a Session {
    ctx.data_unchecked::<Session>()
}

/// The actor who is asking.
pub(crate) fn actor<'a>(ctx: &Context<'a>) -> &'a Actor {
    &session(ctx).actor
}

/// What loads in batches.
pub(crate) fn loaders<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// Waits until reads include the position that the client wants to see.
pub(crate) async fn reached(ctx: &Context<'_>, min_position: Option<Position>) -> async_graphql::Result<()> {
    let wanted = min_position.map(|position| position.0);
    app(ctx).reached(wanted).await.map_err(|fault| errors::fault(ctx, fault))
}
