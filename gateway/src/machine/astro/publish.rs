//! Messages to subscribers.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::options::{AstroOptions, KeyOrder, Profile};
use super::{Astro, Pair, legacy, to_json};
use crate::machine::clock::rfc3339;
use crate::machine::fault::Field;
use crate::machine::io::ConnId;
use crate::machine::payload::Payload;
use crate::machine::wire::Wire;

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AstroPublish {
    /// The topic. Any will do, known or not.
    pub topic: String,
    /// The room or an alias of it; the option `default_channel` if none is given.
    #[serde(default)]
    pub room: Option<String>,
    /// What the message carries.
    pub data: Payload,
    /// Its id; a new ULID if none is given. Giving one twice makes a duplicate.
    #[serde(default)]
    pub id: Option<String>,
}

/// What became of a published message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The id of the message.
    pub id: String,
    /// How many connections it was sent to.
    pub receivers: usize,
}

#[derive(Serialize)]
struct MessageFrame<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<String>,
    r#type: &'a str,
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(rename = "data", skip_serializing_if = "Option::is_none")]
    data_last: Option<&'a Payload>,
}

impl Astro {
    pub(crate) fn publish(&mut self, wire: &mut Wire, options: &AstroOptions, message: &AstroPublish) -> Published {
        let id = match &message.id {
            Some(id) => id.clone(),
            None => wire.ids.ulid(wire.now.wall),
        };
        let room = message.room.as_deref().unwrap_or(&options.default_channel);
        let pair: Pair = (message.topic.clone(), self.canonical(room).to_owned());
        let conns: Vec<ConnId> = match self.index.get(&pair) {
            Some(conns) => conns.iter().copied().collect(),
            None => {
                return Published { id, receivers: 0 };
            }
        };
        let data = match options.profile {
            Profile::Legacy => legacy::reshape(&message.topic, &message.data.value()).map(Payload::from),
            Profile::Current => None,
        };
        let omit = self.faults.omit.take().unwrap_or_default();
        let text = Bytes::from(message_text(wire, options, &id, &pair, data.as_ref().unwrap_or(&message.data), &omit));
        let copies = 1 + u8::from(self.faults.duplicate.take().is_some());
        for &conn in &conns {
            for _ in 0..copies {
                wire.send_text(conn, text.clone());
            }
            if let Some(response) = self.responses.take_after_message(conn, &pair) {
                wire.send_text(conn, response);
            }
        }
        Published { id, receivers: conns.len() }
    }

    pub(crate) fn send_unknown_type(&mut self, wire: &mut Wire, conn: ConnId) {
        if self.conns.contains_key(&conn) {
            let id = wire.ids.ulid(wire.now.wall);
            let text =
                format!(r#"{{"id":"{id}","ts":"{}","type":"mystery","data":{{"why":"a fault asked for it"}}}}"#, rfc3339(wire.now.wall));
            wire.send_text(conn, text);
        }
    }

    pub(crate) fn send_unknown_topic(&mut self, wire: &mut Wire, conn: ConnId, topic: &str) {
        if self.conns.contains_key(&conn) {
            let id = wire.ids.ulid(wire.now.wall);
            let pair = (topic.to_owned(), String::new());
            let data = serde_json::json!({"message": "a notice that nobody asked for"}).into();
            let options = AstroOptions::default();
            let text = message_text(wire, &options, &id, &pair, &data, &[Field::Room]);
            wire.send_text(conn, text);
        }
    }
}

fn message_text(wire: &Wire, options: &AstroOptions, id: &str, (topic, room): &Pair, data: &Payload, omit: &[Field]) -> String {
    let first = options.key_order == KeyOrder::DataFirst;
    to_json(&MessageFrame {
        data: first.then_some(data),
        id: (!omit.contains(&Field::Id)).then_some(id),
        ts: (!omit.contains(&Field::Ts)).then(|| rfc3339(wire.now.wall)),
        r#type: "message",
        topic,
        room: (!omit.contains(&Field::Room)).then_some(room),
        data_last: (!first).then_some(data),
    })
}
