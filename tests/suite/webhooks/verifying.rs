//! The README's way to verify a signature works as it stands there.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etalon::clock::{Clock, SystemClock};
use etalon::outbound::signatures;

const README: &str = include_str!("../../../README.md");

fn verified(secret: &str, timestamp: i64, signature: &str, body: &str) -> bool {
    let program = README.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    let call = format!(
        "\nimport sys\nheaders = {{'webhook-id': 'RXZlbnQ6NDI', 'webhook-timestamp': '{timestamp}', 'webhook-signature': '{signature}'}}\nsys.exit(0 if verified('{secret}', headers, sys.stdin.buffer.read()) else 7)\n"
    );
    let mut python = Command::new("python3")
        .args(["-c", &format!("{program}{call}")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    python.stdin.take().expect("piped").write_all(body.as_bytes()).expect("written");
    match python.wait().expect("it ends").code() {
        Some(0) => true,
        Some(7) => false,
        code => panic!("the program failed: {code:?}"),
    }
}

#[test]
fn the_program_in_the_readme_verifies_what_is_signed_and_nothing_else() {
    let now = SystemClock.now().as_second();
    let [old, new] = [[7; 32], [8; 32]];
    let secret = |bytes: [u8; 32]| format!("whsec_{}", STANDARD.encode(bytes));
    let body = r#"{"specversion":"1.0","data":"难点"}"#;
    let both = signatures([new.as_slice(), old.as_slice()], "RXZlbnQ6NDI", now, body.as_bytes());
    assert!(verified(&secret(old), now, &both, body) && verified(&secret(new), now, &both, body));
    assert!(!verified(&secret([9; 32]), now, &both, body), "another secret");
    assert!(!verified(&secret(old), now, &both, "{}"), "another body");
    let late = signatures([old.as_slice()], "RXZlbnQ6NDI", now - 3_600, body.as_bytes());
    assert!(!verified(&secret(old), now - 3_600, &late, body), "an old message sent again");
}
