//! Progress on a terminal, on standard error; nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// For work whose end is known.
pub(super) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}").expect("a sound template");
    ProgressBar::no_length().with_style(style)
}

/// For work whose end is not known.
pub(super) fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} {per_sec}").expect("a sound template");
    ProgressBar::no_length().with_style(style)
}
