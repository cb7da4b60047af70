//! The overlay topics, and `channel.kvstore.update`.

use serde::Serialize;

use crate::view::Json;
use crate::view::object::Object;

/// Overlays are told to do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverlayAction {
    /// `pause`, `unpause`, `mute`, `unmute`, `skip`, `playNext`, `emptyHypeCup`, `reload`. An open set.
    pub action: String,
}

/// A custom event for overlays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverlayBroadcast {
    /// `global`, or an overlay's id.
    pub target: Option<String>,
    /// The event's name.
    pub event: String,
    /// What goes with it, as it was sent.
    pub data: Option<Json>,
}

/// An overlay was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverlayUpdate {
    /// The overlay's id.
    pub id: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// The overlay's name.
    pub name: Option<String>,
    /// The kind of overlay, in the gateway's words.
    pub overlay_type: Option<String>,
    /// How many widgets it has.
    pub widgets: usize,
    /// When it was last changed, ISO 8601.
    pub updated_at: Option<String>,
    /// The complete overlay, as the gateway wrote it. It can be large.
    pub overlay: Json,
}

/// A stored value changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyValueUpdate {
    /// Its key, such as `alerts.paused`.
    pub key: String,
    /// The new value, any JSON.
    pub value: Option<Json>,
}

impl OverlayAction {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self { action: data.text("action")? })
    }
}

impl OverlayBroadcast {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self { target: data.text("target"), event: data.text("event")?, data: data.raw("data") })
    }
}

impl OverlayUpdate {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let data = Object::parse(payload)?;
        Some(Self {
            id: data.id("_id"),
            channel: data.id("channel"),
            name: data.text("name"),
            overlay_type: data.text("type"),
            widgets: data.objects("widgets").len(),
            updated_at: data.text("updatedAt"),
            overlay: Json::from_raw(serde_json::from_slice(payload).ok()?),
        })
    }
}

impl KeyValueUpdate {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        Some(Self { key: data.text("key")?, value: data.raw("value") })
    }
}
