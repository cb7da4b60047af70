//! How the program ends when it does not end well.

use std::fmt;

/// The exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// It did what was asked.
    Done = 0,
    /// The demo found what must not be.
    Failed = 1,
    /// The command line, or a file that it names, cannot be used.
    WrongUse = 2,
    /// The gateway refused the token.
    Refused = 3,
    /// There is nothing left to try.
    Lost = 4,
}

/// Why it ended: one line for people, and the status for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    text: String,
}

impl Failure {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// The command line, or a file that it names, cannot be used.
    pub(crate) fn wrong(text: impl Into<String>) -> Self {
        Self::new(Status::WrongUse, text)
    }

    /// The same with another text.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        Self { text: change(self.text), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
