//! What anybody listens to.

use crate::event::Message;

/// Says which messages are worth building an event for. Lanes answer with the union of their filters.
pub trait Interest: Send {
    /// Whether anybody wants this message.
    fn wants(&self, message: &Message) -> bool;

    /// Whether somebody wants every message just now, so that this one needs not be looked at. Asked for each.
    fn wants_all(&self) -> bool {
        false
    }
}

/// Whoever has not said otherwise wants everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Everything;

impl Interest for Everything {
    fn wants(&self, _: &Message) -> bool {
        true
    }

    fn wants_all(&self) -> bool {
        true
    }
}
