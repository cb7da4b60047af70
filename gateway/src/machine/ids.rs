//! Numbers that look random and are not: a generator from a seed, and ULIDs from the generator.

use topicwire::time::UnixMillis;
use ulid::Ulid;

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same for a seed on every machine.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Issues ULIDs that only grow, also within a millisecond and when the wall clock steps back.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    random: SplitMix64,
    last: Ulid,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: SplitMix64::new(seed), last: Ulid::nil() }
    }

    pub(crate) fn ulid(&mut self, wall: UnixMillis) -> String {
        let next = if wall.0 > self.last.timestamp_ms() {
            let random = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
            Some(Ulid::from_parts(wall.0, random))
        } else {
            self.last.increment()
        };
        // The random part of one millisecond is used up once in 2^80: start it again at zero.
        self.last = next.unwrap_or_else(|| Ulid::from_parts(self.last.timestamp_ms() + 1, 0));
        self.last.to_string()
    }

    /// An opaque token, 32 hex digits after `prefix`.
    pub(crate) fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:016x}", self.random.next(), self.random.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_grow_within_a_millisecond_and_when_the_clock_steps_back() {
        let mut ids = Ids::new(7);
        let walls = [1_000, 1_000, 1_000, 900, 2_000];
        let issued: Vec<_> = walls.iter().map(|&w| ids.ulid(UnixMillis(w))).collect();
        assert!(issued.windows(2).all(|pair| pair[0] < pair[1]), "{issued:?}");
        assert!(issued.iter().all(|id| id.len() == 26));
    }

    #[test]
    fn the_same_seed_gives_the_same_tokens() {
        assert_eq!(Ids::new(3).token("rt."), Ids::new(3).token("rt."));
        assert_ne!(Ids::new(3).token("rt."), Ids::new(4).token("rt."));
    }
}
