//! Everything that a Web PubSub message says of itself, the same for all subprotocols.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::dialect::webpubsub::protobuf::{Data, DataMessage, Downstream, DownstreamMessage};
use crate::event::Message;

/// A message with all that is known of it.
///
/// ```
/// use topicwire::event::{Message, PayloadKind};
/// use topicwire::view::webpubsub::Envelope;
///
/// let frame = r#"{"type":"message","from":"group","group":"lobby","fromUserId":"maya","dataType":"text","data":"hi","sequenceId":7}"#;
/// let envelope = Envelope::of(&Message::whole(frame.into(), PayloadKind::Json)).ok_or("not a message")?;
/// assert_eq!((envelope.from_user_id.as_deref(), envelope.sequence_id), (Some("maya"), Some(7)));
/// assert_eq!(envelope.bytes().as_deref(), Some(b"hi".as_slice()));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// `group` or `server`.
    pub from: String,
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Who sent it, if that is known. The protobuf subprotocols do not say.
    #[serde(default, alias = "fromUserId", skip_serializing_if = "Option::is_none")]
    pub from_user_id: Option<String>,
    /// `json`, `text`, `binary` or `protobuf`.
    #[serde(alias = "dataType", default = "json")]
    pub data_type: String,
    /// The data: a JSON value, a string, or base64 of bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// Its number, where the subprotocol is reliable.
    #[serde(default, alias = "sequenceId", skip_serializing_if = "Option::is_none")]
    pub sequence_id: Option<u64>,
    /// The stream that it is a piece of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamPlace>,
    /// What the sender said beside the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// A place in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPlace {
    /// The stream.
    #[serde(alias = "streamId")]
    pub stream_id: String,
    /// Which fragment: 1, 2, …
    #[serde(default, alias = "streamSequenceId")]
    pub sequence_id: u64,
    /// The stream ends here; there may be no data.
    #[serde(default, alias = "endOfStream")]
    pub end: bool,
    /// It ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StreamFailure>,
}

/// Why a stream ended early.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StreamFailure {
    /// `UserError`, `IdleTimeout`, `InternalServerError`, `Forbidden` or `Cancelled`.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// The sender's own code, of a `UserError`.
    #[serde(default, alias = "userErrorCode", skip_serializing_if = "Option::is_none")]
    pub user_error_code: Option<String>,
}

fn json() -> String {
    "json".to_owned()
}

impl Envelope {
    /// Reads a message of a Web PubSub client. `None` for a message of something else.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        read(message.frame())
    }

    /// The data as bytes: JSON text, UTF-8, or bytes. `None` if there is none, or it is not what it says.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let data = self.data.as_ref()?.get();
        match self.data_type.as_str() {
            "json" => Some(data.as_bytes().to_vec()),
            "text" => serde_json::from_str::<String>(data).ok().map(String::into_bytes),
            _ => BASE64_STANDARD.decode(serde_json::from_str::<String>(data).ok()?).ok(),
        }
    }
}

/// The canonical JSON of a frame.
pub(crate) fn canonical(frame: &[u8]) -> Option<Vec<u8>> {
    serde_json::to_vec(&read(frame)?).ok()
}

fn read(frame: &[u8]) -> Option<Envelope> {
    if frame.trim_ascii_start().first() == Some(&b'{') {
        // What was decoded stands behind the frame.
        return serde_json::Deserializer::from_slice(frame).into_iter::<Envelope>().next()?.ok();
    }
    match DownstreamMessage::decode(frame).ok()?.message? {
        Downstream::Data(message) => of_protobuf(message),
        _ => None,
    }
}

fn of_protobuf(message: DataMessage) -> Option<Envelope> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let base64 = |bytes: &[u8]| serde_json::value::to_raw_value(&BASE64_STANDARD.encode(bytes)).ok();
    let (data_type, data) = match message.data.and_then(|data| data.data) {
        None => ("text", None),
        Some(Data::Text(bytes)) => ("text", serde_json::value::to_raw_value(&text(&bytes)?).ok()),
        Some(Data::Json(bytes)) => ("json", RawValue::from_string(text(&bytes)?).ok()),
        Some(Data::Binary(bytes)) => ("binary", base64(&bytes)),
        Some(Data::Protobuf(bytes)) => ("protobuf", base64(&bytes)),
    };
    Some(Envelope {
        from: text(&message.from)?,
        group: message.group.as_deref().and_then(text),
        from_user_id: None,
        data_type: data_type.to_owned(),
        data,
        sequence_id: message.sequence_id.filter(|id| *id > 0),
        stream: message.stream.map(|stream| StreamPlace {
            stream_id: stream.stream_id,
            sequence_id: stream.stream_sequence_id,
            end: stream.end_of_stream.unwrap_or_default(),
            error: stream.error.map(|error| StreamFailure {
                name: error.name,
                message: error.message,
                user_error_code: error.user_error_code,
            }),
        }),
        metadata: None,
    })
}
