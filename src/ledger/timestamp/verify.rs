//! Whether a token is true: its signature, and the certificates that vouch for it.
//!
//! The certificates are judged as of the stamped time, for a stamp is kept longer than its authority's certificate is
//! valid. The path is `rustls-webpki`'s to find, which TLS relies on too.

use std::time::Duration;

use cms::cert::CertificateChoices;
use cms::cert::x509::Certificate;
use cms::cert::x509::attr::Attributes;
use cms::cert::x509::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::content_info::CmsVersion;
use cms::signed_data::{SignerIdentifier, SignerInfo};
use der::asn1::{Null, ObjectIdentifier, OctetString};
use der::oid::db::rfc5280::ID_KP_TIME_STAMPING;
use der::oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST};
use der::oid::db::rfc5912::{
    ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use der::{Any, Decode, Encode as _, EncodeValue as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::ledger::timestamp::asn1::{SigningCertificate, SigningCertificateV2};
use crate::ledger::timestamp::error::VerifyError;
use crate::ledger::timestamp::token::{ID_CT_TST_INFO, Token};

/// RFC 2634 §5.4 and RFC 5035 §3: which certificate signed.
const ID_AA_SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const ID_AA_SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8, as `webpki` takes it.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// The certificates that whoever verifies trusts to vouch for time-stamping authorities. Never taken from a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads certificates in PEM, one after the other.
    ///
    /// # Errors
    /// When there is none, or one is no certificate that can be trusted.
    pub fn from_pem(pem: &[u8]) -> Result<Self, VerifyError> {
        let unreadable = |reason: String| VerifyError::Roots { reason };
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(error.to_string()))?;
        if roots.is_empty() {
            return Err(unreadable("there is no certificate".to_owned()));
        }
        for root in &roots {
            anchor_from_trusted_cert(root).map_err(|error| unreadable(error.to_string()))?;
        }
        Ok(Self(roots))
    }
}

impl Token {
    /// Checks that the token says it stamps these bytes. Whether that is true, [`Token::verify`] tells.
    ///
    /// # Errors
    /// [`VerifyError::OtherImprint`].
    pub fn check_imprint(&self, bytes: &[u8]) -> Result<(), VerifyError> {
        match self.stamp().digest == <[u8; 32]>::from(Sha256::digest(bytes)) {
            true => Ok(()),
            false => Err(VerifyError::OtherImprint),
        }
    }

    /// Checks that the token stamps these bytes, that its signature is right, and that a trusted certificate vouches
    /// for who signed, as of the stamped time and for time stamping alone. Who that is comes back: the subject of the
    /// certificate (RFC 4514).
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn verify(&self, bytes: &[u8], roots: &Roots) -> Result<String, VerifyError> {
        self.check_imprint(bytes)?;
        let [signer] = self.signed.signer_infos.0.as_slice() else {
            return Err(VerifyError::Form { part: "single signature" });
        };
        let attributes = signer.signed_attrs.as_ref().ok_or(VerifyError::Form { part: "signed attributes" })?;
        self.check_content(signer, attributes)?;
        let certificates = self.certificates()?;
        let named = certificate_of(attributes, &certificates)?;
        let certificate = EndEntityCert::try_from(named).map_err(VerifyError::Chain)?;
        check_signature(signer, attributes, &certificate)?;
        let parsed = Certificate::from_der(named).map_err(|_| VerifyError::Form { part: "certificates" })?;
        check_name(signer, &parsed)?;
        check_purpose(&parsed)?;
        self.check_path(&certificate, &certificates, roots)?;
        Ok(parsed.tbs_certificate.subject.to_string())
    }

    /// RFC 5652 §5.4: the attributes are what is signed, and hold the digest of the content.
    fn check_content(&self, signer: &SignerInfo, attributes: &Attributes) -> Result<(), VerifyError> {
        let content_type: ObjectIdentifier = only(attributes, ID_CONTENT_TYPE, "content type")?;
        let digest: OctetString = only(attributes, ID_MESSAGE_DIGEST, "message digest")?;
        if content_type == ID_CT_TST_INFO && digest.as_bytes() == hash(&signer.digest_alg.oid, &self.content)? {
            Ok(())
        } else {
            Err(VerifyError::OtherContent)
        }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, VerifyError> {
        let set = self.signed.certificates.as_ref().ok_or(VerifyError::NoCertificate)?;
        let der = set.0.iter().filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate.to_der()),
            CertificateChoices::Other(_) => None,
        });
        der.map(|der| Ok(der.map_err(|_| VerifyError::Form { part: "certificates" })?.into())).collect()
    }

    fn check_path(
        &self,
        certificate: &EndEntityCert<'_>,
        others: &[CertificateDer<'_>],
        roots: &Roots,
    ) -> Result<(), VerifyError> {
        let anchors: Vec<_> =
            roots.0.iter().map(anchor_from_trusted_cert).collect::<Result<_, _>>().map_err(VerifyError::Chain)?;
        let seconds = u64::try_from(self.stamp().time.as_second()).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        // Of the signer's own certificate more is asked than this: see `check_purpose`.
        let usage = KeyUsage::required_if_present(TIME_STAMPING);
        certificate
            .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, others, time, usage, None, None)
            .map(drop)
            .map_err(VerifyError::Chain)
    }
}

