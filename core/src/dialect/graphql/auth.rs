//! Where the credential goes: the URL, a header, the payload of `connection_init`, or each operation's `extensions`.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::{RawValue, to_raw_value};

use crate::options::{Auth, GraphQlOptions};
use crate::secret::Secret;

/// What need not be encoded in a query's value (RFC 3986 §2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn value(options: &GraphQlOptions, token: &Secret) -> String {
    format!("{}{}", options.auth_prefix, token.expose())
}

/// The address to dial.
pub(super) fn url(options: &GraphQlOptions, token: &Secret) -> Secret {
    if options.auth != Auth::Query || token.is_empty() {
        return options.url.clone();
    }
    // Fragments never reach a server (RFC 6455 §3), and would swallow what is added.
    let base = options.url.expose().split('#').next().unwrap_or_default();
    let joint = if base.contains('?') { '&' } else { '?' };
    let encoded = utf8_percent_encode(token.expose(), PLAIN);
    Secret::new(format!("{base}{joint}{}={encoded}", utf8_percent_encode(&options.auth_name, PLAIN)))
}

/// The header to add.
pub(super) fn header(options: &GraphQlOptions, token: &Secret) -> Option<(String, Secret)> {
    (options.auth == Auth::Header && !token.is_empty()).then(|| (options.auth_name.clone(), Secret::new(value(options, token))))
}

/// The payload of `connection_init`, as JSON.
pub(super) fn init_payload(options: &GraphQlOptions, token: &Secret) -> Option<String> {
    let given = options.init_payload.expose();
    if options.auth != Auth::Payload || token.is_empty() {
        return (!given.is_empty()).then(|| given.to_owned());
    }
    Some(with_member(given, &options.auth_name, value(options, token)))
}

/// The extensions of an operation.
pub(super) fn extensions(options: &GraphQlOptions, token: &Secret, given: Option<&RawValue>) -> Option<Box<RawValue>> {
    if options.auth != Auth::Extensions || token.is_empty() {
        return given.map(ToOwned::to_owned);
    }
    let text = with_member(given.map_or("", RawValue::get), &options.auth_name, value(options, token));
    RawValue::from_string(text).ok()
}

/// A JSON object with one member more, or with another value for it. The others keep the text that they were written with.
fn with_member(object: &str, name: &str, value: String) -> String {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(object).unwrap_or_default();
    let value = to_raw_value(&value).expect("a string is always JSON");
    members.insert(name.to_owned(), value);
    serde_json::to_string(&members).expect("a map of raw JSON is always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Preset;

    #[test]
    fn a_token_in_the_url_is_percent_encoded_and_never_printed() {
        let options = GraphQlOptions::preset(Preset::Bitquery);
        let url = url(&options, &Secret::new("ory_at_a+b/c&d"));
        assert!(url.expose().ends_with("/graphql?token=ory_at_a%2Bb%2Fc%26d"));
        assert_eq!(format!("{url:?}"), "***");
    }

    #[test]
    fn a_query_that_is_there_is_added_to_and_a_fragment_is_cut() {
        let options = GraphQlOptions { auth: Auth::Query, auth_name: "token".into(), ..GraphQlOptions::default() };
        for (base, full) in [("ws://h", "ws://h?token=t"), ("ws://h/?a=1", "ws://h/?a=1&token=t"), ("ws://h/#x?y", "ws://h/?token=t")] {
            let options = GraphQlOptions { url: base.into(), ..options.clone() };
            assert_eq!(url(&options, &Secret::new("t")).expose(), full);
        }
        assert_eq!(url(&options, &Secret::default()), options.url, "no token, no parameter");
    }

    #[test]
    fn header_and_extensions_carry_the_prefix() {
        let options = GraphQlOptions { auth: Auth::Header, ..GraphQlOptions::new("ws://h/") };
        let (name, value) = header(&options, &Secret::new("t")).expect("a header");
        assert_eq!((name.as_str(), value.expose()), ("Authorization", "Bearer t"));
        let options = GraphQlOptions { auth: Auth::Extensions, ..options };
        assert!(header(&options, &Secret::new("t")).is_none());
        let given = RawValue::from_string(r#"{"Authorization":"old","b":2}"#.to_owned()).expect("JSON");
        let merged = extensions(&options, &Secret::new("t"), Some(&given)).expect("extensions");
        assert_eq!(merged.get(), r#"{"Authorization":"Bearer t","b":2}"#);
    }

    #[test]
    fn the_payload_keeps_what_the_user_put_there() {
        let options = GraphQlOptions { init_payload: r#"{"a":1.50}"#.into(), ..GraphQlOptions::new("ws://h/") };
        assert_eq!(init_payload(&options, &Secret::new("t")).as_deref(), Some(r#"{"Authorization":"Bearer t","a":1.50}"#));
        assert_eq!(init_payload(&options, &Secret::default()).as_deref(), Some(r#"{"a":1.50}"#));
        assert_eq!(init_payload(&GraphQlOptions::new("ws://h/"), &Secret::default()), None);
    }
}
