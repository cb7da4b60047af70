//! What runs on a link: operations by id. Ids are never used twice on a socket: a second `start` with a running id would silently stop
//! the first, and the old stream's end would be taken for the new one's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::dialect::Class;
use crate::error::Error;
use crate::event::{Message, SharedTopic};
use crate::id::{KeyId, RequestId};

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Subscription(KeyId),
    Request(RequestId),
}

/// A running operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) owner: Owner,
    pub(super) class: Class,
    /// What its results are called.
    pub(super) topic: Option<SharedTopic>,
    /// The server has shown that it understood the document.
    pub(super) proven: bool,
    /// Its first result has been looked at.
    pub(super) begun: bool,
    /// Its first result had errors and no data. If nothing but the end follows, it failed.
    pub(super) held: Option<(Message, Error)>,
    pub(super) last_data: Duration,
    pub(super) data_timeout: Option<Duration>,
    /// That no data comes has been told.
    pub(super) silence_told: bool,
}

/// The operations of a link.
#[derive(Debug, Default)]
pub(super) struct Operations {
    running: BTreeMap<u64, Operation>,
    by_owner: BTreeMap<Owner, u64>,
    last: u64,
}

impl Operations {
    /// A fresh id, and its operation under it.
    pub(super) fn add(&mut self, operation: Operation) -> String {
        self.last += 1;
        self.by_owner.insert(operation.owner, self.last);
        self.running.insert(self.last, operation);
        self.last.to_string()
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Operation> {
        self.running.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Operation> {
        let operation = self.running.remove(&id)?;
        self.by_owner.remove(&operation.owner);
        Some(operation)
    }

    /// Removes what runs for an owner, and returns its id too.
    pub(super) fn remove_of(&mut self, owner: Owner) -> Option<(u64, Operation)> {
        let id = self.by_owner.get(&owner).copied()?;
        self.remove(id).map(|operation| (id, operation))
    }

    /// What runs for an owner.
    pub(super) fn of(&mut self, owner: Owner) -> Option<&mut Operation> {
        self.running.get_mut(self.by_owner.get(&owner)?)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (u64, &Operation)> {
        self.running.iter().map(|(id, operation)| (*id, operation))
    }

    /// Results that were held back: nothing will follow them.
    pub(super) fn take_held(&mut self) -> Vec<(KeyId, Message)> {
        let held = |operation: &mut Operation| match operation.owner {
            Owner::Subscription(key) => operation.held.take().map(|(message, _)| (key, message)),
            Owner::Request(_) => None,
        };
        self.running.values_mut().filter_map(held).collect()
    }

    /// Whether an id was ever given out on this link. Frames of an operation that is over are harmless; those of one that never was
    /// are not ours.
    pub(super) fn was_used(&self, id: u64) -> bool {
        (1..=self.last).contains(&id)
    }
}

/// An id as a number, if it is one that we could have written: decimal, without sign or leading zeros.
pub(super) fn number(id: &[u8]) -> Option<u64> {
    if id.is_empty() || id.len() > 19 || id[0] == b'0' || !id.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(id.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_could_have_written_is_an_id() {
        assert_eq!(number(b"1"), Some(1));
        assert_eq!(number(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        for junk in [&b""[..], b"0", b"01", b"-1", b"+1", b"1.0", b"1e3", b" 1", b"x", b"99999999999999999999"] {
            assert_eq!(number(junk), None);
        }
    }
}
