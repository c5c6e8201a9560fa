//! The formats that logs come and go in.

use std::fmt;

/// A format of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// XES 1.0, IEEE 1849-2016 and 1849-2023: what process-mining tools read.
    Xes,
    /// RFC 4180 with a header: what spreadsheets read.
    Csv,
    /// One JSON object a line: what programs read.
    Jsonl,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Xes, Self::Csv, Self::Jsonl];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xes => "xes",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
