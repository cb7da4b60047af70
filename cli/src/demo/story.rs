//! What the demo's gateway publishes: payloads of the published shapes, the same ones every time.

use serde_json::{Value, json};

/// The channel of the demo.
pub(super) const ROOM: &str = "64f0a1b2c3d4e5f607182930";

/// The topic whose messages come fast; they are counted, not shown.
pub(super) const CROWD: &str = "channel.chat.message";

/// The topics that the demo listens to.
pub(super) const TOPICS: [&str; 5] = ["channel.activities", "channel.tips", "channel.session.update", "channel.session.reset", CROWD];

/// The GraphQL operation that the demo listens to.
pub(super) const BLOCKS: &str = "subscription Blocks { blocks { number hash transactions time } }";

/// What the stream of blocks is called in the books.
pub(super) const BLOCK_STREAM: &str = "blocks";

/// The Web PubSub group that the demo is a member of, and what its stream is called in the books.
pub(super) const GROUP: &str = "lobby";

/// The number of the block before the first.
pub(super) const GENESIS: u64 = 23_600_000;

/// The `step`th thing that is worth showing: its topic and data.
pub(super) fn highlight(step: u64) -> (&'static str, Value) {
    match step % 9 {
        0 => activity("follow", json!({ "username": "quiet_otter", "displayName": "Quiet_Otter" })),
        1 => activity("tip", json!({ "username": "kind_badger", "amount": 12.5, "currency": "EUR", "message": "for the coffee" })),
        2 => activity("subscriber", json!({ "username": "brisk_heron", "amount": 7, "tier": "1000", "message": "seven months!" })),
        3 => (
            "channel.session.update",
            json!({ "key": "follower-latest", "name": "follower-latest", "provider": "twitch", "data": { "name": "quiet_otter" } }),
        ),
        4 => activity("cheer", json!({ "username": "sly_stoat", "amount": 500, "message": "take my bits" })),
        5 => activity("raid", json!({ "username": "calm_crane", "amount": 42 })),
        6 => ("channel.tips", tip()),
        7 => {
            activity("subscriber", json!({ "username": "shy_newt", "amount": 1, "tier": "prime", "gifted": true, "sender": "kind_badger" }))
        }
        _ => (
            "channel.session.reset",
            json!({
                "follower-latest": { "name": "quiet_otter" },
                "follower-session": { "count": 0 },
                "tip-latest": { "name": "kind_badger", "amount": 12.5 },
                "tip-session": { "amount": 0 },
            }),
        ),
    }
}

/// One more message for each topic that is shown.
pub(super) fn farewell() -> [(&'static str, Value); 4] {
    [0, 3, 6, 8].map(highlight)
}

fn activity(kind: &str, details: Value) -> (&'static str, Value) {
    ("channel.activities", json!({ "type": kind, "provider": "twitch", "channel": ROOM, "data": details }))
}

fn tip() -> Value {
    json!({
        "channel": ROOM, "provider": "paypal", "approved": "allowed", "status": "success",
        "donation": { "amount": 3.2, "currency": "USD", "message": "", "user": { "username": "merry_mole" } },
    })
}

/// A line of chat.
pub(super) fn chat(step: u64) -> Value {
    const SAYINGS: [&str; 4] = ["hello from the demo", "nice one", "what did I miss?", "good evening"];
    let said = SAYINGS[usize::try_from(step % 4).unwrap_or(0)];
    json!({ "broadcaster_user_id": "100200300", "chatter_user_name": "Quiet_Otter", "message": { "text": said } })
}

/// A block.
pub(super) fn block(number: u64) -> Value {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    json!({ "number": number, "hash": format!("0x{hash:016x}"), "transactions": 90 + hash % 140, "time": format!("slot {}", number - GENESIS) })
}

/// What is sent to the group.
pub(super) fn greeting(number: u64) -> Value {
    const GREETINGS: [&str; 3] = ["good morning", "is anybody there?", "hello from the next room"];
    json!({ "number": number, "text": GREETINGS[usize::try_from(number % 3).unwrap_or(0)] })
}

/// The id that carries a message's number.
pub(super) fn id(number: u64) -> String {
    format!("demo-{number:06}")
}

/// The number that an id carries.
pub(super) fn number(id: &str) -> Option<u64> {
    id.strip_prefix("demo-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::describe;
    use topicwire::view::astro::AstroEvent;

    #[test]
    fn everything_worth_showing_is_a_sentence() {
        for step in 0..9 {
            let (topic, data) = highlight(step);
            assert!(TOPICS.contains(&topic));
            let frame = json!({ "type": "message", "data": data }).to_string();
            assert!(describe(&AstroEvent::read(topic, frame.as_bytes())).is_some(), "{topic} {data}");
        }
    }

    #[test]
    fn every_topic_that_is_shown_has_a_farewell() {
        for topic in TOPICS.into_iter().filter(|topic| *topic != CROWD) {
            assert!(farewell().iter().any(|(name, _)| *name == topic), "{topic}");
        }
    }

    #[test]
    fn an_id_carries_its_number() {
        assert_eq!(number(&id(17)), Some(17));
        assert_eq!(number("01K8Q45M2J9D4B7F1V3X6Z8QKS"), None);
    }
}
