//! The members to look for, prepared for quick comparison.

use super::text;

/// The keys to look for. The first `needed` of them end the scan once they are all known; the others are taken if they are met before.
///
/// Make it a constant: preparing the keys is work that the compiler can do.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'k, const N: usize> {
    names: [&'k str; N],
    words: [u64; N],
    needed: usize,
}

/// A word that no short key has: its length byte would be 255.
const LONG: u64 = u64::MAX;

impl<'k, const N: usize> Keys<'k, N> {
    /// Keys that are all needed.
    #[must_use]
    pub const fn all(names: [&'k str; N]) -> Self {
        Self::needing(N, names)
    }

    /// Keys of which the first `needed` are needed. A frame that lacks one of these is walked to its end.
    #[must_use]
    pub const fn needing(needed: usize, names: [&'k str; N]) -> Self {
        let mut words = [0; N];
        let mut i = 0;
        while i < N {
            words[i] = word_of(names[i].as_bytes());
            i += 1;
        }
        Self { names, words, needed: if needed < N { needed } else { N } }
    }

    /// How many keys end the scan.
    #[inline]
    pub(super) fn needed(&self) -> usize {
        self.needed
    }

    /// Which key has this word (see [`short_word`]).
    #[inline]
    pub(super) fn by_word(&self, word: u64) -> Option<usize> {
        self.words.iter().position(|&one| one == word)
    }

    /// Which key this is, given the bytes between its quotes.
    pub(super) fn by_bytes(&self, bytes: &[u8], escaped: bool) -> Option<usize> {
        if escaped {
            self.names.iter().position(|name| text::unescaped_equals(bytes, name))
        } else {
            self.names.iter().position(|name| name.as_bytes() == bytes)
        }
    }
}

/// A key of up to 7 bytes as one word: its bytes, zeros, and its length in the highest byte. Equal words are equal keys.
const fn word_of(name: &[u8]) -> u64 {
    if name.len() > 7 {
        return LONG;
    }
    let mut word = (name.len() as u64) << 56;
    let mut i = 0;
    while i < name.len() {
        word |= (name[i] as u64) << (8 * i);
        i += 1;
    }
    word
}

/// The word of the key made of the lowest `bits` (at most 56, whole bytes) of eight bytes read in little-endian order.
#[inline]
pub(super) fn short_word(eight: u64, bits: u32) -> u64 {
    (eight & ((1 << bits) - 1)) | u64::from(bits / 8) << 56
}
