//! Which operation brings the socket down.
//!
//! The modern reference server closes the whole socket with 4500 when a document has a syntax error. After a reconnect all operations
//! would be sent again, and again all would die. So after a 4500 the operations that had not proved themselves are suspects. On the next
//! link the proven go first, and everybody else one at a time, each with a ping behind it. Who is alone on the bench in two such closes
//! is the culprit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::operations::Owner;
use crate::id::KeyId;

/// A sole suspect is given this many chances.
const CHANCES: u32 = 2;

/// What is known of operations, whatever becomes of links.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Suspects, and in how many 4500s each was the only one.
    strikes: BTreeMap<Owner, u32>,
    /// Subscriptions whose documents a server has parsed.
    proven: BTreeSet<KeyId>,
}

impl Suspects {
    /// Nobody is suspected.
    pub(super) fn is_empty(&self) -> bool {
        self.strikes.is_empty()
    }

    pub(super) fn is_proven(&self, owner: Owner) -> bool {
        matches!(owner, Owner::Subscription(key) if self.proven.contains(&key))
    }

    /// Its document is harmless.
    pub(super) fn prove(&mut self, owner: Owner) {
        self.strikes.remove(&owner);
        if let Owner::Subscription(key) = owner {
            self.proven.insert(key);
        }
    }

    /// It is over.
    pub(super) fn forget(&mut self, owner: Owner) {
        self.strikes.remove(&owner);
        if let Owner::Subscription(key) = owner {
            self.proven.remove(&key);
        }
    }

    /// Forgets what nobody wants any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(Owner) -> bool) {
        self.strikes.retain(|owner, _| wanted(*owner));
        self.proven.retain(|key| wanted(Owner::Subscription(*key)));
    }

    /// A link died of 4500 while these had not proved themselves; `alone` if nothing else ran there unproven. Returns the culprit, if it
    /// is certain.
    pub(super) fn accuse(&mut self, unproven: &[Owner], alone: bool) -> Option<Owner> {
        for owner in unproven {
            self.strikes.entry(*owner).or_insert(0);
        }
        let [sole] = unproven else { return None };
        if !alone {
            return None;
        }
        let strikes = self.strikes.get_mut(sole)?;
        *strikes += 1;
        (*strikes >= CHANCES).then(|| {
            self.strikes.remove(sole);
            *sole
        })
    }
}

/// The trials on one link.
#[derive(Debug, Default)]
pub(super) struct Trials {
    waiting: VecDeque<Owner>,
    on_trial: Option<Owner>,
}

impl Trials {
    /// Somebody has to wait for a trial.
    pub(super) fn wait(&mut self, owner: Owner) {
        if !self.waiting.contains(&owner) {
            self.waiting.push_back(owner);
        }
    }

    pub(super) fn next(&mut self) -> Option<Owner> {
        self.waiting.pop_front()
    }

    pub(super) fn begin(&mut self, owner: Owner) {
        self.on_trial = Some(owner);
    }

    pub(super) fn on_trial(&self) -> Option<Owner> {
        self.on_trial
    }

    /// Its trial is over; true if it was on trial.
    pub(super) fn end(&mut self, owner: Owner) -> bool {
        self.on_trial.take_if(|other| *other == owner).is_some()
    }

    /// Everybody who waits or is on trial. The link is gone.
    pub(super) fn dismissed(self) -> impl Iterator<Item = Owner> {
        self.waiting.into_iter().chain(self.on_trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RequestId;

    const GOOD: Owner = Owner::Subscription(KeyId(1));
    const BAD: Owner = Owner::Request(RequestId(2));

    #[test]
    fn the_sole_suspect_of_two_closes_is_the_culprit() {
        let mut suspects = Suspects::default();
        assert_eq!(suspects.accuse(&[GOOD, BAD], false), None);
        suspects.prove(GOOD);
        assert!(suspects.is_proven(GOOD));
        assert_eq!(suspects.accuse(&[BAD], true), None, "a first strike");
        assert_eq!(suspects.accuse(&[], false), None, "nobody's fault");
        assert_eq!(suspects.accuse(&[BAD], false), None, "something ran beside it that is not sent again");
        assert_eq!(suspects.accuse(&[BAD], true), Some(BAD));
        assert!(suspects.is_empty());
        suspects.retain(|_| false);
        assert!(!suspects.is_proven(GOOD));
    }

    #[test]
    fn one_is_tried_at_a_time_and_nobody_waits_twice() {
        let mut trials = Trials::default();
        trials.wait(GOOD);
        trials.wait(BAD);
        trials.wait(GOOD);
        assert_eq!(trials.next(), Some(GOOD));
        trials.begin(GOOD);
        assert!(!trials.end(BAD));
        assert!(trials.end(GOOD) && !trials.end(GOOD));
        assert_eq!(trials.dismissed().collect::<Vec<_>>(), [BAD]);
    }
}
