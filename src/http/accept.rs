//! Which media type an answer has (GraphQL over HTTP, 6.1; RFC 9110, 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

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

/// The media type that the client likes best; `None` when it accepts neither.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return Some(MediaType::Json);
    }
    let ranges = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut best: Option<(u16, MediaType)> = None;
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().and_then(MediaType::of);
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, weight);
        if let Some(media_type) = media_type
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, media_type));
        }
    }
    best.map(|(_, media_type)| media_type)
}

/// A weight in thousandths; one that cannot be read counts as none.
fn weight(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<3}");
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().unwrap());
        negotiate(&headers)
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
            ("text/html", None),
        ];
        for (accept, expected) in table {
            assert_eq!(accepting(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(MediaType::Json));
    }
}
