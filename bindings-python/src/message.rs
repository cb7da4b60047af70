//! One message as a Python object. Nothing of it is decoded before somebody looks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyTuple};
use topicwire::error::{Code, Error};
use topicwire::event::{self, PayloadKind};
use topicwire::view::Views;

use crate::decode::{decode, decode_slice};
use crate::error::raise;
use crate::names::NAMES;

/// A message of the gateway.
#[pyclass(frozen, weakref, module = "topicwire")]
pub(crate) struct Message {
    /// Place in the client-wide order of events.
    #[pyo3(get)]
    seq: u64,
    /// The topic, where the gateway has such a thing.
    #[pyo3(get)]
    topic: Option<Py<PyString>>,
    /// The room, group or channel, where the gateway has such a thing.
    #[pyo3(get)]
    room: Option<Py<PyString>>,
    views: Views,
    /// Locked for as long as it takes to copy something out of it, and never while Python code may run.
    body: Mutex<event::Message>,
    data: PyOnceLock<Py<PyAny>>,
    raw: PyOnceLock<Py<PyBytes>>,
    typed: PyOnceLock<Option<Py<PyAny>>>,
}

impl Message {
    pub(crate) fn new(py: Python<'_>, seq: u64, message: event::Message, views: Views) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            seq,
            topic: message.topic().map(|topic| names.get(py, topic)),
            room: message.room().map(|room| names.get(py, room)),
            views,
            body: Mutex::new(message),
            data: PyOnceLock::new(),
            raw: PyOnceLock::new(),
            typed: PyOnceLock::new(),
        }
    }

    fn body(&self) -> MutexGuard<'_, event::Message> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of the buffer that the frame is a piece of.
    pub(crate) fn detach(&self) {
        self.body().detach();
    }

    /// Decodes JSON that is most likely the frame's last member, without looking for its end first: the decoder finds it.
    fn decode_last(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let guess = {
            let body = self.body();
            if body.kind() != PayloadKind::Json {
                return None;
            }
            PyBytes::new(py, body.payload_if_last()?)
        };
        let data = decode(&guess).ok()?;
        self.body().payload_was_last();
        Some(data.unbind())
    }

    fn decode(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if let Some(data) = self.decode_last(py) {
            return Ok(data);
        }
        let (payload, kind) = {
            let body = self.body();
            (body.payload_bytes(), body.kind())
        };
        let bad = |error: PyErr| {
            let wrapped = raise(py, &Error::new(Code::ProtocolError, "the payload is not what it should be; `raw` has it as it came"));
            wrapped.set_cause(py, Some(error));
            wrapped
        };
        let data = match kind {
            PayloadKind::Binary => PyBytes::new(py, &payload).into_any(),
            PayloadKind::Text => PyString::from_bytes(py, &payload).map_err(bad)?.into_any(),
            PayloadKind::JsonString => {
                let text = decode_slice(py, &payload).map_err(bad)?;
                let text = text.cast_into::<PyString>().map_err(|error| bad(error.into()))?;
                decode_slice(py, text.to_str()?.as_bytes()).map_err(bad)?
            }
            _ => decode_slice(py, &payload).map_err(bad)?,
        };
        Ok(data.unbind())
    }
}

#[pymethods]
impl Message {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    fn match_args(py: Python<'_>) -> PyResult<Py<PyTuple>> {
        PyTuple::new(py, ["topic", "room", "data"]).map(Bound::unbind)
    }

    /// The payload as Python objects (JSON), text, or bytes, decoded when first asked for.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        self.data.get_or_try_init(py, || self.decode(py)).map(|data| data.bind(py))
    }

    /// The payload as what it means, under steady names; `None` where there is no such view. It is made when first asked for.
    #[getter]
    fn typed(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let typed = self.typed.get_or_try_init(py, || {
            let canonical = self.views.canonical(&self.body());
            canonical.map(|json| decode_slice(py, &json).map(Bound::unbind)).transpose()
        })?;
        Ok(typed.as_ref().map(|typed| typed.clone_ref(py)))
    }

    /// The payload as it came, as bytes.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> &Bound<'py, PyBytes> {
        self.raw.get_or_init(py, || PyBytes::new(py, self.body().payload()).unbind()).bind(py)
    }

    /// The gateway's id of the message.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.body().id().map(|id| PyString::new(py, id))
    }

    /// When the gateway published it, as it wrote it.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.body().time().map(|time| PyString::new(py, time))
    }

    /// When it arrived, in milliseconds since 1970.
    #[getter]
    fn received(&self) -> u64 {
        self.body().received().0
    }

    /// The numbers of the subscriptions that it belongs to; perhaps none.
    #[getter]
    fn subscriptions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.body().subscriptions().iter().map(|one| one.0))
    }

    /// Which connection of the client it came by: 1, 2 and so on.
    #[getter]
    fn connection(&self) -> u64 {
        self.body().connection().0
    }

    /// What the payload's bytes are: `json`, `text`, `binary` or `json_string`.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.body().kind() {
            PayloadKind::Json => "json",
            PayloadKind::Text => "text",
            PayloadKind::Binary => "binary",
            PayloadKind::JsonString => "json_string",
            _ => "unknown",
        }
    }

    /// Without the payload, which may hold personal data.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let shown = |name: &Option<Py<PyString>>| match name {
            Some(name) => name.bind(py).repr().map(|text| text.to_string()),
            None => Ok("None".to_owned()),
        };
        let bytes = self.body().payload().len();
        Ok(format!("Message(topic={}, room={}, {bytes} bytes)", shown(&self.topic)?, shown(&self.room)?))
    }
}
