//! Which addresses may be called. Whoever sets up a webhook chooses where this server connects to, so by default that
//! is the public internet alone, by HTTPS; what else there is, the installation's settings name.

use std::net::IpAddr;

use axum::http::Uri;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Special-purpose blocks of IPv4 that are no public addresses (IANA registry, RFC 6890).
const NOT_PUBLIC_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// All that IPv6 has of public addresses, and the special-purpose blocks in it: protocol assignments with Teredo,
/// documentation, and 6to4, which would lead to any address of IPv4.
const PUBLIC_V6: &str = "2000::/3";
const NOT_PUBLIC_V6: &[&str] = &["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// The networks that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Called);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Called {
    /// The public ones, and these besides.
    Public(Vec<IpNet>),
    /// All there are.
    Any,
}

impl Default for Networks {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Networks {
    /// These, besides the public ones.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self(Called::Public(allowed))
    }

    /// All there are, without TLS too: for peers that the settings of the installation name, and for nobody else's.
    #[must_use]
    pub fn any() -> Self {
        Self(Called::Any)
    }

    /// All there are by TLS, and without it this machine: for a peer that the settings name and that is to be believed.
    #[must_use]
    pub fn any_by_tls() -> Self {
        Self::new(vec![Ipv4Net::default().into(), Ipv6Net::default().into()])
    }

    /// Whether this address may be called. Only a loopback address may be called without TLS, if it may be at all.
    #[must_use]
    pub fn admit(&self, address: IpAddr, has_tls: bool) -> bool {
        // `::ffff:10.0.0.1` is 10.0.0.1.
        let address = address.to_canonical();
        let Called::Public(besides) = &self.0 else { return true };
        let is_allowed = is_public(address) || besides.iter().any(|network| network.contains(&address));
        is_allowed && (has_tls || address.is_loopback())
    }

    /// Whether a host may be called without TLS. By default a plain connection stays within this machine, and is made
    /// only where the settings allow it.
    fn admit_plain(&self, host: &str) -> bool {
        if self.0 == Called::Any {
            return true;
        }
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
        let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        is_loopback && loopback.iter().any(|address| self.admit(*address, false))
    }
}

fn is_public(address: IpAddr) -> bool {
    let within = |blocks: &[&str]| {
        blocks.iter().any(|block| block.parse::<IpNet>().expect("the blocks are sound").contains(&address))
    };
    match address {
        IpAddr::V4(_) => !within(NOT_PUBLIC_V4),
        IpAddr::V6(_) => within(&[PUBLIC_V6]) && !within(NOT_PUBLIC_V6),
    }
}

/// Why a URL cannot be an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL that could be called.
    #[error(
        "write an absolute URL of at most 2000 characters such as https://example.org/etalon, without user, password or fragment"
    )]
    Malformed,
    /// It has a character that nobody sees, and that may make it read as another.
    #[error("it has the character U+{code_point:04X}, which nobody sees: leave it out, or write it percent-encoded")]
    Unseen {
        /// Which.
        code_point: u32,
    },
    /// Its host is of another script.
    #[error("write the host in ASCII: one of another script in punycode, such as xn--fsqu00a.example")]
    HostNotAscii,
    /// Its port is 0.
    #[error("nobody can be called at port 0: write another, or none")]
    PortZero,
    /// It is not HTTPS.
    #[error("only https:// is called, and http:// at a loopback address where the settings allow that one")]
    NotHttps,
    /// It names an address that may not be called.
    #[error("this address is in a network that is not called")]
    Forbidden,
}

/// A URL that may be called, as far as can be told before its name is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub(super) Uri);

impl Endpoint {
    const LONGEST: usize = 2_000;

    /// Reads a URL.
    ///
    /// # Errors
    /// See [`EndpointError`].
    pub fn parse(text: &str, networks: &Networks) -> Result<Self, EndpointError> {
        if text.len() > Self::LONGEST || text.contains('#') {
            return Err(EndpointError::Malformed);
        }
        if let Some(unseen) = text.chars().find(|c| is_unseen(*c)) {
            return Err(EndpointError::Unseen { code_point: unseen.into() });
        }
        let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next());
        if authority.is_some_and(|authority| !authority.is_ascii()) {
            return Err(EndpointError::HostNotAscii);
        }
        let uri: Uri = text.parse().map_err(|_| EndpointError::Malformed)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EndpointError::Malformed);
        };
        let host = host_of(authority.host());
        // What stands behind the host is a port or nothing: the parser takes any text for one.
        let behind_host = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let has_odd_port = !behind_host.is_empty() && authority.port_u16().is_none();
        if host.is_empty() || authority.as_str().contains('@') || has_odd_port {
            return Err(EndpointError::Malformed);
        }
        if authority.port_u16() == Some(0) {
            return Err(EndpointError::PortZero);
        }
        let address = host.parse::<IpAddr>().ok();
        let has_tls = match scheme {
            "https" => true,
            "http" if networks.admit_plain(host) => false,
            _ => return Err(EndpointError::NotHttps),
        };
        match address {
            Some(address) if !networks.admit(address, has_tls) => Err(EndpointError::Forbidden),
            _ => Ok(Self(uri)),
        }
    }

    /// The host, as it may be logged: a path may hold a secret of the receiver's.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }
}

