//! What runs on a link: operations by id. Ids are never used twice on a socket: a second `start` with a running id would silently stop
//! the first, and the old stream's end would be taken for the new one's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Error;
use crate::event::Message;
use crate::id::{KeyId, RequestId};

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Subscription(KeyId),
    Request(RequestId),
}

/// A running operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) owner: Owner,
    /// The server has shown that it understood the document.
    pub(super) proven: bool,
    /// The number of the last ping that does not tell whether it did.
    unanswered: u64,
    /// A ping that was sent behind it has been answered.
    received: bool,
    /// Its first result has been looked at.
    pub(super) begun: bool,
    /// Its first result had errors and no data. If nothing but the end follows, it failed.
    pub(super) held: Option<(Message, Error)>,
    pub(super) last_data: Duration,
    pub(super) data_timeout: Option<Duration>,
}

impl Operation {
    /// An operation that is sent now, behind so many pings of ours.
    pub(super) fn new(owner: Owner, now: Duration, pings: u64, data_timeout: Option<Duration>) -> Self {
        Self { owner, proven: false, unanswered: pings, received: false, begun: false, held: None, last_data: now, data_timeout }
    }

    /// The server has answered `answered` of the `sent` pings. The first one behind an operation shows that its document has arrived, not
    /// that it has been parsed: the reference server does that a turn later, and answers a ping that came with it first. A ping that is
    /// sent after such an answer cannot overtake the close.
    fn answered(&mut self, answered: u64, sent: u64) {
        if answered > self.unanswered {
            self.proven |= self.received;
            self.received = true;
            self.unanswered = sent;
        }
    }
}

/// The operations of a link.
#[derive(Debug, Default)]
pub(super) struct Operations {
    by_id: BTreeMap<String, Operation>,
    last: u64,
}

impl Operations {
    /// A fresh id, and its operation under it.
    pub(super) fn add(&mut self, operation: Operation) -> String {
        self.last += 1;
        let id = self.last.to_string();
        self.by_id.insert(id.clone(), operation);
        id
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Operation> {
        self.by_id.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Operation> {
        self.by_id.remove(id)
    }

    /// The id under which something runs.
    pub(super) fn id_of(&self, owner: Owner) -> Option<String> {
        self.by_id.iter().find(|(_, operation)| operation.owner == owner).map(|(id, _)| id.clone())
    }

    pub(super) fn of_key(&mut self, key: KeyId) -> Option<&mut Operation> {
        self.by_id.values_mut().find(|operation| operation.owner == Owner::Subscription(key))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Operation)> {
        self.by_id.iter()
    }

    /// The server has answered `answered` of the `sent` pings.
    pub(super) fn answered(&mut self, answered: u64, sent: u64) {
        for operation in self.by_id.values_mut() {
            operation.answered(answered, sent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_proven_by_a_ping_that_was_sent_after_a_pong() {
        let mut operations = Operations::default();
        let id = operations.add(Operation::new(Owner::Subscription(KeyId(1)), Duration::ZERO, 2, None));
        let mut proven_by = |answered, sent| {
            operations.answered(answered, sent);
            operations.get(&id).is_some_and(|operation| operation.proven)
        };
        assert!(!proven_by(1, 4), "sent before the operation");
        assert!(!proven_by(2, 4), "sent before the operation");
        assert!(!proven_by(3, 4), "it may have been answered before the document was parsed");
        assert!(!proven_by(4, 5), "and so may this one, which was under way by then");
        assert!(proven_by(5, 5));
    }
}
