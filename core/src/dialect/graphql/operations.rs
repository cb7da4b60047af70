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
    /// The number of the last ping that does not tell whether it did.
    pub(super) pings: u64,
    /// A ping that was sent behind it has been answered.
    pub(super) received: bool,
    /// Its first result has been looked at.
    pub(super) begun: bool,
    /// Its first result had errors and no data. If nothing but the end follows, it failed.
    pub(super) held: Option<(Message, Error)>,
    pub(super) last_data: Duration,
    pub(super) data_timeout: Option<Duration>,
    /// That no data comes has been told.
    pub(super) silence_told: bool,
}

impl Operation {
    pub(super) fn new(owner: Owner, class: Class, now: Duration) -> Self {
        Self {
            owner,
            class,
            topic: None,
            proven: false,
            pings: 0,
            received: false,
            begun: false,
            held: None,
            last_data: now,
            data_timeout: None,
            silence_told: false,
        }
    }

    /// The server has answered `answered` of the `sent` pings; true if that proves the operation. The first ping behind it shows that
    /// its document has arrived, not that it has been parsed: the reference server does that a turn later, and answers a ping that came
    /// with it first. A ping that is sent after such an answer cannot overtake the close.
    fn answered(&mut self, answered: u64, sent: u64) -> bool {
        if self.proven || answered <= self.pings {
            return false;
        }
        self.proven = self.received;
        self.received = true;
        self.pings = sent;
        self.proven
    }
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

    /// The server has answered `answered` of the `sent` pings. Returns what that proves.
    pub(super) fn answered(&mut self, answered: u64, sent: u64) -> Vec<Owner> {
        self.running.values_mut().filter_map(|operation| operation.answered(answered, sent).then_some(operation.owner)).collect()
    }

    /// Results that were held back: nothing will follow them.
    pub(super) fn take_held(&mut self) -> Vec<(KeyId, Message)> {
        let held = |operation: &mut Operation| match operation.owner {
            Owner::Subscription(key) => operation.held.take().map(|(message, _)| (key, message)),
            Owner::Request(_) => None,
        };
        self.running.values_mut().filter_map(held).collect()
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
    fn an_operation_is_proven_by_a_ping_that_was_sent_after_a_pong() {
        let mut operations = Operations::default();
        let owner = Owner::Subscription(KeyId(1));
        operations.add(Operation { pings: 2, ..Operation::new(owner, Class::Idempotent, Duration::ZERO) });
        assert!(operations.answered(1, 4).is_empty(), "sent before the operation");
        assert!(operations.answered(2, 4).is_empty(), "sent before the operation");
        assert!(operations.answered(3, 4).is_empty(), "it may have been answered before the document was parsed");
        assert!(operations.answered(4, 5).is_empty(), "and so may this one, which was under way by then");
        assert_eq!(operations.answered(5, 5), [owner]);
        assert!(operations.answered(6, 6).is_empty(), "once is enough");
    }

    #[test]
    fn only_what_we_could_have_written_is_an_id() {
        assert_eq!(number(b"1"), Some(1));
        assert_eq!(number(b"9999999999999999999"), Some(9_999_999_999_999_999_999));
        for junk in [&b""[..], b"0", b"01", b"-1", b"+1", b"1.0", b"1e3", b" 1", b"x", b"99999999999999999999"] {
            assert_eq!(number(junk), None);
        }
    }
}
