//! The server side of GraphQL over WebSocket: both subprotocols, as their reference servers behave.

mod auth;
mod document;
mod frames;
mod legacy;
mod modern;
mod operation;
pub mod options;
mod publish;
mod source;
mod stray;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use auth::admit;

use super::faults::GraphQlFaults;
use super::io::ConnId;
use super::timers::{Timer, TimerKey};
use super::wire::Wire;
use frames::Protocol;
use operation::Operation;
use options::GraphQlOptions;

/// How far a session has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Init {
    /// No `connection_init` yet.
    Awaited,
    /// It came, and is being thought about.
    Pending {
        accepted: bool,
    },
    Acked,
    Refused,
}

/// A sign of life that the server sends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    Ka,
    Ping,
    Pong,
}

/// One connection.
struct GraphQlConn {
    protocol: Protocol,
    init: Init,
    init_timeout: Option<TimerKey>,
    /// Legacy: `start` frames that wait for the end of the init.
    waiting: Vec<Value>,
    operations: BTreeMap<u64, Operation>,
    /// The running operations by the text of their id.
    by_id: BTreeMap<String, u64>,
    results: u64,
}

/// All that the GraphQL side knows.
#[derive(Default)]
pub(crate) struct GraphQl {
    pub(crate) faults: GraphQlFaults,
    conns: BTreeMap<ConnId, GraphQlConn>,
    next_operation: u64,
}

impl GraphQl {
    /// A connection was accepted with `agreed` as its subprotocol.
    pub(crate) fn open(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, agreed: Option<&str>) {
        let protocol = match agreed {
            Some(auth::MODERN) if options.modern => Protocol::Modern,
            Some(auth::LEGACY) if options.legacy => Protocol::Legacy,
            None if options.legacy_by_default && options.legacy => Protocol::Legacy,
            _ => return wire.close(conn, Some(4406), "Subprotocol not acceptable"),
        };
        let mut state = GraphQlConn {
            protocol,
            init: Init::Awaited,
            init_timeout: None,
            waiting: Vec::new(),
            operations: BTreeMap::new(),
            by_id: BTreeMap::new(),
            results: 0,
        };
        if protocol == Protocol::Modern {
            if options.init_timeout_ms > 0 {
                let timer = Timer::InitTimeout(conn);
                state.init_timeout = Some(wire.after_ms(options.init_timeout_ms, timer));
            }
            let period = Duration::from_millis(options.ws_ping_ms);
            wire.start_pings(conn, period, period.saturating_mul(2));
            for (beat, ms) in [(Beat::Ping, options.ping_ms), (Beat::Pong, options.pong_ms)] {
                if ms > 0 {
                    wire.after_ms(ms, Timer::Heartbeat(conn, beat));
                }
            }
        } else if options.ka_before_ack {
            wire.send_text(conn, frames::plain("ka", None));
        }
        self.conns.insert(conn, state);
        if options.mute_after_ms > 0 {
            wire.after_ms(options.mute_after_ms, Timer::Mute(conn));
        }
        if self.faults.data_before_ack.take().is_some() {
            let early = r#"{"data":{"early":true}}"#;
            wire.send_text(conn, frames::result(protocol, Some(r#""1""#), early));
        }
    }

    /// A frame of the client.
    pub(crate) fn frame(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, data: &[u8]) {
        match self.conns.get(&conn).map(|state| state.protocol) {
            Some(Protocol::Modern) => self.modern_frame(wire, options, conn, data),
            Some(Protocol::Legacy) => self.legacy_frame(wire, options, conn, data),
            None => {}
        }
    }

    /// A connection is gone, or about to be.
    pub(crate) fn forget(&mut self, wire: &mut Wire, conn: ConnId) {
        if let Some(state) = self.conns.remove(&conn) {
            for operation in state.operations.into_values() {
                wire.cancel(operation.timer);
            }
        }
    }

    pub(crate) fn init_timeout(&mut self, wire: &mut Wire, conn: ConnId) {
        if let Some(state) = self.conns.get(&conn)
            && state.init == Init::Awaited
        {
            wire.close(conn, Some(4408), "Connection initialisation timeout");
        }
    }

    pub(crate) fn heartbeat(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, beat: Beat) {
        let (kind, ms) = match beat {
            Beat::Ka => ("ka", options.ka_ms),
            Beat::Ping => ("ping", options.ping_ms),
            Beat::Pong => ("pong", options.pong_ms),
        };
        if ms > 0 && self.conns.contains_key(&conn) {
            wire.send_text(conn, frames::plain(kind, None));
            wire.after_ms(ms, Timer::Heartbeat(conn, beat));
        }
    }

    /// A `connection_init` came: decides when it is answered.
    fn begin_init(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, payload: Option<&Value>) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        wire.cancel(state.init_timeout.take());
        state.init = Init::Pending { accepted: auth::accepts(options, payload) };
        if self.faults.no_ack.take().is_some() {
            return;
        }
        let delay = self.faults.late_ack.take().unwrap_or(options.ack_delay_ms);
        if delay > 0 {
            wire.after_ms(delay, Timer::Ack(conn));
        } else {
            self.ack(wire, options, conn);
        }
    }

    /// Answers a `connection_init`.
    pub(crate) fn ack(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let Init::Pending { accepted } = state.init else {
            return;
        };
        state.init = if accepted { Init::Acked } else { Init::Refused };
        let protocol = state.protocol;
        let waiting = std::mem::take(&mut state.waiting);
        match (protocol, accepted) {
            (Protocol::Modern, false) => return wire.close(conn, Some(4403), "Forbidden"),
            (Protocol::Legacy, false) => {
                wire.send_text(conn, frames::connection_error(false, "Unauthorized"));
                // The reference server gives the frame 10 ms to get out.
                wire.after_ms(10, Timer::RefusedClose(conn));
            }
            (_, true) => {
                let payload = options.ack_payload.clone().map(Value::Object);
                wire.send_text(conn, frames::plain("connection_ack", payload.as_ref()));
                if protocol == Protocol::Legacy && options.ka_ms > 0 {
                    self.heartbeat(wire, options, conn, Beat::Ka);
                }
                if let Some((code, reason)) = self.faults.close_after_ack.take() {
                    return wire.close(conn, Some(code), &reason);
                }
            }
        }
        for start in waiting {
            self.legacy_start(wire, options, conn, &start);
        }
    }

    pub(crate) fn describe(&self, conn: ConnId) -> Value {
        let Some(state) = self.conns.get(&conn) else {
            return Value::Null;
        };
        let operations: Vec<Value> = state.operations.values().map(Operation::describe).collect();
        json!({
            "initialised": state.init != Init::Awaited,
            "acked": state.init == Init::Acked,
            "results": state.results,
            "operations": operations,
        })
    }
}
