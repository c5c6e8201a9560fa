//! Small files that somebody names: keys, tokens, checkpoints, certificates, mappings. Each is read whole, and none for
//! ever: a device is not opened, nothing longer than its kind can be is read to its end, and a pipe, as a shell makes of
//! `<(…)`, is waited for only so long.

use std::fs::{self, File, FileType, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The most bytes of a key or a token; the longest have some thousand.
pub const SECRET_BYTES: u64 = 1 << 20;

/// Of a checkpoint; one with a hundred cosignatures has some ten thousand.
pub const CHECKPOINT_BYTES: u64 = 1 << 20;

/// Of certificates: all authorities of a system have some hundred thousand.
pub const CERTIFICATES_BYTES: u64 = 16 << 20;

/// Of a text that people write, such as a mapping.
pub const TEXT_BYTES: u64 = 16 << 20;

/// Of what is kept of any number of logs, or of one event.
pub const RECORD_BYTES: u64 = 64 << 20;

/// How long it is waited for whoever writes to a pipe, until all of it is there: somebody may have to type a password
/// first.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was read, and of what.
#[derive(Debug)]
pub struct Opened {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Of the file that was open.
    pub metadata: Metadata,
}

/// All of the file.
///
/// # Errors
/// Those of [`open`].
pub fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    open(path, most_bytes).map(|opened| opened.bytes)
}

/// All of the file, and what it is.
///
/// # Errors
/// When it cannot be read, is neither a regular file nor a pipe, is longer than that, or is a pipe that nobody has closed
/// in time.
pub fn open(path: &Path, most_bytes: u64) -> io::Result<Opened> {
    open_within(path, most_bytes, PATIENCE)
}

/// As [`read`], where a text is expected.
///
/// # Errors
/// Those of [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path, most_bytes: u64) -> io::Result<String> {
    let no_text = |_: FromUtf8Error| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8");
    String::from_utf8(read(path, most_bytes)?).map_err(no_text)
}

fn open_within(path: &Path, most_bytes: u64, patience: Duration) -> io::Result<Opened> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return read_all(path, most_bytes);
    }
    if !kind.is_fifo() {
        return Err(unfit(format!("it is {}, and a regular file or a pipe belongs there", name_of(kind))));
    }
    let (done, waiting) = mpsc::channel();
    let pipe = path.to_owned();
    // Opening it may take as long as reading it. A thread that nobody waits for any more ends with the process.
    thread::spawn(move || done.send(read_all(&pipe, most_bytes)));
    waiting.recv_timeout(patience).unwrap_or_else(|_| {
        let seconds = patience.as_secs();
        Err(io::Error::new(
            ErrorKind::TimedOut,
            format!("it is a pipe that was not written and closed within {seconds} s"),
        ))
    })
}

fn read_all(path: &Path, most_bytes: u64) -> io::Result<Opened> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    // One byte more than it may have tells that it has more.
    file.take(most_bytes + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most_bytes {
        true => Err(unfit(format!("it is longer than {most_bytes} bytes, and none of its kind is"))),
        false => Ok(Opened { bytes, metadata }),
    }
}

fn unfit(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

/// What it is, where it is neither a regular file nor a pipe.
fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_file_is_read_as_far_as_its_kind_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "12345678").expect("written");
        assert_eq!(read(&path, 8).expect("read"), b"12345678");
        let refused = read(&path, 7).expect_err("too long").to_string();
        assert_eq!(refused, "it is longer than 7 bytes, and none of its kind is");
        fs::write(&path, b"\xff").expect("written");
        assert_eq!(read_text(&path, 8).expect_err("no text").to_string(), "it is no text in UTF-8");
        assert_eq!(read(&folder.path().join("none"), 8).expect_err("nothing").kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_has_no_end_is_not_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).expect("bound");
        for (path, is) in [(Path::new("/dev/zero"), "a device"), (folder.path(), "a folder"), (&socket, "a socket")] {
            let refused = read(path, 8).expect_err("refused").to_string();
            assert_eq!(refused, format!("it is {is}, and a regular file or a pipe belongs there"));
        }
    }

    #[test]
    fn a_pipe_is_read_if_somebody_writes_to_it_and_not_waited_for_otherwise() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
        let refused = open_within(&pipe, 8, Duration::from_millis(10)).expect_err("nobody writes");
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        assert!(refused.to_string().contains("it is a pipe"), "{refused}");
        let other = folder.path().join("other");
        assert!(Command::new("mkfifo").arg(&other).status().expect("it runs").success());
        let writer = thread::spawn({
            let other = other.clone();
            move || fs::write(other, "secret")
        });
        assert_eq!(read(&other, 8).expect("read"), b"secret");
        writer.join().expect("no panic").expect("written");
    }
}
