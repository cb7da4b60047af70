//! The JSON subprotocols, the service's side.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::payload::{Data, DataKind};
use super::wire::{Down, Metadata, Up};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: String,
    group: Option<String>,
    event: Option<String>,
    ack_id: Option<u64>,
    sequence_id: Option<u64>,
    no_echo: Option<bool>,
    metadata: Option<Metadata>,
    ttl_seconds: Option<u32>,
    data_type: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    stream: Option<Start>,
    stream_id: Option<String>,
    stream_sequence_id: Option<u64>,
    error: Option<Failure>,
    invocation_id: Option<String>,
    state: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    stream_id: String,
    idle_timeout_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: Option<String>,
    user_error_code: Option<String>,
}

/// Reads a request.
pub(super) fn read(text: &[u8]) -> Result<Up, String> {
    let wire: Wire<'_> = serde_json::from_slice(text).map_err(|_| "not a request: a JSON object with `type` was expected".to_owned())?;
    let kind = wire.kind.to_ascii_lowercase();
    let lacks = |member: &str| format!("`{}` lacks `{member}`", wire.kind);
    let group = || wire.group.clone().ok_or_else(|| lacks("group"));
    let event = || wire.event.clone().ok_or_else(|| lacks("event"));
    let stream = || wire.stream_id.clone().filter(|name| !name.is_empty()).ok_or_else(|| lacks("streamId"));
    let content = || data(wire.data_type.as_deref(), wire.data.ok_or_else(|| lacks("data"))?);
    let ack = wire.ack_id;
    let no_echo = wire.no_echo.unwrap_or_default();
    Ok(match kind.as_str() {
        "joingroup" => Up::Join { group: group()?, ack },
        "leavegroup" => Up::Leave { group: group()?, ack },
        "sendtogroup" => match &wire.stream {
            Some(start) => Up::StreamStart { group: group()?, stream: start.stream_id.clone(), idle_ms: start.idle_timeout_ms, no_echo },
            None => Up::Send { group: group()?, data: content()?, metadata: beside(&wire)?, no_echo, ack },
        },
        "event" => {
            beside(&wire)?;
            Up::Event { event: event()?, data: content()?, ack }
        }
        "sequenceack" => Up::SequenceAck { number: wire.sequence_id.ok_or_else(|| lacks("sequenceId"))? },
        "ping" => Up::Ping,
        "streamdata" => Up::StreamData {
            stream: stream()?,
            number: wire.stream_sequence_id,
            data: if wire.data.is_some() { Some(content()?) } else { None },
        },
        "streamend" => Up::StreamEnd { stream: stream()?, error: wire.error.map(|error| (error.message, error.user_error_code)) },
        "invoke" => Up::Invoke {
            id: wire.invocation_id.clone().ok_or_else(|| lacks("invocationId"))?,
            event: event()?,
            data: if wire.data.is_some() { content()? } else { Data::text("") },
        },
        "cancelinvocation" => Up::CancelInvocation { id: wire.invocation_id.clone().ok_or_else(|| lacks("invocationId"))? },
        "setgroupstate" => Up::SetState { group: group()?, state: wire.state.clone(), ack },
        "subscribegroupstate" => Up::WatchState { group: group()?, on: true, ack },
        "unsubscribegroupstate" => Up::WatchState { group: group()?, on: false, ack },
        _ => return Err("the type of the request is unknown".to_owned()),
    })
}

/// What is said beside the data, if it can be. A copy's time to live is looked at and not kept: what waits here waits for as long as its session.
fn beside(wire: &Wire<'_>) -> Result<Option<Metadata>, String> {
    if wire.ttl_seconds.is_some_and(|seconds| seconds > 300) {
        return Err("`ttlSeconds` is more than 300".to_owned());
    }
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = |(name, value): (&String, &String)| {
        (1..=256).contains(&name.len()) && name.bytes().all(token) && value.len() <= 1024 && value.is_ascii()
    };
    let Some(metadata) = &wire.metadata else { return Ok(None) };
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if !metadata.iter().all(fits) || size > 8 << 10 {
        return Err("`metadata` is not what it may be".to_owned());
    }
    Ok(Some(metadata.clone()))
}

