//! Addresses of databases, as they may be seen.

/// The URL as it may be logged and shown: neither the user's password nor the query, which may
/// hold it too.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split_once('?').map_or(rest, |(place, _)| place);
    match rest.rsplit_once('@') {
        Some((user, server)) => {
            let user = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{user}@{server}")
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_password() {
        assert_eq!(without_password("postgres://u:p@w@h/d"), "postgres://u@h/d");
        assert_eq!(without_password("postgres://h/d?password=p"), "postgres://h/d");
        assert_eq!(without_password("sqlite:/a/b"), "sqlite:/a/b");
    }
}
