//! Group streams: fragments to a group, numbered from 1, each kept until the service has it.
//!
//! A stream outlives the connection, since it belongs to the session: what was not acknowledged is sent again when the session is taken up again.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::operations::{content, refused};
use super::wire::{Content, Refusal, Request};
use super::{WebPubSub, names};
use crate::command::{StreamEnd, StreamFragment, StreamStart};
use crate::dialect::Dispatch;
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{LinkId, RequestId};
use crate::session::Context;

/// Fragments of one stream that may wait for the service.
const MOST: usize = 256;

/// A stream that we send.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its start was not accepted yet: who waits for that.
    opening: Option<RequestId>,
    next: u64,
    /// Fragments that the service has not acknowledged, in order.
    kept: VecDeque<Fragment>,
    ended: Option<StreamEnd>,
}

#[derive(Debug)]
struct Fragment {
    number: u64,
    content: Content,
    request: RequestId,
}

/// All that we send, by name.
pub(super) type Streams = BTreeMap<String, Stream>;

impl WebPubSub {
    pub(super) fn start_stream(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        request: RequestId,
        start: &StreamStart,
    ) -> Result<Dispatch, Error> {
        names::group(&start.group)?;
        names::stream(&start.stream_id)?;
        if start.idle_timeout_ms == Some(0) {
            return Err(Error::option("idle_timeout_ms", "more than 0"));
        }
        if self.streams.contains_key(&start.stream_id) {
            return Err(Error::option("stream_id", "a name that no running stream of this client has"));
        }
        let StreamStart { group, stream_id, idle_timeout_ms, no_echo } = start;
        self.say(cx, link, &Request::StreamStart { group, stream_id, idle_timeout_ms: *idle_timeout_ms, no_echo: *no_echo })?;
        let stream = Stream { opening: Some(request), next: 1, kept: VecDeque::new(), ended: None };
        self.streams.insert(stream_id.clone(), stream);
        Ok(Dispatch::Done)
    }

    pub(super) fn stream_data(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        request: RequestId,
        fragment: &StreamFragment,
        payload: &Bytes,
    ) -> Result<Dispatch, Error> {
        let content = content(fragment.data_type, fragment.data.as_ref(), payload)?;
        let stream = self.streams.get_mut(&fragment.stream_id).filter(|stream| stream.ended.is_none()).ok_or_else(unknown)?;
        if stream.opening.is_some() {
            return Err(Error::option("stream_id", "a stream whose start was answered; await that first"));
        }
        if stream.kept.len() >= MOST {
            return Err(Error::new(Code::Overflow, format!("{MOST} fragments of the stream wait for the service already; await some")));
        }
        let number = stream.next;
        self.say(cx, link, &Request::StreamData { stream_id: &fragment.stream_id, sequence_id: number, content: &content })?;
        if let Some(stream) = self.streams.get_mut(&fragment.stream_id) {
            stream.next += 1;
            stream.kept.push_back(Fragment { number, content, request });
        }
        Ok(Dispatch::Done)
    }

    pub(super) fn end_stream(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        request: RequestId,
        end: &StreamEnd,
    ) -> Result<Dispatch, Error> {
        let stream = self.streams.get_mut(&end.stream_id).filter(|stream| stream.ended.is_none()).ok_or_else(unknown)?;
        stream.ended = Some(end.clone());
        let (error, code) = (end.error.as_deref(), end.error_code.as_deref());
        self.say(cx, link, &Request::StreamEnd { stream_id: &end.stream_id, error, code })?;
        cx.answer_when_written(link, request);
        Ok(Dispatch::Done)
    }

