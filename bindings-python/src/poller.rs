//! Pollers: what one event loop or thread watches.

use std::sync::Arc;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use topicwire::lane;

use crate::error::raise;
use crate::fork::Owned;
use crate::wake::Bell;

/// Watches any number of lanes of any number of clients, for one event loop or thread.
#[pyclass(frozen, module = "topicwire._native")]
pub(crate) struct Poller {
    inner: Owned<lane::Poller>,
}

#[pymethods]
impl Poller {
    /// A poller, and the number of the socket that becomes readable when one of its lanes has something. The socket is the caller's.
    #[staticmethod]
    fn open() -> PyResult<(Self, i64)> {
        let (bell, socket) = Bell::new().map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok((Self { inner: Owned::new(lane::Poller::new(Arc::new(bell))) }, socket))
    }

    /// The tokens of up to `limit` lanes that have something, and whether there are others. Those have no second wake.
    fn ready(&self, py: Python<'_>, limit: usize) -> PyResult<(Vec<u64>, bool)> {
        let ready = self.inner.get().map_err(|error| raise(py, &error))?.ready(limit);
        Ok((ready.lanes.iter().map(lane::Lane::token).collect(), ready.more))
    }

    /// Ends the poller and all its lanes.
    fn close(&self, py: Python<'_>) {
        // In a child there is nothing to close.
        if let Ok(poller) = self.inner.get() {
            py.detach(|| poller.close());
        }
    }
}

impl Poller {
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<&lane::Poller> {
        self.inner.get().map_err(|error| raise(py, &error))
    }
}
