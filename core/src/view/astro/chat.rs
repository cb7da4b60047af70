//! `channel.chat.message`.

use serde::Serialize;

use crate::view::Json;
use crate::view::object::Object;

/// Somebody wrote in the chat. The gateway passes on the platform's own object; this is what all platforms have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// Which platform's object it is.
    pub platform: Platform,
    /// The platform's id of the message.
    pub id: Option<String>,
    /// Who wrote it.
    pub author: ChatAuthor,
    /// What was written. On Kick, emotes stand in it as `[emote:<id>:<name>]`.
    pub text: String,
    /// The platform's object as it came.
    pub original: Json,
}

/// A chat platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Platform {
    /// Twitch.
    Twitch,
    /// YouTube.
    YouTube,
    /// Kick.
    Kick,
    /// Trovo.
    Trovo,
}

/// The author of a chat message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChatAuthor {
    /// The id on the platform.
    pub id: Option<String>,
    /// The login name, where the platform has one.
    pub login: Option<String>,
    /// The name as it is shown.
    pub name: Option<String>,
}

impl ChatMessage {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let data = Object::parse(payload)?;
        let original = Json::from_raw(serde_json::from_slice(payload).ok()?);
        if data.has("broadcaster_user_id") {
            return Some(Self {
                platform: Platform::Twitch,
                id: data.id("message_id"),
                author: ChatAuthor {
                    id: data.id("chatter_user_id"),
                    login: data.text("chatter_user_login"),
                    name: data.text("chatter_user_name"),
                },
                text: data.object("message")?.text("text")?,
                original,
            });
        }
        if data.text("kind").as_deref() == Some("youtube#liveChatMessage") {
            let author = data.object("authorDetails");
            return Some(Self {
                platform: Platform::YouTube,
                id: data.id("id"),
                author: ChatAuthor {
                    id: author.as_ref().and_then(|author| author.id("channelId")),
                    login: None,
                    name: author.as_ref().and_then(|author| author.text("displayName")),
                },
                text: data.object("snippet")?.text("displayMessage")?,
                original,
            });
        }
        if let (Some(_), Some(sender)) = (data.object("broadcaster"), data.object("sender")) {
            let name = sender.text("username");
            return Some(Self {
                platform: Platform::Kick,
                id: data.id("message_id"),
                author: ChatAuthor { id: sender.id("user_id"), login: name.clone(), name },
                text: data.text("content")?,
                original,
            });
        }
        let inner = data.object("data").filter(|_| data.has("channel_id"))?;
        let login = inner.text("username");
        Some(Self {
            platform: Platform::Trovo,
            id: inner.id("message_id").or_else(|| data.id("message_id")),
            author: ChatAuthor { id: inner.id("sender_id"), name: inner.text("display_name").or_else(|| login.clone()), login },
            text: inner.text("text")?,
            original,
        })
    }
}
