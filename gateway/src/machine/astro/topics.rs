//! The published topics and the scope that each needs.

use super::options::{AstroOptions, Profile};

const TOPICS: &[(&str, Option<&str>)] = &[
    ("channel.activities", Some("activities:read")),
    ("channel.announcements", Some("channel:read")),
    ("channel.chat.message", Some("overlays:read")),
    ("channel.chatbot.audiencequeue", Some("bot:read")),
    ("channel.chatbot.commands", Some("bot:read")),
    ("channel.chatbot.counters", None),
    ("channel.chatbot.filters", Some("bot:read")),
    ("channel.chatbot.modules", Some("bot:read")),
    ("channel.chatbot.modules.emotecombo", Some("bot:read")),
    ("channel.chatbot.modules.pyramid", Some("bot:read")),
    ("channel.chatbot.status", Some("bot:read")),
    ("channel.chatbot.timeout", None),
    ("channel.chatbot.timers", Some("bot:read")),
    ("channel.chatstats", None),
    ("channel.contests", None),
    ("channel.giveaways", None),
    ("channel.kvstore.update", Some("kvstore:read")),
    ("channel.loyalty.items", Some("store:read")),
    ("channel.loyalty.redemptions", Some("store:read")),
    ("channel.overlay.action", Some("overlays:read")),
    ("channel.overlay.broadcast", Some("overlays:broadcast")),
    ("channel.overlay.update", Some("overlays:read")),
    ("channel.session.reset", Some("session:read")),
    ("channel.session.update", Some("session:read")),
    ("channel.songrequest", Some("overlays:read")),
    ("channel.stream.status", Some("stream-live:read")),
    ("channel.tips", Some("tips:read")),
    ("channel.tips.moderation", Some("tips:moderation")),
];

/// Known in the older page alone.
const LEGACY_TOPICS: &[&str] = &["channel.follow", "channel.giveaway"];

pub(super) fn is_known(topic: &str, options: &AstroOptions) -> bool {
    options.any_topic
        || TOPICS.iter().any(|(name, _)| *name == topic)
        || options.extra_topics.iter().any(|name| name == topic)
        || (options.profile == Profile::Legacy && LEGACY_TOPICS.contains(&topic))
}

/// The scope that a token needs for a topic; none if any token will do.
pub(super) fn scope(topic: &str) -> Option<&'static str> {
    let known = TOPICS.iter().find(|(name, _)| *name == topic);
    known.and_then(|(_, scope)| *scope)
}
