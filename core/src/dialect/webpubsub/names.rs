//! Names that the service refuses by ending the connection, refused here instead.

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
