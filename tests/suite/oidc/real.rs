//! oidc-provider, a certified implementation that is not ours: over TLS, with an authority that only the settings name.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::oidc::show;
use crate::support::of_the_repository;
use crate::support::server::{Installation, Server};

const SCRIPT: &str = "tests/suite/oidc/real_provider.mjs";
const SIGNINGS: [&str; 3] = ["RS256", "ES256", "EdDSA"];

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_real_provider_are_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    certify(folder.path());
    let mut provider = RealProvider::start(folder.path());
    let tokens = SIGNINGS.map(|signing| provider.token(signing));
    for (place, signing) in SIGNINGS.into_iter().enumerate() {
        let installation = Installation::embedded();
        let mut command = installation.command();
        command.env("ETALON_OIDC_ISSUER", &provider.issuer).env("ETALON_OIDC_AUDIENCE", "etalon");
        command.env("ETALON_OIDC_ALGORITHM", signing).env("ETALON_OIDC_CA_FILE", folder.path().join("ca.pem"));
        // It gives no `nbf`.
        command.env("ETALON_OIDC_NOT_BEFORE_CLAIM", "iat");
        command.env("ETALON_OIDC_SERVICES", "{reporter=\"monthly-report\"}");
        let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        for (other, token) in tokens.iter().enumerate() {
            let said = show(&server, token).await;
            match other == place {
                true => assert_eq!(
                    said.viewer,
                    json!({ "id": "service:monthly-report", "roles": ["AUDITOR"] }),
                    "{signing}: {}\n{}",
                    said.text,
                    server.log()
                ),
                false => said.is_refusal("TOKEN_SIGNATURE", token),
            }
        }
    }
}

/// An authority, and a certificate of 127.0.0.1 by it.
fn certify(folder: &Path) {
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let run = |arguments: &[&str]| {
        let made = Command::new("openssl").current_dir(folder).args(arguments).output().expect("openssl is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let of_authority = ["-subj", "/CN=authority", "-keyout", "ca-key.pem", "-out", "ca.pem"];
    run(&[&["req", "-x509", "-days", "2"], ec.as_slice(), &of_authority].concat());
    let of_provider = ["-subj", "/CN=provider", "-addext", "subjectAltName=IP:127.0.0.1"];
    run(&[&["req"], ec.as_slice(), &of_provider, &["-keyout", "key.pem", "-out", "request.pem"]].concat());
    let by = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-copy_extensions", "copy"];
    run(&[&["x509", "-req", "-days", "2", "-in", "request.pem"], by.as_slice(), &["-out", "cert.pem"]].concat());
}

/// The script, running; ended when dropped.
struct RealProvider {
    child: Child,
    asking: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    issuer: String,
}

impl RealProvider {
    /// Node has been seen to stand still before it ran a line of the script: then another one is tried.
    fn start(folder: &Path) -> Self {
        (0..3).find_map(|_| Self::started(folder)).expect("the provider says where it is")
    }

    fn started(folder: &Path) -> Option<Self> {
        let module = std::env::var_os("ETALON_TEST_OIDC_PROVIDER");
        let module = module.expect("ETALON_TEST_OIDC_PROVIDER is set: run tests/run");
        let mut child = Command::new("timeout")
            .args(["120", "node"])
            .arg(of_the_repository(SCRIPT))
            .arg(module)
            .args(["cert.pem", "key.pem"])
            .current_dir(folder)
            .env("NODE_EXTRA_CA_CERTS", folder.join("ca.pem"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is there");
        let asking = child.stdin.take().expect("its input is piped");
        let said = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let mut provider = Self { child, asking, said, issuer: String::new() };
        provider.issuer = provider.hear("ready ")?;
        Some(provider)
    }

    fn token(&mut self, signing: &str) -> String {
        writeln!(self.asking, "{signing}").expect("it listens");
        self.hear("token ").expect("the provider goes on until it is ended")
    }

    /// What stands behind this at the beginning of its next line; it has notices of its own between them. `None` where it
    /// ends before it says so.
    fn hear(&mut self, beginning: &str) -> Option<String> {
        for line in self.said.by_ref() {
            let line = line.expect("text");
            assert!(!line.starts_with("refused "), "{line}");
            if let Some(rest) = line.strip_prefix(beginning) {
                return Some(rest.to_owned());
            }
        }
        None
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
