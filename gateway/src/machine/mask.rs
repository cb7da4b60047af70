//! Masks secrets in what people may read.
//!
//! Three nets, since each alone has holes: fields by name in JSON, the same names in text that is not (or no
//! longer) JSON, and secrets that the gateway knows by value.

use serde_json::Value;

use super::ordered::Ordered;

const MASK: &str = "***";

/// Whether the value of a field with this name is nobody's business.
fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    // `token_type` says only "jwt" or "oauth2", and is worth reading.
    plain != "tokentype"
        && ["token", "authorization", "secret", "password", "apikey", "email", "cookie", "credential"]
            .iter()
            .any(|word| plain.contains(word))
}

/// Masks a text for reading.
pub(crate) fn text(text: &str, known: &[String]) -> String {
    let masked = match serde_json::from_str(text) {
        Ok(mut value @ (Ordered::Object(_) | Ordered::Array(_))) => {
            json(&mut value);
            serde_json::to_string(&value).unwrap_or_else(|_| MASK.to_owned())
        }
        _ => by_name(text),
    };
    known
        .iter()
        .filter(|secret| secret.len() >= 4)
        .fold(masked, |text, secret| if text.contains(secret.as_str()) { text.replace(secret.as_str(), MASK) } else { text })
}

/// Masks the values of a URL query, all of them: who knows which is the token.
pub(crate) fn query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) => format!("{key}={MASK}"),
            None => MASK.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn json(value: &mut Ordered) {
    match value {
        Ordered::Object(fields) => {
            // The payload of `connection_init` is where people put credentials, under any name at all.
            let init = fields.iter().any(|(key, value)| key == "type" && matches!(value, Ordered::Leaf(kind) if kind == "connection_init"));
            for (key, inner) in fields {
                if (init && key == "payload") || is_secret(key) {
                    leaves(inner);
                } else {
                    json(inner);
                }
            }
        }
        Ordered::Array(items) => items.iter_mut().for_each(json),
        Ordered::Leaf(Value::String(inner)) => *inner = by_name(inner),
        Ordered::Leaf(_) => {}
    }
}

fn leaves(value: &mut Ordered) {
    match value {
        Ordered::Object(fields) => fields.iter_mut().for_each(|(_, inner)| leaves(inner)),
        Ordered::Array(items) => items.iter_mut().for_each(leaves),
        Ordered::Leaf(Value::Null | Value::Bool(_)) => {}
        Ordered::Leaf(leaf) => *leaf = Value::from(MASK),
    }
}

/// Masks what follows `name=`, `"name":`, `name:` and `Bearer ` in text that is no JSON document.
fn by_name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = text[from..].find(['=', ':', ' ']).map(|at| from + at) {
        let next = at + 1;
        let hidden = if text.as_bytes()[at] == b' ' {
            ["bearer", "oauth"].iter().any(|scheme| word_before(text, at).eq_ignore_ascii_case(scheme))
        } else {
            is_secret(word_before(text, at))
        };
        out.push_str(&text[from..next]);
        from = next;
        if !hidden {
            continue;
        }
        let lead = |rest: &str| rest.len() - rest.trim_start_matches([' ', '"', '\\', '[', '{']).len();
        let mut start = from + lead(&text[from..]);
        // `Authorization: Bearer x` hides the x, and keeps the word that says what it was.
        for scheme in ["bearer ", "oauth "] {
            let given = text.get(start..start + scheme.len());
            if given.is_some_and(|given| given.eq_ignore_ascii_case(scheme)) {
                start += scheme.len();
            }
        }
        let length = text[start..].find(['"', '&', ',', '}', ']', ' ', '\n', '\\']);
        let end = length.map_or(text.len(), |length| start + length);
        out.push_str(&text[from..start]);
        if end > start {
            out.push_str(MASK);
        }
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// The name that ends at `at`, past quotes and spaces.
fn word_before(text: &str, at: usize) -> &str {
    let word = text[..at].trim_end_matches(['"', '\\', ' ']);
    let boundary = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let start = word.rfind(boundary).map_or(0, |i| i + word[i..].chars().next().map_or(1, char::len_utf8));
    &word[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_masked_by_name_wherever_they_are() {
        let frame = r#"{"type":"subscribe","nonce":"n","data":{"topic":"t","token":"s3cr3t","token_type":"jwt"}}"#;
        assert_eq!(text(frame, &[]), r#"{"type":"subscribe","nonce":"n","data":{"topic":"t","token":"***","token_type":"jwt"}}"#);
        let tip = r#"{"data":{"donation":{"user":{"username":"u","email":"a@b"}}}}"#;
        assert!(!text(tip, &[]).contains("a@b"));
        assert!(!text(r#"{"data":{"reconnect_token":"rt.1"}}"#, &[]).contains("rt.1"));
    }

    #[test]
    fn every_leaf_of_a_connection_init_is_masked() {
        let frame = r#"{"type":"connection_init","payload":{"x-client-id":"abc","headers":{"k":"def"},"n":7}}"#;
        let masked = text(frame, &[]);
        for secret in ["abc", "def", "7"] {
            assert!(!masked.contains(secret), "{masked}");
        }
    }

    #[test]
    fn broken_json_and_plain_text_are_masked_too() {
        for (broken, secret) in [
            (r#"{"type":"subscribe","data":{"token":"abc123"#, "abc123"),
            (r#"{"data":{"token" : "abc123","topic"#, "abc123"),
            ("GET /?reconnect_token=abc123&x=1", "abc123"),
            ("Authorization: Bearer abc123", "abc123"),
            ("said Bearer abc123 aloud", "abc123"),
            (r#""{\"token\":\"abc123\"}""#, "abc123"),
        ] {
            let masked = text(broken, &[]);
            assert!(!masked.contains(secret), "{masked}");
            assert!(masked.contains(MASK), "{masked}");
        }
    }

    #[test]
    fn a_secret_known_by_value_is_masked_under_any_name() {
        let masked = text(r#"{"note":"my-jwt is fine"}"#, &["my-jwt".to_owned()]);
        assert_eq!(masked, r#"{"note":"*** is fine"}"#);
    }

    #[test]
    fn text_without_secrets_stays_as_it_is() {
        for plain in ["héllo: wörld = 1", "a=b&c=d", "", "token"] {
            assert_eq!(text(plain, &[]), plain);
        }
    }

    #[test]
    fn all_values_of_a_query_are_masked() {
        assert_eq!(query("token=a&x=b&lone"), "token=***&x=***&***");
        assert_eq!(query(""), "");
    }
}
