//! What anybody wants: the union of all lanes' filters, asked before a message is built.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::filter::Filter;
use super::kinds::Kind;
use super::sync::{AtomicUsize, Mutex, Ordering, lock};
use crate::event::Message;
use crate::id::{LaneId, SubscriptionId};

/// The union of all lanes' filters. A clone sees the same lanes, so the session is given one once and it stays current.
///
/// Asking costs one atomic load while some lane wants every message, and a look-up per subscription otherwise; it does not grow with the
/// number of lanes, save for those whose filter has several parts.
#[derive(Debug, Clone)]
pub struct Interest {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// How many lanes want every message.
    everything: AtomicUsize,
    /// How often a filter came or went.
    version: AtomicUsize,
    wanted: Mutex<Wanted>,
}

type Counted<K> = HashMap<K, usize, FixedState>;

#[derive(Debug, Default)]
struct Wanted {
    subscriptions: Counted<SubscriptionId>,
    topics: Counted<Vec<u8>>,
    rooms: Counted<Vec<u8>>,
    /// Filters of several parts, which no single look-up can judge.
    others: Vec<(LaneId, Filter)>,
}

impl Default for Interest {
    fn default() -> Self {
        let shared = Shared { everything: AtomicUsize::new(0), version: AtomicUsize::new(0), wanted: Mutex::new(Wanted::default()) };
        Self { shared: Arc::new(shared) }
    }
}

impl Interest {
    /// Whether any lane wants such a message. It may say yes where the lanes then say no, never the reverse.
    #[must_use]
    pub fn wants(&self, message: &Message) -> bool {
        if self.wants_all() {
            return true;
        }
        let (topic, room, subscriptions) = (message.topic_bytes(), message.room_bytes(), message.subscriptions());
        let wanted = lock(&self.shared.wanted);
        (!wanted.subscriptions.is_empty() && subscriptions.iter().any(|one| wanted.subscriptions.contains_key(one)))
            || (!wanted.topics.is_empty() && topic.is_some_and(|topic| wanted.topics.contains_key(topic)))
            || (!wanted.rooms.is_empty() && room.is_some_and(|room| wanted.rooms.contains_key(room)))
            || wanted.others.iter().any(|(_, filter)| filter.matches(message))
    }

    /// Whether some lane wants every message.
    #[must_use]
    pub fn wants_all(&self) -> bool {
        self.shared.everything.load(Ordering::Acquire) > 0
    }

    /// Changes whenever an answer of [`wants`](Self::wants) may: who has read it before asking can tell whether the answer still holds.
    #[must_use]
    pub fn version(&self) -> usize {
        self.shared.version.load(Ordering::Acquire)
    }

    pub(super) fn add(&self, lane: LaneId, filter: &Filter) {
        if !filter.wants_kind(Kind::Message) {
            return;
        }
        let mut wanted = lock(&self.shared.wanted);
        match (&filter.subscriptions, &filter.topics, &filter.rooms) {
            (None, None, None) => {
                self.shared.everything.fetch_add(1, Ordering::Release);
            }
            (Some(one), None, None) => one.iter().for_each(|one| count(&mut wanted.subscriptions, one)),
            (None, Some(one), None) => one.iter().for_each(|one| count(&mut wanted.topics, &one.clone().into_bytes())),
            (None, None, Some(one)) => one.iter().for_each(|one| count(&mut wanted.rooms, &one.clone().into_bytes())),
            _ => wanted.others.push((lane, filter.clone())),
        }
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    pub(super) fn remove(&self, lane: LaneId, filter: &Filter) {
        if !filter.wants_kind(Kind::Message) {
            return;
        }
        let mut wanted = lock(&self.shared.wanted);
        match (&filter.subscriptions, &filter.topics, &filter.rooms) {
            (None, None, None) => {
                self.shared.everything.fetch_sub(1, Ordering::Release);
            }
            (Some(one), None, None) => one.iter().for_each(|one| discount(&mut wanted.subscriptions, one)),
            (None, Some(one), None) => one.iter().for_each(|one| discount(&mut wanted.topics, &one.clone().into_bytes())),
            (None, None, Some(one)) => one.iter().for_each(|one| discount(&mut wanted.rooms, &one.clone().into_bytes())),
            _ => wanted.others.retain(|(id, _)| *id != lane),
        }
        self.shared.version.fetch_add(1, Ordering::Release);
    }
}

impl crate::session::Interest for Interest {
    fn wants(&self, message: &Message) -> bool {
        Interest::wants(self, message)
    }

    fn wants_all(&self) -> bool {
        Interest::wants_all(self)
    }

    fn version(&self) -> Option<usize> {
        Some(Interest::version(self))
    }
}

fn count<K: Hash + Eq + Clone>(counted: &mut Counted<K>, key: &K) {
    *counted.entry(key.clone()).or_default() += 1;
}

fn discount<K: Hash + Eq>(counted: &mut Counted<K>, key: &K) {
    if let Some(left) = counted.get_mut(key) {
        *left -= 1;
        if *left == 0 {
            counted.remove(key);
        }
    }
}
