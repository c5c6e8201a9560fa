//! Why a time stamp is none.

/// Why an answer holds no token for what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// Bytes that are something else.
    #[error("this is not {expected} in DER")]
    Malformed {
        /// What they should be.
        expected: &'static str,
        /// What the parser said.
        source: der::Error,
    },
    /// The content of the token is something else.
    #[error("the token holds {found} where RFC 3161 wants {expected}")]
    Unexpected {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The authority granted nothing.
    #[error("the time-stamping authority refuses (status {status}): {reason}")]
    Refused {
        /// PKIStatus, RFC 3161 §2.4.2.
        status: u8,
        /// The authority's words and the names of the failures it gives.
        reason: String,
    },
    /// The token stamps other bytes than were asked for.
    #[error("the token stamps other bytes than were asked for")]
    OtherImprint,
    /// The token answers another request, perhaps an old one.
    #[error("the token answers another request: its nonce is not the one that was sent")]
    OtherNonce,
}

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The trusted certificates cannot be read.
    #[error("the trusted certificates are not PEM: {reason}")]
    Roots {
        /// What is wrong.
        reason: String,
    },
    /// The token stamps other bytes.
    #[error("the token stamps other bytes")]
    OtherImprint,
    /// The token's form is not what RFC 3161 wants.
    #[error("the token has no proper {part}")]
    Form {
        /// What is missing or double.
        part: &'static str,
    },
    /// Its certificate is not in it.
    #[error("the token does not hold the certificate that it names; it must be asked for with certReq")]
    NoCertificate,
    /// An algorithm that is too weak or too rare to be known here.
    #[error("the algorithm {oid} is not supported")]
    Algorithm {
        /// Its object identifier.
        oid: String,
    },
    /// What was signed is not what the token holds.
    #[error("the signed digest is not that of the token's content")]
    OtherContent,
    /// The signature is not the certificate's.
    #[error("the signature does not verify")]
    Signature,
    /// The certificate is for something else.
    #[error("the certificate is not for time stamping alone, critically")]
    Purpose,
    /// No trusted certificate vouches for it at the time of the stamp.
    #[error("no trusted certificate vouches for the authority's: {0}")]
    Chain(webpki::Error),
}
