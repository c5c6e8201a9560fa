//! Why a command of the command line failed: one sentence for people, causes behind it.

use std::error::Error;
use std::fmt;

/// A failure with what was being done.
#[derive(Debug)]
pub struct Problem {
    doing: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A failure that needs no cause to be understood.
    pub fn new(what: impl Into<String>) -> Self {
        Self { doing: what.into(), cause: None }
    }

    /// What was being done when the cause struck; made for `map_err`.
    pub fn while_doing<E: Into<Box<dyn Error + Send + Sync>>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |cause| Self { doing: doing.into(), cause: Some(cause.into()) }
    }
}

impl fmt::Display for Problem {
    /// The failure and every cause behind it, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)?;
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Problem {}
