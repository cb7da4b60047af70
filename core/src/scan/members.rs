//! The members of one object.

use super::cursor::Cursor;
use super::error::{ErrorKind, ScanError};
use super::key::Keys;
use super::value::{Kind, Value};

/// Finds the members of the JSON object that is `frame`, in the order of `keys`. Allocates nothing.
///
/// Stops when all the needed keys are known. An array or object at which it stops is left open: its start is known, its end is not
/// ([`Value::end`]). Every other value has its end.
///
/// # Errors
/// When `frame` is not one JSON object, as far as it was read.
#[inline]
pub fn scan<const N: usize>(frame: &[u8], keys: &Keys<'_, N>) -> Result<[Option<Value>; N], ScanError> {
    let mut cursor = Cursor::new(frame, 0)?;
    if !matches!(cursor.token(), Ok(b'{')) {
        return Err(ScanError::new(ErrorKind::NotAnObject, cursor.at));
    }
    let mut found = [None; N];
    if !members(&mut cursor, keys, &mut found)? {
        cursor.finish()?;
    }
    Ok(found)
}

/// Looks for members of the object whose brace the cursor stands at, and says whether it stopped early.
#[inline]
fn members<const N: usize>(cursor: &mut Cursor<'_>, keys: &Keys<'_, N>, found: &mut [Option<Value>; N]) -> Result<bool, ScanError> {
    let mut missing = keys.needed();
    cursor.at += 1;
    if missing == 0 {
        return Ok(true);
    }
    if cursor.token()? == b'}' {
        cursor.at += 1;
        return Ok(false);
    }
    loop {
        let which = cursor.key(keys)?;
        cursor.expect(b':')?;
        let value = match cursor.token()? {
            b'"' => cursor.string()?,
            b'{' | b'[' if missing == 1 && which.is_some_and(|which| which < keys.needed() && found[which].is_none()) => cursor.open(),
            _ => cursor.value()?,
        };
        if let Some(which) = which
            && found[which].is_none()
        {
            found[which] = Some(value);
            missing -= usize::from(which < keys.needed());
            if missing == 0 {
                return Ok(true);
            }
        }
        match cursor.token()? {
            b',' => cursor.at += 1,
            b'}' => {
                cursor.at += 1;
                return Ok(false);
            }
            _ => return Err(cursor.wrong()),
        }
    }
}

/// Finds a value by a path of keys, such as `["data", "reconnect_token"]`. `None` where a key is missing, or where the value on the way
/// is not an object. The value's end is known.
///
/// # Errors
/// When `frame` is not one JSON object, as far as it was read.
pub fn find(frame: &[u8], path: &[&str]) -> Result<Option<Value>, ScanError> {
    let mut cursor = Cursor::new(frame, 0)?;
    if !matches!(cursor.token(), Ok(b'{')) {
        return Err(ScanError::new(ErrorKind::NotAnObject, cursor.at));
    }
    for (step, key) in path.iter().enumerate() {
        let mut found = [None];
        members(&mut cursor, &Keys::all([key]), &mut found)?;
        let [Some(value)] = found else { return Ok(None) };
        if step + 1 == path.len() {
            cursor.at = value.start as usize;
            let end = cursor.value()?.end;
            return Ok(Some(Value { end, ..value }));
        }
        if value.kind != Kind::Object {
            return Ok(None);
        }
        cursor.at = value.start as usize;
    }
    Ok(None)
}

/// Where the JSON value that starts at `start` ends (the offset behind it). Brackets are counted and strings are closed; nothing else
/// is validated.
///
/// # Errors
/// When no value starts there, or it does not end.
pub fn end_of_value(frame: &[u8], start: usize) -> Result<usize, ScanError> {
    let mut cursor = Cursor::new(frame, start)?;
    cursor.value()?;
    Ok(cursor.at)
}

/// Walks a whole frame: one value, brackets balanced, strings closed, nothing but white space behind it.
///
/// Frames that pass can be joined into an array: each is one element of it, or makes the array invalid. (Two frames that do not pass
/// can splice into elements that nobody sent.) This is not a full validation: a decoder may still refuse the frame.
///
/// # Errors
/// What is wrong with the frame.
pub fn walk(frame: &[u8]) -> Result<Value, ScanError> {
    let mut cursor = Cursor::new(frame, 0)?;
    cursor.token()?;
    let value = cursor.value()?;
    cursor.finish()?;
    Ok(value)
}
