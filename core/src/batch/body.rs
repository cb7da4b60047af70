//! The bodies of events other than messages: fields one after the other, little-endian.

use std::sync::Arc;

use bytes::Bytes;

use super::decode::Malformed;
use super::layout::{NONE, small};
use super::names;
use crate::error::{Code, Error};
use crate::event::{CloseFrame, Closed, EventKind, Fault, Gap, Need, NeedReason, NeedWhat, Opened, Outcome, Reply};
use crate::id::{RequestId, Seq, SubscriptionId};
use crate::time::UnixMillis;

/// Appends the body of an event that is not a message.
pub(super) fn write(to: &mut Vec<u8>, kind: &EventKind) {
    match kind {
        EventKind::State { from, to: state, cause } => {
            text(to, from.as_str());
            text(to, state.as_str());
            error(to, cause.as_deref());
        }
        EventKind::Opened(opened) => write_opened(to, opened),
        EventKind::Ended { outcome, .. } => {
            let (name, cause) = match outcome {
                Outcome::Completed => ("completed", None),
                Outcome::Failed(error) => ("failed", Some(&**error)),
                Outcome::Stopped => ("stopped", None),
                Outcome::Lost(error) => ("lost", Some(&**error)),
            };
            text(to, name);
            error(to, cause);
        }
        EventKind::Gap(gap) => {
            u64(to, gap.since.0);
            option(to, gap.until, |to, until| u64(to, until.0));
            error(to, gap.cause.as_deref());
            u32(to, small(gap.subscriptions.len()));
            gap.subscriptions.iter().for_each(|one| u64(to, one.0));
        }
        EventKind::Lagged { first, last, count } => [first.0, last.0, *count].into_iter().for_each(|value| u64(to, value)),
        EventKind::Reply { result: Ok(reply), .. } => {
            option(to, reply.subscription, |to, one| u64(to, one.0));
            optional(to, reply.result.as_deref());
        }
        EventKind::Reply { result: Err(cause), .. } => error(to, Some(cause)),
        EventKind::Need(need) => {
            let NeedWhat::Token { credential } = &need.what;
            let (reason, code) = match &need.reason {
                NeedReason::Initial => ("initial", None),
                NeedReason::Reconnect => ("reconnect", None),
                NeedReason::Rejected { code } => ("rejected", Some(code.as_bytes())),
            };
            u64(to, need.deadline_ms);
            text(to, "token");
            text(to, credential);
            text(to, reason);
            optional(to, code);
        }
        EventKind::Fault(fault) => {
            text(to, fault.kind.as_str());
            u64(to, fault.count);
            option(to, fault.request, |to, request| u64(to, request.0));
            error(to, Some(&fault.error));
        }
        EventKind::Ping(payload) | EventKind::Pong(payload) => to.extend_from_slice(payload),
        EventKind::Closed(closed) => {
            for frame in [&closed.received, &closed.sent] {
                option(to, frame.as_ref(), |to, frame| {
                    u32(to, u32::from(frame.code));
                    text(to, &frame.reason);
                });
            }
            to.extend_from_slice(&[u8::from(closed.received_first), u8::from(closed.clean)]);
            error(to, closed.cause.as_deref());
        }
        EventKind::Message(_)
        | EventKind::Subscribed { .. }
        | EventKind::Unsubscribed { .. }
        | EventKind::NeedCancelled { .. }
        | EventKind::Writable => {}
    }
}

fn write_opened(to: &mut Vec<u8>, opened: &Opened) {
    u64(to, opened.connection.0);
    optional(to, opened.protocol.as_deref().map(str::as_bytes));
    u32(to, u32::from(opened.status));
    to.push(u8::from(opened.resumed));
    optional(to, opened.greeting.as_deref());
    u32(to, small(opened.headers.len()));
    for (name, value) in &opened.headers {
        text(to, name.as_str());
        bytes(to, value.as_bytes());
    }
}

fn u32(to: &mut Vec<u8>, value: u32) {
    to.extend_from_slice(&value.to_le_bytes());
}

fn u64(to: &mut Vec<u8>, value: u64) {
    to.extend_from_slice(&value.to_le_bytes());
}

fn bytes(to: &mut Vec<u8>, value: &[u8]) {
    u32(to, small(value.len()));
    to.extend_from_slice(value);
}

fn text(to: &mut Vec<u8>, value: &str) {
    bytes(to, value.as_bytes());
}

fn optional(to: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => u32(to, NONE),
        Some(value) => bytes(to, value),
    }
}

fn option<T>(to: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    to.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(to, value);
    }
}

fn error(to: &mut Vec<u8>, error: Option<&Error>) {
    option(to, error, |to, error| {
        text(to, error.code.as_str());
        text(to, &error.message);
        optional(to, error.gateway_code.as_deref().map(str::as_bytes));
        optional(to, error.gateway_text.as_deref().map(str::as_bytes));
        to.push(u8::from(error.retryable));
    });
}

/// Reads a body from its start.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

