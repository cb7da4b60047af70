//! Time as an argument.
//!
//! The machine never reads a clock: whoever drives it says what time it is. So a day of outages runs in a
//! millisecond of virtual time, and the code that ships is the code that was simulated.

use std::time::Duration;

/// A moment, on both of the clocks that matter.
///
/// `mono` only moves forward and is what timers run on. `wall` is what people, tokens and `Retry-After`
/// dates mean; it may jump, and a jump never moves a timer.
///
/// ```
/// use std::time::Duration;
/// use topicwire::time::{Now, UnixMillis};
///
/// let now = Now { mono: Duration::from_secs(5), wall: UnixMillis(1_700_000_000_000) };
/// assert_eq!(now.after(Duration::from_secs(1)), Duration::from_secs(6));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now {
    /// Time since an arbitrary start, monotonic.
    pub mono: Duration,
    /// Milliseconds since the Unix epoch.
    pub wall: UnixMillis,
}

impl Now {
    /// The monotonic time `delay` from now.
    #[must_use]
    pub fn after(self, delay: Duration) -> Duration {
        self.mono.saturating_add(delay)
    }
}

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct UnixMillis(pub u64);
