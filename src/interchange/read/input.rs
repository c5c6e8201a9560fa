//! The bytes of a log: decompressed, without a byte order mark, and never too many at once.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use crate::interchange::read::Place;
use crate::interchange::read::error::ReadError;

/// RFC 1952, 2.3.1.
const GZIP: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Debug, thiserror::Error)]
#[error("more bytes without an end than an event may have")]
struct OverBudget;

/// The bytes of a log. Whoever reads from it says where an event begins; until then no more than the largest event is
/// handed out, which also stops the compressed file that unfolds into one endless event.
pub struct Input {
    inner: Box<dyn BufRead + Send>,
    is_gzip: bool,
    largest_event_bytes: u64,
    budget: u64,
    line_breaks: u64,
}

impl Input {
    /// Recognises gzip and a byte order mark by the first bytes.
    ///
    /// # Parameters
    /// - `largest_event_bytes`: the most that one event may take up.
    ///
    /// # Errors
    /// Where these cannot be read.
    pub fn open(file: impl Read + Send + 'static, largest_event_bytes: u64) -> Result<Self, ReadError> {
        let (first, file) = split_start::<2>(file).map_err(|source| explain(false, source, None))?;
        let is_gzip = first == GZIP;
        let file = Cursor::new(first).chain(file);
        let plain: Box<dyn Read + Send> =
            if is_gzip { Box::new(MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) };
        let (first, plain) = split_start::<3>(plain).map_err(|source| explain(is_gzip, source, None))?;
        let start = if first == BYTE_ORDER_MARK { Vec::new() } else { first };
        Ok(Self {
            inner: Box::new(BufReader::new(Cursor::new(start).chain(plain))),
            is_gzip,
            largest_event_bytes,
            budget: largest_event_bytes,
            line_breaks: 0,
        })
    }

    /// From here on, another event may take up its bytes.
    pub(super) fn begin_event(&mut self) {
        self.budget = self.largest_event_bytes;
    }

    /// The line of the byte that comes next, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line_breaks + 1
    }

    /// What an error of this input means.
    pub(super) fn explain(&self, error: io::Error, after: Option<Place>) -> ReadError {
        if is_over_budget(&error) {
            return ReadError::TooLarge { after, limit: self.largest_event_bytes };
        }
        explain(self.is_gzip, error, after)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.budget == 0 {
            return Err(io::Error::other(OverBudget));
        }
        let bytes = self.inner.fill_buf()?;
        let most = usize::try_from(self.budget).unwrap_or(usize::MAX);
        Ok(&bytes[..bytes.len().min(most)])
    }

    fn consume(&mut self, amount: usize) {
        self.budget = self.budget.saturating_sub(amount as u64);
        // What is consumed was shown and stands there still: nothing is read for this.
        if amount > 0
            && let Ok(bytes) = self.inner.fill_buf()
        {
            let taken = &bytes[..amount.min(bytes.len())];
            self.line_breaks += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        self.inner.consume(amount);
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Whether an event took up all that was to be handed out for one, so that another may begin.
pub(super) fn is_over_budget(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<OverBudget>())
}

/// What an error of the file means, or of the decompression, which says so by these kinds.
fn explain(is_gzip: bool, source: io::Error, after: Option<Place>) -> ReadError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match source.kind() {
        InvalidData | InvalidInput | UnexpectedEof if is_gzip => ReadError::Gzip { after, source },
        _ => ReadError::File { after, source },
    }
}

/// The first bytes, and what comes behind them.
fn split_start<const N: usize>(mut file: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut first = Vec::with_capacity(N);
    file.by_ref().take(N as u64).read_to_end(&mut first)?;
    Ok((first, file))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::interchange::read::LARGEST_EVENT_BYTES;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(bytes: Vec<u8>) -> String {
        let mut text = String::new();
        Input::open(Cursor::new(bytes), LARGEST_EVENT_BYTES).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn gzip_members_and_a_byte_order_mark_are_seen_through() {
        assert_eq!(all(b"a".to_vec()), "a");
        assert_eq!(all(Vec::new()), "");
        assert_eq!(all("\u{feff}a".into()), "a");
        assert_eq!(all([gzip("\u{feff}a".as_bytes()), gzip(b"b")].concat()), "ab");
    }

    #[test]
    fn no_more_is_handed_out_than_one_event_may_take_up() {
        let many = vec![b'x'; usize::try_from(LARGEST_EVENT_BYTES).unwrap() + 1];
        let mut input = Input::open(Cursor::new(gzip(&many)), LARGEST_EVENT_BYTES).unwrap();
        let error = input.read_to_end(&mut Vec::new()).unwrap_err();
        let error = input.explain(error, Some(Place::Line(7)));
        assert!(matches!(error, ReadError::TooLarge { after: Some(Place::Line(7)), .. }), "{error}");
        input.begin_event();
        assert_eq!(input.read_to_end(&mut Vec::new()).unwrap(), 1);
    }
}
