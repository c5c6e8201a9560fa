//! Authorities that only a test trusts.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

const SETTINGS: &str = "[req]
distinguished_name = name
prompt = no
[name]
CN = holder
[authority]
basicConstraints = critical, CA:true
[holder]
basicConstraints = CA:false
subjectAltName = IP:127.0.0.1
";

/// An authority of its own, and a certificate that it gave to somebody on this machine.
pub struct Authority(TempDir);

impl Authority {
    pub fn new() -> Self {
        Self::of_days(2)
    }

    /// One whose certificate is good for so many days.
    pub fn of_days(days: u32) -> Self {
        let authority = Self(tempfile::tempdir().expect("a temporary folder"));
        std::fs::write(authority.file("settings"), SETTINGS).expect("written");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config settings";
        for arguments in [
            format!("req -x509 -extensions authority {key} -subj /CN=authority -keyout ca.key -out ca.pem -days 2"),
            format!("req -new {key} -keyout holder.key -out holder.csr"),
            format!(
                "x509 -req -in holder.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile settings -extensions holder \
                 -days {days} -out holder.pem"
            ),
        ] {
            let mut openssl = Command::new("openssl");
            let run = openssl.args(arguments.split_whitespace()).current_dir(authority.0.path()).output();
            let run = run.expect("the tests of TLS need the `openssl` command");
            assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
        }
        authority
    }

    /// The certificate of the authority itself, in PEM.
    pub fn root(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// The certificate that it gave, in PEM.
    pub fn certificate(&self) -> PathBuf {
        self.file("holder.pem")
    }

    /// The key of that certificate, in PEM.
    pub fn key(&self) -> PathBuf {
        self.file("holder.key")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
