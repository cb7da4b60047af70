//! What happened, line by line, for who wants to read it.

use std::fmt::Display;
use std::time::Duration;

/// A record of a run; it keeps nothing unless it was asked to.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// A record that keeps its lines if `on`.
    #[must_use]
    pub(crate) fn new(on: bool) -> Self {
        Self { lines: on.then(Vec::new) }
    }

    /// Notes a line; `what` is only asked for when it is kept.
    pub(crate) fn note<T: Display>(&mut self, at: Duration, what: impl FnOnce() -> T) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>10.3} {}", at.as_secs_f64() * 1000.0, what()));
        }
    }

    /// The lines.
    #[must_use]
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
