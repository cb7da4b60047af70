//! What the service takes for a name.

use super::WebPubSubOptions;
use super::payload::{Data, DataKind};
use super::wire::{Breach, Up};

pub(super) fn group(name: &str) -> bool {
    (1..=1024).contains(&name.chars().count()) && !name.chars().all(char::is_whitespace)
}

fn event(name: &str) -> bool {
    let letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    letter && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

pub(super) fn hub(name: &str) -> bool {
    let letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    letter && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_`,.[]".contains(&byte))
}

/// Whether a request names what can be.
pub(super) fn check(up: &Up, options: &WebPubSubOptions) -> Result<(), Breach> {
    let (groups, events, data): (Option<&str>, Option<&str>, Option<&Data>) = match up {
        Up::Join { group, .. } | Up::Leave { group, .. } | Up::StreamStart { group, .. } => (Some(group), None, None),
        Up::SetState { group, .. } | Up::WatchState { group, .. } => (Some(group), None, None),
        Up::Send { group, data, .. } => (Some(group), None, Some(data)),
        Up::Event { event, data, .. } | Up::Invoke { event, data, .. } => (None, Some(event), Some(data)),
        Up::StreamData { data, .. } => (None, None, data.as_ref()),
        Up::SequenceAck { .. } | Up::Ping | Up::StreamEnd { .. } | Up::CancelInvocation { .. } => (None, None, None),
    };
    if groups.is_some_and(|name| !group(name)) {
        return Err((1007, "not a group's name".to_owned()));
    }
    if events.is_some_and(|name| !event(name)) {
        return Err((1007, "not an event's name".to_owned()));
    }
    if options.refuse_protobuf_data && data.is_some_and(|data| data.kind == DataKind::Protobuf) {
        return Err((1007, "data of the type `protobuf` is refused".to_owned()));
    }
    Ok(())
}
