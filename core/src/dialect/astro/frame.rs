//! Reading a server frame: what it is, and where its parts lie.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Code, Error};
use crate::event::Label;
use crate::scan::{Keys, Value, scan};
use crate::secret::Secret;

/// The kinds of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameType {
    Welcome,
    Response,
    Message,
    Reconnect,
    Unknown,
}

/// A frame's routing fields.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) kind: FrameType,
    pub(super) id: Label,
    pub(super) ts: Label,
    pub(super) topic: Label,
    pub(super) room: Label,
    /// Where `data` starts.
    pub(super) data: Option<u32>,
    /// `data` is an array or an object, and nothing behind its start was looked at.
    pub(super) stopped_at_data: bool,
}

impl Decoded {
    /// `data` on its own.
    pub(super) fn data_bytes(&self, frame: &Bytes) -> Option<Bytes> {
        let message = crate::event::Message::part(frame.clone(), self.data?, None, crate::event::PayloadKind::Json);
        Some(message.payload_bytes())
    }
}

/// What routes a frame, payload included; the time is taken if it comes by.
const ENVELOPE: Keys<'static, 6> = Keys::needing(5, ["type", "topic", "room", "id", "data", "ts"]);

/// Reads the routing fields.
///
/// # Errors
/// `protocol_error` when the frame is not a JSON object. Its text is not quoted: it may hold anything.
pub(super) fn decode(frame: &Bytes) -> Result<Decoded, Error> {
    let [kind, topic, room, id, data, ts] = scan(frame, &ENVELOPE).map_err(|error| {
        Error::new(Code::ProtocolError, format!("a frame of {} bytes was skipped: it is not one JSON object ({error})", frame.len()))
    })?;
    let is = |name: &str| kind.is_some_and(|kind| kind.is_text_ignoring_case(frame, name));
    let kind = if is("message") {
        FrameType::Message
    } else if is("response") {
        FrameType::Response
    } else if is("welcome") {
        FrameType::Welcome
    } else if is("reconnect") {
        FrameType::Reconnect
    } else {
        FrameType::Unknown
    };
    Ok(Decoded {
        kind,
        id: label(frame, id),
        ts: label(frame, ts),
        topic: label(frame, topic),
        room: label(frame, room),
        data: data.map(|data| data.start()),
        stopped_at_data: data.is_some_and(|data| data.end().is_none()),
    })
}

fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw?.get()).ok()
}

fn label(frame: &[u8], value: Option<Value>) -> Label {
    let Some(value) = value else { return Label::None };
    match value.text_span() {
        Some(span) => Label::Span { start: span.start, end: span.end },
        None => value.text(frame).map_or(Label::None, Label::from),
    }
}

/// What a `response` says.
#[derive(Debug, Default)]
pub(super) struct Response {
    pub(super) nonce: Option<String>,
    /// The error's code; success has none, or an empty one, or null.
    pub(super) error: Option<String>,
    pub(super) message: Option<String>,
    pub(super) room: Option<String>,
    /// `data` as it came.
    pub(super) data: Option<Bytes>,
}

/// Reads a `response`. `data` was a bare string once, and may be absent.
pub(super) fn response(frame: &Bytes) -> Response {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        nonce: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    #[derive(Deserialize, Default)]
    struct Data {
        message: Option<String>,
        room: Option<String>,
    }
    let Ok(wire) = serde_json::from_slice::<Wire<'_>>(frame) else { return Response::default() };
    let data: Data = match wire.data {
        Some(raw) => {
            serde_json::from_str(raw.get()).unwrap_or_else(|_| Data { message: text(Some(raw)).map(Cow::into_owned), ..Data::default() })
        }
        None => Data::default(),
    };
    Response {
        // A nonce that is not a string is compared as its text.
        nonce: wire.nonce.map(|raw| text(Some(raw)).map_or_else(|| raw.get().to_owned(), Cow::into_owned)).filter(|nonce| nonce != "null"),
        error: text(wire.error).map(Cow::into_owned).filter(|error| !error.is_empty()),
        message: data.message,
        room: data.room.filter(|room| !room.is_empty()),
        data: wire.data.map(|raw| frame.slice_ref(raw.get().as_bytes())),
    }
}

/// The token of a `reconnect`, if there is a usable one.
pub(super) fn reconnect_token(frame: &Bytes) -> Option<Secret> {
    #[derive(Deserialize)]
    struct Wire {
        data: Option<Data>,
    }
    #[derive(Deserialize)]
    struct Data {
        reconnect_token: Option<Secret>,
    }
    let wire: Wire = serde_json::from_slice(frame).ok()?;
    wire.data?.reconnect_token.filter(|token| !token.is_empty())
}