fn data(kind: Option<&str>, raw: &RawValue) -> Result<Data, String> {
    let kind = DataKind::named(kind.unwrap_or("json")).ok_or("`dataType` is unknown")?;
    let text = || serde_json::from_str::<String>(raw.get()).map_err(|_| "`data` is not a string".to_owned());
    let bytes = match kind {
        DataKind::Json if raw.get() == "null" => return Err("`data` is null".to_owned()),
        DataKind::Json => Bytes::copy_from_slice(raw.get().as_bytes()),
        DataKind::Text => Bytes::from(text()?),
        DataKind::Binary | DataKind::Protobuf => BASE64_STANDARD.decode(text()?).map_err(|_| "`data` is not base64".to_owned())?.into(),
    };
    Ok(Data { kind, bytes })
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `"dataType":…,"data":…`, the data in the very words of whoever sent it.
fn content(data: &Data) -> String {
    let written = match data.kind {
        DataKind::Json => String::from_utf8_lossy(&data.bytes).into_owned(),
        DataKind::Text => quoted(&String::from_utf8_lossy(&data.bytes)),
        DataKind::Binary | DataKind::Protobuf => quoted(&BASE64_STANDARD.encode(&data.bytes)),
    };
    format!(r#""dataType":"{}","data":{written}"#, data.kind.as_str())
}

/// Writes what a client is told.
pub(super) fn write(down: &Down) -> String {
    match down {
        Down::Connected { id, user, token } => {
            let mut frame = json!({ "type": "system", "event": "connected", "userId": user, "connectionId": id });
            if let Some(token) = token {
                frame["reconnectionToken"] = token.as_str().into();
            }
            frame.to_string()
        }
        Down::Disconnected { reason } => json!({ "type": "system", "event": "disconnected", "message": reason }).to_string(),
        Down::Ack { id, error: None } => json!({ "type": "ack", "ackId": id, "success": true }).to_string(),
        Down::Ack { id, error: Some((name, message)) } => {
            json!({ "type": "ack", "ackId": id, "success": false, "error": { "name": name, "message": message } }).to_string()
        }
        Down::Pong => r#"{"type":"pong"}"#.to_owned(),
        Down::Message { group, user, data, metadata, number, stream } => {
            let mut frame = r#"{"type":"message","#.to_owned();
            match group {
                Some(group) => {
                    let user = user.as_deref().map_or_else(|| "null".to_owned(), quoted);
                    frame += &format!(r#""from":"group","fromUserId":{user},"group":{},"#, quoted(group));
                }
                None => frame += r#""from":"server","#,
            }
            frame += &data.as_ref().map_or_else(|| r#""dataType":"text","data":"""#.to_owned(), content);
            if let Some(metadata) = metadata {
                frame += &format!(r#","metadata":{}"#, json!(metadata));
            }
            if let Some(number) = number {
                frame += &format!(r#","sequenceId":{number}"#);
            }
            if let Some(place) = stream {
                let mut shown = json!({ "streamId": place.stream, "streamSequenceId": place.number });
                if place.end {
                    shown["endOfStream"] = true.into();
                }
                if let Some((name, message, code)) = &place.error {
                    shown["error"] = json!({ "name": name, "message": message });
                    if let Some(code) = code {
                        shown["error"]["userErrorCode"] = code.as_str().into();
                    }
                }
                frame += &format!(r#","stream":{shown}"#);
            }
            frame + "}"
        }
        Down::StreamAck { stream, expected } => {
            json!({ "type": "streamAck", "streamId": stream, "expectedSequenceId": expected }).to_string()
        }
        Down::StreamNack { stream, expected, name, message } => {
            json!({ "type": "streamNack", "streamId": stream, "expectedSequenceId": expected, "name": name, "message": message })
                .to_string()
        }
        Down::StreamClosed { stream, error } => {
            let mut frame = json!({ "type": "streamClosed", "streamId": stream });
            if let Some((name, message)) = error {
                frame["error"] = json!({ "name": name, "message": message });
            }
            frame.to_string()
        }
        Down::Invoked { id, result: Ok(data) } => {
            let data = data.clone().unwrap_or_else(|| Data::text(""));
            format!(r#"{{"type":"invokeResponse","invocationId":{},"success":true,{}}}"#, quoted(id), content(&data))
        }
        Down::Invoked { id, result: Err((name, message)) } => {
            json!({ "type": "invokeResponse", "invocationId": id, "success": false, "error": { "name": name, "message": message } })
                .to_string()
        }
        Down::State { snapshot, group, items } => {
            let kind = if *snapshot { "groupStateSnapshot" } else { "groupStateUpdate" };
            json!({ "type": kind, "group": group, "items": items }).to_string()
        }
    }
}