    /// The service has everything below `expected`.
    pub(super) fn stream_ack(&mut self, cx: &mut Context<'_>, stream_id: &str, expected: u64) {
        let Some(stream) = self.streams.get_mut(stream_id) else { return };
        if expected == 0 || expected > stream.next {
            return self.fail_stream(cx, stream_id, &out_of_range());
        }
        if let Some(request) = stream.opening.take() {
            cx.reply(request, Ok(None));
        }
        while stream.kept.front().is_some_and(|fragment| fragment.number < expected)
            && let Some(fragment) = stream.kept.pop_front()
        {
            cx.reply(fragment.request, Ok(None));
        }
    }

    /// The service wants to have it again, from `expected` on.
    pub(super) fn stream_nack(&mut self, cx: &mut Context<'_>, link: LinkId, stream_id: &str, expected: u64) {
        let Some(stream) = self.streams.get(stream_id) else { return };
        let first = stream.kept.front().map_or(stream.next, |fragment| fragment.number);
        if expected < first || expected > stream.next {
            return self.fail_stream(cx, stream_id, &out_of_range());
        }
        self.send_again(cx, link, stream_id, expected);
    }

    /// The service is done with a stream, or will have no more of it.
    pub(super) fn stream_closed(&mut self, cx: &mut Context<'_>, stream_id: &str, refusal: Option<&Refusal>) {
        match refusal {
            Some(refusal) => self.fail_stream(cx, stream_id, &refused(refusal).retryable(false)),
            None => {
                let Some(stream) = self.streams.remove(stream_id) else { return };
                for request in stream.opening.into_iter().chain(stream.kept.into_iter().map(|fragment| fragment.request)) {
                    cx.reply(request, Ok(None));
                }
            }
        }
    }

    /// The session was taken up again.
    pub(super) fn resume_streams(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let names: Vec<String> = self.streams.keys().cloned().collect();
        for name in names {
            if self.streams.get(&name).is_some_and(|stream| stream.opening.is_some()) {
                // Starting it again would be refused if the service has it: whether it has cannot be known.
                let text = "the connection was lost before the service accepted the stream: it may have begun";
                self.fail_stream(cx, &name, &Error::new(Code::OutcomeUnknown, text));
            } else {
                self.send_again(cx, link, &name, 0);
            }
        }
    }

    /// Another session knows nothing of these streams.
    pub(super) fn lose_streams(&mut self, cx: &mut Context<'_>) {
        let names: Vec<String> = self.streams.keys().cloned().collect();
        for name in names {
            let text = "the session was lost, and the stream with it: what was not acknowledged may have been delivered";
            self.fail_stream(cx, &name, &Error::new(Code::OutcomeUnknown, text));
        }
    }

    fn send_again(&mut self, cx: &mut Context<'_>, link: LinkId, stream_id: &str, from: u64) {
        let Some(stream) = self.streams.remove(stream_id) else { return };
        for fragment in stream.kept.iter().filter(|fragment| fragment.number >= from) {
            // It could be written before.
            let _ = self.say(cx, link, &Request::StreamData { stream_id, sequence_id: fragment.number, content: &fragment.content });
        }
        if let Some(end) = &stream.ended {
            let (error, code) = (end.error.as_deref(), end.error_code.as_deref());
            let _ = self.say(cx, link, &Request::StreamEnd { stream_id, error, code });
        }
        self.streams.insert(stream_id.to_owned(), stream);
    }

    fn fail_stream(&mut self, cx: &mut Context<'_>, stream_id: &str, error: &Error) {
        let Some(stream) = self.streams.remove(stream_id) else { return };
        let waiting: Vec<RequestId> = stream.opening.into_iter().chain(stream.kept.into_iter().map(|fragment| fragment.request)).collect();
        if waiting.is_empty() {
            cx.fault(FaultKind::Gateway, error.clone());
        }
        for request in waiting {
            cx.reply(request, Err(error.clone()));
        }
    }
}

fn unknown() -> Error {
    Error::option("stream_id", "a stream that was started and has not ended")
}

fn out_of_range() -> Error {
    Error::new(Code::ProtocolError, "the service acknowledged fragments of a stream that it cannot have, or has had")
}
