//! Patterns: JSON that must be there, and names for what was found.

use std::collections::BTreeMap;

use serde_json::Value;

/// What was kept, by name.
pub type Kept = BTreeMap<String, Value>;

/// Whether a value has what a pattern asks for. Objects may have more members; arrays must be equal in length. `"$name"` matches anything
/// and keeps it; if it is kept already, it must be the same.
pub fn matches(pattern: &Value, value: &Value, kept: &mut Kept) -> bool {
    match (pattern, value) {
        (Value::String(name), value) if name.starts_with('$') => match kept.get(name) {
            Some(known) => known == value,
            None => {
                kept.insert(name.clone(), value.clone());
                true
            }
        },
        (Value::Object(wanted), Value::Object(there)) => wanted.iter().all(|(name, pattern)| match there.get(name) {
            Some(value) => matches(pattern, value, kept),
            // `null` asks for absence as well.
            None => pattern.is_null(),
        }),
        (Value::Array(wanted), Value::Array(there)) => {
            wanted.len() == there.len() && wanted.iter().zip(there).all(|(pattern, value)| matches(pattern, value, kept))
        }
        (pattern, value) => pattern == value,
    }
}

/// A template with what was kept in place of its names.
#[must_use]
pub fn fill(template: &Value, kept: &Kept) -> Value {
    match template {
        Value::String(name) if name.starts_with('$') => kept.get(name).cloned().unwrap_or_else(|| template.clone()),
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), fill(value, kept))).collect()),
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, kept)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_keeps_what_it_meets_and_insists_on_it_afterwards() {
        let mut kept = Kept::new();
        assert!(matches(&json!({"nonce": "$n", "room": null}), &json!({"nonce": "1", "more": true}), &mut kept));
        assert!(!matches(&json!({"nonce": "$n"}), &json!({"nonce": "2"}), &mut kept));
        assert_eq!(fill(&json!({"nonce": "$n"}), &kept), json!({"nonce": "1"}));
    }
}
