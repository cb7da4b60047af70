//! Names and values that the service refuses by ending the connection, refused here instead.

use std::collections::BTreeMap;

use crate::error::Error;

/// Checks a group's name.
pub(super) fn group(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if length == 0 || length > 1024 || name.chars().all(char::is_whitespace) {
        return Err(Error::option("group", "1 to 1024 characters, not all of them white space"));
    }
    Ok(())
}

/// Checks an event's name.
pub(super) fn event(name: &str) -> Result<(), Error> {
    let mut bytes = name.bytes();
    let starts = bytes.next().is_some_and(|first| first.is_ascii_alphabetic());
    if !starts || name.len() > 128 || !bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return Err(Error::option("event", "a letter, then letters, digits, `_`, `.` and `-`; at most 128"));
    }
    Ok(())
}

/// Checks a stream's name.
pub(super) fn stream(name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::option("stream_id", "a name"));
    }
    Ok(())
}

/// Checks what is said beside the data.
pub(super) fn metadata(metadata: &BTreeMap<String, String>) -> Result<(), Error> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = |(name, value): (&String, &String)| {
        (1..=256).contains(&name.len()) && name.bytes().all(token) && value.len() <= 1024 && value.is_ascii()
    };
    if !metadata.iter().all(fits) {
        return Err(Error::option(
            "metadata",
            "names of 1 to 256 letters, digits and signs of an HTTP token, and ASCII texts of at most 1024",
        ));
    }
    if metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > 8 << 10 {
        return Err(Error::option("metadata", "at most 8 KiB in all"));
    }
    Ok(())
}

/// Checks for how long a copy is worth delivering.
pub(super) fn ttl(seconds: u32) -> Result<(), Error> {
    if seconds > 300 {
        return Err(Error::option("ttl_seconds", "0 to 300"));
    }
    Ok(())
}
