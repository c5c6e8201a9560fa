//! Which media type an answer has (GraphQL over HTTP, 6.1; RFC 9110, 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The media type of a stream of events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// A media type that answers can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was refused.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request, for clients from before there was the other.
    Json,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn of(range: &str) -> Option<Self> {
        match range.to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Some(Self::GraphqlResponse),
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            _ => None,
        }
    }
}

/// How the client takes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Once, in the media type that it likes best.
    pub(crate) once: Option<MediaType>,
    /// As a stream of events, asked for by name.
    pub(crate) events: bool,
}

impl Accepted {
    /// What the headers say; without a word of it, JSON is taken.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Self { once: Some(MediaType::Json), events: false };
        }
        let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(range);
        let (mut best, mut events) = (None, false);
        for (name, weight) in ranges.filter(|(_, weight)| *weight > 0) {
            events |= name.eq_ignore_ascii_case(EVENT_STREAM);
            if let Some(media_type) = MediaType::of(name)
                && best.is_none_or(|(best, _)| weight > best)
            {
                best = Some((weight, media_type));
            }
        }
        Self { once: best.map(|(_, media_type)| media_type), events }
    }

    /// The media type of what is refused before anything is executed.
    pub(crate) fn of_refusals(self) -> MediaType {
        self.once.unwrap_or(MediaType::GraphqlResponse)
    }
}

/// A media range and its weight. A weight that cannot be read counts as none.
fn range(text: &str) -> (&str, u16) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let told = parts.find_map(|part| part.strip_prefix("q="));
    (name, told.map_or(1_000, |text| weight(text).unwrap_or(0)))
}

/// A weight in thousandths: 0 to 1, with three decimals at most (RFC 9110, 12.4.2).
pub(super) fn weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_weight =
        matches!(whole, "0" | "1") && fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits = format!("{whole}{fraction:0<3}");
    digits.parse().ok().filter(|weight| is_weight && *weight <= 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &str) -> Accepted {
        Accepted::of(&HeaderMap::from_iter([(ACCEPT, value.parse().expect("a value"))]))
    }

    #[test]
    fn the_best_liked_is_given() {
        let table = [
            ("application/graphql-response+json", Some(MediaType::GraphqlResponse)),
            ("application/json", Some(MediaType::Json)),
            ("*/*", Some(MediaType::Json)),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(MediaType::GraphqlResponse),
            ),
            ("application/json, application/graphql-response+json", Some(MediaType::Json)),
            ("application/json;q=0.9, application/graphql-response+json", Some(MediaType::GraphqlResponse)),
            ("text/html, */*;q=0.8", Some(MediaType::Json)),
            ("application/json;q=0", None),
            ("application/json;q=0.9999, application/graphql-response+json;q=0.001", Some(MediaType::GraphqlResponse)),
            ("application/json;q=2, application/graphql-response+json;q=0.5", Some(MediaType::GraphqlResponse)),
            ("application/json;q=1.000, application/graphql-response+json;q=0.999", Some(MediaType::Json)),
            ("application/json;q=+1, application/graphql-response+json;q=1.", Some(MediaType::GraphqlResponse)),
            ("application/json;q=1.001", None),
            ("application/json;q=", None),
            ("text/html", None),
        ];
        for (accept, once) in table {
            assert_eq!(accepting(accept), Accepted { once, events: false }, "{accept}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted { once: Some(MediaType::Json), events: false });
    }

    #[test]
    fn a_stream_is_asked_for_by_name() {
        let table = [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream;q=0.9", true),
            ("application/json, text/event-stream;q=0", false),
            ("*/*", false),
            ("application/json", false),
        ];
        for (accept, events) in table {
            assert_eq!(accepting(accept).events, events, "{accept}");
        }
    }
}
