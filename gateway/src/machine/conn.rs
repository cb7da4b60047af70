//! One connection, as far as all dialects have it in common.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use topicwire::time::Now;

use super::io::{ConnId, Dialect, UpgradeRequest};
use super::mask;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// A close frame was sent, and the peer's is awaited.
    Closing,
}

pub(crate) struct Conn {
    pub(crate) id: ConnId,
    pub(crate) dialect: Dialect,
    /// Path and query, the values of the query masked.
    pub(crate) shown_url: String,
    pub(crate) subprotocol: Option<String>,
    pub(crate) opened: Now,
    pub(crate) phase: Phase,
    pub(crate) muted: bool,
    pub(crate) buffered: usize,
    pub(crate) frames_in: u64,
    pub(crate) frames_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) ping_period: Duration,
    pub(crate) pong_timeout: Duration,
    pub(crate) last_pong: Duration,
}

impl Conn {
    pub(crate) fn new(id: ConnId, dialect: Dialect, request: &UpgradeRequest, now: Now) -> Self {
        let shown_url =
            if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, mask::query(&request.query)) };
        Self {
            id,
            dialect,
            shown_url,
            subprotocol: None,
            opened: now,
            phase: Phase::Open,
            muted: false,
            buffered: 0,
            frames_in: 0,
            frames_out: 0,
            bytes_in: 0,
            bytes_out: 0,
            ping_period: Duration::ZERO,
            pong_timeout: Duration::ZERO,
            last_pong: now.mono,
        }
    }

    pub(crate) fn info(&self, state: Value) -> ConnectionInfo {
        ConnectionInfo {
            conn: self.id,
            dialect: self.dialect,
            url: self.shown_url.clone(),
            subprotocol: self.subprotocol.clone(),
            opened_ms: self.opened.wall.0,
            closing: self.phase == Phase::Closing,
            muted: self.muted,
            buffered: self.buffered,
            frames_in: self.frames_in,
            frames_out: self.frames_out,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            state,
        }
    }
}

/// One connection, as the control API lists it. No token is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionInfo {
    /// The number by which faults can be aimed at it.
    pub conn: ConnId,
    /// Which server side it talks to.
    pub dialect: Dialect,
    /// Path and query, with the values of the query masked.
    pub url: String,
    /// The agreed subprotocol.
    pub subprotocol: Option<String>,
    /// When it opened, milliseconds since the Unix epoch.
    pub opened_ms: u64,
    /// A close frame was sent and not yet answered.
    pub closing: bool,
    /// Nothing is read from it and nothing sent to it.
    pub muted: bool,
    /// Bytes that wait to be sent.
    pub buffered: usize,
    /// Frames received.
    pub frames_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Payload bytes received.
    pub bytes_in: u64,
    /// Payload bytes sent.
    pub bytes_out: u64,
    /// What the dialect knows. Astro: `client_id`, `resumed`, `subscriptions`; GraphQL: `initialised`,
    /// `acked`, `operations`.
    pub state: Value,
}
