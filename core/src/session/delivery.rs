//! From a frame to an event: whom it is for, whether it came before, and whether anybody listens.

use std::sync::Arc;

use super::Machine;
use super::context::Recipient;
use super::io::Frame;
use crate::event::{EventKind, Message, Subscriptions};
use crate::id::{KeyId, LinkId, SubscriptionId};
use crate::time::Now;

impl Machine {
    #[inline]
    pub(super) fn deliver(&mut self, now: Now, link: LinkId, to: Recipient<'_>, mut message: Message) {
        let Some(state) = self.links.get_mut(&link) else { return };
        state.served = true;
        message.connection = state.connection;
        message.received = now.wall;
        if self.facts.dedup && self.is_repeated(now, &message) {
            self.stats.duplicates += 1;
            return;
        }
        match to {
            Recipient::Key(key) => self.deliver_to(now, link, key, message),
            Recipient::Identity(name) => match self.identities.find(name) {
                Some(key) => self.deliver_to(now, link, key, message),
                None => self.emit_message(message),
            },
            Recipient::Prefix(prefix) => {
                let keys = self.identities.with_prefix(prefix);
                match keys.as_slice() {
                    [one] => self.deliver_to(now, link, *one, message),
                    many => {
                        let mut all: Vec<SubscriptionId> = Vec::new();
                        for key in many {
                            // It is not told which of them it is for: those that are not known to be live may yet be missing more.
                            if self.keys.get(key).is_some_and(|key| key.is_covered_by(link)) {
                                self.report_gap(now, *key);
                            }
                            all.extend(self.keys.get(key).into_iter().flat_map(super::subscriptions::Key::subscriptions));
                        }
                        if !all.is_empty() {
                            message.subscriptions = Subscriptions::Many(Arc::new(all));
                        }
                        self.emit_message(message);
                    }
                }
            }
            Recipient::Nobody => self.emit_message(message),
        }
    }

    #[inline]
    fn deliver_to(&mut self, now: Now, link: LinkId, key: KeyId, mut message: Message) {
        let Some(state) = self.keys.get(&key) else { return self.emit_message(message) };
        if state.is_leaving() && self.facts.drop_after_unsubscribe {
            return;
        }
        // A link that is about to go, or has gone, may still bring what was on its way; that does not end a gap.
        if state.gap.is_some()
            && let Some(by) = self.links.get(&link)
            && !by.superseded
            && (!by.leaving || state.is_covered_by(link))
        {
            // It shows that the server delivers by this link, whether or not the answer that says so will ever come.
            self.cover(key, link, true);
            self.report_gap(now, key);
        }
        if let Some(state) = self.keys.get(&key) {
            message.subscriptions = state.recipients.clone();
        }
        self.emit_message(message);
    }

    #[inline]
    fn emit_message(&mut self, message: Message) {
        self.stats.messages += 1;
        if self.interest.want(&message) {
            self.emit(EventKind::Message(message));
        } else {
            self.stats.filtered += 1;
        }
    }

    /// Whether this message came before. Without an id its content tells, and only while two links overlap.
    fn is_repeated(&mut self, now: Now, message: &Message) -> bool {
        if let Some(id) = message.id_bytes() {
            return self.dedup.repeated(now.mono, &[id]);
        }
        if !self.dedup.is_overlapping() {
            return false;
        }
        let topic = message.topic_bytes().unwrap_or_default();
        let room = message.room_bytes().unwrap_or_default();
        self.dedup.repeated(now.mono, &[topic, b"\0", room, b"\0", message.payload()])
    }

    pub(super) fn control_event(&mut self, frame: Frame) {
        match frame {
            Frame::Ping(payload) => self.emit(EventKind::Ping(payload)),
            Frame::Pong(payload) => self.emit(EventKind::Pong(payload)),
            Frame::Text(_) | Frame::Binary(_) | Frame::Fragment { .. } => {}
        }
    }
}
