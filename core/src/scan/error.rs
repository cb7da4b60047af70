//! Why a frame could not be scanned.

use std::fmt;

/// Why a frame could not be scanned, and where. It never quotes the frame, which may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanError {
    /// What was wrong.
    pub kind: ErrorKind,
    /// The offset of the byte at which it was noticed.
    pub at: usize,
}

/// What was wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The frame is not a JSON object.
    NotAnObject,
    /// The frame ends within a value.
    Unfinished,
    /// A byte stands where JSON does not allow it.
    Unexpected,
    /// Something follows the value.
    Trailing,
    /// Arrays and objects nest more than [`MAX_DEPTH`](super::MAX_DEPTH) levels deep.
    TooDeep,
    /// The frame is 4 GiB or longer.
    TooLong,
}

impl ScanError {
    pub(super) fn new(kind: ErrorKind, at: usize) -> Self {
        Self { kind, at }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::NotAnObject => "expected a JSON object",
            ErrorKind::Unfinished => "the JSON ends within a value",
            ErrorKind::Unexpected => "a byte that JSON does not allow here",
            ErrorKind::Trailing => "something follows the JSON value",
            ErrorKind::TooDeep => "the JSON nests too deeply (more than 512 levels)",
            ErrorKind::TooLong => "the frame is 4 GiB or longer",
        };
        write!(f, "{what}, at byte {}", self.at)
    }
}

impl std::error::Error for ScanError {}
