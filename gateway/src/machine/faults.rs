//! Faults that wait for their moment.

use std::collections::VecDeque;

use super::fault::{Fault, Field};
use super::io::Refusal;

/// A fault that is over after so many hits.
#[derive(Debug, Clone)]
pub(crate) struct Counted<T> {
    value: T,
    left: u32,
}

/// Counted faults of one kind, first come first served.
#[derive(Debug, Clone)]
pub(crate) struct Pending<T>(VecDeque<Counted<T>>);

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Pending<T> {
    /// Adds hits; a count of zero takes back what waits.
    pub(crate) fn add(&mut self, value: T, count: u32) {
        if count == 0 {
            self.0.clear();
        } else {
            self.0.push_back(Counted { value, left: count });
        }
    }

    /// Uses up one hit.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.take_if(|_| true)
    }

    /// Uses up one hit of the first fault that fits.
    pub(crate) fn take_if(&mut self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.0.iter().position(|fault| fits(&fault.value))?;
        let fault = &mut self.0[at];
        fault.left -= 1;
        if fault.left == 0 { self.0.remove(at).map(|fault| fault.value) } else { Some(fault.value.clone()) }
    }
}

/// What waits for commands, responses and messages of Astro.
#[derive(Default)]
pub(crate) struct AstroFaults {
    pub(crate) delay: Pending<u64>,
    pub(crate) reorder: Pending<u32>,
    pub(crate) drop: Pending<()>,
    pub(crate) drop_nonce: Pending<()>,
    pub(crate) after_message: Pending<()>,
    pub(crate) force_error: Pending<(Option<String>, String)>,
    pub(crate) omit: Pending<Vec<Field>>,
    pub(crate) duplicate: Pending<()>,
}

/// What waits for inits and operations of GraphQL.
#[derive(Default)]
pub(crate) struct GraphQlFaults {
    pub(crate) no_ack: Pending<()>,
    pub(crate) late_ack: Pending<u64>,
    pub(crate) close_after_ack: Pending<(u16, String)>,
    pub(crate) data_before_ack: Pending<()>,
    pub(crate) fail: Pending<String>,
    pub(crate) heartbeat_only: bool,
}

/// What waits for sessions, commands and messages of Web PubSub.
#[derive(Default)]
pub(crate) struct WebPubSubFaults {
    pub(crate) drop_acks: Pending<()>,
    pub(crate) cut_before_ack: Pending<()>,
    pub(crate) fail: Pending<String>,
    pub(crate) refuse_recovery: Pending<()>,
    pub(crate) duplicates: Pending<()>,
    pub(crate) skip_numbers: Pending<()>,
    pub(crate) ignore_receipts: u32,
}

/// What waits for upgrades.
#[derive(Default)]
pub(crate) struct UpgradeFaults {
    pub(crate) refuse: Pending<Refusal>,
    pub(crate) subprotocol: Pending<Option<String>>,
    pub(crate) mute_new: bool,
}

/// The refusal that a fault asks for.
pub(crate) fn refusal(status: u16, retry_after: Option<u32>) -> Refusal {
    let retry_after = retry_after.or(matches!(status, 429 | 503).then_some(2));
    let body = format!("refused with {status} because a fault asked for it");
    self::status(status, retry_after, &body)
}

/// An HTTP answer instead of a WebSocket.
pub(crate) fn status(status: u16, retry_after: Option<u32>, body: &str) -> Refusal {
    Refusal::Status {
        status,
        headers: retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())).into_iter().collect(),
        body: body.to_owned(),
    }
}

/// What is wrong with a fault, before it is carried out.
pub(crate) fn check(fault: &Fault) -> Result<(), String> {
    match fault {
        Fault::RefuseUpgrades { status, .. } if !(400..=599).contains(status) => {
            Err(format!("status must be from 400 to 599, not {status}"))
        }
        Fault::Close { code: Some(code), .. } | Fault::CloseAfterAck { code, .. } if !(1000..=4999).contains(code) => {
            Err(format!("a close code must be from 1000 to 4999, not {code}"))
        }
        Fault::SendFragments { size: 0, .. } => Err("size must be at least 1 byte per fragment".to_owned()),
        Fault::SendHuge { bytes, .. } if *bytes > 256 << 20 => Err(format!("bytes must be at most {}, not {bytes}", 256 << 20)),
        Fault::ReorderResponses { window, .. } if *window < 2 => Err(format!("window must be at least 2, not {window}")),
        Fault::Subprotocol { answer: Some(answer), .. } if answer.is_empty() || !answer.bytes().all(is_token_byte) => {
            Err(format!("answer must be a subprotocol name without spaces or separators, not {answer:?}"))
        }
        _ => Ok(()),
    }
}

/// The bytes of an HTTP token (RFC 9110 section 5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_faults_are_over_when_they_have_hit_often_enough() {
        let mut pending = Pending::default();
        pending.add("a", 2);
        pending.add("b", 1);
        assert_eq!(pending.take(), Some("a"));
        assert_eq!(pending.take_if(|v| *v == "b"), Some("b"));
        assert_eq!(pending.take(), Some("a"));
        assert_eq!(pending.take(), None);
    }

    #[test]
    fn a_count_of_zero_takes_a_fault_back() {
        let mut pending = Pending::default();
        pending.add((), 5);
        pending.add((), 0);
        assert_eq!(pending.take(), None);
    }
}
