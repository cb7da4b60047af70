//! JSON as Python objects: by orjson where it is installed, which is the fastest there is, and else here.

use std::fmt;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// `orjson.loads`, if there is one.
static ORJSON: PyOnceLock<Option<Py<PyAny>>> = PyOnceLock::new();

fn orjson<'py>(py: Python<'py>) -> Option<&'py Bound<'py, PyAny>> {
    let found = ORJSON.get_or_init(py, || py.import("orjson").and_then(|orjson| orjson.getattr("loads")).ok().map(Bound::unbind));
    found.as_ref().map(|loads| loads.bind(py))
}

/// Decodes JSON text.
#[pyfunction]
pub(crate) fn decode<'py>(json: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyAny>> {
    match orjson(json.py()) {
        Some(loads) => loads.call1((json,)),
        None => build(json.py(), json.as_bytes()),
    }
}

/// Decodes JSON that is not a Python object yet.
pub(crate) fn decode_slice<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match orjson(py) {
        Some(loads) => loads.call1((PyBytes::new(py, json),)),
        None => build(py, json),
    }
}

/// Decodes JSON without orjson.
fn build<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let mut text = serde_json::Deserializer::from_slice(json);
    let value = Value(py).deserialize(&mut text).and_then(|value| text.end().map(|()| value));
    // serde quotes no text of the value, so that the message can be logged.
    value.map_err(|error| PyValueError::new_err(format!("not JSON: line {}, column {}", error.line(), error.column())))
}

/// Builds Python objects while the text is read.
#[derive(Clone, Copy)]
struct Value<'py>(Python<'py>);

impl<'de, 'py> DeserializeSeed<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Value<'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(PyBool::new(self.0, value).to_owned().into_any())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(PyInt::new(self.0, value).into_any())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(PyInt::new(self.0, value).into_any())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(PyFloat::new(self.0, value).into_any())
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.0, value).into_any())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let list = PyList::empty(self.0);
        while let Some(item) = items.next_element_seed(self)? {
            list.append(item).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.0);
        while let Some(key) = entries.next_key_seed(self)? {
            let value = entries.next_value_seed(self)?;
            dict.set_item(key, value).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}
