//! Standard output. Whoever reads it may stop before the end, as `head` does: that is no failure of what was said.

use std::io::{self, ErrorKind, Stdout, Write};

use crate::cli::problem::Problem;

/// Nobody reads on.
#[derive(Debug, thiserror::Error)]
#[error("whoever read standard output has closed it")]
pub(super) struct ReaderGone;

/// Standard output, which tells that its reader has gone apart from every other pipe that breaks.
pub(super) struct Output(Stdout);

/// Standard output.
pub(super) fn standard() -> Output {
    Output(io::stdout())
}

/// Says a line.
///
/// # Errors
/// When it cannot be written.
pub fn say(line: &str) -> Result<(), Problem> {
    writeln!(standard(), "{line}").map_err(Problem::while_doing("standard output cannot be written"))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(told)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(told)
    }
}

fn told(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::new(ErrorKind::BrokenPipe, ReaderGone),
        _ => error,
    }
}
