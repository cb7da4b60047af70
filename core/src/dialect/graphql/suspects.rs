//! Which operation brings the socket down.
//!
//! The modern reference server closes the whole socket with 4500 when a document has a syntax error. After a reconnect all operations
//! would be sent again, and again all would die. So after a 4500 the operations that had not proved themselves are suspects: the proven
//! go first, suspects one at a time, each with a ping behind it. Who is alone on the bench in two such closes is the culprit.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{KeyId, LinkId};

/// A sole suspect is given this many chances.
const CHANCES: u32 = 2;

#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Suspects, and in how many 4500s each was the only one.
    strikes: BTreeMap<KeyId, u32>,
    /// Who is being tried, and where.
    on_trial: Option<(LinkId, KeyId)>,
    waiting: BTreeSet<KeyId>,
    /// Whose document the server has understood once: it is no suspect any more, whatever the link.
    proven: BTreeSet<KeyId>,
}

/// What is to be done with an operation that is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// Nothing is held against it.
    Free,
    /// It is a suspect: send it with a ping behind it.
    Probe,
    /// Another suspect is being tried.
    Wait,
}

impl Suspects {
    pub(super) fn judge(&mut self, link: LinkId, key: KeyId) -> Trial {
        if !self.strikes.contains_key(&key) {
            return Trial::Free;
        }
        match self.on_trial {
            Some((on, other)) if on == link && other != key => {
                self.waiting.insert(key);
                Trial::Wait
            }
            _ => {
                self.waiting.remove(&key);
                self.on_trial = Some((link, key));
                Trial::Probe
            }
        }
    }

    /// The server has understood it. Returns who may be tried next.
    pub(super) fn prove(&mut self, key: KeyId) -> Option<KeyId> {
        self.proven.insert(key);
        self.acquit(key)
    }

    /// It is over. Returns who may be tried next.
    pub(super) fn forget(&mut self, key: KeyId) -> Option<KeyId> {
        self.proven.remove(&key);
        self.acquit(key)
    }

    fn acquit(&mut self, key: KeyId) -> Option<KeyId> {
        self.strikes.remove(&key);
        self.waiting.remove(&key);
        if self.on_trial.is_some_and(|(_, other)| other == key) {
            self.on_trial = None;
            return self.waiting.pop_first();
        }
        None
    }

    /// The suspect on trial, if it stands on this link.
    pub(super) fn on_trial(&self, link: LinkId) -> Option<KeyId> {
        self.on_trial.filter(|(on, _)| *on == link).map(|(_, key)| key)
    }

    /// A link died of 4500 while these had not proved themselves. Returns the culprit, if it is certain.
    pub(super) fn accuse(&mut self, link: LinkId, unproven: &[KeyId]) -> Option<KeyId> {
        let tried = self.on_trial(link);
        self.link_gone(link);
        let unproven: Vec<KeyId> = unproven.iter().copied().filter(|key| !self.proven.contains(key)).collect();
        for key in &unproven {
            self.strikes.entry(*key).or_insert(0);
        }
        let sole = match (tried, unproven.as_slice()) {
            (Some(key), _) => key,
            (None, [key]) => *key,
            _ => return None,
        };
        let strikes = self.strikes.entry(sole).or_insert(0);
        *strikes += 1;
        if *strikes < CHANCES {
            return None;
        }
        self.strikes.remove(&sole);
        Some(sole)
    }

    /// A link is gone; its trial is adjourned.
    pub(super) fn link_gone(&mut self, link: LinkId) {
        if self.on_trial.is_some_and(|(on, _)| on == link) {
            self.on_trial = None;
        }
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sole_suspect_of_two_closes_is_the_culprit() {
        let mut suspects = Suspects::default();
        let (good, bad) = (KeyId(1), KeyId(2));
        assert_eq!(suspects.accuse(LinkId(1), &[good, bad]), None);
        assert_eq!(suspects.judge(LinkId(2), good), Trial::Probe);
        assert_eq!(suspects.judge(LinkId(2), bad), Trial::Wait);
        assert_eq!(suspects.prove(good), Some(bad));
        assert_eq!(suspects.judge(LinkId(2), bad), Trial::Probe);
        assert_eq!(suspects.accuse(LinkId(2), &[bad]), None, "a first strike");
        assert_eq!(suspects.judge(LinkId(3), good), Trial::Free);
        assert_eq!(suspects.judge(LinkId(3), bad), Trial::Probe);
        assert_eq!(suspects.accuse(LinkId(3), &[bad]), Some(bad));
        assert_eq!(suspects.judge(LinkId(4), bad), Trial::Free, "it may be started anew");
    }
}
