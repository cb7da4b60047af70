//! The end of an array or object, found 64 bytes at a time.
//!
//! A walk byte by byte costs a mispredicted branch at nearly every quote. Here a block becomes four words with one bit a byte (quotes,
//! backslashes, opening and closing brackets); what lies within strings follows from the quotes by arithmetic, and only a block in which
//! the nesting may come to its end is looked at bit by bit.

use super::MAX_DEPTH;
use super::error::{ErrorKind, ScanError};

const BLOCK: usize = 64;

/// One block as words of 64 bits, the lowest bit being the first byte.
struct Bits {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// What a block hands on to the next.
struct Carry {
    /// All ones within a string.
    in_string: u64,
    /// One if the next byte is escaped.
    escaped: u64,
    /// Brackets that are open: at least one until the end is found.
    depth: usize,
}

/// The offset behind the array or object that starts at `start`.
pub(super) fn end_of_container(frame: &[u8], start: usize) -> Result<usize, ScanError> {
    let mut carry = Carry { in_string: 0, escaped: 0, depth: 1 };
    let mut at = start + 1;
    let mut chunks = frame.get(at..).unwrap_or_default().chunks_exact(BLOCK);
    for chunk in &mut chunks {
        if let Ok(block) = chunk.try_into()
            && let Some(end) = carry.step(block, at)?
        {
            return Ok(end);
        }
        at += BLOCK;
    }
    let mut last = [b' '; BLOCK];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    carry.step(&last, at)?.ok_or(ScanError::new(ErrorKind::Unfinished, frame.len()))
}

impl Carry {
    /// Takes a block in; answers the end if it lies there.
    #[inline]
    fn step(&mut self, block: &[u8; BLOCK], at: usize) -> Result<Option<usize>, ScanError> {
        let bits = Bits::of(block);
        let quotes = bits.quotes & !self.escapes(bits.backslashes);
        let strings = prefix_xor(quotes) ^ self.in_string;
        self.in_string = 0u64.wrapping_sub(strings >> 63);
        let opens = bits.opens & !strings;
        let closes = bits.closes & !strings;
        let up = opens.count_ones() as usize;
        let down = closes.count_ones() as usize;
        if down < self.depth && self.depth + up <= MAX_DEPTH {
            self.depth = self.depth + up - down;
            return Ok(None);
        }
        self.bit_by_bit(opens, closes, at)
    }

    #[inline(never)]
    fn bit_by_bit(&mut self, opens: u64, closes: u64, at: usize) -> Result<Option<usize>, ScanError> {
        let mut brackets = opens | closes;
        while brackets != 0 {
            let bit = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            if opens >> bit & 1 == 1 {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(ScanError::new(ErrorKind::TooDeep, at + bit));
                }
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Ok(Some(at + bit + 1));
                }
            }
        }
        Ok(None)
    }

    /// Which bytes follow a backslash that is not itself escaped.
    #[inline]
    fn escapes(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return std::mem::take(&mut self.escaped);
        }
        let mut escapes = self.escaped;
        let mut rest = backslashes & !self.escaped;
        self.escaped = 0;
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            if bit == 63 {
                self.escaped = 1;
            } else {
                escapes |= 2 << bit;
                rest &= !(2 << bit);
            }
        }
        escapes
    }
}

/// Each bit becomes the exclusive or of itself and all lower ones: ones from each opening quote up to its closing one.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

impl Bits {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        Self {
            quotes: mask(block, |byte| byte == b'"'),
            backslashes: mask(block, |byte| byte == b'\\'),
            // `[` and `{`, and `]` and `}`, differ in this one bit.
            opens: mask(block, |byte| byte | 0x20 == b'{'),
            closes: mask(block, |byte| byte | 0x20 == b'}'),
        }
    }
}

/// One bit a byte. The comparison vectorises; the multiplication gathers the eight bytes' lowest bits in the highest byte.
#[inline]
fn mask(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let flags = block.map(|byte| u8::from(is(byte)));
    let mut bits = 0;
    for (i, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        bits |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
    }
    bits
}
