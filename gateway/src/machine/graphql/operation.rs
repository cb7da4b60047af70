//! Running operations: the same on both subprotocols, but for the words.

use bytes::Bytes;
use serde_json::{Value, json};

use super::document::{Document, LooseDocument, RootField};
use super::frames::{self, Protocol};
use super::options::GraphQlOptions;
use super::source::{self, Event, EventRoot, OnceRoot, Source};
use super::{GraphQl, GraphQlConn};
use crate::machine::io::ConnId;
use crate::machine::payload::Payload;
use crate::machine::timers::{Timer, TimerKey};
use crate::machine::wire::Wire;

/// How long a paused source waits before it looks again.
const PAUSE_MS: u64 = 20;
/// Results up to this size can be repeated by a fault.
const REPEATABLE: usize = 64 * 1024;

/// An operation that was accepted and does not run yet.
pub(super) struct Started {
    document: Option<Document>,
    fields: Vec<RootField>,
    streams: usize,
}

impl From<Document> for Started {
    fn from(document: Document) -> Self {
        Self { fields: document.fields.clone(), document: Some(document), streams: 1 }
    }
}

impl Started {
    pub(super) fn loose(document: &LooseDocument) -> Self {
        Self { fields: document.fields.clone(), document: None, streams: document.streams }
    }
}

/// An operation that runs.
pub(super) struct Operation {
    /// The id as text, and as the JSON in which it is echoed.
    key: String,
    pub(super) json_id: Option<String>,
    document: Option<Document>,
    fields: Vec<RootField>,
    source: Source,
    interval: Option<u64>,
    pub(super) timer: Option<TimerKey>,
    streams: usize,
    /// Over the cap of streams: accepted, and never fed.
    capped: bool,
    results: u64,
    pub(super) last: Option<Bytes>,
}

impl Operation {
    pub(super) fn describe(&self) -> Value {
        json!({
            "id": self.key,
            "fields": self.fields.iter().map(|f| &f.name).collect::<Vec<_>>(),
            "results": self.results,
            "capped": self.capped,
        })
    }

    /// The field through which something published to `name` comes out.
    pub(super) fn field(&self, name: &str) -> Option<&RootField> {
        let feeds = !self.capped && !matches!(self.source, Source::Once);
        self.fields.iter().find(|f| feeds && f.name == name)
    }

    /// The execution result for a value that was published to `field`: given as text, for those who pass it
    /// on as it is, and read, for those who choose from it.
    pub(super) fn published(&self, field: &RootField, payload: &Payload, value: &Value) -> String {
        match &self.document {
            Some(document) => document.execute(&EventRoot(Ok(value.clone()))),
            None => {
                let key = Value::String(field.response_key.clone());
                format!(r#"{{"data":{{{key}:{}}}}}"#, payload.as_str())
            }
        }
    }
}

impl GraphQl {
    /// Runs an operation under an id that is free.
    pub(super) fn begin(
        &mut self,
        wire: &mut Wire,
        options: &GraphQlOptions,
        conn: ConnId,
        (key, json_id): (String, Option<String>),
        started: Started,
    ) {
        let running = self.conns.values().flat_map(|c| c.operations.values());
        let streams: usize = running.filter(|o| !o.capped).map(|o| o.streams).sum();
        let capped = options.max_streams > 0 && streams + started.streams > options.max_streams;
        let source = match &started.document {
            Some(document) => source::of(document),
            None => Ok((Source::Quiet, None)),
        };
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let (source, interval) = match source {
            Ok(source) => source,
            Err(message) => {
                let (protocol, named) = (state.protocol, json_id.as_deref());
                let path = started.fields.first().map(|f| f.response_key.as_str());
                let payload = json!({"errors": [{
                    "message": message,
                    "path": [path],
                    "extensions": {"code": "TEST_FAILURE"},
                }]});
                let payload = payload.to_string();
                wire.send_text(conn, frames::result(protocol, named, &payload));
                return wire.send_text(conn, frames::complete(protocol, named));
            }
        };
        self.next_operation += 1;
        let number = self.next_operation;
        let timer = interval.filter(|_| !capped).map(|ms| wire.after_ms(ms, Timer::Operation(conn, number)));
        state.by_id.insert(key.clone(), number);
        let operation = Operation {
            key,
            json_id,
            document: started.document,
            fields: started.fields,
            source,
            interval,
            timer,
            streams: started.streams,
            capped,
            results: 0,
            last: None,
        };
        state.operations.insert(number, operation);
    }

