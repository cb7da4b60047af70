//! The core's errors as Python exceptions. Their classes are written in Python, in `topicwire.errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use topicwire::error::Error;

static FROM_CORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// An error as an exception object, for the attribute of an event.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let make = FROM_CORE.get_or_try_init(py, || py.import("topicwire.errors")?.getattr("from_core").map(Bound::unbind))?;
    make.bind(py).call1((
        error.code.as_str(),
        error.message.as_ref(),
        error.gateway_code.as_deref(),
        error.gateway_text.as_deref(),
        error.retryable,
    ))
}

/// The same, if there is one.
pub(crate) fn optional(py: Python<'_>, error: Option<&Error>) -> PyResult<Option<Py<PyAny>>> {
    error.map(|error| exception(py, error).map(Bound::unbind)).transpose()
}

/// An error to raise.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failed| failed, PyErr::from_value)
}
