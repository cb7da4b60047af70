//! The words of the two subprotocols. The names are a trap: the npm package `graphql-ws` speaks [`Wire::Modern`].

use serde::Serialize;
use serde_json::value::RawValue;

use crate::command::OperationTarget;
use crate::options::Protocol;

/// Which subprotocol a link speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// `graphql-transport-ws`.
    Modern,
    /// `graphql-ws`.
    Legacy,
}

pub(super) const MODERN: &str = "graphql-transport-ws";
pub(super) const LEGACY: &str = "graphql-ws";

impl Wire {
    /// What a server's answer to the handshake means.
    pub(super) fn of(protocol: &str) -> Option<Self> {
        match protocol {
            MODERN => Some(Self::Modern),
            LEGACY => Some(Self::Legacy),
            _ => None,
        }
    }

    /// Whether it is the one that an option pins.
    pub(super) fn is(self, protocol: Protocol) -> bool {
        matches!((self, protocol), (Self::Modern, Protocol::Modern) | (Self::Legacy, Protocol::Legacy))
    }

    /// The frame that starts an operation.
    pub(super) fn start(self, id: &str, target: &OperationTarget, extensions: Option<&RawValue>) -> String {
        #[derive(Serialize)]
        struct Start<'a> {
            id: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            payload: Payload<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload<'a> {
            query: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            variables: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            operation_name: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            extensions: Option<&'a RawValue>,
        }
        let kind = match self {
            Self::Modern => "subscribe",
            Self::Legacy => "start",
        };
        let payload = Payload {
            query: &target.query,
            variables: object(target.variables.as_deref()).unwrap_or_default(),
            operation_name: target.operation_name.as_deref(),
            extensions,
        };
        serde_json::to_string(&Start { id, kind, payload }).expect("strings and raw JSON are always JSON")
    }

    /// The frame that ends one. Modern's `complete` would draw an error on legacy, and the stream would run on.
    pub(super) fn stop(self, id: u64) -> String {
        let kind = match self {
            Self::Modern => "complete",
            Self::Legacy => "stop",
        };
        format!(r#"{{"id":"{id}","type":"{kind}"}}"#)
    }

    /// The word for a result.
    pub(super) fn result(self) -> &'static str {
        match self {
            Self::Modern => "next",
            Self::Legacy => "data",
        }
    }
}

/// The frame that opens the session.
pub(super) fn init(payload: Option<&str>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"connection_init","payload":{payload}}}"#),
        None => r#"{"type":"connection_init"}"#.to_owned(),
    }
}

/// What must be an object where it is given at all. Null is nothing.
pub(super) fn object(raw: Option<&RawValue>) -> Result<Option<&RawValue>, ()> {
    match raw.map(|raw| raw.get().as_bytes().first()) {
        None | Some(Some(b'n')) => Ok(None),
        Some(Some(b'{')) => Ok(raw),
        Some(_) => Err(()),
    }
}

/// The answer to a ping, with the same payload.
pub(super) fn pong(payload: Option<&[u8]>) -> String {
    match payload.and_then(|payload| std::str::from_utf8(payload).ok()) {
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

pub(super) const TERMINATE: &str = r#"{"type":"connection_terminate"}"#;
