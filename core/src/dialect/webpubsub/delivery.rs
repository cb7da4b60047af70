//! From a message on the wire to one that a user gets.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use super::WebPubSub;
use super::receipts::Arrival;
use super::wire::{Body, Delivery, Request, Source};
use crate::command::DataType;
use crate::error::{Code, Error};
use crate::event::{FaultKind, Label, Message, PayloadKind};
use crate::id::LinkId;
use crate::session::{Context, Recipient};

/// The topics of messages: who sent them, or what they are.
pub(crate) const STREAM: &str = "stream";
const GROUP_STATE: &str = "group_state";

/// The timer of receipts. Timers of requests have the request's number, which is smaller.
pub(super) const RECEIPTS: u64 = u64::MAX;

impl WebPubSub {
    /// A message came.
    #[inline]
    pub(super) fn message(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Bytes, delivery: Delivery) {
        let size = frame.len();
        if let Some(number) = delivery.sequence_id {
            let arrival = self.receipts.note(number, size);
            if arrival != Arrival::Repeated {
                self.pass_on(cx, link, frame, delivery);
            }
            if let Arrival::After(missing) = arrival {
                let text = format!("{missing} messages before number {number} were never sent: the service has lost them");
                cx.fault(FaultKind::Gateway, Error::new(Code::ProtocolError, text));
            }
            self.acknowledge(cx, link);
        } else {
            self.pass_on(cx, link, frame, delivery);
        }
    }

    #[inline]
    fn pass_on(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Bytes, delivery: Delivery) {
        let from = delivery.from;
        let Some(message) = build(frame, delivery, self.options.envelopes) else { return };
        match from {
            Source::Group => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.clear();
                scratch.extend_from_slice(message.room_bytes().unwrap_or_default());
                cx.deliver(link, Recipient::Identity(&scratch), message);
                self.scratch = scratch;
            }
            Source::Server => cx.deliver(link, Recipient::Nobody, message),
            // The protocol may grow.
            Source::Other => {}
        }
    }

    /// A group's state, or a change of it: the payload is the frame.
    pub(super) fn group_state(cx: &mut Context<'_>, link: LinkId, frame: Bytes, group: &str) {
        let message = Message::whole(frame, PayloadKind::Json)
            .with_topic(Label::from(Cow::Borrowed(GROUP_STATE)))
            .with_room(Label::from(Cow::Borrowed(group)));
        cx.deliver(link, Recipient::Identity(group.as_bytes()), message);
    }

    /// Tells the service how far we are, now or soon.
    fn acknowledge(&mut self, cx: &mut Context<'_>, link: LinkId) {
        if self.receipts.is_due(self.options.ack_messages, self.options.ack_bytes) {
            self.tell(cx, link);
        } else if self.receipts.due.is_none() {
            let at = cx.now().after(self.options.ack_interval);
            self.receipts.due = Some(at);
            cx.timer(RECEIPTS, Some(at));
        }
    }

    /// The time for receipts has come.
    pub(super) fn receipts_due(&mut self, cx: &mut Context<'_>) {
        self.receipts.due = None;
        if self.receipts.is_pending()
            && let Some(link) = self.live
        {
            self.tell(cx, link);
        }
    }

    fn tell(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let sequence_id = self.receipts.told();
        // This one can always be written.
        let _ = self.say(cx, link, &Request::SequenceAck { sequence_id });
    }
}

/// A message, or nothing if we do not know what it is.
#[inline]
fn build(frame: Bytes, delivery: Delivery, envelopes: bool) -> Option<Message> {
    let [from, group, number] = delivery.labels;
    if delivery.stream || envelopes {
        let topic = if delivery.stream { Label::from(Cow::Borrowed(STREAM)) } else { from };
        let envelope = crate::view::webpubsub::canonical(&frame)?;
        let (frame, start, end) = appended(&frame, &envelope);
        return Some(Message::labelled(frame, start, Some(end), PayloadKind::Json, [topic, group, number, Label::None]));
    }
    let labels = [from, group, number, Label::None];
    match delivery.body {
        Body::Part { kind, start, end } => Some(Message::labelled(frame, start, Some(end), payload_kind(kind), labels)),
        Body::Decoded { kind, bytes } => {
            let (frame, start, end) = appended(&frame, &bytes);
            Some(Message::labelled(frame, start, Some(end), payload_kind(kind), labels))
        }
        Body::Absent | Body::Unknown => None,
    }
}

fn payload_kind(kind: DataType) -> PayloadKind {
    match kind {
        DataType::Json => PayloadKind::Json,
        DataType::Text => PayloadKind::Text,
        DataType::Binary | DataType::Protobuf => PayloadKind::Binary,
    }
}

/// What had to be decoded stands behind the frame, so that the labels remain pieces of it.
fn appended(frame: &Bytes, tail: &[u8]) -> (Bytes, u32, u32) {
    let mut whole = BytesMut::with_capacity(frame.len() + tail.len());
    whole.extend_from_slice(frame);
    whole.extend_from_slice(tail);
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX - 1);
    let (start, end) = (place(frame.len()), place(whole.len()));
    (whole.freeze(), start, end)
}
