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
    #[inline(always)]
    pub(super) fn wrong(&self) -> ScanError {
        wrong(self.frame, self.at)
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
            if special != 0 {
                // Nearly every key is short and free of escapes: one word decides.
                let bit = special.trailing_zeros() & !7;
                if (eight >> bit) as u8 == b'"' {
                    self.at = start + bit as usize / 8 + 1;
                    return Ok(keys.by_word(short_word(eight, bit)));
                }
            }
        }
        let quoted = self.quoted(start)?;
        self.at = quoted.end;
        Ok(keys.by_bytes(&self.frame[start..quoted.end - 1], quoted.escaped))
    }

    /// Takes the string here.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Value, ScanError> {
        let start = self.at;
        let quoted = self.quoted(start + 1)?;
        self.at = quoted.end;
        let kind = if quoted.escaped { Kind::EscapedString } else { Kind::String };
        Ok(Value { start: start as u32, end: quoted.end as u32, kind })
    }

    /// Finds the end of the string whose inside starts at `from`.
    #[inline(always)]
    fn quoted(&self, mut from: usize) -> Result<Quoted, ScanError> {
        // Routing fields are short, and eight bytes at a time beat the start-up of a vector search; long texts are worth it.
        let limit = from + 48;
        while from < limit
            && let Some(eight) = eight_at(self.frame, from)
        {
            let special = special_in(eight);
            if special != 0 {
                let bit = special.trailing_zeros() & !7;
                let at = from + bit as usize / 8;
                if (eight >> bit) as u8 == b'"' {
                    return Ok(Quoted { end: at + 1, escaped: false });
                }
                return quoted_slowly(self.frame, at);
            }
            from += 8;
        }
        quoted_slowly(self.frame, from)
    }

    /// The array or object here, left open.
    #[inline]
    pub(super) fn open(&self) -> Value {
        let kind = if self.peek() == Some(b'{') { Kind::Object } else { Kind::Array };
        Value { start: self.at as u32, end: OPEN, kind }
    }

    /// Takes the value here. White space has been skipped.
    #[inline(always)]
    pub(super) fn value(&mut self) -> Result<Value, ScanError> {
        let value = value_at(self.frame, self.at)?;
        self.at = value.end as usize;
        Ok(value)
    }
}

// What follows takes frame and offset by value and stays out of line, so that in the loop over members both live in registers.

#[cold]
#[inline(never)]
fn wrong(frame: &[u8], at: usize) -> ScanError {
    ScanError::new(if at < frame.len() { ErrorKind::Unexpected } else { ErrorKind::Unfinished }, at)
}

#[inline(never)]
fn value_at(frame: &[u8], at: usize) -> Result<Value, ScanError> {
    let (kind, end) = match frame.get(at) {
        Some(b'"') => return Cursor { frame, at }.string(),
        Some(b'{') => (Kind::Object, blocks::end_of_container(frame, at)?),
        Some(b'[') => (Kind::Array, blocks::end_of_container(frame, at)?),
        Some(b'-' | b'0'..=b'9') => (Kind::Number, end_of_number(frame, at)),
        Some(b't') => (Kind::True, end_of_literal(frame, at, b"true")?),
        Some(b'f') => (Kind::False, end_of_literal(frame, at, b"false")?),
        Some(b'n') => (Kind::Null, end_of_literal(frame, at, b"null")?),
        _ => return Err(wrong(frame, at)),
    };
    Ok(Value { start: at as u32, end: end as u32, kind })
}

/// The end of a string that is long or has escapes.
#[inline(never)]
fn quoted_slowly(frame: &[u8], mut from: usize) -> Result<Quoted, ScanError> {
    let mut escaped = false;
    loop {
        let rest = frame.get(from..).unwrap_or_default();
        let Some(step) = memchr::memchr2(b'"', b'\\', rest) else {
            return Err(ScanError::new(ErrorKind::Unfinished, frame.len()));
        };
        if rest[step] == b'"' {
            return Ok(Quoted { end: from + step + 1, escaped });
        }
        escaped = true;
        from += step + 2;
    }
}

fn end_of_number(frame: &[u8], at: usize) -> usize {
    let digits = frame[at..].iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    digits.map_or(frame.len(), |digits| at + digits)
}

fn end_of_literal(frame: &[u8], at: usize, literal: &[u8]) -> Result<usize, ScanError> {
    let end = at + literal.len();
    match frame.get(at..end) {
        Some(found) if found == literal => Ok(end),
        Some(_) => Err(ScanError::new(ErrorKind::Unexpected, at)),
        None => Err(ScanError::new(ErrorKind::Unfinished, frame.len())),
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
