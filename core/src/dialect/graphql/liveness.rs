//! Signs of life, where the server gives them.

use std::time::Duration;

use crate::id::LinkId;
use crate::session::Context;

/// Silence of this many heartbeats is too long …
const BEATS: f64 = 2.5;
/// … but a server that beats very fast is given this long all the same.
const LEAST: Duration = Duration::from_secs(2);

/// The heartbeat of a link.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    last: Option<Duration>,
    period: Duration,
    /// Pings of ours, and how many have been answered: their pongs are no heartbeat.
    pub(super) asked: u64,
    pub(super) answered: u64,
}

impl Heartbeat {
    /// A `ka`, a `ping`, or a `pong` that nobody asked for. With two of them the period is known, and the session watches for silence,
    /// unless the user or a preset has said how much is too much.
    pub(super) fn beat(&mut self, cx: &mut Context<'_>, link: LinkId, fixed: bool) {
        let now = cx.now().mono;
        let Some(last) = self.last.replace(now) else { return };
        // Legacy servers beat at once with the ack, and a late timer makes one period longer: the longest seen counts.
        let period = now.saturating_sub(last);
        if !fixed && period > self.period {
            self.period = period;
            cx.set_idle(link, Some(period.mul_f64(BEATS).max(LEAST)));
        }
    }
}
