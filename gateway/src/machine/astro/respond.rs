//! Responses to commands, and the faults that befall them on their way.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Astro, Pair, to_json};
use crate::machine::clock::rfc3339;
use crate::machine::io::ConnId;
use crate::machine::timers::{Timer, TimerKey};
use crate::machine::wire::Wire;

/// How long responses wait for others to be reordered with: long enough for a client that sends several at
/// once, short enough for one that sends them singly.
const REORDER_MS: u64 = 250;

pub(super) struct Response {
    pub(super) nonce: Option<String>,
    pub(super) error: Option<String>,
    message: String,
    topic: Option<String>,
    pub(super) room: Option<String>,
    /// The subscription that this announces.
    pub(super) subscribed: Option<Pair>,
}

impl Response {
    pub(super) fn error(code: &str, message: &str) -> Self {
        Self { nonce: None, error: Some(code.to_owned()), message: message.to_owned(), topic: None, room: None, subscribed: None }
    }

    pub(super) fn success(message: &str, pair: Pair) -> Self {
        Self {
            nonce: None,
            error: None,
            message: message.to_owned(),
            topic: Some(pair.0.clone()),
            room: Some(pair.1.clone()),
            subscribed: Some(pair),
        }
    }
}

#[derive(Serialize)]
struct ResponseFrame<'a> {
    id: String,
    ts: String,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    data: ResponseData<'a>,
}

#[derive(Serialize)]
struct ResponseData<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
}

/// Responses that are held back.
#[derive(Default)]
pub(super) struct Responses {
    late: BTreeMap<u64, (ConnId, String)>,
    next: u64,
    after_message: BTreeMap<(ConnId, Pair), String>,
    reordered: Vec<(ConnId, String)>,
    flush: Option<TimerKey>,
}

impl Responses {
    /// The response that waited for this message.
    pub(super) fn take_after_message(&mut self, conn: ConnId, pair: &Pair) -> Option<String> {
        if self.after_message.is_empty() {
            return None;
        }
        self.after_message.remove(&(conn, pair.clone()))
    }

    pub(super) fn forget(&mut self, wire: &mut Wire, conn: ConnId) {
        self.late.retain(|_, (of, _)| *of != conn);
        self.after_message.retain(|(of, _), _| *of != conn);
        self.reordered.retain(|(of, _)| *of != conn);
        if self.reordered.is_empty() {
            wire.cancel(self.flush.take());
        }
    }
}

impl Astro {
    pub(super) fn respond(&mut self, wire: &mut Wire, conn: ConnId, response: Response) {
        if self.faults.drop.take().is_some() {
            return;
        }
        let nonce = match self.faults.drop_nonce.take() {
            Some(()) => None,
            None => response.nonce.as_deref(),
        };
        let text = to_json(&ResponseFrame {
            id: wire.ids.ulid(wire.now.wall),
            ts: rfc3339(wire.now.wall),
            r#type: "response",
            nonce,
            error: response.error.as_deref(),
            data: ResponseData { message: &response.message, topic: response.topic.as_deref(), room: response.room.as_deref() },
        });
        if let Some(pair) = response.subscribed
            && self.faults.after_message.take().is_some()
        {
            self.responses.after_message.insert((conn, pair), text);
        } else if let Some(window) = self.faults.reorder.take() {
            self.responses.reordered.push((conn, text));
            if self.responses.reordered.len() >= window as usize {
                self.flush_reordered(wire);
            } else if self.responses.flush.is_none() {
                self.responses.flush = Some(wire.after_ms(REORDER_MS, Timer::ReorderFlush));
            }
        } else if let Some(ms) = self.faults.delay.take() {
            self.responses.next += 1;
            let number = self.responses.next;
            self.responses.late.insert(number, (conn, text));
            wire.after_ms(ms, Timer::Response(number));
        } else {
            wire.send_text(conn, text);
        }
    }

    pub(crate) fn late_response(&mut self, wire: &mut Wire, number: u64) {
        if let Some((conn, text)) = self.responses.late.remove(&number) {
            wire.send_text(conn, text);
        }
    }

    /// Gives out what waits to be reordered, newest first.
    pub(crate) fn flush_reordered(&mut self, wire: &mut Wire) {
        wire.cancel(self.responses.flush.take());
        for (conn, text) in std::mem::take(&mut self.responses.reordered).into_iter().rev() {
            wire.send_text(conn, text);
        }
    }
}
