//! The Node.js package's addon: the boundary of Topicwire for one JavaScript environment.
//!
//! Nothing here knows a protocol. Options, commands and lanes are described in JSON, events come as [batches](topicwire::batch), and what
//! a user sees is the JavaScript layer in `lib/`. A Rust thread never runs JavaScript: it rings a weak threadsafe function, one for each
//! environment, which makes the environment's thread come and look.

mod client;
mod error;
mod lane;
mod poller;

use napi_derive::napi;

/// The version of the addon, which the JavaScript layer compares with its own.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Where the JSON value ends that a text begins with, in bytes of UTF-8: for payloads whose end nobody has looked for. Zero if it begins
/// with none.
#[napi]
#[must_use]
pub fn value_end(text: &[u8]) -> u32 {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => u32::try_from(values.byte_offset()).unwrap_or(0),
        _ => 0,
    }
}
