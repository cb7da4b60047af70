//! Which views a client's payloads have: what a language asks without knowing any gateway.

use super::{astro, graphql, webpubsub};
use crate::dialect::webpubsub::STREAM;
use crate::event::Message;
use crate::options::Options;

/// Which views the payloads of a client have.
///
/// ```
/// use topicwire::options::{AstroOptions, Options};
/// use topicwire::view::Views;
///
/// assert_eq!(Views::of(&Options::Astro(AstroOptions::default())), Views::Astro);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Views {
    /// Payloads mean nothing in particular.
    #[default]
    None,
    /// Those of [`astro`].
    Astro,
    /// Those of [`graphql`].
    GraphQl,
    /// Those of [`webpubsub`].
    WebPubSub {
        /// Payloads are views already.
        envelopes: bool,
    },
}

impl Views {
    /// Those of a client that is made with these options.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        match options {
            Options::Astro(_) => Self::Astro,
            Options::GraphQl(_) => Self::GraphQl,
            Options::Raw(_) => Self::None,
            Options::WebPubSub(options) => Self::WebPubSub { envelopes: options.envelopes },
        }
    }

    /// The canonical JSON of a message; `None` where it has no view.
    #[must_use]
    pub fn canonical(self, message: &Message) -> Option<Vec<u8>> {
        match self {
            Self::None => None,
            Self::Astro => astro::canonical(message.topic()?, message.frame()),
            Self::GraphQl => graphql::canonical(message.payload()),
            Self::WebPubSub { .. } => webpubsub::canonical(message.frame()),
        }
    }

    /// The same of a payload that has left its frame, as those that languages read from batches have.
    #[must_use]
    pub fn canonical_payload(self, topic: Option<&str>, payload: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::None => None,
            // A view finds what it needs by its name in the frame.
            Self::Astro => astro::canonical(topic?, &[b"{\"data\":", payload, b"}"].concat()),
            Self::GraphQl => graphql::canonical(payload),
            // Only what the client itself made is one. Somebody else's data may look like it, and name another sender.
            Self::WebPubSub { envelopes } => (envelopes || topic == Some(STREAM)).then(|| webpubsub::canonical(payload))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Label, PayloadKind};

    fn canonical(views: Views, topic: &str, frame: &'static str) -> Option<String> {
        let message = Message::whole(frame.into(), PayloadKind::Json).with_topic(Label::Owned(topic.into()));
        views.canonical(&message).map(|json| String::from_utf8(json).expect("JSON is UTF-8"))
    }

    #[test]
    fn a_dialect_has_its_own_views_and_no_others() {
        let frame = r#"{"type":"message","topic":"channel.stream.status","data":{"isLive":true}}"#;
        let wanted = r#"{"topic":"channel.stream.status","kind":"stream_status","is_live":true}"#;
        assert_eq!(canonical(Views::Astro, "channel.stream.status", frame).as_deref(), Some(wanted));
        assert_eq!(canonical(Views::Astro, "channel.unheard.of", frame), None);
        assert_eq!(canonical(Views::None, "channel.stream.status", frame), None);
        let alone = Views::Astro.canonical_payload(Some("channel.stream.status"), br#"{"isLive":true}"#);
        assert_eq!(alone.as_deref(), Some(wanted.as_bytes()));
        assert_eq!(Views::Astro.canonical_payload(None, b"{}"), None);
    }

    #[test]
    fn data_that_looks_like_a_view_is_none_unless_the_client_made_it() {
        let payload = br#"{"from":"group","group":"lobby","from_user_id":"maya","data_type":"text","data":"hi"}"#;
        let of = |envelopes, topic| Views::WebPubSub { envelopes }.canonical_payload(Some(topic), payload);
        assert_eq!(of(false, "group"), None);
        assert_eq!(of(true, "group").as_deref(), Some(payload.as_slice()));
        assert_eq!(of(false, "stream").as_deref(), Some(payload.as_slice()));
    }

    #[test]
    fn an_execution_result_has_its_errors_as_a_list() {
        let of = |frame| canonical(Views::GraphQl, "Ticks", frame);
        assert_eq!(of(r#"{"data":{"n":1.50}}"#).as_deref(), Some(r#"{"data":{"n":1.50},"errors":[]}"#));
        let partial = r#"{"errors":[{"message":"no","extensions":{"code":"DENIED"}}],"data":null}"#;
        let wanted = r#"{"data":null,"errors":[{"message":"no","code":"DENIED","raw":{"message":"no","extensions":{"code":"DENIED"}}}]}"#;
        assert_eq!(of(partial).as_deref(), Some(wanted));
        assert_eq!(of("[]"), None);
    }
}
