//! `channel.session.update` and `channel.session.reset`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::scan::{Keys, Kind, scan};
use crate::view::Json;
use crate::view::object::Object;

/// One value of the session changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionUpdate {
    /// The canonical key, such as `follower-latest`.
    pub key: String,
    /// The key as the gateway wrote it.
    pub original_key: String,
    /// Where it came from: `twitch`, `youtube`, …
    pub provider: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// The activity that caused it.
    pub activity_id: Option<String>,
    /// The new value, usually a small object: `{"count":…}`, `{"amount":…}`, `{"name":…}`.
    pub value: Option<Json>,
}

/// The session as it is after a reset, or after being set anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionReset {
    /// The session's values by canonical key, whichever of its three shapes the gateway sent.
    pub session: BTreeMap<String, Json>,
    /// The key as the gateway wrote it, for every canonical key that differs from it.
    pub original_keys: BTreeMap<String, String>,
}

impl SessionUpdate {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let original_key = data.text("key").or_else(|| data.text("name"))?;
        let raw = data.raw("data");
        let (key, value) = match &raw {
            Some(value) => normalise(&original_key, value.get()),
            None => (canonical_key(&original_key), None),
        };
        Some(Self {
            key,
            original_key,
            provider: data.text("provider"),
            channel: data.id("channel"),
            activity_id: data.object("data").and_then(|inner| inner.id("activityId")),
            value: value.or(raw),
        })
    }
}

impl SessionReset {
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let map = Object::parse(session_map(frame)?)?;
        let mut reset = Self { session: BTreeMap::new(), original_keys: BTreeMap::new() };
        for (original, raw) in map.fields() {
            let (key, value) = normalise(original, raw.get());
            let is_canonical = key == original;
            // Should both styles come at once, the newer one counts.
            if !is_canonical && (map.has(&key) || reset.session.contains_key(&key)) {
                continue;
            }
            if !is_canonical {
                reset.original_keys.insert(key.clone(), original.to_owned());
            }
            reset.session.insert(key, value.unwrap_or_else(|| Json::from_raw(raw)));
        }
        Some(reset)
    }
}

/// The session map: `data.session`, or `session` beside `data`, or `data` itself.
fn session_map(frame: &[u8]) -> Option<&[u8]> {
    const ROOT: Keys<'static, 2> = Keys::all(["data", "session"]);
    const WRAPPED: Keys<'static, 1> = Keys::all(["session"]);
    let object = |value: &crate::scan::Value| value.kind() == Kind::Object;
    let [data, beside] = scan(frame, &ROOT).ok()?;
    let data = data.filter(object).map(|data| data.raw(frame));
    if let Some(data) = data
        && let [Some(wrapped)] = scan(data, &WRAPPED).ok()?
        && object(&wrapped)
    {
        return Some(wrapped.raw(data));
    }
    beside.filter(object).map(|beside| beside.raw(frame)).or(data)
}

/// The canonical key, and the value if it has to be written anew.
fn normalise(original: &str, value: &str) -> (String, Option<Json>) {
    if let Some(family) = original.strip_suffix("_count")
        && value.starts_with(|first: char| first == '-' || first.is_ascii_digit())
    {
        return (format!("{}-total", family.replace('_', "-")), wrap("count", value));
    }
    let key = canonical_key(original);
    let value = if key.ends_with("-latest") && value.starts_with('"') { wrap("name", value) } else { None };
    (key, value)
}

fn canonical_key(original: &str) -> String {
    match original.strip_prefix("latest_").or_else(|| original.strip_prefix("latest-")) {
        Some(family) => format!("{}-latest", family.replace('_', "-")),
        None => original.replace('_', "-"),
    }
}

/// `{"key":value}`.
fn wrap(key: &str, value: &str) -> Option<Json> {
    let value: &RawValue = serde_json::from_str(value).ok()?;
    Json::from_value(&BTreeMap::from([(key, value)]))
}
