//! One edge a test.

use crate::scan::{ErrorKind, Keys, Kind, MAX_DEPTH, ScanError, Value, end_of_value, find, scan, walk};

const KEYS: Keys<'static, 3> = Keys::all(["type", "topic", "data"]);

fn texts(frame: &str) -> [Option<String>; 3] {
    let found = scan(frame.as_bytes(), &KEYS).expect("readable");
    found.map(|value| value.map(|value| String::from_utf8_lossy(value.raw(frame.as_bytes())).into_owned()))
}

fn error_of(frame: &str) -> ErrorKind {
    scan(frame.as_bytes(), &KEYS).expect_err("broken").kind
}

fn only(frame: &str) -> Value {
    let [value] = scan(frame.as_bytes(), &Keys::all(["k"])).expect("readable");
    value.expect("there")
}

#[test]
fn members_are_found_in_any_order() {
    let wanted = ["\"t\"", "\"c\"", "{\"x\":[1,2]}"].map(|text| Some(text.to_owned()));
    assert_eq!(texts(r#"{"type":"t","topic":"c","data":{"x":[1,2]}}"#), wanted);
    assert_eq!(texts(r#"{"data":{"x":[1,2]},"topic":"c","type":"t"}"#), wanted);
    assert_eq!(texts("\n{ \"data\" :\t{\"x\":[1,2]} , \"other\" : null,\r\n\"topic\":\"c\" ,\"type\" : \"t\" } "), wanted);
}

#[test]
fn a_payload_that_comes_last_is_not_walked() {
    let frame = br#"{"type":"t","topic":"c","data":{"never":"#;
    let [_, _, data] = scan(frame, &KEYS).expect("stops before the break");
    let data = data.expect("found");
    assert_eq!((data.kind(), data.start(), data.end()), (Kind::Object, 31, None));
    assert_eq!(data.raw(frame), b"{\"never\":", "all that is left of the frame");
}

#[test]
fn a_payload_that_comes_first_is_skipped_and_its_end_is_known() {
    let frame = br#"{"data":{"type":"not this one"},"type":"t","topic":"c"}"#;
    let [kind, _, data] = scan(frame, &KEYS).expect("readable");
    assert!(kind.expect("found").is_text(frame, "t"));
    assert_eq!(data.expect("found").end(), Some(31));
}

#[test]
fn the_first_of_equal_keys_counts() {
    assert_eq!(texts(r#"{"type":1,"type":2,"topic":3,"type":4,"data":5}"#)[0].as_deref(), Some("1"));
    assert_eq!(texts(r#"{"t\u0079pe":1,"type":2}"#)[0].as_deref(), Some("1"));
}

#[test]
fn absent_members_are_none_and_the_frame_is_walked() {
    assert_eq!(texts("{}"), [None, None, None]);
    assert_eq!(texts(" { } "), [None, None, None]);
    assert_eq!(texts(r#"{"typ":1,"types":2,"Type":3,"":4}"#), [None, None, None]);
    assert_eq!(error_of(r#"{"type":"t"} x"#), ErrorKind::Trailing);
    assert_eq!(error_of(r#"{"type":"t"}{"topic":"c"}"#), ErrorKind::Trailing);
}

#[test]
fn keys_that_are_not_needed_are_taken_on_the_way() {
    let keys = Keys::needing(1, ["type", "ts", "id"]);
    let frame = br#"{"id":"1","type":"t","ts":"late"}"#;
    let [kind, ts, id] = scan(frame, &keys).expect("readable");
    assert!(kind.is_some() && ts.is_none() && id.is_some());
    assert_eq!(scan(b"{", &Keys::needing(0, ["type"])), Ok([None]));
}

#[test]
fn keys_of_every_length_are_told_apart() {
    let names = ["", "a", "abcdefg", "abcdefgh", "abcdefghi", "a\0"];
    let frame = r#"{"abcdefghi":4,"abcdefgh":3,"abcdefg":2,"a":1,"":0,"a\u0000":5}"#;
    let found = scan(frame.as_bytes(), &Keys::all(names)).expect("readable");
    assert_eq!(found.map(|value| value.and_then(|value| value.unsigned(frame.as_bytes()))), [0, 1, 2, 3, 4, 5].map(Some));
}

#[test]
fn a_key_at_the_very_end_of_the_frame_is_read() {
    assert_eq!(texts(r#"{"type":1}"#)[0].as_deref(), Some("1"));
    assert_eq!(error_of(r#"{"type""#), ErrorKind::Unfinished);
    assert_eq!(error_of(r#"{"type"#), ErrorKind::Unfinished);
    assert_eq!(error_of(r#"{"type":"#), ErrorKind::Unfinished);
    assert_eq!(error_of(r#"{"type":1"#), ErrorKind::Unfinished);
    assert_eq!(error_of(r#"{"type":1,"#), ErrorKind::Unfinished);
}

#[test]
fn what_is_no_object_is_refused() {
    for frame in ["", " ", "[]", "1", "null", "\"{}\"", "x", "\u{feff}{}"] {
        assert_eq!(error_of(frame), ErrorKind::NotAnObject, "{frame:?}");
    }
    assert_eq!(find(b"[1]", &["a"]).expect_err("an array").kind, ErrorKind::NotAnObject);
}

#[test]
fn misplaced_bytes_are_refused() {
    for frame in
        ["{,}", "{1:2}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1 \"b\":2}", "{\"a\":1,}", "{\"a\":nul1}", "{\"a\":+1}", "{\u{b}}", "{'a':1}"]
    {
        assert_eq!(error_of(frame), ErrorKind::Unexpected, "{frame:?}");
    }
}

#[test]
fn errors_say_where() {
    let error = scan(br#"{"type":"t",?"#, &KEYS).expect_err("broken");
    assert_eq!(error, ScanError { kind: ErrorKind::Unexpected, at: 12 });
    assert_eq!(error.to_string(), "a byte that JSON does not allow here, at byte 12");
}

#[test]
fn every_kind_of_value_has_its_span() {
    for (text, kind) in [
        ("\"\"", Kind::String),
        ("\"plain\"", Kind::String),
        (r#""a\nb""#, Kind::EscapedString),
        (r#""\\""#, Kind::EscapedString),
        ("0", Kind::Number),
        ("-12.5e+3", Kind::Number),
        ("true", Kind::True),
        ("false", Kind::False),
        ("null", Kind::Null),
        ("[]", Kind::Array),
        (r#"["]",{"\\\"":"}"}]"#, Kind::Array),
        (r#"{"a":{"b":"{"}}"#, Kind::Object),
    ] {
        let frame = format!("{{\"x\":{text},\"k\":{text} ,\"z\":{text}}}");
        let value = only(&frame);
        assert_eq!((value.kind(), value.raw(frame.as_bytes())), (kind, text.as_bytes()));
    }
}

#[test]
fn texts_are_unescaped_only_if_they_must_be() {
    let frame = r#"{"k":"plain"}"#;
    assert!(matches!(only(frame).text(frame.as_bytes()), Some(std::borrow::Cow::Borrowed("plain"))));
    for (escaped, text) in [
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0041\u00e9\u20AC", "Aé€"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\ud83d", "\u{fffd}"),
        (r"\ud83dx", "\u{fffd}x"),
        (r"\ude00", "\u{fffd}"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\u12", "\u{fffd}12"),
        (r"\u+123", "\u{fffd}+123"),
        (r"\u", "\u{fffd}"),
        (r"\x", "x"),
        (r"\é", "\u{fffd}é"),
    ] {
        let frame = format!("{{\"k\":\"{escaped}\"}}");
        let value = only(&frame);
        assert_eq!(value.text(frame.as_bytes()).as_deref(), Some(text), "{escaped}");
        assert!(value.is_text(frame.as_bytes(), text), "{escaped}");
        assert!(!value.is_text(frame.as_bytes(), &format!("{text}x")), "{escaped}");
        assert!(!value.is_text(frame.as_bytes(), ""), "{escaped}");
        assert_eq!(value.text_span(), None);
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced() {
    let frame = b"{\"k\":\"a\xff\\n\xfe\",\"x\xff\":1}";
    let [value] = scan(frame, &Keys::all(["k"])).expect("readable");
    assert_eq!(value.and_then(|value| value.text(frame)).as_deref(), Some("a\u{fffd}\n\u{fffd}"));
}

#[test]
fn texts_compare_without_regard_to_case_when_asked() {
    let frame = r#"{"k":"RESPONSE"}"#;
    assert!(only(frame).is_text_ignoring_case(frame.as_bytes(), "response"));
    assert!(!only(frame).is_text(frame.as_bytes(), "response"));
    let frame = r#"{"k":"R\u0045SPONSE"}"#;
    assert!(only(frame).is_text_ignoring_case(frame.as_bytes(), "response"));
    let frame = r#"{"k":1}"#;
    assert!(!only(frame).is_text_ignoring_case(frame.as_bytes(), "1"));
}

#[test]
fn whole_numbers_are_read_and_others_are_not() {
    for (text, number) in [
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.0", None),
        ("1e3", None),
    ] {
        let frame = format!("{{\"k\":{text}}}");
        assert_eq!(only(&frame).unsigned(frame.as_bytes()), number, "{text}");
    }
    assert_eq!(only(r#"{"k":true}"#).boolean(), Some(true));
    assert_eq!(only(r#"{"k":"true"}"#).boolean(), None);
}

#[test]
fn quotes_and_backslashes_at_every_offset_of_a_block_are_understood() {
    for pad in 0..140 {
        for inside in ["", "\\\\", "\\\"", "\\\\\\\"", "}", "]\\\\", "\\\\\\\\\\\\\\\\\\\\"] {
            let text = format!("{{\"a\":\"{}{inside}\",\"b\":[\"{}\"]}}", "x".repeat(pad), "{".repeat(pad));
            assert_eq!(end_of_value(format!("{text}}}]\"").as_bytes(), 0), Ok(text.len()), "{text}");
            let member = format!("{{\"data\":{text},\"k\":{text}}}");
            assert_eq!(only(&member).raw(member.as_bytes()), text.as_bytes());
            let long = format!("\"{}{inside}\"", "x".repeat(pad));
            assert_eq!(end_of_value(long.as_bytes(), 0), Ok(long.len()));
        }
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(end_of_value(nested(MAX_DEPTH).as_bytes(), 0), Ok(2 * MAX_DEPTH));
    let deep = end_of_value(nested(MAX_DEPTH + 1).as_bytes(), 0);
    assert_eq!(deep, Err(ScanError { kind: ErrorKind::TooDeep, at: MAX_DEPTH }));
    // The limit is on what is open at once, however the brackets fall into blocks.
    let wide = format!("[{}]", vec![nested(MAX_DEPTH - 1); 3].join(","));
    assert_eq!(end_of_value(wide.as_bytes(), 0), Ok(wide.len()));
    let flat = format!("[{}[]]", "[],".repeat(4000));
    assert_eq!(end_of_value(flat.as_bytes(), 0), Ok(flat.len()));
}

#[test]
fn paths_lead_into_objects_only() {
    let frame = br#"{"a":{"b":{"c":[1]}},"d":"text","data":{"reconnect_token":"tok"}}"#;
    let token = find(frame, &["data", "reconnect_token"]).expect("readable").expect("there");
    assert_eq!(token.text(frame).as_deref(), Some("tok"));
    let array = find(frame, &["a", "b", "c"]).expect("readable").expect("there");
    assert_eq!((array.raw(frame), array.end()), (b"[1]".as_slice(), Some(18)));
    assert_eq!(find(frame, &["a", "x"]), Ok(None));
    assert_eq!(find(frame, &["d", "x"]), Ok(None));
    assert_eq!(find(frame, &["a", "b", "c", "d"]), Ok(None));
    assert_eq!(find(frame, &[]), Ok(None));
}

#[test]
fn a_walk_notices_what_a_scan_may_not() {
    for whole in ["{}", " [1, {\"a\":\"]\"}] \n", "\"text\"", "1", "true"] {
        assert!(walk(whole.as_bytes()).is_ok(), "{whole}");
    }
    for broken in
        [r#"{"type":"m","topic":"a","data":1},{"topic":"b","data":[0"#, r#"{"topic":"c"}]}"#, "{}{}", "{", "[\"]", "", "1 2", "{}x"]
    {
        assert!(walk(broken.as_bytes()).is_err(), "{broken}");
    }
}
