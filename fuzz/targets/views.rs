//! The typed views: no payload makes one panic, and what they write is JSON of the promised form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use topicwire::view::astro::{AstroEvent, TipOnce, canonical};
use topicwire::view::{Decimal, graphql};

const TOPICS: [&str; 20] = [
    "channel.activities",
    "channel.tips",
    "channel.tips.moderation",
    "channel.session.update",
    "channel.session.reset",
    "channel.stream.status",
    "channel.chat.message",
    "channel.contests",
    "channel.giveaways",
    "channel.giveaway",
    "channel.songrequest",
    "channel.overlay.action",
    "channel.overlay.broadcast",
    "channel.overlay.update",
    "channel.kvstore.update",
    "channel.chatbot.status",
    "channel.chatbot.counters",
    "channel.chatbot.modules.pyramid",
    "channel.chatbot.modules.emotecombo",
    "channel.chatbot.audiencequeue",
];

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the topic; what follows is the frame.
    let Some((&choice, frame)) = input.split_first() else { return };
    let topic = TOPICS[usize::from(choice) % TOPICS.len()];
    let event = AstroEvent::read(topic, frame);
    let json = canonical(topic, frame);
    assert_eq!(json.is_none(), event == AstroEvent::Unknown, "both know the payload, or neither does");
    if let Some(json) = json {
        // serde_json refuses some things that pass through unread, such as numbers beyond a double; then only the form is checked.
        topicwire::scan::walk(&json).expect("canonical JSON is whole");
        let kind = topicwire::scan::find(&json, &["kind"]).expect("an object");
        assert!(kind.is_some_and(|kind| kind.is_string()));
    }
    let _ = TipOnce::with_capacity(1).judge(&event);
    for error in graphql::errors(frame) {
        assert!(serde_json::to_vec(&error).is_ok());
    }
    let _ = graphql::outline(frame);
    if let Ok(text) = std::str::from_utf8(frame)
        && let Ok(number) = text.parse::<Decimal>()
    {
        assert!(number.as_str().len() <= 402);
        assert_eq!(number.as_str().parse::<Decimal>().as_ref(), Ok(&number), "a decimal reads back");
        let _ = number.scaled(2);
    }
});
