//! The names that every language shares, emitted from the types that define them.
//!
//! Options with their defaults, commands, events with their fields, error codes and topics, each with the first sentence of its
//! documentation. Typed layers, reference tables and completions are made from this document, and a stale one fails the tests.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::command::Command;
use crate::dialect::astro::topics::TOPICS;
use crate::error::Code;
use crate::event::{EventKind, PayloadKind, Reply, State};
use crate::id::{Connection, SubscriptionId};
use crate::options::{AstroOptions, GraphQlOptions, RawOptions, WebPubSubOptions};
use crate::time::UnixMillis;

/// A message's attributes, as every language shows them.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "it is only described, never made")]
pub(crate) struct MessageFields {
    /// The subscriptions it belongs to; perhaps none.
    subscriptions: Vec<SubscriptionId>,
    /// The topic, where the gateway has such a thing.
    topic: Option<String>,
    /// The room, group or channel, where the gateway has such a thing.
    room: Option<String>,
    /// The gateway's id of the message.
    id: Option<String>,
    /// When the gateway published it, as it wrote it.
    time: Option<String>,
    /// When it arrived.
    received: UnixMillis,
    /// Which connection of the client it came by.
    connection: Connection,
    /// What the payload's bytes are.
    kind: PayloadKind,
    /// The payload as it was sent.
    payload: Vec<u8>,
}

/// What a reply says.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code, reason = "it is only described, never made")]
pub(crate) enum ReplyResult {
    /// It was done.
    Ok(Reply),
    /// It was not.
    Err(crate::error::Error),
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let options = json!({
        "astro": generator.subschema_for::<AstroOptions>(),
        "graphql": generator.subschema_for::<GraphQlOptions>(),
        "raw": generator.subschema_for::<RawOptions>(),
        "webpubsub": generator.subschema_for::<WebPubSubOptions>(),
    });
    let commands = generator.subschema_for::<Command>();
    let events = generator.subschema_for::<EventKind>();
    let states = generator.subschema_for::<State>();
    let codes = generator.subschema_for::<Code>();
    let topics: Vec<Value> =
        TOPICS.iter().map(|topic| json!({ "name": topic.name, "scope": topic.scope, "description": topic.about })).collect();
    let error_codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let mut astro = json!(AstroOptions::default());
    // An address masks itself, since it may hold a credential; this one does not.
    astro["url"] = json!(AstroOptions::default().url.expose());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Topicwire",
        "description": "Names that are the same in every language. Emitted from the Rust types by `cargo xtask schema`; do not edit.",
        "version": 1,
        "options": options,
        "defaults": {
            "astro": astro,
            "graphql": GraphQlOptions::default(),
            "raw": RawOptions::default(),
            "webpubsub": WebPubSubOptions::default(),
        },
        "commands": commands,
        "events": events,
        "states": states,
        "errors": { "schema": codes, "codes": error_codes },
        "topics": { "astro": topics },
        "$defs": generator.take_definitions(true),
    })
}
