//! What payloads mean, apart from the client that they came by: events outlive it.

/// Which views the payloads of a client have.
#[derive(uniffi::Object)]
pub struct Views {
    pub(crate) inner: topicwire::view::Views,
}

#[uniffi::export]
impl Views {
    /// A payload as what it means, as canonical JSON; nothing where it has no such view.
    #[must_use]
    pub fn canonical(&self, topic: Option<String>, payload: &[u8]) -> Option<String> {
        self.inner.canonical_payload(topic.as_deref(), payload).and_then(|json| String::from_utf8(json).ok())
    }
}
