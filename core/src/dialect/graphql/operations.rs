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
    /// Its first result has been looked at.
    pub(super) begun: bool,
    /// Its first result had errors and no data. If nothing but the end follows, it failed.
    pub(super) held: Option<(Message, Error)>,
    pub(super) last_data: Duration,
    pub(super) data_timeout: Option<Duration>,
}

impl Operation {
    pub(super) fn new(owner: Owner, now: Duration, data_timeout: Option<Duration>) -> Self {
        Self { owner, proven: false, begun: false, held: None, last_data: now, data_timeout }
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

    /// The server answered a ping: it has parsed everything that was sent before.
    pub(super) fn prove_all(&mut self) {
        for operation in self.by_id.values_mut() {
            operation.proven = true;
        }
    }
}
