//! The text of JSON strings.

/// What comes next in the inside of a string.
enum Piece<'a> {
    /// Bytes that stand for themselves.
    Plain(&'a [u8]),
    /// An escaped character.
    Char(char),
}

/// Takes the inside of a string apart. An escape that JSON does not know stands for the letter behind the backslash.
struct Pieces<'a>(&'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (&first, rest) = self.0.split_first()?;
        if first != b'\\' {
            let (plain, rest) = self.0.split_at(memchr::memchr(b'\\', self.0).unwrap_or(self.0.len()));
            self.0 = rest;
            return Some(Piece::Plain(plain));
        }
        let Some((&letter, rest)) = rest.split_first() else {
            self.0 = rest;
            return Some(Piece::Char(char::REPLACEMENT_CHARACTER));
        };
        if !letter.is_ascii() {
            // Part of a longer character, which is left whole.
            self.0 = &self.0[1..];
            return Some(Piece::Char(char::REPLACEMENT_CHARACTER));
        }
        self.0 = rest;
        Some(Piece::Char(match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode(),
            other => other.into(),
        }))
    }
}

impl Pieces<'_> {
    /// The character of the hexadecimal digits behind `\u`, with a second escape if they form a pair of surrogates.
    fn unicode(&mut self) -> char {
        let Some(unit) = hexadecimal(self.0) else { return char::REPLACEMENT_CHARACTER };
        self.0 = &self.0[4..];
        if (0xD800..0xDC00).contains(&unit)
            && let Some(behind) = self.0.strip_prefix(b"\\u")
            && let Some(low @ 0xDC00..0xE000) = hexadecimal(behind)
        {
            self.0 = &behind[4..];
            let scalar = 0x1_0000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
            return char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The value of the first four hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> Option<u16> {
    bytes.get(..4)?.iter().try_fold(0, |sum, &digit| Some(sum << 4 | char::from(digit).to_digit(16)? as u16))
}

/// The text of the inside of a string. Lone surrogates, broken escapes and bytes that are not UTF-8 become U+FFFD.
pub(super) fn unescape(inner: &[u8]) -> String {
    let mut text = String::with_capacity(inner.len());
    for piece in Pieces(inner) {
        match piece {
            Piece::Plain(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
            Piece::Char(one) => text.push(one),
        }
    }
    text
}

/// Whether the inside of a string has this text. Allocates nothing.
pub(super) fn unescaped_equals(inner: &[u8], text: &str) -> bool {
    let mut rest = text.as_bytes();
    for piece in Pieces(inner) {
        let mut buffer = [0; 4];
        let bytes = match &piece {
            Piece::Plain(bytes) => bytes,
            Piece::Char(one) => one.encode_utf8(&mut buffer).as_bytes(),
        };
        match rest.strip_prefix(bytes) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}
