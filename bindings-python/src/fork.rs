//! The child of a fork: what it inherited belongs to the parent.

use pyo3::prelude::*;
use topicwire::error::{Code, Error};
use topicwire::net::runtime;

/// Tells that this is the child of a fork. Called by a hook that the package registers with `os.register_at_fork`.
#[pyfunction]
pub(crate) fn forked() {
    runtime::forked();
}

/// Something that may be used in the process that made it, and only leaked in the children of that process: a lock of the core may have
/// been held when the process was forked, by a thread that the child does not have.
pub(crate) struct Owned<T> {
    value: Option<T>,
    generation: u64,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), generation: runtime::generation() }
    }

    /// The value, unless this is a child.
    pub(crate) fn get(&self) -> Result<&T, Error> {
        self.value.as_ref().filter(|_| self.generation == runtime::generation()).ok_or_else(error)
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.generation != runtime::generation() {
            std::mem::forget(self.value.take());
        }
    }
}

fn error() -> Error {
    Error::new(Code::Forked, "the process was forked and this object belongs to the parent; make a new client in the child")
}
