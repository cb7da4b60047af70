//! What fits into a batch, and where it will stand.

use std::ops::Range;

use super::body;
use super::layout::{HEADER, MAX_BYTES, MAX_EVENTS, RECORD, STRING};
use crate::event::{Event, EventKind, Message};

/// How many of the newest entries of the string table are looked through. A text may so stand there twice, which costs little; looking
/// through all of it, under the lane's lock, would cost more.
const NEAR: usize = 16;

/// One event's part of the plan.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) topic: Option<u32>,
    pub(super) room: Option<u32>,
    /// Of a message: its payload's length, and whether its end is known.
    pub(super) payload: (usize, bool),
    /// Of another event: where in `bodies` its body is.
    pub(super) body: Range<usize>,
}

/// A batch in the making.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    /// The string table: where in `texts` each text is.
    pub(super) table: Vec<Range<usize>>,
    pub(super) texts: Vec<u8>,
    pub(super) bodies: Vec<u8>,
    /// Bytes of everything that is neither header, record, table nor table text.
    loose: usize,
    /// The size of a batch that would hold the event that was refused.
    pub(super) refused: Option<usize>,
}

impl Plan {
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.table.clear();
        self.texts.clear();
        self.bodies.clear();
        self.loose = 0;
        self.refused = None;
    }

    /// The batch's size.
    pub(super) fn size(&self) -> usize {
        HEADER + RECORD * self.items.len() + STRING * self.table.len() + self.texts.len() + self.loose
    }

    /// Adds an event, if the batch then fits into `room` bytes.
    pub(super) fn add(&mut self, event: &Event, room: usize) -> bool {
        if self.items.len() == MAX_EVENTS {
            return false;
        }
        let before = (self.table.len(), self.texts.len(), self.bodies.len(), self.loose);
        let item = match &event.kind {
            EventKind::Message(message) => self.message(message),
            kind => {
                body::write(&mut self.bodies, kind);
                self.loose += self.bodies.len() - before.2;
                Item { topic: None, room: None, payload: (0, true), body: before.2..self.bodies.len() }
            }
        };
        self.items.push(item);
        let size = self.size();
        // The first goes in however large it is: a message is never split.
        let most = if self.items.len() == 1 { u32::MAX as usize } else { MAX_BYTES };
        if size <= room.min(most) {
            return true;
        }
        if self.items.len() == 1 {
            self.refused = Some(size);
        }
        self.items.pop();
        self.table.truncate(before.0);
        self.texts.truncate(before.1);
        self.bodies.truncate(before.2);
        self.loose = before.3;
        false
    }

    fn message(&mut self, message: &Message) -> Item {
        let (payload, ends) = message.payload_unwalked();
        let many = message.subscriptions().len();
        self.loose += payload.len() + length(message.id()) + length(message.time()) + if many > 1 { 8 * many } else { 0 };
        let topic = message.topic().map(|text| self.intern(text));
        let room = message.room().map(|text| self.intern(text));
        Item { topic, room, payload: (payload.len(), ends), body: 0..0 }
    }

    fn intern(&mut self, text: &str) -> u32 {
        let text = text.as_bytes();
        let first = self.table.len().saturating_sub(NEAR);
        let found = self.table[first..].iter().rposition(|entry| self.texts[entry.clone()] == *text);
        let index = found.map_or(self.table.len(), |at| first + at);
        if found.is_none() {
            let start = self.texts.len();
            self.texts.extend_from_slice(text);
            self.table.push(start..self.texts.len());
        }
        super::layout::small(index)
    }
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}
