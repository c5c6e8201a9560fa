//! TLS, where the settings name a certificate. It may be taken anew while the server runs: connections that are open
//! keep the old one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use cms::cert::x509::Certificate;
use der::Decode;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::small_file::{self, CERTIFICATES_BYTES, SECRET_BYTES};

/// A certificate with its key, as they were read last.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    shown: RwLock<Shown>,
}

/// What connections are accepted with.
struct Shown {
    config: Arc<ServerConfig>,
    expires_at: Option<Timestamp>,
}

/// Why a certificate cannot be used. Each text names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not there, may not be read, or holds no such thing in PEM.
    #[error("{} holds no {what} in PEM that can be read", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// The key is not that of the certificate, or of a kind that is not known.
    #[error("the key of {} does not go with the certificate of {}", key.display(), certificate.display())]
    Unfit {
        /// Of the certificate.
        certificate: PathBuf,
        /// Of the key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// When one of the files cannot be used, or not with the other.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let shown = RwLock::new(read(certificate, key)?);
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), shown })
    }

    /// Reads them anew, for the connections that come from now on.
    ///
    /// # Errors
    /// When they cannot be used: it then goes on with the old ones.
    pub fn renew(&self) -> Result<(), TlsError> {
        let shown = read(&self.certificate, &self.key)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }

    /// When the certificate ends; `None` where it does not say so in any form that is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).expires_at
    }

    /// What the next connection is accepted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).config.clone().into()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Shown, TlsError> {
    let unreadable = |file: &Path, what| {
        let file = file.to_owned();
        move |source| TlsError::Unreadable { file, what, source }
    };
    let bytes_of = |file: &Path, most_bytes| small_file::read(file, most_bytes).map_err(pem::Error::Io);
    let chain: Vec<_> = bytes_of(certificate, CERTIFICATES_BYTES)
        .and_then(|pem| CertificateDer::pem_slice_iter(&pem).collect())
        .map_err(unreadable(certificate, "certificate"))?;
    if chain.is_empty() {
        return Err(unreadable(certificate, "certificate")(pem::Error::NoItemsFound));
    }
    let secret = bytes_of(key, SECRET_BYTES)
        .and_then(|pem| PrivateKeyDer::from_pem_slice(&pem))
        .map_err(unreadable(key, "private key"))?;
    let expires_at = end_of(&chain[0]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unfit = |source| TlsError::Unfit { certificate: certificate.to_owned(), key: key.to_owned(), source };
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(unfit)?.with_no_client_auth().with_single_cert(chain, secret).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Shown { config: Arc::new(config), expires_at })
}

/// When it ends (RFC 5280, 4.1.2.5).
fn end_of(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    // The last second of the year 9999 stands for no end, and is later than a timestamp can be.
    Some(Timestamp::from_second(end.as_secs().cast_signed()).unwrap_or(Timestamp::MAX))
}
