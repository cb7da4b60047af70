//! Astro's topics as types.
//!
//! [`AstroEvent::read`] turns a frame into what its topic means, [`canonical`] into the JSON that the typed layers of other languages
//! read: `{"topic":…,"kind":…, …}` with `snake_case` names. Both cope with the revisions of the protocol: the session map arrives in
//! three shapes and with two styles of keys, giveaways under two names, amounts as numbers or strings.
//!
//! A topic that is not known, and a payload that does not fit its topic, has no view.
//!
//! ```
//! use topicwire::view::astro::AstroEvent;
//!
//! let frame = br#"{"type":"message","topic":"channel.stream.status","data":{"isLive":true}}"#;
//! match AstroEvent::read("channel.stream.status", frame) {
//!     AstroEvent::StreamStatus(status) => assert!(status.is_live),
//!     _ => unreachable!("the topic says what it is"),
//! }
//! ```

mod activity;
mod chat;
mod chatbot;
mod games;
mod overlay;
mod session;
mod song;
#[cfg(test)]
mod tests;
mod tip;
mod tip_once;

use serde::Serialize;

pub use activity::{Activity, ActivityUser, Item};
pub use chat::{ChatAuthor, ChatMessage, Platform};
pub use chatbot::{AudienceMember, AudienceQueue, ChatbotCounter, ChatbotStatus, EmoteCombo, Pyramid, QueueSettings};
pub use games::{Contest, Entrant, Giveaway};
pub use overlay::{KeyValueUpdate, OverlayAction, OverlayBroadcast, OverlayUpdate};
pub use session::{SessionReset, SessionUpdate};
pub use song::{Song, SongRequest};
pub use tip::{Donor, Tip};
pub use tip_once::{TipOnce, TipVerdict};

use super::object::Object;
use crate::event::Message;
use crate::scan::{Keys, Kind, scan};

/// One Astro message as its topic means it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AstroEvent {
    /// `channel.activities`: somebody followed, tipped, subscribed, raided, …
    Activity(Box<Activity>),
    /// `channel.tips`: a tip was completed.
    Tip(Box<Tip>),
    /// `channel.tips.moderation`: a tip's moderation state changed.
    TipModeration(Box<Tip>),
    /// `channel.session.update`: one value of the session changed.
    SessionUpdate(SessionUpdate),
    /// `channel.session.reset`: the session was set anew.
    SessionReset(SessionReset),
    /// `channel.stream.status`: the channel went live, or off.
    StreamStatus(StreamStatus),
    /// `channel.chat.message`: somebody wrote in the chat.
    ChatMessage(Box<ChatMessage>),
    /// `channel.contests`: a contest changed.
    Contest(Contest),
    /// `channel.giveaways`: a giveaway changed.
    Giveaway(Box<Giveaway>),
    /// `channel.songrequest`: the player or its queue changed.
    SongRequest(Box<SongRequest>),
    /// `channel.overlay.action`: overlays are told to do something.
    OverlayAction(OverlayAction),
    /// `channel.overlay.broadcast`: a custom event for overlays.
    OverlayBroadcast(OverlayBroadcast),
    /// `channel.overlay.update`: an overlay was saved.
    OverlayUpdate(OverlayUpdate),
    /// `channel.kvstore.update`: a stored value changed.
    KeyValueUpdate(KeyValueUpdate),
    /// `channel.chatbot.status`: the bot's standing in the chat changed.
    ChatbotStatus(ChatbotStatus),
    /// `channel.chatbot.counters`: a counter changed.
    ChatbotCounter(ChatbotCounter),
    /// `channel.chatbot.modules.pyramid`: somebody built a pyramid of words.
    Pyramid(Pyramid),
    /// `channel.chatbot.modules.emotecombo`: a run of one emote ended.
    EmoteCombo(EmoteCombo),
    /// `channel.chatbot.audiencequeue`: the queue of viewers changed.
    AudienceQueue(Box<AudienceQueue>),
    /// A topic or a payload without a view. The payload itself is with the message.
    Unknown,
}