    /// Forgets an operation. False if there is none of that id.
    pub(super) fn end(&mut self, wire: &mut Wire, conn: ConnId, key: &str) -> bool {
        let Some(state) = self.conns.get_mut(&conn) else {
            return false;
        };
        let Some(number) = state.by_id.remove(key) else {
            return false;
        };
        if let Some(operation) = state.operations.remove(&number) {
            wire.cancel(operation.timer);
        }
        true
    }

    /// The next event of an operation is due.
    pub(crate) fn operation_due(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, number: u64) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let protocol = state.protocol;
        let Some(operation) = state.operations.get_mut(&number) else {
            return;
        };
        operation.timer = None;
        // The reference server of the modern subprotocol waits for each send; the legacy one never waits.
        let queued = wire.conns.get(&conn).map_or(0, |c| c.buffered);
        if protocol == Protocol::Modern && options.pause_above > 0 && queued > options.pause_above {
            operation.timer = Some(wire.after_ms(PAUSE_MS, Timer::Operation(conn, number)));
            return;
        }
        let Some(document) = &operation.document else {
            return;
        };
        let root = match operation.source.next(wire.now.wall) {
            Event::Value(value) => EventRoot(Ok(value)),
            Event::Failure(message) => EventRoot(Err(message)),
            Event::Execute => {
                let payload = document.execute(&OnceRoot(document.kind));
                self.send_result(wire, options, conn, number, &payload);
                return self.finish(wire, conn, number, None);
            }
            Event::End => return self.finish(wire, conn, number, None),
            Event::Broken(message) => {
                let error = match protocol {
                    Protocol::Modern => json!({ "message": message }),
                    // A plain `Error` of JavaScript, as the legacy server prints it.
                    Protocol::Legacy => json!({ "name": "Error", "message": message }),
                };
                return self.finish(wire, conn, number, Some((options, error)));
            }
        };
        let payload = document.execute(&root);
        let interval = operation.interval;
        self.send_result(wire, options, conn, number, &payload);
        let state = self.conns.get_mut(&conn);
        let operation = state.and_then(|state| state.operations.get_mut(&number));
        if let (Some(operation), Some(ms)) = (operation, interval) {
            operation.timer = Some(wire.after_ms(ms, Timer::Operation(conn, number)));
        }
    }

    /// Sends a result of an operation, unless a fault swallows it.
    pub(super) fn send_result(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, number: u64, payload: &str) {
        if self.faults.heartbeat_only {
            return;
        }
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let protocol = state.protocol;
        let Some(operation) = state.operations.get_mut(&number) else {
            return;
        };
        let named = operation.json_id.as_deref();
        let frame = Bytes::from(frames::result(protocol, named, payload));
        operation.results += 1;
        operation.last = (frame.len() <= REPEATABLE).then(|| frame.clone());
        state.results += 1;
        wire.send_text(conn, frame);
        if options.mute_after_results > 0 && state.results >= options.mute_after_results {
            wire.mute(conn, true);
        }
    }

    /// Ends an operation from this side, with `complete` or with an error.
    fn finish(&mut self, wire: &mut Wire, conn: ConnId, number: u64, error: Option<(&GraphQlOptions, Value)>) {
        let Some(state) = self.conns.get_mut(&conn) else {
            return;
        };
        let protocol = state.protocol;
        let Some(operation) = remove(state, number) else {
            return;
        };
        let named = operation.json_id.as_deref();
        let frame = match error {
            None => frames::complete(protocol, named),
            Some((options, error)) => frames::error(protocol, options.error_shape, named, &[error]),
        };
        wire.send_text(conn, frame);
    }

    pub(super) fn send_error(&self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, id: Option<&str>, errors: &[Value]) {
        if let Some(state) = self.conns.get(&conn) {
            let frame = frames::error(state.protocol, options.error_shape, id, errors);
            wire.send_text(conn, frame);
        }
    }
}

fn remove(state: &mut GraphQlConn, number: u64) -> Option<Operation> {
    let operation = state.operations.remove(&number)?;
    state.by_id.remove(&operation.key);
    Some(operation)
}
