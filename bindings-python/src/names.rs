//! Topics and rooms as Python strings: a stream has few of them, so that most are had without making one.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// How many names are remembered.
const SLOTS: usize = 256;

/// One table for all lanes: most clients hear the same few topics. Whoever holds the lock is attached to the interpreter, and makes
/// nothing but strings, which run no Python code.
pub(crate) static NAMES: Mutex<Names> = Mutex::new(Names { slots: Vec::new() });

/// Strings that were made before, each in the slot that its text leads to.
pub(crate) struct Names {
    slots: Vec<Option<(Box<str>, Py<PyString>)>>,
}

impl Names {
    pub(crate) fn get(&mut self, py: Python<'_>, name: &str) -> Py<PyString> {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let slot = &mut self.slots[slot(name.as_bytes())];
        match slot {
            Some((known, string)) if known.as_ref() == name => string.clone_ref(py),
            _ => {
                let string = PyString::new(py, name).unbind();
                *slot = Some((name.into(), string.clone_ref(py)));
                string
            }
        }
    }
}

/// Names differ mostly in their length and at their end.
fn slot(name: &[u8]) -> usize {
    let tail = name.iter().rev().take(4).fold(name.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte as usize));
    tail % SLOTS
}
