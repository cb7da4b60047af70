//! Payloads as the older page has them: a session reset is wrapped, and its keys have underscores.

use serde_json::{Map, Value, json};

/// The older form of a payload; none if it is the same.
pub(super) fn reshape(topic: &str, data: &Value) -> Option<Value> {
    let flat = data.as_object()?;
    if topic != "channel.session.reset" || flat.contains_key("session") {
        return None;
    }
    let session: Map<String, Value> = flat
        .iter()
        .map(|(key, value)| match key.rsplit_once('-') {
            Some((family, "latest")) => (format!("latest_{}", under(family)), value.clone()),
            Some((family, "total")) => {
                let count = value.get("count").unwrap_or(value);
                (format!("{}_count", under(family)), count.clone())
            }
            _ => (under(key), value.clone()),
        })
        .collect();
    Some(json!({ "session": session }))
}

fn under(key: &str) -> String {
    key.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_reset_is_wrapped_and_renamed() {
        let new = json!({
            "follower-latest": {"name": "heron"},
            "follower-total": {"count": 1042},
            "tip-session": {"amount": 5},
        });
        let old = json!({"session": {
            "latest_follower": {"name": "heron"},
            "follower_count": 1042,
            "tip_session": {"amount": 5},
        }});
        assert_eq!(reshape("channel.session.reset", &new), Some(old.clone()));
        assert_eq!(reshape("channel.session.reset", &old), None);
        assert_eq!(reshape("channel.session.update", &new), None);
    }
}
