//! What the envelope scanner costs: `cargo bench -p topicwire --bench scan`.
//!
//! Nanoseconds a frame, the best of many short runs. On a shared machine only ratios within one run count; `serde` is the same
//! envelope read by `serde_json` with the payload as a `RawValue`.

#![allow(clippy::print_stdout, reason = "printing figures is what a benchmark is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;
use topicwire::scan::{Keys, end_of_value, scan};

const ENVELOPE: Keys<'static, 6> = Keys::needing(5, ["data", "type", "topic", "room", "id", "ts"]);

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    r#type: &'a str,
    topic: &'a str,
    room: Option<&'a str>,
    id: &'a str,
    ts: &'a str,
}

/// A session map whose text is about `size` bytes long.
fn payload(size: usize) -> String {
    let mut text = String::from("{");
    let mut i = 0;
    while text.len() < size.saturating_sub(60) {
        let families = ["follower", "subscriber", "tip", "cheer", "raid"];
        text += &format!(
            "\"{}-latest-{i}\":{{\"name\":\"viewer_{i}\",\"amount\":{i}.5,\"message\":\"hello \\\"there\\\"\",\"tags\":[1,2]}},",
            families[i % 5]
        );
        i += 1;
    }
    let fill = size.saturating_sub(text.len() + 12).max(1);
    text + &format!("\"last\":\"{}\"}}", "x".repeat(fill))
}

fn frames(size: usize) -> [(&'static str, String); 3] {
    const ID: &str = r#""id":"01K8Q4A3W5T7Y9B2D4F6H8JKMN","ts":"2026-10-29T08:31:07Z""#;
    const ROOM: &str = r#""room":"64f0a1b2c3d4e5f607182930""#;
    const TOPIC: &str = r#""type":"message","topic":"channel.activities""#;
    let envelope = 170;
    let data = payload(size - envelope);
    [
        ("routing first", format!("{{{ID},{TOPIC},{ROOM},\"data\":{data}}}")),
        ("data first", format!("{{\"data\":{data},{ID},{TOPIC},{ROOM}}}")),
        ("no room", format!("{{{ID},{TOPIC},\"data\":{data}}}")),
    ]
}

/// Nanoseconds a call: the best of many slices of about a millisecond.
fn cost(mut call: impl FnMut()) -> f64 {
    let mut calls = 1u32;
    let mut best = f64::MAX;
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        let took = start.elapsed();
        if took < Duration::from_micros(500) {
            calls *= 2;
        } else {
            best = best.min(took.as_nanos() as f64 / f64::from(calls));
        }
    }
    best
}

fn main() {
    println!("{:<8}{:<16}{:>8}{:>12}{:>12}{:>20}", "frame", "shape", "bytes", "scan ns", "serde ns", "end of data ns/B");
    for (name, size) in [("small", 264), ("typical", 981), ("reset", 16 << 10)] {
        for (shape, frame) in frames(size) {
            let bytes = frame.as_bytes();
            let scanned = cost(|| {
                black_box(scan(black_box(bytes), &ENVELOPE)).ok();
            });
            let parsed = cost(|| {
                let envelope: Envelope<'_> = serde_json::from_slice(black_box(bytes)).expect("valid");
                black_box((envelope.data.get().len(), envelope.r#type, envelope.topic, envelope.room, envelope.id, envelope.ts));
            });
            let start = frame.find("\"data\":").expect("every frame has it") + 7;
            let length = end_of_value(bytes, start).expect("valid") - start;
            let skipped = cost(|| {
                black_box(end_of_value(black_box(bytes), black_box(start))).ok();
            });
            println!("{name:<8}{shape:<16}{:>8}{scanned:>12.1}{parsed:>12.1}{:>20.3}", bytes.len(), skipped / length as f64);
        }
    }
}
