//! What is sent along with messages and events.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What the bytes of a payload are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// JSON text.
    Json,
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
    /// A serialised `google.protobuf.Any`.
    Protobuf,
}

impl DataKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Protobuf => "protobuf",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Json, Self::Text, Self::Binary, Self::Protobuf].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// The content type that event handlers and the REST API use for it.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Binary => "application/octet-stream",
            Self::Protobuf => "application/x-protobuf",
        }
    }

    /// The kind that a content type means; bytes for one that is not known.
    #[must_use]
    pub fn of_content_type(name: &str) -> Self {
        let name = name.split(';').next().unwrap_or_default().trim();
        [Self::Json, Self::Text, Self::Protobuf]
            .into_iter()
            .find(|kind| kind.content_type().eq_ignore_ascii_case(name))
            .unwrap_or(Self::Binary)
    }
}

/// Bytes, and what they are. `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// What the bytes are.
    pub kind: DataKind,
    /// The bytes.
    pub bytes: Bytes,
}

impl Data {
    /// UTF-8 text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: DataKind::Text, bytes: Bytes::from(text.into()) }
    }

    /// A JSON value.
    #[must_use]
    pub fn json(value: &serde_json::Value) -> Self {
        Self { kind: DataKind::Json, bytes: Bytes::from(value.to_string()) }
    }
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({} bytes)", self.kind.as_str(), self.bytes.len())
    }
}
