//! Views of Astro's topics.

mod samples;
mod session;
mod tips;

use super::canonical;

/// The canonical JSON of a message whose `data` is this.
pub(super) fn view(topic: &str, data: &str) -> Option<String> {
    let frame = format!(r#"{{"id":"1","type":"message","topic":"{topic}","data":{data}}}"#);
    canonical(topic, frame.as_bytes()).map(|json| String::from_utf8(json).expect("JSON is UTF-8"))
}

/// Checks that each of `wanted` is in the canonical JSON, null and absent being the same.
#[track_caller]
pub(super) fn assert_view(topic: &str, data: &str, kind: &str, wanted: &str) {
    let json = view(topic, data).unwrap_or_else(|| panic!("{topic} has a view of {data}"));
    let found: serde_json::Value = serde_json::from_str(&json).expect("canonical JSON is valid");
    assert_eq!((found["topic"].as_str(), found["kind"].as_str()), (Some(topic), Some(kind)));
    let wanted: serde_json::Value = serde_json::from_str(wanted).expect("the expectation is valid");
    contains(&wanted, &found, topic);
}

#[track_caller]
fn contains(wanted: &serde_json::Value, found: &serde_json::Value, path: &str) {
    match wanted.as_object() {
        Some(fields) => fields.iter().for_each(|(key, value)| contains(value, &found[key], &format!("{path}.{key}"))),
        None => assert_eq!(wanted, found, "{path}"),
    }
}
