//! Keys by the names under which the server speaks of them.

use std::collections::HashMap;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use crate::id::KeyId;

/// The one map that every message asks. Messages of one topic come in a row, so the last answer is kept: comparing a name costs less than
/// hashing it.
#[derive(Debug)]
pub(super) struct Identities {
    /// The seed keeps it from being steered by peers.
    keys: HashMap<Box<[u8]>, KeyId, SeedableRandomState>,
    last: Option<(Vec<u8>, Option<KeyId>)>,
}

impl Identities {
    pub(super) fn new(seed: u64) -> Self {
        Self { keys: HashMap::with_hasher(SeedableRandomState::with_seed(seed, SharedSeed::global_fixed())), last: None }
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<KeyId> {
        self.keys.get(name).copied()
    }

    /// The same for a message, which others like it may follow.
    #[inline]
    pub(super) fn find(&mut self, name: &[u8]) -> Option<KeyId> {
        match &self.last {
            Some((last, key)) if last == name => *key,
            _ => self.find_anew(name),
        }
    }

    fn find_anew(&mut self, name: &[u8]) -> Option<KeyId> {
        let key = self.get(name);
        // The same buffer each time.
        let mut last = self.last.take().map(|(last, _)| last).unwrap_or_default();
        last.clear();
        last.extend_from_slice(name);
        self.last = Some((last, key));
        key
    }

    pub(super) fn insert(&mut self, name: &[u8], key: KeyId) {
        self.last = None;
        self.keys.insert(name.into(), key);
    }

    pub(super) fn remove(&mut self, name: &[u8]) {
        self.last = None;
        self.keys.remove(name);
    }

    pub(super) fn clear(&mut self) {
        self.last = None;
        self.keys.clear();
    }

    /// The keys of all names that start so, each once, oldest first.
    pub(super) fn with_prefix(&self, prefix: &[u8]) -> Vec<KeyId> {
        let mut keys: Vec<KeyId> = self.keys.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, key)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_forgotten_when_the_map_changes() {
        let mut identities = Identities::new(7);
        assert_eq!(identities.find(b"a"), None);
        identities.insert(b"a", KeyId(1));
        assert_eq!(identities.find(b"a"), Some(KeyId(1)));
        identities.insert(b"b", KeyId(2));
        for _ in 0..2 {
            assert_eq!(identities.find(b"a"), Some(KeyId(1)));
            assert_eq!(identities.find(b"b"), Some(KeyId(2)));
        }
        identities.insert(b"b", KeyId(3));
        assert_eq!(identities.find(b"b"), Some(KeyId(3)));
        identities.remove(b"b");
        assert_eq!(identities.find(b"b"), None);
        assert_eq!(identities.find(b"a"), Some(KeyId(1)));
        identities.clear();
        assert_eq!(identities.find(b"a"), None);
    }
}
