//! Reads the routing fields of a JSON frame, and no more than that.
//!
//! A gateway's frame is one JSON object whose members say what it is (`type`, `topic`, `room`, `id`) and carry a payload (`data`). To
//! route it, neither a tree nor a copy is needed: [`scan`] finds the members by key and returns where their values lie. It stops as
//! soon as all the needed keys are known, so a payload that comes last is never walked; [`end_of_value`] finds its end when somebody
//! touches it.
//!
//! ```
//! use topicwire::scan::{Keys, scan};
//!
//! const ENVELOPE: Keys<'static, 4> = Keys::needing(3, ["type", "topic", "data", "ts"]);
//!
//! let frame = br#"{"ts":"2026-01-01T00:00:00Z","type":"message","topic":"channel.tips","data":{"_id":"1"}}"#;
//! let [kind, topic, data, _ts] = scan(frame, &ENVELOPE)?;
//! assert!(kind.is_some_and(|value| value.is_text(frame, "message")));
//! assert_eq!(topic.and_then(|value| value.text(frame)).as_deref(), Some("channel.tips"));
//! assert_eq!(data.map(|value| value.raw(frame)), Some(br#"{"_id":"1"}"#.as_slice()));
//! # Ok::<(), topicwire::scan::ScanError>(())
//! ```
//!
//! # What is promised
//!
//! * For a valid frame the spans are those of a full parser, whatever the order of members, the white space, and the escapes in keys.
//!   Of members with equal keys the first counts.
//! * For anything else, UTF-8 or not, the answer is an error or spans inside the frame; never a panic.
//! * What is skipped is not validated: brackets are counted and strings are closed, but `[1 2}` passes. What lies behind the last
//!   needed member is not read at all. Whoever decodes a payload learns whether it is valid; whoever joins frames into one document
//!   must [`walk`] them first.
//! * Nesting deeper than [`MAX_DEPTH`] and frames of 4 GiB or more are refused.

mod blocks;
mod cursor;
mod error;
mod key;
mod members;
mod text;
mod value;

pub use error::{ErrorKind, ScanError};
pub use key::Keys;
pub use members::{end_of_value, find, scan, walk};
pub use value::{Kind, Span, Value};

/// How deeply arrays and objects may nest in what is walked.
pub const MAX_DEPTH: usize = 512;

#[cfg(test)]
mod tests;
