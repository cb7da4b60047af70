//! The consumer's end of a lane.

use std::sync::{Mutex, PoisonError};

use topicwire::batch::Encoder;

use crate::poller::MORE;

/// Set in what [`Lane::poll_into`] returns when the number is not what was used but what the next event needs.
const NEEDED: u64 = 1 << 62;

/// A bounded queue of events that one consumer owns. It is closed when it is dropped.
#[derive(uniffi::Object)]
pub struct Lane {
    pub(crate) inner: topicwire::lane::Lane,
    // One consumer: nobody ever waits for this.
    encoder: Mutex<Encoder>,
}

/// What a lane holds, and what it has lost.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct LaneStats {
    /// Events that wait in it.
    pub events: u64,
    /// Bytes that its messages are counted for.
    pub bytes: u64,
    /// Messages that were ever dropped for want of room.
    pub dropped: u64,
}

impl Lane {
    pub(crate) fn new(inner: topicwire::lane::Lane) -> Self {
        Self { inner, encoder: Mutex::default() }
    }
}

#[uniffi::export]
impl Lane {
    /// Its name within its client.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.inner.id().0
    }

    /// Moves up to `max` events into `buffer`, an array of `capacity` bytes, as one batch.
    ///
    /// Returns the bytes that were used. The highest bit is set if the lane has more and will not be announced again. The second highest is
    /// set if nothing was taken since the next event alone needs more room than there is; then the number is that room.
    #[must_use]
    pub fn poll_into(&self, buffer: u64, capacity: u32, max: u32) -> u64 {
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = if buffer == 0 {
            encoder.poll_into(&self.inner, max as usize, &mut [])
        } else {
            // SAFETY: the caller passes the address of a pinned, initialised array of `capacity` bytes, which nobody else touches until
            // this returns.
            let buffer = unsafe { std::slice::from_raw_parts_mut(buffer as *mut u8, capacity as usize) };
            encoder.poll_into(&self.inner, max as usize, buffer)
        };
        let more = if polled.more { MORE } else { 0 };
        match polled.needed {
            Some(needed) if polled.used == 0 => needed as u64 | NEEDED | more,
            _ => polled.used as u64 | more,
        }
    }

    /// Counters.
    #[must_use]
    pub fn stats(&self) -> LaneStats {
        let stats = self.inner.stats();
        LaneStats { events: stats.events as u64, bytes: stats.bytes as u64, dropped: stats.dropped }
    }

    /// Ends the lane and the subscriptions that it owns.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Whoever forgot the lane wants nothing more of it, nor of what it owns.
        self.inner.close();
    }
}
