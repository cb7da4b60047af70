//! A place in a frame, and the steps to take from it.

use super::blocks;
use super::error::{ErrorKind, ScanError};
use super::key::{Keys, short_word};
use super::value::{Kind, OPEN, Value};

/// A frame and an offset in it.
pub(super) struct Cursor<'f> {
    pub(super) frame: &'f [u8],
    pub(super) at: usize,
}

/// A string's end and whether it has escapes.
struct Quoted {
    /// Behind the closing quote.
    end: usize,
    escaped: bool,
}

impl<'f> Cursor<'f> {
    #[inline]
    pub(super) fn new(frame: &'f [u8], at: usize) -> Result<Self, ScanError> {
        // One less than u32 can hold: the highest offset means "open".
        if frame.len() >= OPEN as usize {
            return Err(ScanError::new(ErrorKind::TooLong, frame.len()));
        }
        Ok(Self { frame, at })
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.frame.get(self.at).copied()
    }

    /// What is wrong here: a byte, or that there is none.
    #[cold]
    pub(super) fn wrong(&self) -> ScanError {
        ScanError::new(if self.at < self.frame.len() { ErrorKind::Unexpected } else { ErrorKind::Unfinished }, self.at)
    }

    /// The next byte that is not white space, without taking it.
    #[inline]
    pub(super) fn token(&mut self) -> Result<u8, ScanError> {
        loop {
            match self.peek() {
                Some(byte) if byte > b' ' => return Ok(byte),
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    /// Takes `byte` if it is the next that is not white space.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), ScanError> {
        if self.token()? != byte {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but white space may follow.
    #[inline]
    pub(super) fn finish(&mut self) -> Result<(), ScanError> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Err(ScanError::new(ErrorKind::Trailing, self.at));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Takes a key, and says which of `keys` it is.
    #[inline]
    pub(super) fn key<const N: usize>(&mut self, keys: &Keys<'_, N>) -> Result<Option<usize>, ScanError> {
        self.expect(b'"')?;
        let start = self.at;
        if let Some(eight) = eight_at(self.frame, start) {
            let special = special_in(eight);
            let len = special.trailing_zeros() / 8;
            // Nearly every key is short and free of escapes: one word decides.
            if special != 0 && self.frame[start + len as usize] == b'"' {
                self.at = start + len as usize + 1;
                return Ok(keys.by_word(short_word(eight, len)));
            }
        }
        let quoted = self.quoted(start)?;
        self.at = quoted.end;
        Ok(keys.by_bytes(&self.frame[start..quoted.end - 1], quoted.escaped))
    }

    /// Finds the end of the string whose inside starts at `from`.
    #[inline]
    fn quoted(&self, mut from: usize) -> Result<Quoted, ScanError> {
        // Routing fields are short, and eight bytes at a time beat the start-up of a vector search; long texts are worth it.
        for _ in 0..6 {
            let Some(eight) = eight_at(self.frame, from) else { break };
            let special = special_in(eight);
            if special != 0 {
                let at = from + special.trailing_zeros() as usize / 8;
                if self.frame[at] == b'"' {
                    return Ok(Quoted { end: at + 1, escaped: false });
                }
                return self.quoted_slowly(at, false);
            }
            from += 8;
        }
        self.quoted_slowly(from, false)
    }

    fn quoted_slowly(&self, mut from: usize, mut escaped: bool) -> Result<Quoted, ScanError> {
        loop {
            let rest = self.frame.get(from..).unwrap_or_default();
            let Some(step) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(ScanError::new(ErrorKind::Unfinished, self.frame.len()));
            };
            if rest[step] == b'"' {
                return Ok(Quoted { end: from + step + 1, escaped });
            }
            escaped = true;
            from += step + 2;
        }
    }

    /// What the value here is. White space has been skipped.
    #[inline]
    pub(super) fn kind(&self) -> Result<Kind, ScanError> {
        Ok(match self.peek() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'n') => Kind::Null,
            _ => return Err(self.wrong()),
        })
    }

    /// Takes the value here, which is of this kind as far as its first byte tells.
    #[inline]
    pub(super) fn value(&mut self, kind: Kind) -> Result<Value, ScanError> {
        let start = self.at;
        let mut kind = kind;
        self.at = match kind {
            Kind::String | Kind::EscapedString => {
                let quoted = self.quoted(start + 1)?;
                if quoted.escaped {
                    kind = Kind::EscapedString;
                }
                quoted.end
            }
            Kind::Object | Kind::Array => blocks::end_of_container(self.frame, start)?,
            Kind::Number => self.end_of_number(),
            Kind::True => self.end_of_literal(b"true")?,
            Kind::False => self.end_of_literal(b"false")?,
            Kind::Null => self.end_of_literal(b"null")?,
        };
        Ok(Value { start: start as u32, end: self.at as u32, kind })
    }

    fn end_of_number(&self) -> usize {
        let digits = self.frame[self.at..].iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        digits.map_or(self.frame.len(), |digits| self.at + digits)
    }

    fn end_of_literal(&self, literal: &[u8]) -> Result<usize, ScanError> {
        let end = self.at + literal.len();
        match self.frame.get(self.at..end) {
            Some(found) if found == literal => Ok(end),
            Some(_) => Err(ScanError::new(ErrorKind::Unexpected, self.at)),
            None => Err(ScanError::new(ErrorKind::Unfinished, self.frame.len())),
        }
    }
}

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// Eight bytes of the frame in little-endian order.
#[inline]
fn eight_at(frame: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*frame.get(at..)?.first_chunk()?))
}

/// The high bit of every byte up to the first that is a quote or a backslash is right; those behind it may be wrong. (The usual test
/// for a zero byte borrows upwards only.)
#[inline]
fn special_in(eight: u64) -> u64 {
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS
}
