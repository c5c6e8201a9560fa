//! The words that columns of the webhooks' tables hold.

use crate::store::StoreError;
use crate::store::stored::corrupt;

/// Declares a closed list of words that a column may hold.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
        }

        impl $name {
            /// The stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err(corrupt("the webhook tables", stringify!($name), text)),
                }
            }
        }
    };
}

words! {
    /// Whether an endpoint is served.
    WebhookState {
        /// It is.
        Enabled = "ENABLED",
        /// Somebody has paused it.
        Paused = "PAUSED",
        /// It has answered 410 Gone.
        Gone = "GONE",
    }
}

words! {
    /// What becomes of an event that was not delivered at once.
    DeliveryState {
        /// It will be tried again.
        Waiting = "WAITING",
        /// It was given up.
        Dead = "DEAD",
    }
}

words! {
    /// What was done to an endpoint.
    WebhookAction {
        /// It was created.
        Created = "CREATED",
        /// Its address or what it hears was changed.
        Updated = "UPDATED",
        /// It was paused.
        Paused = "PAUSED",
        /// It was resumed.
        Resumed = "RESUMED",
        /// It got a new secret.
        SecretRotated = "SECRET_ROTATED",
        /// It was deleted.
        Deleted = "DELETED",
        /// It answered that it is gone, and was disabled by the server.
        Gone = "GONE",
        /// The tokens of its owner were revoked, or the owner was erased: it was paused by the server.
        OwnerRevoked = "OWNER_REVOKED",
        /// A dead letter was sent for again.
        LetterReplayed = "LETTER_REPLAYED",
        /// A dead letter was thrown away.
        LetterDiscarded = "LETTER_DISCARDED",
    }
}
