//! Why a message did not arrive.

use std::fmt;
use std::time::Duration;

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident = $name:literal,)+) => {
        /// What kind of failure it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailureClass {
            $($(#[$doc])* $class,)+
        }

        impl FailureClass {
            /// The name in the database and in the API.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$class => $name,)+ }
            }

            /// The class of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$class),)+ _ => None }
            }
        }
    };
}

classes! {
    /// It answered with a status other than 2xx.
    Status = "STATUS",
    /// It answered with a redirect, which is not followed.
    Redirect = "REDIRECT",
    /// It answered 410 Gone: it wants nothing any more.
    Gone = "GONE",
    /// It did not answer in time.
    Timeout = "TIMEOUT",
    /// Its name has no address.
    Name = "NAME",
    /// Its address may not be called.
    AddressForbidden = "ADDRESS_FORBIDDEN",
    /// No connection could be made, TLS included.
    Connection = "CONNECTION",
    /// The connection broke, or what came was no HTTP.
    Interrupted = "INTERRUPTED",
    /// This server failed before the message was on its way.
    Internal = "INTERNAL",
}

/// Why a message did not arrive, as far as it may be told to whoever set the endpoint up: no address of an inner
/// network is in it, and nothing of an answer but its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it was.
    pub class: FailureClass,
    /// The HTTP status, if one came.
    pub status: Option<u16>,
    /// How long to wait before anything is sent again, if the receiver said so.
    pub retry_after: Option<Duration>,
    /// For people.
    pub reason: String,
}

impl Failure {
    pub(super) fn new(class: FailureClass, reason: impl Into<String>) -> Self {
        Self { class, status: None, retry_after: None, reason: reason.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.name(), self.reason)
    }
}

impl std::error::Error for Failure {}
