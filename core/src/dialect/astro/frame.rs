//! Reading a server frame: what it is, and where its parts lie.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Code, Error};
use crate::event::Label;
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
}

impl Decoded {
    /// `data` on its own.
    pub(super) fn data_bytes(&self, frame: &Bytes) -> Option<Bytes> {
        let message = crate::event::Message::part(frame.clone(), self.data?, None, crate::event::PayloadKind::Json);
        Some(message.payload_bytes())
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    ts: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Reads the routing fields.
///
/// # Errors
/// `protocol_error` when the frame is not a JSON object. Its text is not quoted: it may hold anything.
pub(super) fn decode(frame: &Bytes) -> Result<Decoded, Error> {
    let envelope: Envelope<'_> = serde_json::from_slice(frame).map_err(|error| {
        let text = format!("a frame of {} bytes is not a JSON object and was skipped: {:?}", frame.len(), error.classify());
        Error::new(Code::ProtocolError, text)
    })?;
    let kind = match text(envelope.kind).as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("message") => FrameType::Message,
        Some(kind) if kind.eq_ignore_ascii_case("response") => FrameType::Response,
        Some(kind) if kind.eq_ignore_ascii_case("welcome") => FrameType::Welcome,
        Some(kind) if kind.eq_ignore_ascii_case("reconnect") => FrameType::Reconnect,
        _ => FrameType::Unknown,
    };
    Ok(Decoded {
        kind,
        id: label(frame, envelope.id),
        ts: label(frame, envelope.ts),
        topic: label(frame, envelope.topic),
        room: label(frame, envelope.room),
        data: envelope.data.and_then(|data| offset(frame, data.get())),
    })
}

fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw?.get()).ok()
}

fn offset(frame: &[u8], part: &str) -> Option<u32> {
    let start = (part.as_ptr() as usize).checked_sub(frame.as_ptr() as usize)?;
    u32::try_from(start).ok()
}

fn label(frame: &[u8], raw: Option<&RawValue>) -> Label {
    let Some(raw) = raw else { return Label::None };
    match (text(Some(raw)), offset(frame, raw.get())) {
        (Some(Cow::Borrowed(text)), Some(start)) => {
            let start = start + 1;
            Label::Span { start, end: start + u32::try_from(text.len()).unwrap_or(0) }
        }
        (Some(text), _) => Label::from(text),
        (None, _) => Label::None,
    }
}

/// What a `response` says.
#[derive(Debug, Default)]
pub(super) struct Response {
    pub(super) nonce: Option<String>,
    /// The error's code; success has none, or an empty one, or null.
    pub(super) error: Option<String>,
    pub(super) message: Option<String>,
    pub(super) topic: Option<String>,
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
        topic: Option<String>,
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
        topic: data.topic,
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
