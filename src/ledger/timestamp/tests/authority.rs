//! A time-stamping authority that `openssl` plays, in a folder of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::ledger::timestamp::request::Request;
use crate::ledger::timestamp::tests::{DOCUMENT, NONCE};
use crate::ledger::timestamp::token::Token;
use crate::ledger::timestamp::verify::Roots;

/// How an authority works.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// What `openssl req -newkey` is told.
    pub(super) key: &'static [&'static str],
    pub(super) signer_digest: &'static str,
    pub(super) certificate_hash: &'static str,
    pub(super) fraction_digits: u8,
    pub(super) usage: &'static str,
    pub(super) intermediate: bool,
}

pub(super) const USUAL: Manner = Manner {
    key: &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    signer_digest: "sha256",
    certificate_hash: "sha256",
    fraction_digits: 0,
    usage: "critical,timeStamping",
    intermediate: false,
};

pub(super) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(super) fn new(manner: Manner) -> Self {
        let authority = Self { folder: tempfile::tempdir().expect("a folder") };
        authority.write(
            "cnf",
            &format!(
                "[req]\ndistinguished_name=name\n[name]\n\
                 [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n\
                 subjectKeyIdentifier=hash\n\
                 [tsa]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                 extendedKeyUsage={usage}\n\
                 [reply]\nserial={serial}\nsigner_digest={digest}\ndefault_policy=1.3.6.1.4.1.99999.1\n\
                 digests=sha256\naccuracy=secs:1,millisecs:500,microsecs:100\nordering=no\ntsa_name=yes\n\
                 clock_precision_digits={digits}\ness_cert_id_chain=yes\ness_cert_id_alg={hash}\n",
                usage = manner.usage,
                serial = authority.path("serial").display(),
                digest = manner.signer_digest,
                digits = manner.fraction_digits,
                hash = manner.certificate_hash,
            )
            .into_bytes(),
        );
        authority.write("serial", b"0A");
        let root_key = USUAL.key;
        authority.run(
            &[
                &["req", "-x509", "-nodes", "-keyout", "root.key", "-out", "root.pem"],
                root_key,
                &["-subj", "/CN=Root", "-days", "30", "-extensions", "ca", "-config", "cnf"],
            ]
            .concat(),
        );
        let mut issuer = "root";
        if manner.intermediate {
            authority.certify("middle", "ca", issuer, root_key);
            issuer = "middle";
        }
        authority.certify("tsa", "tsa", issuer, manner.key);
        authority
    }

    fn certify(&self, name: &str, extensions: &str, issuer: &str, key: &[&str]) {
        let [key_file, csr, pem] = ["key", "csr", "pem"].map(|extension| format!("{name}.{extension}"));
        let subject = format!("/CN={name}");
        self.run(
            &[
                &["req", "-new", "-nodes", "-keyout", &key_file, "-out", &csr],
                key,
                &["-subj", &subject, "-config", "cnf"],
            ]
            .concat(),
        );
        let [issuer_pem, issuer_key] = ["pem", "key"].map(|extension| format!("{issuer}.{extension}"));
        self.run(&[
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            &issuer_pem,
            "-CAkey",
            &issuer_key,
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "cnf",
            "-extensions",
            extensions,
            "-out",
            &pem,
        ]);
    }

    pub(super) fn reply(&self, request: &[u8]) -> Vec<u8> {
        self.write("query", request);
        let mut arguments = vec![
            "ts",
            "-reply",
            "-config",
            "cnf",
            "-section",
            "reply",
            "-queryfile",
            "query",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-out",
            "response",
        ];
        if self.path("middle.pem").exists() {
            arguments.extend(["-chain", "middle.pem"]);
        }
        self.run(&arguments);
        fs::read(self.path("response")).expect("a response")
    }

    /// A token with this content that was made without `openssl ts`, which looks at the certificate first.
    pub(super) fn sign(&self, content: &[u8]) -> Token {
        self.write("content", content);
        let sign = ["cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256"];
        let files = ["-in", "content", "-signer", "tsa.pem", "-inkey", "tsa.key", "-outform", "DER", "-out", "token"];
        self.run(&[&sign[..], &["-econtent_type", "1.2.840.113549.1.9.16.1.4"], &files].concat());
        Token::from_der(fs::read(self.path("token")).expect("read")).expect("a token")
    }

    pub(super) fn stamp(&self) -> Token {
        let request = Request::new(DOCUMENT, NONCE);
        request.accept(&self.reply(&request.to_der())).expect("accepted")
    }

    pub(super) fn roots(&self) -> Roots {
        Roots::from_pem(&fs::read(self.path("root.pem")).expect("read")).expect("a root")
    }

    fn openssl(&self, arguments: &[&str]) -> Output {
        let run = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        run.expect("the tests of time stamps need the `openssl` command")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> String {
        let output = self.openssl(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("written");
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
