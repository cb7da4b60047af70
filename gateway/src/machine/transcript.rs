//! What went over the wires, bounded, with secrets masked when it is read.

use std::collections::VecDeque;

use bytes::Bytes;
use serde::Serialize;
use topicwire::time::UnixMillis;

use super::io::{ConnId, Frame};
use super::mask;

/// How much of a frame is kept: enough to read any protocol frame, little enough for a flood of large ones.
const KEPT_BYTES: usize = 16 * 1024;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
    /// Neither: the connection opened, was refused, or ended.
    Event,
}

/// One line of the transcript. Tokens, resume tokens and e-mail addresses read `***`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TranscriptEntry {
    /// Counts from 1 without holes; what is missing at the front fell out of the bound.
    pub seq: u64,
    /// Wall-clock time of the gateway, milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The connection.
    pub conn: ConnId,
    /// Which way.
    pub direction: Direction,
    /// `text`, `binary`, `ping`, `pong`, `close`, `open`, `refuse`, `drop`, …
    pub kind: String,
    /// The text, masked; for binary frames their size; for events a few words.
    pub text: String,
}

/// The start of a payload, unmasked: it is masked when somebody reads it.
#[derive(Clone)]
enum Body {
    Payload { kept: Bytes, length: usize },
    Words(String),
}

struct Entry {
    seq: u64,
    at: UnixMillis,
    conn: ConnId,
    direction: Direction,
    kind: &'static str,
    body: Body,
}

pub(crate) struct Transcript {
    entries: VecDeque<Entry>,
    limit: usize,
    seq: u64,
}

impl Transcript {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, seq: 0 }
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        while self.entries.len() > limit {
            self.entries.pop_front();
        }
    }

    pub(crate) fn frame(&mut self, at: UnixMillis, conn: ConnId, direction: Direction, frame: &Frame) {
        if self.limit == 0 {
            return;
        }
        let body = match frame {
            Frame::Text(text) => kept(text),
            Frame::Fragments { text: true, parts } => {
                let mut whole = Vec::new();
                for part in parts {
                    let room = KEPT_BYTES - whole.len();
                    whole.extend_from_slice(&part[..part.len().min(room)]);
                }
                Body::Payload { length: frame.len(), kept: Bytes::from(whole) }
            }
            _ => Body::Words(format!("{} bytes", frame.len())),
        };
        self.push(at, conn, direction, frame.kind(), body);
    }

    pub(crate) fn event(&mut self, at: UnixMillis, conn: ConnId, direction: Direction, kind: &'static str, words: String) {
        if self.limit > 0 {
            self.push(at, conn, direction, kind, Body::Words(words));
        }
    }

    fn push(&mut self, at: UnixMillis, conn: ConnId, direction: Direction, kind: &'static str, body: Body) {
        self.seq += 1;
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { seq: self.seq, at, conn, direction, kind, body });
    }

    /// The entries after number `since`, masked. `known` are secrets that the gateway knows by value.
    pub(crate) fn read(&self, since: u64, known: &[String]) -> Vec<TranscriptEntry> {
        let after = self.entries.iter().filter(|entry| entry.seq > since);
        after
            .map(|entry| TranscriptEntry {
                seq: entry.seq,
                at_ms: entry.at.0,
                conn: entry.conn,
                direction: entry.direction,
                kind: entry.kind.to_owned(),
                text: match &entry.body {
                    Body::Words(words) => mask::text(words, known),
                    Body::Payload { kept, length } => {
                        let mut text = mask::text(&String::from_utf8_lossy(kept), known);
                        if *length > kept.len() {
                            text.push_str(&format!("… ({length} bytes)"));
                        }
                        text
                    }
                },
            })
            .collect()
    }
}

/// Copies the start of a long payload, so that the transcript does not keep the rest alive.
fn kept(payload: &Bytes) -> Body {
    Body::Payload {
        length: payload.len(),
        kept: if payload.len() > KEPT_BYTES { Bytes::copy_from_slice(&payload[..KEPT_BYTES]) } else { payload.clone() },
    }
}
