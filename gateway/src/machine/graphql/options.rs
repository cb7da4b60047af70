//! What can be set on the GraphQL side.

use serde::{Deserialize, Serialize};

use crate::machine::hidden::Hidden;

/// Where a client must put its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// The payload of `connection_init`: `token`, `Authorization` or `headers.Authorization`, with or
    /// without `Bearer `.
    #[default]
    Payload,
    /// `?token=` in the URL; a wrong one is answered with HTTP 401.
    Query,
    /// The HTTP header `Authorization`; a wrong one is answered with HTTP 401.
    Header,
}

/// How a failed operation's `error` frame carries its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// As the reference servers do: an array on modern, one object on legacy.
    #[default]
    Reference,
    /// `[{"message":…}]`
    Array,
    /// `{"message":…}`
    Object,
    /// `{"errors":[{"message":…}]}`
    Errors,
    /// `"message"`
    Text,
}

/// How the GraphQL side behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GraphQlOptions {
    /// Speak `graphql-transport-ws`.
    pub modern: bool,
    /// Speak `graphql-ws`.
    pub legacy: bool,
    /// Take the dialect for legacy when a client names no subprotocol; else close 4406.
    pub legacy_by_default: bool,
    /// Behave as Bitquery does: any document that parses is accepted and fed by publishing alone, `stop`
    /// and `complete` of the client are ignored, and `token_place` is the URL.
    pub bitquery: bool,
    /// Demand this token.
    pub token: Option<Hidden>,
    /// Where it must be.
    pub token_place: TokenPlace,
    /// Execute what a legacy client sends without an init although a token is demanded, as the
    /// reference server does.
    pub legacy_auth_hole: bool,
    /// Legacy: `ka` right after the ack and then every so many milliseconds; 0 sends none.
    pub ka_ms: u64,
    /// Legacy: a `ka` as soon as the socket opens, too.
    pub ka_before_ack: bool,
    /// Modern: `ping` every so many milliseconds; 0 sends none.
    pub ping_ms: u64,
    /// Modern: an unasked `pong` every so many milliseconds; 0 sends none.
    pub pong_ms: u64,
    /// Modern: period of RFC 6455 PINGs in milliseconds, and the longest wait for their PONG; 0 sends none.
    pub ws_ping_ms: u64,
    /// Modern: close 4408 without an init in this time, in milliseconds; 0 waits for ever.
    pub init_timeout_ms: u64,
    /// How long the ack takes, in milliseconds.
    pub ack_delay_ms: u64,
    /// The payload of the ack.
    pub ack_payload: Option<serde_json::Map<String, serde_json::Value>>,
    /// Ignore `stop` and the client's `complete`.
    pub ignore_stop: bool,
    /// Streams over all connections together that are served; further ones are accepted and stay silent.
    /// In Bitquery mode each field under the root counts. 0 is no limit.
    pub max_streams: usize,
    /// Close 1013 when more bytes than this wait to be sent; 0 never does.
    pub max_buffered: usize,
    /// Modern: the sources of a connection pause while more bytes than this wait to be sent.
    pub pause_above: usize,
    /// Go silent, with TCP open, so many milliseconds after the connection opened; 0 never does.
    pub mute_after_ms: u64,
    /// Go silent, with TCP open, after so many results on a connection; 0 never does.
    pub mute_after_results: u64,
    /// The shape of error payloads.
    pub error_shape: ErrorShape,
}

impl Default for GraphQlOptions {
    fn default() -> Self {
        Self {
            modern: true,
            legacy: true,
            legacy_by_default: false,
            bitquery: false,
            token: None,
            token_place: TokenPlace::Payload,
            legacy_auth_hole: false,
            ka_ms: 0,
            ka_before_ack: false,
            ping_ms: 0,
            pong_ms: 0,
            ws_ping_ms: 12_000,
            init_timeout_ms: 3_000,
            ack_delay_ms: 0,
            ack_payload: None,
            ignore_stop: false,
            max_streams: 0,
            max_buffered: 0,
            pause_above: 1 << 20,
            mute_after_ms: 0,
            mute_after_results: 0,
            error_shape: ErrorShape::Reference,
        }
    }
}

impl GraphQlOptions {
    /// What Bitquery's service does, as far as it is known: both subprotocols, a heartbeat every two
    /// seconds, `stop` ignored, a lagging reader closed with 1013.
    #[must_use]
    pub fn bitquery() -> Self {
        Self {
            bitquery: true,
            token_place: TokenPlace::Query,
            ka_ms: 2_000,
            pong_ms: 2_000,
            ws_ping_ms: 0,
            ignore_stop: true,
            max_buffered: 4_000_000,
            ..Self::default()
        }
    }

    pub(crate) fn ignores_stop(&self) -> bool {
        self.ignore_stop || self.bitquery
    }
}
