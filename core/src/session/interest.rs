//! What anybody listens to.

use crate::event::Message;
use crate::id::SubscriptionId;

/// Says which messages are worth building an event for. Lanes answer with the union of their filters.
pub trait Interest: Send {
    /// Whether anybody wants this message. The answer rests on topic, room and subscriptions only.
    fn wants(&self, message: &Message) -> bool;

    /// Whether somebody wants every message just now, so that this one needs not be looked at. Asked for each.
    fn wants_all(&self) -> bool {
        false
    }

    /// Changes whenever an answer may. `None`: answers must not be remembered.
    fn version(&self) -> Option<usize> {
        None
    }
}

/// Whoever has not said otherwise wants everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Everything;

impl Interest for Everything {
    fn wants(&self, _: &Message) -> bool {
        true
    }

    fn wants_all(&self) -> bool {
        true
    }
}

/// An interest, and its last answer: messages that are alike come in a row.
pub(super) struct Listeners {
    interest: Box<dyn Interest>,
    last: Option<Asked>,
}

/// What was asked, and the answer.
#[derive(Default)]
struct Asked {
    version: usize,
    topic: Vec<u8>,
    room: Option<Vec<u8>>,
    subscription: Option<SubscriptionId>,
    wanted: bool,
}

impl Asked {
    #[inline]
    fn is_about(&self, version: usize, topic: &[u8], room: Option<&[u8]>, subscription: Option<SubscriptionId>) -> bool {
        self.version == version && self.subscription == subscription && self.room.as_deref() == room && self.topic == topic
    }
}

impl Listeners {
    pub(super) fn new(interest: Box<dyn Interest>) -> Self {
        Self { interest, last: None }
    }

    /// Whether anybody wants this message.
    #[inline]
    pub(super) fn want(&mut self, message: &Message) -> bool {
        if self.interest.wants_all() {
            return true;
        }
        let subscription = match message.subscriptions() {
            [] => None,
            [one] => Some(*one),
            _ => return self.interest.wants(message),
        };
        let (Some(version), Some(topic)) = (self.interest.version(), message.topic_bytes()) else { return self.interest.wants(message) };
        let room = message.room_bytes();
        if let Some(asked) = &self.last
            && asked.is_about(version, topic, room, subscription)
        {
            return asked.wanted;
        }
        let wanted = self.interest.wants(message);
        self.last = Some(Asked { version, topic: topic.to_vec(), room: room.map(<[u8]>::to_vec), subscription, wanted });
        wanted
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::event::{Label, PayloadKind, Subscriptions};

    /// Wants one topic, and counts how often it was asked.
    #[derive(Clone, Default)]
    struct One {
        version: Arc<AtomicUsize>,
        asked: Arc<AtomicUsize>,
        wanted: Arc<AtomicUsize>,
    }

    impl Interest for One {
        fn wants(&self, message: &Message) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed);
            message.topic() == Some("ab") && message.subscriptions() == [SubscriptionId(self.wanted.load(Ordering::Relaxed) as u64)]
        }

        fn version(&self) -> Option<usize> {
            Some(self.version.load(Ordering::Relaxed))
        }
    }

    fn message(topic: &str, room: Option<&str>, subscription: u64) -> Message {
        let mut message = Message::whole("{}".into(), PayloadKind::Json).with_topic(Label::Owned(topic.into()));
        if let Some(room) = room {
            message = message.with_room(Label::Owned(room.into()));
        }
        message.subscriptions = Subscriptions::One(SubscriptionId(subscription));
        message
    }

    #[test]
    fn an_answer_is_remembered_for_messages_that_are_alike_and_for_no_others() {
        let one = One::default();
        one.wanted.store(1, Ordering::Relaxed);
        let mut listeners = Listeners::new(Box::new(one.clone()));
        for _ in 0..3 {
            assert!(listeners.want(&message("ab", Some("r"), 1)));
        }
        assert_eq!(one.asked.load(Ordering::Relaxed), 1);
        // The same bytes in all, divided otherwise; no room at all; another subscription.
        for (topic, room, subscription) in [("a", Some("br"), 1), ("abr", Some(""), 1), ("a", None, 1), ("ab", Some("r"), 2)] {
            assert!(!listeners.want(&message(topic, room, subscription)), "{topic} {room:?}");
            assert!(listeners.want(&message("ab", Some("r"), 1)));
        }
    }

    #[test]
    fn an_answer_is_forgotten_when_a_filter_changes() {
        let one = One::default();
        let mut listeners = Listeners::new(Box::new(one.clone()));
        assert!(!listeners.want(&message("ab", None, 5)));
        one.wanted.store(5, Ordering::Relaxed);
        one.version.fetch_add(1, Ordering::Relaxed);
        assert!(listeners.want(&message("ab", None, 5)));
    }
}
