//! The envelope scanner: on a valid object its spans are those of `serde_json`; on anything else it does not panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use topicwire::scan::{Keys, end_of_value, find, scan, walk};

#[path = "../../core/src/scan/tests/reference.rs"]
mod reference;

const NAMES: [&str; 6] = ["type", "data", "id", "topic", "", "subscription"];

fuzz_target!(|input: &[u8]| {
    // The first byte chooses how many keys are needed, so that every way to stop is tried.
    let Some((&choice, frame)) = input.split_first() else { return };
    let needed = usize::from(choice) % (NAMES.len() + 1);
    let scanned = scan(frame, &Keys::needing(needed, NAMES));
    let walked = walk(frame);
    let path = find(frame, &["data", "id"]);
    let _ = end_of_value(frame, usize::from(choice));
    for value in scanned.iter().flatten().flatten() {
        let _ = (value.text(frame), value.unsigned(frame), value.is_text_ignoring_case(frame, "type"));
        if let Some(text) = value.text(frame)
            && std::str::from_utf8(value.raw(frame)).is_ok()
        {
            assert!(value.is_text(frame, &text), "a string equals its own text");
        }
    }
    let Some(members) = reference::members(frame) else { return };
    if too_deep(frame) {
        return;
    }
    let found: Vec<_> = scanned
        .expect("a valid object scans")
        .iter()
        .map(|value| value.map(|value| (value.start() as usize, value.end().map(|end| end as usize))))
        .collect();
    assert_eq!(found, reference::expected(&members, frame, &NAMES, needed));
    let whole = walked.expect("a valid object passes the walk");
    assert_eq!(whole.raw(frame), frame.trim_ascii());
    for (_, range) in &members {
        assert_eq!(end_of_value(frame, range.start), Ok(range.end));
    }
    let expected = members.iter().find(|(key, _)| key == "data").and_then(|(_, data)| {
        let inner = reference::members(&frame[data.clone()])?;
        let (_, id) = inner.into_iter().find(|(key, _)| key == "id")?;
        Some(data.start + id.start)
    });
    assert_eq!(path.expect("a valid object has paths").map(|value| value.start() as usize), expected);
});

/// Whether the frame may nest more deeply than the scanner allows. Brackets within strings count too: it is only an upper bound.
fn too_deep(frame: &[u8]) -> bool {
    frame.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > topicwire::scan::MAX_DEPTH
}