/// Controls, separators of lines and formats, among which are those that turn the order of what is behind them.
fn is_unseen(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator)
}

/// The host without the brackets of an IPv6 address.
pub(super) fn host_of(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(allowed: &[&str]) -> Networks {
        Networks::new(allowed.iter().map(|network| network.parse().expect("a network")).collect())
    }

    #[test]
    fn only_public_addresses_are_called() {
        for public in ["8.8.8.8", "1.2.4.8", "2400:3200::1", "::ffff:8.8.8.8"] {
            assert!(Networks::default().admit(public.parse().unwrap(), true), "{public}");
            assert!(!Networks::default().admit(public.parse().unwrap(), false), "{public} without TLS");
        }
        for inner in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!Networks::default().admit(inner.parse().unwrap(), true), "{inner}");
        }
    }

    #[test]
    fn settings_open_what_they_name_and_no_more() {
        let allowed = networks(&["10.1.0.0/16", "127.0.0.0/8"]);
        assert!(allowed.admit("10.1.2.3".parse().unwrap(), true));
        assert!(allowed.admit("::ffff:10.1.2.3".parse().unwrap(), true));
        assert!(!allowed.admit("10.2.0.1".parse().unwrap(), true));
        assert!(!allowed.admit("10.1.2.3".parse().unwrap(), false), "plain only within this machine");
        assert!(allowed.admit("127.0.0.1".parse().unwrap(), false));
    }

    #[test]
    fn a_peer_that_is_believed_is_anywhere_by_tls() {
        let any = Networks::any_by_tls();
        for url in [
            "https://sso.example/x",
            "https://10.0.0.1/",
            "https://[fd00::1]/",
            "http://127.0.0.1:1/",
            "http://localhost/",
        ] {
            assert!(Endpoint::parse(url, &any).is_ok(), "{url}");
        }
        assert_eq!(Endpoint::parse("http://sso.example/x", &any), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::parse("http://10.0.0.1/", &any), Err(EndpointError::NotHttps));
        assert!(!any.admit("10.0.0.1".parse().unwrap(), false));
    }

    #[test]
    fn an_endpoint_is_an_absolute_https_url() {
        let none = Networks::default();
        assert!(Endpoint::parse("https://example.org/hooks?k=1", &none).is_ok());
        assert!(Endpoint::parse("https://example.org:8443", &none).is_ok());
        assert!(Endpoint::parse("https://xn--fsqu00a.cn/", &none).is_ok());
        for (url, error) in [
            ("", EndpointError::Malformed),
            ("/path", EndpointError::Malformed),
            ("example.org", EndpointError::Malformed),
            ("https://", EndpointError::Malformed),
            ("https://user:secret@example.org/", EndpointError::Malformed),
            ("https://example.org/#fragment", EndpointError::Malformed),
            ("https://例子.cn/", EndpointError::HostNotAscii),
            ("https://example.org:0/", EndpointError::PortZero),
            ("https://example.org/\u{202e}gpj.exe", EndpointError::Unseen { code_point: 0x202e }),
            ("https://example.org/a\u{200b}b", EndpointError::Unseen { code_point: 0x200b }),
            ("https://exa\u{ad}mple.org/", EndpointError::Unseen { code_point: 0xad }),
            ("https://example.org/a\nb", EndpointError::Unseen { code_point: 0xa }),
            ("http://example.org/", EndpointError::NotHttps),
            ("ftp://example.org/", EndpointError::NotHttps),
            ("http://127.0.0.1/", EndpointError::NotHttps),
            ("http://localhost/", EndpointError::NotHttps),
            ("https://127.0.0.1/", EndpointError::Forbidden),
            ("https://[::1]/", EndpointError::Forbidden),
            ("https://[::ffff:10.0.0.1]/", EndpointError::Forbidden),
            ("https://169.254.169.254/latest", EndpointError::Forbidden),
        ] {
            assert_eq!(Endpoint::parse(url, &none), Err(error), "{url}");
        }
    }

    #[test]
    fn a_plain_endpoint_is_on_this_machine() {
        let loopback = networks(&["127.0.0.0/8"]);
        assert!(Endpoint::parse("http://127.0.0.1:9000/", &loopback).is_ok());
        assert!(Endpoint::parse("http://localhost:9000/", &loopback).is_ok());
        assert_eq!(Endpoint::parse("http://10.0.0.1/", &loopback), Err(EndpointError::NotHttps));
        assert_eq!(Endpoint::parse("http://localhost.example.org/", &loopback), Err(EndpointError::NotHttps));
    }
}
