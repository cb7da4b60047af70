//! The chatbot's topics.

use serde::Serialize;

use crate::view::Json;
use crate::view::object::Object;

/// The bot's standing in the chat changed. The newest revision sends exactly one of `mod` and `banned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChatbotStatus {
    /// Whether the bot is a moderator.
    #[serde(rename = "mod")]
    pub is_mod: Option<bool>,
    /// Whether it is banned.
    pub banned: Option<bool>,
    /// Whether it is muted (older revisions).
    pub muted: Option<bool>,
    /// Whether it has joined (older revisions).
    pub joined: Option<bool>,
}

/// A counter changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChatbotCounter {
    /// The counter's name.
    pub counter: String,
    /// Its value. Deleting and resetting both give 0, and cannot be told apart.
    pub value: i64,
}

/// Somebody built a pyramid of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pyramid {
    /// The chat message that completed it.
    pub message_id: Option<String>,
    /// Who built it.
    pub user_id: Option<String>,
    /// The name of who built it.
    pub user_name: Option<String>,
    /// The word it is built of.
    pub word: String,
    /// How wide it is, 3 at least.
    pub width: i64,
}

/// A run of one emote ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EmoteCombo {
    /// The chat message that ended it.
    pub message_id: Option<String>,
    /// Who ended it.
    pub user_id: Option<String>,
    /// The name of who ended it.
    pub user_name: Option<String>,
    /// The emote.
    pub emote: String,
    /// How often it came in a row.
    pub count: i64,
}

/// The queue of viewers changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AudienceQueue {
    /// What happened: `created`, `updated`, `deleted`, `member-enqueued`, `member-selected`, `member-removed`.
    pub event: String,
    /// With `created` and `updated`: how the queue is set up.
    pub queue: Option<QueueSettings>,
    /// With the events about a member: who.
    pub member: Option<AudienceMember>,
    /// All that the gateway says, as it wrote it.
    pub payload: Option<Json>,
}

/// How a queue of viewers is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QueueSettings {
    /// Its title.
    pub title: Option<String>,
    /// Whether nobody can enter at present.
    pub is_suspended: Option<bool>,
    /// Who may enter: `everyone`, `vip`, `subscriber`, `follower`.
    pub groups: Vec<String>,
    /// How many may wait; 0 means no limit.
    pub max_size: Option<i64>,
}

/// A viewer in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AudienceMember {
    /// The id.
    pub id: Option<String>,
    /// The login name.
    pub username: Option<String>,
    /// The name as it is shown.
    pub display_name: Option<String>,
    /// Minutes watched.
    pub watch_time: Option<i64>,
    /// The groups the viewer belongs to.
    pub groups: Vec<String>,
    /// The place in the queue.
    pub position: Option<i64>,
}

impl ChatbotStatus {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let status = Self {
            is_mod: data.boolean("mod"),
            banned: data.boolean("banned"),
            muted: data.boolean("muted"),
            joined: data.boolean("joined"),
        };
        status.is_mod.or(status.banned).or(status.muted).or(status.joined).map(|_| status)
    }
}

impl ChatbotCounter {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self { counter: data.text("counter")?, value: data.whole("value")? })
    }
}

impl Pyramid {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self {
            message_id: data.id("msg_id"),
            user_id: data.id("user_id"),
            user_name: data.text("user_name"),
            word: data.text("word")?,
            width: data.whole("width")?,
        })
    }
}

impl EmoteCombo {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self {
            message_id: data.id("msg_id"),
            user_id: data.id("user_id"),
            user_name: data.text("user_name"),
            emote: data.text("emote")?,
            count: data.whole("count")?,
        })
    }
}

impl AudienceQueue {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let named = data.text("event")?;
        let event = named.strip_prefix("audience-queue:").unwrap_or(&named).to_owned();
        let payload = data.object("payload");
        let about_member = event.starts_with("member-");
        Some(Self {
            queue: payload.as_ref().filter(|_| !about_member).map(|queue| QueueSettings {
                title: queue.text("title"),
                is_suspended: queue.boolean("isSuspended"),
                groups: queue.texts("audienceMemberGroups"),
                max_size: queue.whole("maxQueueSize"),
            }),
            member: payload.as_ref().filter(|_| about_member).map(|member| AudienceMember {
                id: member.id("id"),
                username: member.text("username"),
                display_name: member.text("displayName"),
                watch_time: member.whole("watchTime"),
                groups: member.texts("audienceGroups"),
                position: member.whole("position"),
            }),
            event,
            payload: data.some("payload"),
        })
    }
}