/// Whether the channel is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StreamStatus {
    /// Whether any of the channel's streams is live.
    pub is_live: bool,
}

impl AstroEvent {
    /// What the frame of a message on `topic` means. Takes the whole frame, since one revision keeps the session beside `data`.
    #[must_use]
    pub fn read(topic: &str, frame: &[u8]) -> Self {
        read(topic, frame).unwrap_or(Self::Unknown)
    }

    /// What a message means.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        message.topic().map_or(Self::Unknown, |topic| Self::read(topic, message.frame()))
    }
}

/// The canonical JSON of a message on `topic`; `None` where it has no view.
///
/// A tip's canonical JSON holds the donor's personal data (`user.email`, `user.geo`, `user.channel`), as the payload does. It is the
/// user's; it must not be logged or recorded.
#[must_use]
pub fn canonical(topic: &str, frame: &[u8]) -> Option<Vec<u8>> {
    let event = serde_json::to_vec(&read(topic, frame)?).ok()?;
    let mut json = b"{\"topic\":".to_vec();
    serde_json::to_writer(&mut json, topic).ok()?;
    json.push(b',');
    json.extend_from_slice(event.strip_prefix(b"{")?);
    Some(json)
}

fn read(topic: &str, frame: &[u8]) -> Option<AstroEvent> {
    let data = || Object::parse(payload(frame)?);
    Some(match topic {
        "channel.activities" => AstroEvent::Activity(Box::new(Activity::read(&data()?)?)),
        "channel.tips" => AstroEvent::Tip(Box::new(Tip::read(&data()?)?)),
        "channel.tips.moderation" => AstroEvent::TipModeration(Box::new(Tip::read(&data()?)?)),
        "channel.session.update" => AstroEvent::SessionUpdate(SessionUpdate::read(&data()?)?),
        "channel.session.reset" => AstroEvent::SessionReset(SessionReset::read(frame)?),
        "channel.stream.status" => AstroEvent::StreamStatus(StreamStatus { is_live: data()?.boolean("isLive")? }),
        "channel.chat.message" => AstroEvent::ChatMessage(Box::new(ChatMessage::read(payload(frame)?)?)),
        "channel.contests" => AstroEvent::Contest(Contest::read(&data()?)?),
        "channel.giveaways" | "channel.giveaway" => AstroEvent::Giveaway(Box::new(Giveaway::read(&data()?)?)),
        "channel.songrequest" => AstroEvent::SongRequest(Box::new(SongRequest::read(&data()?)?)),
        "channel.overlay.action" => AstroEvent::OverlayAction(OverlayAction::read(&data()?)?),
        "channel.overlay.broadcast" => AstroEvent::OverlayBroadcast(OverlayBroadcast::read(&data()?)?),
        "channel.overlay.update" => AstroEvent::OverlayUpdate(OverlayUpdate::read(payload(frame)?)?),
        "channel.kvstore.update" => AstroEvent::KeyValueUpdate(KeyValueUpdate::read(&data()?)?),
        "channel.chatbot.status" => AstroEvent::ChatbotStatus(ChatbotStatus::read(&data()?)?),
        "channel.chatbot.counters" => AstroEvent::ChatbotCounter(ChatbotCounter::read(&data()?)?),
        "channel.chatbot.modules.pyramid" => AstroEvent::Pyramid(Pyramid::read(&data()?)?),
        "channel.chatbot.modules.emotecombo" => AstroEvent::EmoteCombo(EmoteCombo::read(&data()?)?),
        "channel.chatbot.audiencequeue" => AstroEvent::AudienceQueue(Box::new(AudienceQueue::read(&data()?)?)),
        _ => return None,
    })
}

/// The frame's `data`, if it is an object.
fn payload(frame: &[u8]) -> Option<&[u8]> {
    const DATA: Keys<'static, 1> = Keys::all(["data"]);
    let [data] = scan(frame, &DATA).ok()?;
    data.filter(|data| data.kind() == Kind::Object).map(|data| data.raw(frame))
}
