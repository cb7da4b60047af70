//! What is published, in the very words of its publisher.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value as it was written: the order of its fields and the digits of its numbers stay. `Debug` shows
/// its size only, since people's data may be in it.
///
/// ```
/// use topicwire_gateway::Payload;
///
/// let payload: Payload = serde_json::from_str(r#"{"b":10.10,"a":1}"#).unwrap();
/// assert_eq!(payload.as_str(), r#"{"b":10.10,"a":1}"#);
/// assert_eq!(Payload::from(serde_json::json!({"a": 1})).as_str(), r#"{"a":1}"#);
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(Box<RawValue>);

impl Payload {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(self.as_str()).unwrap_or(Value::Null)
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self(RawValue::from_string(value.to_string()).expect("a value prints as JSON"))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.as_str().len())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Payload {}
