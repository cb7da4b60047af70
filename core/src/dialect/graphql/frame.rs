//! Reading a server frame. Both subprotocols use one envelope: `type`, `id` and `payload`, in any order.

use std::borrow::Cow;

use bytes::Bytes;

use super::operations;
use crate::error::{Code, Error};
use crate::event::{Message, PayloadKind};
use crate::scan::{Keys, Kind, Value, scan};

/// A frame's parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoded {
    kind: Value,
    id: Option<Value>,
    payload: Option<Value>,
}

const ENVELOPE: Keys<'static, 3> = Keys::all(["type", "id", "payload"]);

/// Reads the envelope. A payload that comes last is not walked.
///
/// # Errors
/// `protocol_error` when the frame is not a JSON object with a string `type`. Its text is not quoted: it may hold anything.
pub(super) fn decode(frame: &[u8]) -> Result<Decoded, Error> {
    let bad = |what: &str| Error::new(Code::ProtocolError, format!("a frame of {} bytes was not understood: {what}", frame.len()));
    let [kind, id, payload] = scan(frame, &ENVELOPE).map_err(|error| bad(&error.to_string()))?;
    let kind = kind.filter(Value::is_string).ok_or_else(|| bad("it has no `type`"))?;
    let given = |value: &Value| value.kind() != Kind::Null;
    Ok(Decoded { kind, id: id.filter(given), payload: payload.filter(given) })
}

impl Decoded {
    pub(super) fn is(&self, frame: &[u8], kind: &str) -> bool {
        self.kind.is_text(frame, kind)
    }

    pub(super) fn kind<'f>(&self, frame: &'f [u8]) -> Cow<'f, str> {
        self.kind.text(frame).unwrap_or_default()
    }

    /// Whether it names an operation at all.
    pub(super) fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The operation's id, if it can be one of ours. Some servers echo it as a number.
    pub(super) fn id(&self, frame: &[u8]) -> Option<u64> {
        let id = self.id?;
        match id.kind() {
            Kind::String => operations::number(id.raw(frame).get(1..)?.strip_suffix(b"\"")?),
            Kind::EscapedString => operations::number(id.text(frame)?.as_bytes()),
            Kind::Number => operations::number(id.raw(frame)),
            _ => None,
        }
    }

    /// The payload as it stands in the frame.
    pub(super) fn payload<'f>(&self, frame: &'f [u8]) -> Option<&'f [u8]> {
        self.payload.map(|payload| payload.raw(frame))
    }

    /// The payload as a handle on the frame.
    pub(super) fn payload_bytes(&self, frame: &Bytes) -> Option<Bytes> {
        self.payload(frame).map(|payload| frame.slice_ref(payload))
    }

    /// The payload as a message; its end is found when somebody touches it.
    pub(super) fn message(&self, frame: Bytes) -> Message {
        match self.payload {
            Some(payload) => Message::part(frame, payload.start(), payload.end(), PayloadKind::Json),
            None => Message::part(frame, 0, Some(0), PayloadKind::Json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_null_is_nothing() {
        for frame in [
            &br#"{"type":"next","id":"1","payload":{"data":{"a":1}}}"#[..],
            br#"{"\u0074ype":"n\u0065xt","id":"\u0031","payload":{"data":{"a":1}}}"#,
            br#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#,
            br#"{"payload":{"data":{"a":1}},"id":1,"type":"next"}"#,
        ] {
            let decoded = decode(frame).expect("a frame");
            assert!(decoded.is(frame, "next"));
            assert_eq!(decoded.id(frame), Some(1));
            assert_eq!(decoded.payload(frame), Some(&br#"{"data":{"a":1}}"#[..]));
        }
        let decoded = decode(br#"{"type":"complete","id":"1","payload":null}"#).expect("a frame");
        assert!(decoded.payload.is_none());
        for junk in [&b"[]"[..], b"nonsense", br#"{"id":"1"}"#, br#"{"type":7}"#, b""] {
            assert!(decode(junk).is_err());
        }
    }
}
