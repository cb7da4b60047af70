//! The topics that the vendor documents. The list only helps people to find them: any other name works as well, since new topics
//! appear without notice.

/// A documented topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// The OAuth2 scope that it needs, if any.
    pub scope: Option<&'static str>,
    /// What it carries.
    pub about: &'static str,
}

const fn topic(name: &'static str, scope: Option<&'static str>, about: &'static str) -> Topic {
    Topic { name, scope, about }
}

/// Every documented topic. Source: the topic table of the vendor's WebSocket documentation.
pub const TOPICS: &[Topic] = &[
    topic("channel.activities", Some("activities:read"), "Follows, tips, subscriptions, cheers, raids and the like, as they happen."),
    topic("channel.session.update", Some("session:read"), "One value of the session changed, such as the latest follower."),
    topic("channel.session.reset", Some("session:read"), "The whole session was reset; carries all of its values."),
    topic("channel.stream.status", Some("stream-live:read"), "The stream went live or offline."),
    topic("channel.tips", Some("tips:read"), "A tip was completed."),
    topic("channel.tips.moderation", Some("tips:moderation"), "The moderation state of a tip changed."),
    topic("channel.chat.message", Some("overlays:read"), "A chat message, in the form of its platform."),
    topic("channel.contests", None, "A contest changed its state, took a bet or has a winner."),
    topic("channel.giveaways", None, "A giveaway started, was entered, closed or has a winner."),
    topic("channel.songrequest", Some("overlays:read"), "The song queue or the player changed."),
    topic("channel.overlay.action", Some("overlays:read"), "Overlays are asked to pause, mute, skip or reload."),
    topic("channel.overlay.broadcast", Some("overlays:broadcast"), "An event sent from one overlay to others."),
    topic("channel.overlay.update", Some("overlays:read"), "An overlay was saved; carries the whole overlay and can be large."),
    topic("channel.kvstore.update", Some("kvstore:read"), "A value of the key-value store changed."),
    topic("channel.chatbot.status", Some("bot:read"), "The chatbot was made a moderator, or banned."),
    topic("channel.chatbot.counters", None, "A counter of the chatbot changed."),
    topic("channel.chatbot.modules.pyramid", Some("bot:read"), "Somebody built a pyramid in chat."),
    topic("channel.chatbot.modules.emotecombo", Some("bot:read"), "A combo of emotes ended."),
    topic("channel.chatbot.audiencequeue", Some("bot:read"), "The audience queue, or who stands in it, changed."),
    topic("channel.chatbot.timeout", None, "Announced by the vendor; nothing is published yet."),
    topic("channel.chatbot.modules", Some("bot:read"), "A valid name on which nothing is published at present."),
    topic("channel.chatbot.commands", Some("bot:read"), "A valid name on which nothing is published at present."),
    topic("channel.chatbot.timers", Some("bot:read"), "A valid name on which nothing is published at present."),
    topic("channel.chatbot.filters", Some("bot:read"), "A valid name on which nothing is published at present."),
    topic("channel.announcements", Some("channel:read"), "Listed by the vendor without a payload."),
    topic("channel.chatstats", None, "Listed by the vendor without a payload."),
    topic("channel.loyalty.redemptions", Some("store:read"), "Listed by the vendor without a payload."),
    topic("channel.loyalty.items", Some("store:read"), "Listed by the vendor without a payload."),
];

#[cfg(test)]
mod tests {
    use super::TOPICS;

    #[test]
    fn every_topic_is_listed_once() {
        let mut names: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TOPICS.len());
    }
}
