//! Taking server frames in.

use std::sync::Arc;

use bytes::Bytes;

use super::frame::Decoded;
use super::operations::Owner;
use super::wire::{self, Wire};
use super::{GraphQl, REQUEST_TIMER, errors, frame};
use crate::dialect::{Answer, Priority};
use crate::error::{Code, Error};
use crate::event::{FaultKind, Outcome};
use crate::id::LinkId;
use crate::session::{Context, Readiness, Recipient};
use crate::view::graphql::outline;

impl GraphQl {
    pub(super) fn take_in(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: Bytes) {
        let Some(wire) = self.links.get(&link).map(|conn| conn.wire) else { return };
        let decoded = match frame::decode(&bytes) {
            Ok(decoded) => decoded,
            Err(error) if wire == Wire::Modern => return cx.close_link(link, 4004, "Bad response", error),
            Err(error) => return cx.fault(FaultKind::BadFrame, error),
        };
        if decoded.is(&bytes, wire.result()) {
            return self.result(cx, link, bytes, &decoded);
        }
        match decoded.kind(&bytes).as_ref() {
            "ka" => self.beat(cx, link),
            "ping" => {
                Self::text(cx, link, wire::pong(decoded.payload(&bytes)), Priority::Control);
                self.beat(cx, link);
            }
            "pong" => self.pong(cx, link),
            "connection_ack" => self.ack(cx, link, decoded.payload_bytes(&bytes)),
            "connection_error" => self.refused(cx, link, &decoded, &bytes),
            "complete" => self.complete(cx, link, &decoded, &bytes),
            "error" => self.error(cx, link, &decoded, &bytes),
            // AppSync's; the first result says the same.
            "start_ack" => {}
            // The other subprotocol's word for a result: some servers mix them.
            "next" | "data" => self.result(cx, link, bytes, &decoded),
            other => {
                let text = format!("a frame of the unknown type `{}` was ignored", other.chars().take(40).collect::<String>());
                cx.fault(FaultKind::UnknownFrame, Error::new(Code::ProtocolError, text));
            }
        }
    }

    fn beat(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let fixed = self.options.idle_timeout.is_some();
        if let Some(conn) = self.links.get_mut(&link) {
            conn.heartbeat.beat(cx, link, fixed);
        }
    }

    fn pong(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        let heartbeat = &mut conn.heartbeat;
        if heartbeat.asked == heartbeat.answered {
            return self.beat(cx, link);
        }
        heartbeat.answered += 1;
        conn.operations.answered(heartbeat.answered, heartbeat.asked);
        let Some(key) = self.suspects.on_trial(link) else { return };
        if conn.operations.of_key(key).is_some_and(|operation| !operation.proven) {
            if heartbeat.asked == heartbeat.answered {
                self.ping(cx, link);
            }
        } else if let Some(next) = self.suspects.prove(key) {
            cx.retry(next);
        }
    }

    fn ack(&mut self, cx: &mut Context<'_>, link: LinkId, payload: Option<Bytes>) {
        if let Some(conn) = self.links.get_mut(&link)
            && !std::mem::replace(&mut conn.acked, true)
        {
            cx.ready(link, Readiness::Fresh, payload);
        }
    }

    /// Before the ack it refuses the session, and a close follows. After it, it is how the legacy reference server complains of a frame
    /// that is no JSON; nothing ends.
    fn refused(&mut self, cx: &mut Context<'_>, link: LinkId, decoded: &Decoded, bytes: &Bytes) {
        let error = errors::of_session(decoded.payload(bytes));
        let Some(conn) = self.links.get_mut(&link) else { return };
        if conn.acked {
            return cx.fault(FaultKind::Gateway, Error { code: Code::GatewayError, ..error });
        }
        conn.refused = Some(error);
    }

    fn result(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: Bytes, decoded: &Decoded) {
        let now = cx.now().mono;
        let Some(conn) = self.links.get_mut(&link) else { return };
        let Some(id) = decoded.id(&bytes) else {
            return cx.fault(FaultKind::BadFrame, Error::new(Code::ProtocolError, "a result without an id was ignored"));
        };
        // Results of operations that are over may still be on their way.
        let Some(operation) = conn.operations.get(&id) else { return };
        operation.last_data = now;
        let proved = !std::mem::replace(&mut operation.proven, true);
        let first = !std::mem::replace(&mut operation.begun, true);
        match operation.owner {
            Owner::Request(request) => {
                let id = id.into_owned();
                let result = decoded.payload_bytes(&bytes);
                conn.operations.remove(&id);
                cx.timer(REQUEST_TIMER | request.0, None);
                cx.answer(link, &id, Answer::Done { result, canonical: None });
            }
            Owner::Subscription(key) => {
                if first
                    && let Some(payload) = decoded.payload(&bytes)
                    && outline(payload).is_some_and(|outline| outline.has_errors && !outline.has_data)
                {
                    let error = errors::of_operation(Some(payload));
                    let message = decoded.message(bytes.clone());
                    operation.held = Some((message, error));
                    return;
                }
                if let Some((held, _)) = operation.held.take() {
                    cx.deliver(link, Recipient::Key(key), held);
                }
                let message = decoded.message(bytes);
                cx.deliver(link, Recipient::Key(key), message);
                if proved && let Some(next) = self.suspects.prove(key) {
                    cx.retry(next);
                }
            }
        }
    }

    fn complete(&mut self, cx: &mut Context<'_>, link: LinkId, decoded: &Decoded, bytes: &Bytes) {
        let Some(id) = decoded.id(bytes) else { return };
        let Some(operation) = self.links.get_mut(&link).and_then(|conn| conn.operations.remove(&id)) else { return };
        match operation.owner {
            Owner::Request(request) => {
                cx.timer(REQUEST_TIMER | request.0, None);
                cx.answer(link, &id, Answer::Done { result: None, canonical: None });
            }
            Owner::Subscription(key) => {
                self.cleared(cx, key);
                let outcome = match operation.held {
                    Some((_, error)) => Outcome::Failed(Arc::new(error)),
                    None => Outcome::Completed,
                };
                cx.ended(link, key, outcome);
            }
        }
    }

    fn error(&mut self, cx: &mut Context<'_>, link: LinkId, decoded: &Decoded, bytes: &Bytes) {
        let error = errors::of_operation(decoded.payload(bytes));
        let Some(id) = decoded.id(bytes) else {
            return cx
                .fault(FaultKind::Gateway, Error { code: Code::GatewayError, message: "the server reports an error".into(), ..error });
        };
        let Some(operation) = self.links.get_mut(&link).and_then(|conn| conn.operations.remove(&id)) else { return };
        match operation.owner {
            Owner::Request(request) => {
                cx.timer(REQUEST_TIMER | request.0, None);
                cx.answer(link, &id, Answer::Failed(error));
            }
            Owner::Subscription(key) => {
                self.cleared(cx, key);
                cx.ended(link, key, Outcome::Failed(Arc::new(error)));
            }
        }
    }
}
