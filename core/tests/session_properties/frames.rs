//! What a gateway can say: what it should, and what it should not.

use bytes::Bytes;
use serde_json::json;
use topicwire::command::{Command, OperationTarget, TopicTarget};
use topicwire::options::Options;
use topicwire::session::io::Frame;

/// Rooms by the names that users give them; the last two are one to the gateway.
const ROOMS: [&str; 4] = ["64f0a1b2c3d4e5f607182930", "64f0a1b2c3d4e5f607182931", "64f0a1b2c3d4e5f607182932", "alias"];
pub(crate) const TOPICS: [&str; 2] = ["channel.tips", "channel.activities"];

/// Which side the session is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Astro,
    GraphQl,
    Raw,
}

impl Side {
    pub(crate) fn of(options: &Options) -> Self {
        match options {
            Options::Astro(_) => Self::Astro,
            Options::GraphQl(_) => Self::GraphQl,
            _ => Self::Raw,
        }
    }

    /// A command that subscribes.
    pub(crate) fn subscribe(self, target: u8) -> Command {
        match self {
            Self::GraphQl if target == 7 => Command::Operation(OperationTarget::new("query { once }")),
            Self::GraphQl => Command::Operation(OperationTarget::new(format!("subscription {{ f{target} {{ n }} }}"))),
            Self::Astro | Self::Raw => {
                Command::Subscribe(TopicTarget::new(TOPICS[usize::from(target) % 2], ROOMS[usize::from(target) / 2 % 4]))
            }
        }
    }

    pub(crate) fn subprotocol(self, number: u8) -> Option<String> {
        let name = match (self, number) {
            (Self::GraphQl, 0..=2) => "graphql-transport-ws",
            (Self::GraphQl, 3 | 4) => "graphql-ws",
            (Self::GraphQl, _) => "chat",
            _ => return None,
        };
        Some(name.to_owned())
    }

    /// A frame. `names` are the nonces or ids of what the client sent by this link, the last one first.
    pub(crate) fn frame(self, kind: u8, name: u8, what: u8, names: &[String], count: u64) -> Frame {
        let name = names.get(usize::from(name) % names.len().max(1)).map_or("nobody", String::as_str);
        let text = match (self, kind) {
            (_, 13) => return Frame::Binary(Bytes::from_static(b"\x00\xff")),
            (_, 14) => return Frame::Ping(Bytes::new()),
            (_, 15) => return Frame::Pong(Bytes::copy_from_slice(&b"abc"[..usize::from(what.min(3))])),
            (_, 12) => ["", "{", "[]", "null", "{}", r#"{"type":"mystery"}"#][usize::from(what) % 6].to_owned(),
            (Self::Astro, _) => astro(kind, name, what, count),
            (Self::GraphQl, _) => graphql(kind, name, what, count),
            (Self::Raw, _) => format!("message {count}"),
        };
        Frame::Text(Bytes::from(text))
    }
}

fn astro(kind: u8, nonce: &str, what: u8, count: u64) -> String {
    let (topic, room) = (TOPICS[usize::from(what) % 2], ROOMS[usize::from(what) / 2]);
    let refused = |code: &str, text: &str| json!({"type": "response", "nonce": nonce, "error": code, "data": {"message": text}});
    let value = match kind {
        0 => json!({"type": "welcome", "id": count.to_string(), "data": {"client_id": "c", "message": "hello"}}),
        1 => json!({"type": "response", "nonce": nonce, "data": {"message": "ok"}}),
        2 => json!({"type": "response", "nonce": nonce, "data": {"message": "ok", "topic": topic, "room": room}}),
        3 => match what {
            0 => refused("err_unauthorized", "no"),
            1 => refused("err_bad_request", "no"),
            2 => refused("err_bad_request", "already subscribed to topic"),
            3 => refused("err_internal_error", "later"),
            4 => json!({"type": "response", "error": "rate_limit_exceeded", "data": {"message": "slow down"}}),
            _ => json!({"type": "response", "error": "err_bad_request", "data": {"message": "which?"}}),
        },
        4 | 5 => json!({"type": "reconnect", "data": {"reconnect_token": format!("rt.{count}"), "message": "bye"}}),
        6 => json!({"type": "reconnect", "data": {"message": "bye"}}),
        7 => json!({"type": "message", "id": format!("m{}", what), "topic": topic, "room": room, "data": {"n": count}}),
        8 => json!({"type": "message", "topic": topic, "data": {"n": count}}),
        _ => json!({"data": {"n": count}, "type": "message", "id": count.to_string(), "topic": topic, "room": room}),
    };
    value.to_string()
}

fn graphql(kind: u8, id: &str, what: u8, count: u64) -> String {
    let result = json!({"data": {"f": {"n": count}}});
    let value = match kind {
        0 => json!({"type": "connection_ack"}),
        1 => json!({"type": "ka"}),
        2 => json!({"type": "ping"}),
        3 => json!({"type": "pong"}),
        4 => json!({"type": "complete", "id": id}),
        5 => json!({"type": "error", "id": id, "payload": [{"message": "no"}]}),
        6 => match what {
            0 => json!({"type": "connection_error", "payload": {"message": "no"}}),
            1 => json!({"type": "error", "payload": {"message": "whose?"}}),
            2 => json!({"type": "next", "payload": result}),
            _ => json!({"type": "data", "id": id, "payload": {"errors": [{"message": "no"}]}}),
        },
        7 | 8 => json!({"id": id, "type": "data", "payload": result}),
        _ => json!({"type": "next", "id": id, "payload": result}),
    };
    value.to_string()
}
