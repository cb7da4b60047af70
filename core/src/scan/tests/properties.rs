//! Any JSON at all.

use proptest::collection::vec;
use proptest::prelude::*;

use super::reference::{expected, members};
use crate::scan::{Keys, Kind, Value, end_of_value, find, scan, walk};

const NAMES: [&str; 7] = ["type", "data", "id", "subscription", "", "päth", "1234567"];

/// White space that JSON allows.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => Just(" ".to_owned()), 1 => "[ \t\r\n]{1,4}"]
}

/// A character of a string, escaped in one of the ways that JSON knows.
fn character() -> impl Strategy<Value = String> {
    fn unicode(one: char) -> String {
        let mut units = [0; 2];
        one.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    }
    prop_oneof![
        8 => "[a-z{}\\[\\]:,]".prop_map(String::from),
        1 => any::<char>().prop_filter("plain", |c| *c >= ' ' && *c != '"' && *c != '\\').prop_map(String::from),
        1 => any::<char>().prop_map(unicode),
        2 => proptest::sample::select(vec!["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]).prop_map(String::from),
    ]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![4 => vec(character(), 0..12), 1 => vec(character(), 0..150)].prop_map(|characters| format!("\"{}\"", characters.concat()))
}

/// A key: often one that is looked for, sometimes with each of its letters escaped.
fn key() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(NAMES.to_vec());
    prop_oneof![
        4 => known.clone().prop_map(|name| format!("\"{name}\"")),
        1 => known.prop_map(|name| format!("\"{}\"", name.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect::<String>())),
        3 => string(),
    ]
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member =
        (space(), key(), space(), space(), value, space()).prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"));
    (vec(member, 0..8), space()).prop_map(|(members, empty)| format!("{{{}}}", if members.is_empty() { empty } else { members.join(",") }))
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => string(),
        1 => proptest::sample::select(vec!["true", "false", "null"]).prop_map(String::from),
        2 => "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?",
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let element = (space(), inner.clone(), space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        prop_oneof![vec(element, 0..8).prop_map(|elements| format!("[{}]", elements.join(","))), object_of(inner)]
    })
}

fn frame() -> impl Strategy<Value = String> {
    (space(), object_of(value()), space()).prop_map(|(a, object, b)| format!("{a}{object}{b}"))
}

fn check<const N: usize>(frame: &[u8], keys: [&str; N], needed: usize) {
    let members = members(frame).expect("what is generated is valid");
    let found = scan(frame, &Keys::needing(needed, keys)).expect("a valid object");
    let spans: Vec<_> =
        found.iter().map(|value| value.map(|value| (value.start() as usize, value.end().map(|end| end as usize)))).collect();
    assert_eq!(spans, expected(&members, frame, &keys, needed));
    for value in found.into_iter().flatten() {
        check_value(frame, value);
    }
}

fn check_value(frame: &[u8], value: Value) {
    let raw = value.raw(frame);
    let tree: serde_json::Value = serde_json::from_slice(raw).expect("a whole value");
    assert_eq!(end_of_value(frame, value.start() as usize), Ok(value.start() as usize + raw.len()));
    match &tree {
        serde_json::Value::String(text) => {
            assert_eq!(value.text(frame).as_deref(), Some(text.as_str()));
            assert!(value.is_text(frame, text));
            assert!(!value.is_text(frame, &format!("{text}x")));
            assert_eq!(value.text_span().is_some(), !raw.contains(&b'\\'));
        }
        serde_json::Value::Number(number) if number.is_u64() => assert_eq!(value.unsigned(frame), number.as_u64()),
        serde_json::Value::Object(_) => assert_eq!(value.kind(), Kind::Object),
        serde_json::Value::Array(_) => assert_eq!(value.kind(), Kind::Array),
        serde_json::Value::Null => assert_eq!(value.kind(), Kind::Null),
        serde_json::Value::Bool(it) => assert_eq!(value.boolean(), Some(*it)),
        serde_json::Value::Number(_) => assert_eq!(value.kind(), Kind::Number),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_those_of_a_full_parser(frame in frame(), needed in 0..=7usize) {
        check(frame.as_bytes(), NAMES, needed);
        check(frame.as_bytes(), ["data"], 1);
        check(frame.as_bytes(), ["id", "data", "päth"], needed.min(3));
    }

    #[test]
    fn a_path_leads_where_a_full_parser_finds_it(frame in frame(), first in 0..7usize, second in 0..7usize) {
        let path = [NAMES[first], NAMES[second]];
        let wanted = members(frame.as_bytes()).into_iter().flatten().find(|(key, _)| key == path[0]).and_then(|(_, outer)| {
            let inner = members(&frame.as_bytes()[outer.clone()])?.into_iter().find(|(key, _)| key == path[1])?.1;
            Some(outer.start + inner.start..outer.start + inner.end)
        });
        let found = find(frame.as_bytes(), &path).expect("a valid object");
        prop_assert_eq!(found.map(|value| value.start() as usize..value.end().expect("known") as usize), wanted);
    }

    #[test]
    fn a_valid_frame_passes_the_walk_and_no_beginning_of_it_does(frame in frame(), cut in 0.0..1.0f64) {
        prop_assert!(walk(frame.as_bytes()).is_ok());
        let trimmed = frame.trim_end();
        let cut = (trimmed.len() as f64 * cut) as usize;
        prop_assert!(walk(&trimmed.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn walked_frames_join_to_as_many_elements_or_to_nothing(frames in vec("[{}\\[\\],:\"\\\\a1]{0,12}|\\{\"a\":[1\\]{}\\[]{0,4}", 1..5)) {
        let passed: Vec<_> = frames.iter().filter(|frame| walk(frame.as_bytes()).is_ok()).cloned().collect();
        if let Ok(serde_json::Value::Array(elements)) = serde_json::from_str(&format!("[{}]", passed.join(","))) {
            prop_assert_eq!(elements.len(), passed.len());
            for (element, frame) in elements.iter().zip(&passed) {
                prop_assert_eq!(element, &serde_json::from_str::<serde_json::Value>(frame).expect("an element by itself"));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..200), json in frame(), at in any::<usize>(), wrapped in any::<bool>()) {
        if wrapped {
            let at = at % (json.len() + 1);
            let tail = json.as_bytes()[at..].to_vec();
            bytes.splice(0..0, json.as_bytes()[..at].iter().copied());
            bytes.extend(tail);
        }
        for value in scan(&bytes, &Keys::needing(2, NAMES)).into_iter().flatten().flatten() {
            prop_assert!(value.end().is_none_or(|end| end as usize <= bytes.len()));
            let _ = (value.raw(&bytes), value.text(&bytes), value.is_text(&bytes, "x"), value.unsigned(&bytes));
            let _ = value.is_text_ignoring_case(&bytes, "x");
        }
        let _ = (walk(&bytes), find(&bytes, &NAMES[..2]), end_of_value(&bytes, at % (bytes.len() + 2)));
    }
}