/// The certificate whose hash is signed. What is only named beside the signature could be exchanged.
fn certificate_of<'a>(
    attributes: &Attributes,
    certificates: &'a [CertificateDer<'static>],
) -> Result<&'a CertificateDer<'static>, VerifyError> {
    const PART: &str = "signing certificate";
    let named_by = |hash: &dyn Fn(&[u8]) -> Vec<u8>, wanted: &[u8]| {
        certificates.iter().find(|certificate| hash(certificate) == wanted).ok_or(VerifyError::NoCertificate)
    };
    // The first names the signer's certificate, the others its issuers'.
    let missing = VerifyError::Form { part: PART };
    if attributes.iter().any(|attribute| attribute.oid == ID_AA_SIGNING_CERTIFICATE_V2) {
        let named: SigningCertificateV2 = only(attributes, ID_AA_SIGNING_CERTIFICATE_V2, PART)?;
        let first = named.certs.first().ok_or(missing)?;
        let algorithm = first.hash_algorithm.as_ref().map_or(ID_SHA_256, |algorithm| algorithm.oid);
        hash(&algorithm, &[])?;
        named_by(&|bytes| hash(&algorithm, bytes).unwrap_or_default(), first.cert_hash.as_bytes())
    } else {
        let named: SigningCertificate = only(attributes, ID_AA_SIGNING_CERTIFICATE, PART)?;
        let first = named.certs.first().ok_or(missing)?;
        named_by(&|bytes| Sha1::digest(bytes).to_vec(), first.cert_hash.as_bytes())
    }
}

fn check_signature(
    signer: &SignerInfo,
    attributes: &Attributes,
    certificate: &EndEntityCert<'_>,
) -> Result<(), VerifyError> {
    let unsupported = || VerifyError::Algorithm { oid: signer.signature_algorithm.oid.to_string() };
    let mut identifier = Vec::new();
    full_algorithm(signer).and_then(|full| full.encode_value(&mut identifier).ok()).ok_or_else(unsupported)?;
    let mut known = ALL_VERIFICATION_ALGS
        .iter()
        .filter(|algorithm| algorithm.signature_alg_id().as_ref() == identifier.as_slice())
        .peekable();
    known.peek().ok_or_else(unsupported)?;
    let message = attributes.to_der().map_err(|_| VerifyError::Form { part: "signed attributes" })?;
    // One identifier stands for several curves: the certificate's key decides which of them it is.
    if known.any(|known| certificate.verify_signature(*known, &message, signer.signature.as_bytes()).is_ok()) {
        Ok(())
    } else {
        Err(VerifyError::Signature)
    }
}

/// The signature algorithm together with its hash: RFC 3370 §3.2 lets CMS name RSA alone.
fn full_algorithm(signer: &SignerInfo) -> Option<AlgorithmIdentifierOwned> {
    if signer.signature_algorithm.oid != RSA_ENCRYPTION {
        return Some(signer.signature_algorithm.clone());
    }
    let oid = match signer.digest_alg.oid {
        ID_SHA_256 => SHA_256_WITH_RSA_ENCRYPTION,
        ID_SHA_384 => SHA_384_WITH_RSA_ENCRYPTION,
        ID_SHA_512 => SHA_512_WITH_RSA_ENCRYPTION,
        _ => return None,
    };
    Some(AlgorithmIdentifierOwned { oid, parameters: Some(Any::from(Null)) })
}

/// RFC 5652 §5.3: the name beside the signature, which is not signed, must lead to the certificate that is.
fn check_name(signer: &SignerInfo, certificate: &Certificate) -> Result<(), VerifyError> {
    let certificate = &certificate.tbs_certificate;
    let named = match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(name) => {
            signer.version == CmsVersion::V1
                && name.issuer == certificate.issuer
                && name.serial_number == certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(name) => {
            let identifier = certificate.get::<SubjectKeyIdentifier>();
            signer.version == CmsVersion::V3 && matches!(identifier, Ok(Some((_, identifier))) if identifier == *name)
        }
    };
    if named { Ok(()) } else { Err(VerifyError::NoCertificate) }
}

/// RFC 3161 §2.3: for time stamping, for nothing else, and critical.
fn check_purpose(certificate: &Certificate) -> Result<(), VerifyError> {
    match certificate.tbs_certificate.get::<ExtendedKeyUsage>() {
        Ok(Some((true, usage))) if usage.0 == [ID_KP_TIME_STAMPING] => Ok(()),
        _ => Err(VerifyError::Purpose),
    }
}

/// The only value of the only attribute of this type.
fn only<'a, T>(attributes: &'a Attributes, oid: ObjectIdentifier, part: &'static str) -> Result<T, VerifyError>
where
    T: der::Choice<'a> + der::DecodeValue<'a>,
{
    let form = VerifyError::Form { part };
    let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
    match (found.next().map(|attribute| attribute.values.as_slice()), found.next()) {
        (Some([value]), None) => value.decode_as().map_err(|_| form),
        _ => Err(form),
    }
}

fn hash(algorithm: &ObjectIdentifier, bytes: &[u8]) -> Result<Vec<u8>, VerifyError> {
    match *algorithm {
        ID_SHA_256 => Ok(Sha256::digest(bytes).to_vec()),
        ID_SHA_384 => Ok(Sha384::digest(bytes).to_vec()),
        ID_SHA_512 => Ok(Sha512::digest(bytes).to_vec()),
        other => Err(VerifyError::Algorithm { oid: other.to_string() }),
    }
}
