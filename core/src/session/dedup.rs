//! Forgetting messages that came twice.
//!
//! A message can arrive by the old link and then by the new one, so ids are remembered even while there is only one link. But they are
//! only *looked up* while two links overlap: outside of a handover a message costs one hash and one push.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

/// Enough for some seconds of the busiest gateway; beyond it the oldest are forgotten.
const MOST: usize = 1 << 16;

/// A window of message ids, as 64-bit hashes under a key that peers do not know.
#[derive(Debug)]
pub(super) struct Dedup {
    state: SeedableRandomState,
    ring: VecDeque<u64>,
    /// How many entries of the ring came before a moment, so that the old can be dropped.
    marks: VecDeque<(Duration, u64)>,
    pushed: u64,
    keep: Duration,
    seen: Option<std::collections::HashSet<u64, SeedableRandomState>>,
}

impl Dedup {
    /// Remembers ids for `keep`.
    pub(super) fn new(seed: u64, keep: Duration) -> Self {
        Self {
            state: SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()),
            ring: VecDeque::new(),
            marks: VecDeque::new(),
            pushed: 0,
            keep,
            seen: None,
        }
    }

    /// Two links overlap from now on: look ids up.
    pub(super) fn overlap(&mut self) {
        if self.seen.is_none() {
            let mut seen = std::collections::HashSet::with_capacity_and_hasher(self.ring.len() * 2, self.state.clone());
            seen.extend(self.ring.iter().copied());
            self.seen = Some(seen);
        }
    }

    /// The overlap is long over.
    pub(super) fn end_overlap(&mut self) {
        self.seen = None;
    }

    pub(super) fn is_overlapping(&self) -> bool {
        self.seen.is_some()
    }

    /// Notes an id; true if it was there before (only known while links overlap).
    pub(super) fn repeated(&mut self, now: Duration, parts: &[&[u8]]) -> bool {
        let mut hasher = self.state.build_hasher();
        for part in parts {
            hasher.write(part);
        }
        let hash = hasher.finish();
        if let Some(seen) = &mut self.seen
            && !seen.insert(hash)
        {
            return true;
        }
        self.push(now, hash);
        false
    }

    fn push(&mut self, now: Duration, hash: u64) {
        // A mark a second is enough to tell what is old.
        if self.marks.back().is_none_or(|(at, _)| *at + Duration::from_secs(1) <= now) {
            self.marks.push_back((now, self.pushed));
            self.trim(now);
        }
        if self.ring.len() == MOST {
            self.ring.pop_front();
        }
        self.ring.push_back(hash);
        self.pushed += 1;
    }

    fn trim(&mut self, now: Duration) {
        let oldest = now.saturating_sub(self.keep);
        while let [_, (second, count), ..] = self.marks.make_contiguous() {
            if *second > oldest {
                break;
            }
            let stale = usize::try_from(*count - (self.pushed - self.ring.len() as u64).min(*count)).unwrap_or(usize::MAX);
            self.ring.drain(..stale.min(self.ring.len()));
            self.marks.pop_front();
        }
        if self.ring.capacity() > 1024 && self.ring.len() < self.ring.capacity() / 8 {
            self.ring.shrink_to(self.ring.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_id_seen_before_the_overlap_is_recognised_in_it() {
        let mut dedup = Dedup::new(7, at(15));
        assert!(!dedup.repeated(at(0), &[b"a"]));
        assert!(!dedup.repeated(at(0), &[b"a"]), "one link is believed");
        dedup.overlap();
        assert!(dedup.repeated(at(1), &[b"a"]));
        assert!(!dedup.repeated(at(1), &[b"b"]));
        assert!(dedup.repeated(at(1), &[b"b"]));
        dedup.end_overlap();
        assert!(!dedup.repeated(at(2), &[b"b"]));
    }

    #[test]
    fn what_is_old_is_forgotten_and_the_ring_is_bounded() {
        let mut dedup = Dedup::new(7, at(15));
        for n in 0..200_u64 {
            dedup.repeated(at(n), &[&n.to_le_bytes()]);
        }
        assert!(dedup.ring.len() <= 18, "{}", dedup.ring.len());
        for n in 0..200_000_u64 {
            dedup.repeated(at(200), &[&n.to_le_bytes()]);
        }
        assert_eq!(dedup.ring.len(), MOST);
        dedup.overlap();
        assert!(dedup.repeated(at(200), &[&199_999_u64.to_le_bytes()]));
    }
}
