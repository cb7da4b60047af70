//! Taking server frames in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::alarms::Alarm;
use super::frame::Decoded;
use super::liveness::Beat;
use super::operations::{Operation, Owner};
use super::wire::{self, Wire};
use super::{GraphQl, Stage, errors, frame};
use crate::dialect::{Answer, Priority};
use crate::error::{Code, Error};
use crate::event::{FaultKind, Outcome};
use crate::id::LinkId;
use crate::session::{Context, Recipient};
use crate::view::graphql::outline;

/// A first result with nothing but errors is held this long, since its operation has probably failed and the end is right behind.
const HELD: Duration = Duration::from_secs(1);

impl GraphQl {
    pub(super) fn take_in(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: Bytes) {
        let Some((wire, stage)) = self.links.get(&link).map(|conn| (conn.wire, conn.stage)) else { return };
        let decoded = match frame::decode(&bytes) {
            Ok(decoded) => decoded,
            Err(error) => return self.misunderstood(cx, link, error),
        };
        if stage == Stage::Acknowledged && decoded.is(&bytes, wire.result()) {
            return self.result(cx, link, bytes, &decoded);
        }
        match decoded.kind(&bytes).as_ref() {
            "ka" => self.beat(cx, link, Beat::Message),
            "ping" => {
                Self::text(cx, link, wire::pong(decoded.payload(&bytes)), Priority::Control);
                self.beat(cx, link, Beat::Message);
            }
            "pong" => self.pong(cx, link, decoded.payload(&bytes)),
            "connection_ack" => self.acknowledged(cx, link, decoded.payload_bytes(&bytes)),
            "connection_error" => self.refused(cx, link, decoded.payload(&bytes)),
            // AppSync's; the first result says the same.
            "start_ack" => {}
            "error" if !decoded.has_id() => Self::connection_error(cx, &decoded, &bytes),
            kind @ ("next" | "data" | "complete" | "error") if stage != Stage::Acknowledged && wire == Wire::Modern => {
                let text = format!("`{kind}` came before `connection_ack`");
                self.misunderstood(cx, link, Error::new(Code::ProtocolError, text));
            }
            // The other subprotocol's word for a result too: some servers mix them.
            "next" | "data" => self.result(cx, link, bytes, &decoded),
            "complete" => {
                if let Some(operation) = self.ended(link, &decoded, &bytes) {
                    self.complete(cx, link, operation);
                }
            }
            "error" => {
                if let Some(operation) = self.ended(link, &decoded, &bytes) {
                    self.fail(cx, link, operation, errors::of_operation(decoded.payload(&bytes)));
                }
            }
            other => {
                let text = format!("a frame of the unknown type `{}` was ignored", other.chars().take(40).collect::<String>());
                cx.fault(FaultKind::UnknownFrame, Error::new(Code::ProtocolError, text));
            }
        }
    }

    #[inline]
    fn result(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: Bytes, decoded: &Decoded) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        let id = decoded.id(&bytes).unwrap_or_default();
        // Results of operations that are over may still be on their way.
        let Some(operation) = conn.operations.get(id) else { return };
        let Owner::Subscription(key) = operation.owner else { return self.answer(cx, link, id, &bytes, decoded) };
        operation.last_data = cx.now().mono;
        if std::mem::take(&mut operation.silence_told)
            && let Some(timeout) = operation.data_timeout
        {
            cx.timer(Alarm::Data(key).key(), Some(cx.now().after(timeout)));
        }
        let first = !std::mem::replace(&mut operation.begun, true);
        let proves = !operation.proven;
        let failed = if first { failure(decoded.payload(&bytes)) } else { None };
        let mut message = decoded.message(bytes);
        if let Some(topic) = &operation.topic {
            message = message.with_shared_topic(topic);
        }
        if let Some(error) = failed {
            operation.held = Some((message, error));
            cx.timer(Alarm::Held(key).key(), Some(cx.now().after(HELD)));
        } else {
            if let Some((held, _)) = operation.held.take() {
                cx.timer(Alarm::Held(key).key(), None);
                cx.deliver(link, Recipient::Key(key), held);
            }
            cx.deliver(link, Recipient::Key(key), message);
        }
        if proves {
            self.proved(cx, link, Owner::Subscription(key));
        }
    }

    /// The result of a query or a mutation. One without `data` says that it was not run.
    fn answer(&mut self, cx: &mut Context<'_>, link: LinkId, id: u64, bytes: &Bytes, decoded: &Decoded) {
        let Some(operation) = self.links.get_mut(&link).and_then(|conn| conn.operations.remove(id)) else { return };
        let answer = match failure(decoded.payload(bytes)) {
            Some(error) => Answer::Failed(error),
            None => Answer::Done { result: decoded.payload_bytes(bytes), canonical: None },
        };
        cx.answer(link, &id.to_string(), answer);
        self.over(cx, link, operation.owner);
    }

    /// The operation that a frame ends, taken out of the table, with its id. One that is over already ends no more: legacy answers a
    /// `stop`, and older modern servers say `complete` after `error`.
    fn ended(&mut self, link: LinkId, decoded: &Decoded, bytes: &[u8]) -> Option<(u64, Operation)> {
        let id = decoded.id(bytes)?;
        let operation = self.links.get_mut(&link)?.operations.remove(id)?;
        Some((id, operation))
    }

    fn complete(&mut self, cx: &mut Context<'_>, link: LinkId, (id, operation): (u64, Operation)) {
        match (operation.owner, operation.held) {
            (Owner::Request(_), _) => {
                let error = Error::new(Code::GatewayError, "the server ended the operation without a result").retryable(false);
                cx.answer(link, &id.to_string(), Answer::Failed(error));
            }
            (Owner::Subscription(key), Some((_, error))) => cx.ended(link, key, Outcome::Failed(Arc::new(error))),
            (Owner::Subscription(key), None) => cx.ended(link, key, Outcome::Completed),
        }
        self.over(cx, link, operation.owner);
    }

    fn fail(&mut self, cx: &mut Context<'_>, link: LinkId, (id, operation): (u64, Operation), error: Error) {
        match operation.owner {
            Owner::Request(_) => {
                cx.answer(link, &id.to_string(), Answer::Failed(error));
            }
            Owner::Subscription(key) => {
                // The end was not the one that held results wait for.
                if let Some((held, _)) = operation.held {
                    cx.deliver(link, Recipient::Key(key), held);
                }
                cx.ended(link, key, Outcome::Failed(Arc::new(error)));
            }
        }
        self.over(cx, link, operation.owner);
    }
}

/// What a result with errors and without `data` says: the operation was not run. With `data`, even null, it was.
fn failure(payload: Option<&[u8]>) -> Option<Error> {
    let outline = outline(payload?)?;
    (outline.has_errors && !outline.has_data).then(|| errors::of_operation(payload))
}
