//! Lanes: bounded queues of events that one consumer drains.

use std::sync::{Mutex, TryLockError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use topicwire::error::{Code, Error};
use topicwire::event::{Event, EventKind};
use topicwire::lane;
use topicwire::view::Views;

use crate::error::raise;
use crate::event;
use crate::fork::Owned;
use crate::message::Message;

/// A batch ends with the message that reaches this many bytes: what fits into the processor's nearest cache.
const BATCH_BYTES: usize = 32 << 10;

/// A bounded queue of events that one consumer owns.
#[pyclass(frozen, module = "topicwire._native")]
pub(crate) struct Lane {
    inner: Owned<lane::Lane>,
    views: Views,
    reader: Mutex<Reader>,
}

/// What the consumer keeps between two polls.
#[derive(Default)]
struct Reader {
    events: Vec<Event>,
    /// The last batch. What somebody still holds of it at the next poll gets a frame of its own.
    last: Option<Py<PyList>>,
}

impl Lane {
    pub(crate) fn new(lane: lane::Lane, views: Views) -> Self {
        Self { inner: Owned::new(lane), views, reader: Mutex::default() }
    }

    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<&lane::Lane> {
        self.inner.get().map_err(|error| raise(py, &error))
    }
}

#[pymethods]
impl Lane {
    /// The number that its options gave it.
    #[getter]
    fn token(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.get(py)?.token())
    }

    /// Up to `limit` events, and whether there are more. If there are, come back without being called; if not, the poller calls.
    fn poll<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<(Bound<'py, PyList>, bool)> {
        let lane = self.get(py)?;
        let mut reader = match self.reader.try_lock() {
            Ok(reader) => reader,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Waiting here could be for ever: making objects may run the garbage collector, and that any Python code.
            Err(TryLockError::WouldBlock) => return Err(raise(py, &Error::new(Code::Concurrency, "another thread reads this stream"))),
        };
        let Reader { events, last } = &mut *reader;
        if let Some(last) = last.take() {
            detach_kept(last.bind(py));
        }
        let mut bytes = 0;
        let fits = |event: &Event| {
            let room = bytes < BATCH_BYTES;
            if let EventKind::Message(message) = &event.kind {
                bytes += message.frame().len();
            }
            room
        };
        let more = lane.poll_while(limit, fits, events);
        let mut objects = Vec::with_capacity(events.len());
        for event in events.drain(..) {
            let Event { seq, kind } = event;
            objects.push(match kind {
                EventKind::Message(message) => Bound::new(py, Message::new(py, seq.0, message, self.views))?.into_any(),
                kind => event::object(py, seq.0, kind)?,
            });
        }
        let list = event::list(py, objects)?;
        if !list.is_empty() {
            *last = Some(list.clone().unbind());
        }
        Ok((list, more))
    }

    /// How many events and bytes wait in it, and how many messages were ever dropped.
    fn stats(&self, py: Python<'_>) -> PyResult<(usize, usize, u64)> {
        let stats = self.get(py)?.stats();
        Ok((stats.events, stats.bytes, stats.dropped))
    }

    /// Ends the lane and the subscriptions that it owns.
    fn close(&self, py: Python<'_>) {
        // In the child of a fork there is nothing to close.
        if let Ok(lane) = self.inner.get() {
            py.detach(|| lane.close());
        }
    }
}

/// Gives each message that somebody else holds a frame of its own: a small frame is a piece of a chunk of many, and would keep all of it.
fn detach_kept(batch: &Bound<'_, PyList>) {
    for event in batch.iter() {
        // The list has one reference, and we have one.
        if references(&event) > 2
            && let Ok(message) = event.cast::<Message>()
        {
            message.get().detach();
        }
    }
}

#[allow(unsafe_code)] // pyo3 has no safe name for it any more
fn references(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: the object is alive, since we hold a reference, and a `Bound` proves that this thread is attached to the interpreter.
    unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) }
}
