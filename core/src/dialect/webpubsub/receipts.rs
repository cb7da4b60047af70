//! Which messages have come, and when the service is told.
//!
//! The service keeps what was not acknowledged, up to 1,000 messages or 16 MB, and ends the session beyond that. So we acknowledge by count, by
//! bytes and by time, whichever comes first: what was received, not what was processed, or a slow consumer would end the session.

use std::time::Duration;

/// The receipts of one session.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// The largest number that has come.
    pub(super) last: u64,
    messages: u32,
    bytes: u64,
    /// Something came since the service was told last.
    pending: bool,
    /// When it is told at the latest.
    pub(super) due: Option<Duration>,
    /// The session was just taken up again: tell at once how far we are.
    pub(super) hurry: bool,
}

/// How a message relates to those that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The next one.
    Next,
    /// It came before.
    Repeated,
    /// So many before it never came.
    After(u64),
}

impl Receipts {
    /// Takes note of a message.
    pub(super) fn note(&mut self, number: u64, size: usize) -> Arrival {
        self.pending = true;
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size as u64);
        if number <= self.last {
            return Arrival::Repeated;
        }
        let missing = number - self.last - 1;
        self.last = number;
        if missing == 0 { Arrival::Next } else { Arrival::After(missing) }
    }

    /// Those of another session: it begins from 0. The timer that is set is not set again.
    pub(super) fn of_another_session(&self) -> Self {
        Self { due: self.due, ..Self::default() }
    }

    /// Whether the service is to be told now, rather than later.
    pub(super) fn is_due(&self, messages: u32, bytes: u64) -> bool {
        self.pending && (self.hurry || self.messages >= messages || self.bytes >= bytes)
    }

    /// Whether there is something to tell.
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }

    /// The service is being told.
    pub(super) fn told(&mut self) -> u64 {
        self.pending = false;
        self.hurry = false;
        self.messages = 0;
        self.bytes = 0;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_by_count_or_by_bytes() {
        let mut receipts = Receipts::default();
        for number in 1..64 {
            assert_eq!(receipts.note(number, 10), Arrival::Next);
            assert!(!receipts.is_due(64, 1000));
        }
        receipts.note(64, 10);
        assert!(receipts.is_due(64, 1000));
        assert_eq!(receipts.told(), 64);
        receipts.note(65, 1000);
        assert!(receipts.is_due(64, 1000));
    }

    #[test]
    fn a_repeated_message_is_acknowledged_again_and_a_hole_is_seen() {
        let mut receipts = Receipts::default();
        receipts.note(1, 1);
        receipts.told();
        assert_eq!(receipts.note(1, 1), Arrival::Repeated);
        assert!(receipts.is_pending());
        assert_eq!(receipts.note(5, 1), Arrival::After(3));
        assert_eq!(receipts.told(), 5);
    }
}
