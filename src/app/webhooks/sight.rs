//! Which events an endpoint hears: those of its filter that its owner may see, by the rows of the present.

use std::collections::HashSet;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::webhooks::ownership::{division, owner};
use crate::store::{EventRecord, Moment, StreamId, Webhook};

impl App {
    /// Those of the streams that the endpoint hears of.
    async fn heard_streams(
        &self,
        webhook: &Webhook,
        streams: impl Iterator<Item = StreamId>,
    ) -> Result<HashSet<StreamId>, Fault> {
        let within = division(&webhook.configuration.division)?;
        self.followed(&owner(webhook)?, Some(&within), Moment::Present, streams).await
    }

    /// Those of the events that the endpoint hears, with their streams.
    pub(super) async fn heard(
        &self,
        webhook: &Webhook,
        events: Vec<EventRecord>,
    ) -> Result<Vec<(StreamId, EventRecord)>, Fault> {
        let configuration = &webhook.configuration;
        let named = |names: &[String], name: &String| names.is_empty() || names.contains(name);
        let events: Vec<_> = events
            .into_iter()
            .filter(|event| named(&configuration.aggregate_types, &event.aggregate_type))
            .filter(|event| named(&configuration.event_types, &event.event_type))
            .filter_map(|event| Some((event.stream()?, event)))
            .collect();
        let heard = self.heard_streams(webhook, events.iter().map(|(stream, _)| *stream)).await?;
        let events = events.into_iter().filter(|(stream, _)| heard.contains(stream)).collect();
        self.without_internal(&owner(webhook)?, events, |(_, event)| event).await
    }
}
