//! What the load server and the clients agree on: frames shaped like Astro notifications.

use std::fmt::Write as _;

/// The topic that everything is published on.
pub const TOPIC: &str = "channel.activities";
/// The room.
pub const ROOM: &str = "64f0a1b2c3d4e5f607182930";

/// The order of members in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Routing fields first, `data` last.
    RoutingFirst,
    /// `data` first.
    DataFirst,
    /// No `room`, `data` last.
    NoRoom,
}

impl Shape {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("routing-first", Self::RoutingFirst), ("data-first", Self::DataFirst), ("no-room", Self::NoRoom)];

    /// The shape of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, _)| *other == name).map(|(_, shape)| *shape)
    }
}

/// A frame of about `size` bytes.
#[must_use]
pub fn frame(shape: Shape, size: usize, number: u64) -> String {
    let id = format!("01K8Q45M2J9D4B7F1V{number:08}");
    let head = format!(r#""id":"{id}","ts":"2026-10-29T08:20:31Z","type":"message","topic":"{TOPIC}""#);
    let room = format!(r#""room":"{ROOM}""#);
    let fixed = match shape {
        Shape::NoRoom => head.len() + 12,
        _ => head.len() + room.len() + 13,
    };
    let data = data(size.saturating_sub(fixed));
    match shape {
        Shape::RoutingFirst => format!("{{{head},{room},\"data\":{data}}}"),
        Shape::DataFirst => format!("{{\"data\":{data},{head},{room}}}"),
        Shape::NoRoom => format!("{{{head},\"data\":{data}}}"),
    }
}

/// An activity of about `size` bytes: one object in small frames, many session values in large ones.
fn data(size: usize) -> String {
    let mut text = String::from(r#"{"type":"follow","provider":"twitch""#);
    if size > 4_000 {
        let mut n = 0;
        while text.len() + 90 < size {
            let _ = write!(text, r#","value-{n}":{{"name":"brisk_heron_{n}","amount":{n}.25,"count":{n},"message":"hello, world"}}"#);
            n += 1;
        }
    } else {
        for n in 0.. {
            let next = format!(r#","field{n}":"value {n}""#);
            if text.len() + next.len() + 20 > size {
                break;
            }
            text.push_str(&next);
        }
    }
    let pad = size.saturating_sub(text.len() + 9);
    let _ = write!(text, r#","pad":"{}"}}"#, "x".repeat(pad.saturating_sub(2)));
    text
}

/// Processor time that this process has used, in seconds, as the operating system counts it (in hundredths).
#[must_use]
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may hold blanks; user and system time are the 12th and 13th fields behind it.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Memory of this process that is in RAM, in bytes.
#[must_use]
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_json_of_about_the_size_that_was_asked_for() {
        for (name, shape) in Shape::ALL {
            for size in [264, 1024, 16_384] {
                let frame = frame(shape, size, 7);
                let value: serde_json::Value = serde_json::from_str(&frame).expect("a frame is JSON");
                assert_eq!(value["topic"], TOPIC);
                assert_eq!(value.get("room").is_some(), shape != Shape::NoRoom);
                assert!(frame.len().abs_diff(size) <= size / 8, "{name} {size}: {}", frame.len());
            }
        }
    }
}