type Read<T> = Result<T, Malformed>;

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed("a body ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed("a body ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Read<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Read<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Read<u16> {
        u16::try_from(self.u32()?).map_err(|_| Malformed("a code is above 65535"))
    }

    fn bool(&mut self) -> Read<bool> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Malformed("a yes or no is neither")),
        }
    }

    fn optional(&mut self) -> Read<Option<&'a [u8]>> {
        match self.u32()? {
            NONE => Ok(None),
            len => self.take(len as usize).map(Some),
        }
    }

    fn bytes(&mut self) -> Read<&'a [u8]> {
        self.optional()?.ok_or(Malformed("bytes are missing"))
    }

    fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    fn optional_text(&mut self) -> Read<Option<String>> {
        let text = self.optional()?.map(std::str::from_utf8).transpose().map_err(|_| Malformed("a text is not UTF-8"))?;
        Ok(text.map(str::to_owned))
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    fn error(&mut self) -> Read<Option<Arc<Error>>> {
        self.option(|body| {
            let name = body.text()?;
            let code = Code::ALL.iter().find(|code| code.as_str() == name).ok_or(Malformed("an error code is unknown"))?;
            let message = body.text()?.to_owned().into();
            let (gateway_code, gateway_text, retryable) = (body.optional_text()?, body.optional_text()?, body.bool()?);
            Ok(Arc::new(Error { code: *code, message, gateway_code, gateway_text, retryable }))
        })
    }

    fn cause(&mut self) -> Read<Arc<Error>> {
        self.error()?.ok_or(Malformed("an error is missing"))
    }

    pub(super) fn state(&mut self) -> Read<EventKind> {
        let state = |name| names::state(name).ok_or(Malformed("a state is unknown"));
        Ok(EventKind::State { from: state(self.text()?)?, to: state(self.text()?)?, cause: self.error()? })
    }

    pub(super) fn opened(&mut self) -> Read<EventKind> {
        let connection = crate::id::Connection(self.u64()?);
        let (protocol, status, resumed) = (self.optional_text()?, self.u16()?, self.bool()?);
        let greeting = self.optional()?.map(Bytes::copy_from_slice);
        let mut headers = http::HeaderMap::new();
        for _ in 0..self.u32()? {
            let name = http::HeaderName::from_bytes(self.bytes()?).map_err(|_| Malformed("a header has a bad name"))?;
            let value = http::HeaderValue::from_bytes(self.bytes()?).map_err(|_| Malformed("a header has a bad value"))?;
            headers.try_append(name, value).map_err(|_| Malformed("there are too many headers"))?;
        }
        Ok(EventKind::Opened(Box::new(Opened { connection, protocol, status, headers, resumed, greeting })))
    }

    pub(super) fn ended(&mut self, subscription: SubscriptionId) -> Read<EventKind> {
        let outcome = match (self.text()?, self.error()?) {
            ("completed", None) => Outcome::Completed,
            ("stopped", None) => Outcome::Stopped,
            ("failed", Some(error)) => Outcome::Failed(error),
            ("lost", Some(error)) => Outcome::Lost(error),
            _ => return Err(Malformed("an outcome is unknown")),
        };
        Ok(EventKind::Ended { subscription, outcome })
    }

    pub(super) fn gap(&mut self) -> Read<EventKind> {
        let since = UnixMillis(self.u64()?);
        let until = self.option(Self::u64)?.map(UnixMillis);
        let cause = self.error()?;
        let count = self.u32()?;
        let subscriptions = (0..count).map(|_| self.u64().map(SubscriptionId)).collect::<Read<_>>()?;
        Ok(EventKind::Gap(Box::new(Gap { subscriptions, since, until, cause })))
    }

    pub(super) fn lagged(&mut self) -> Read<EventKind> {
        Ok(EventKind::Lagged { first: Seq(self.u64()?), last: Seq(self.u64()?), count: self.u64()? })
    }

    pub(super) fn reply(&mut self, request: RequestId, ok: bool, confirmed: bool) -> Read<EventKind> {
        let result = if ok {
            let subscription = self.option(Self::u64)?.map(SubscriptionId);
            Ok(Reply { subscription, result: self.optional()?.map(Bytes::copy_from_slice), confirmed })
        } else {
            Err(self.cause()?)
        };
        Ok(EventKind::Reply { request, result })
    }

    pub(super) fn need(&mut self, request: RequestId) -> Read<EventKind> {
        let deadline_ms = self.u64()?;
        if self.text()? != "token" {
            return Err(Malformed("what is needed is unknown"));
        }
        let what = NeedWhat::Token { credential: self.text()?.to_owned() };
        let reason = match (self.text()?, self.optional_text()?) {
            ("initial", None) => NeedReason::Initial,
            ("reconnect", None) => NeedReason::Reconnect,
            ("rejected", Some(code)) => NeedReason::Rejected { code },
            _ => return Err(Malformed("a need's reason is unknown")),
        };
        Ok(EventKind::Need(Box::new(Need { request, what, reason, deadline_ms })))
    }

    pub(super) fn fault(&mut self, subscription: Option<SubscriptionId>) -> Read<EventKind> {
        let kind = names::fault(self.text()?).ok_or(Malformed("a kind of fault is unknown"))?;
        let count = self.u64()?;
        let request = self.option(Self::u64)?.map(RequestId);
        Ok(EventKind::Fault(Box::new(Fault { kind, subscription, request, error: self.cause()?, count })))
    }

    pub(super) fn closed(&mut self) -> Read<EventKind> {
        let frame = |body: &mut Self| Ok(CloseFrame { code: body.u16()?, reason: body.text()?.to_owned() });
        let (received, sent) = (self.option(frame)?, self.option(frame)?);
        let (received_first, clean) = (self.bool()?, self.bool()?);
        Ok(EventKind::Closed(Box::new(Closed { received, sent, received_first, clean, cause: self.error()? })))
    }
}
