//! Signatures as Standard Webhooks has them: `v1,` and the Base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of the header `webhook-signature`: one signature for every secret, separated by spaces. During a rotation
/// there are several, and a receiver takes whichever it can verify.
///
/// # Parameters
/// - `id`: of the message; without a full stop, which separates what is signed
/// - `timestamp`: of the attempt, in seconds since the Unix epoch
#[must_use]
pub fn signatures<'a>(secrets: impl IntoIterator<Item = &'a [u8]>, id: &str, timestamp: i64, body: &[u8]) -> String {
    let sign = |secret: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of every length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    secrets.into_iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_reference_library() {
        let secrets = [[7; 32], [8; 32]];
        let body = r#"{"specversion":"1.0","data":"难点"}"#;
        let ours = signatures(secrets.iter().map(<[u8; 32]>::as_slice), "RXZlbnQ6NDI", 1_674_087_231, body.as_bytes());
        let theirs = secrets.map(|secret| {
            let webhook = standardwebhooks::Webhook::from_bytes(secret.to_vec()).expect("a secret");
            webhook.sign("RXZlbnQ6NDI", 1_674_087_231, body.as_bytes()).expect("signed")
        });
        assert_eq!(ours, theirs.join(" "));
    }
}
