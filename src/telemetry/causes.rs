//! How a failure is told in the log: with every cause behind it. A failure says what could not be done, and leaves it
//! to its source to say why.

use std::error::Error;

/// The failure and every cause behind it, on one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut last = told.clone();
    let mut behind = error.source();
    while let Some(cause) = behind {
        let says = cause.to_string();
        // Some libraries repeat the cause in what they say themselves.
        if !last.ends_with(&says) {
            told.push_str(": ");
            told.push_str(&says);
        }
        last = says;
        behind = cause.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("cannot look")]
        Look(#[source] io::Error),
        #[error(transparent)]
        Passed(Box<Failure>),
        #[error("broken: {0}")]
        Repeats(#[source] io::Error),
    }

    #[test]
    fn every_cause_is_told_once() {
        let gone = || io::Error::other("the disk is gone");
        let told = with_causes(&Failure::Passed(Box::new(Failure::Look(gone()))));
        assert_eq!(told, "cannot look: the disk is gone");
        assert_eq!(with_causes(&Failure::Repeats(gone())), "broken: the disk is gone");
        assert_eq!(with_causes(&gone()), "the disk is gone");
    }
}
