//! Where a value lies, and how to read it.

use std::borrow::Cow;

use super::{end_of_value, text};

/// Bytes `start..end` of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A string without escapes: its bytes are its text.
    String,
    /// A string with at least one escape.
    EscapedString,
    /// A number.
    Number,
    /// An object.
    Object,
    /// An array.
    Array,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

/// The end of an array or object at which the scan stopped. No frame is that long.
pub(super) const OPEN: u32 = u32::MAX;

/// One member's value: what it is and where it lies, quotes and brackets included.
///
/// Offsets count from the start of the frame that was scanned; methods that take `frame` want that same frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
}

impl Value {
    /// What it is.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The offset of its first byte.
    #[inline]
    #[must_use]
    pub fn start(&self) -> u32 {
        self.start
    }

    /// The offset behind its last byte; `None` for an array or object at which the scan stopped, whose end nobody has looked for yet.
    #[inline]
    #[must_use]
    pub fn end(&self) -> Option<u32> {
        (self.end != OPEN).then_some(self.end)
    }

    /// Whether it is a string.
    #[inline]
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.kind, Kind::String | Kind::EscapedString)
    }

    /// Where the text of a string without escapes lies, quotes excluded. `None` for anything else.
    #[inline]
    #[must_use]
    pub fn text_span(&self) -> Option<Span> {
        (self.kind == Kind::String).then(|| Span { start: self.start + 1, end: self.end.saturating_sub(1) })
    }

    /// Its bytes as they stand in the frame, quotes and brackets included. Walks an open value to its end; one that does not end
    /// reaches to the end of the frame.
    #[must_use]
    pub fn raw<'f>(&self, frame: &'f [u8]) -> &'f [u8] {
        let start = self.start as usize;
        let end = match self.end {
            OPEN => end_of_value(frame, start).unwrap_or(frame.len()),
            end => end as usize,
        };
        frame.get(start..end).unwrap_or_default()
    }

    /// The text of a string, unescaped if need be. Lone surrogates and bytes that are not UTF-8 become U+FFFD. `None` for anything
    /// that is not a string.
    #[must_use]
    pub fn text<'f>(&self, frame: &'f [u8]) -> Option<Cow<'f, str>> {
        let inner = self.inner(frame)?;
        Some(if self.kind == Kind::String { String::from_utf8_lossy(inner) } else { Cow::Owned(text::unescape(inner)) })
    }

    /// Whether it is a string with this text. Allocates nothing.
    #[inline]
    #[must_use]
    pub fn is_text(&self, frame: &[u8], text: &str) -> bool {
        match self.inner(frame) {
            Some(inner) if self.kind == Kind::String => inner == text.as_bytes(),
            Some(inner) => text::unescaped_equals(inner, text),
            None => false,
        }
    }

    /// Whether it is a string with this text, the case of ASCII letters aside.
    #[inline]
    #[must_use]
    pub fn is_text_ignoring_case(&self, frame: &[u8], text: &str) -> bool {
        match self.inner(frame) {
            Some(inner) if self.kind == Kind::String => inner.eq_ignore_ascii_case(text.as_bytes()),
            Some(inner) => text::unescape(inner).eq_ignore_ascii_case(text),
            None => false,
        }
    }

    /// A number that is a whole one between 0 and `u64::MAX`, written without fraction and exponent.
    #[must_use]
    pub fn unsigned(&self, frame: &[u8]) -> Option<u64> {
        if self.kind != Kind::Number {
            return None;
        }
        std::str::from_utf8(self.raw(frame)).ok()?.parse().ok()
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// What stands between a string's quotes.
    #[inline]
    fn inner<'f>(&self, frame: &'f [u8]) -> Option<&'f [u8]> {
        if !self.is_string() {
            return None;
        }
        frame.get(self.start as usize + 1..(self.end as usize).saturating_sub(1))
    }
}
