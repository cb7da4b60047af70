//! Watches lanes for one process, loop or thread.

use std::sync::Arc;
use std::time::Duration;

use crate::error::NativeError;
use crate::wake::{Bell, Wake};

/// Set in what [`Poller::ready_into`] returns when there are other lanes, which no wake will announce.
pub(crate) const MORE: u64 = 1 << 63;

/// Watches any number of lanes of any number of clients.
#[derive(uniffi::Object)]
pub struct Poller {
    pub(crate) inner: topicwire::lane::Poller,
}

#[uniffi::export]
impl Poller {
    /// A poller that calls a wake.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(wake: Box<dyn Wake>) -> Arc<Self> {
        Arc::new(Self { inner: topicwire::lane::Poller::new(Arc::new(Bell(wake))) })
    }

    /// A poller for a thread that waits.
    #[uniffi::constructor]
    #[must_use]
    pub fn new_waiting() -> Arc<Self> {
        Arc::new(Self { inner: topicwire::lane::Poller::new_waiting() })
    }

    /// Writes the tokens of up to `capacity` lanes that have something to `tokens`, an array of that many `u64`. Returns how many those are;
    /// the highest bit is set if there are more, which no wake will announce.
    #[must_use]
    pub fn ready_into(&self, tokens: u64, capacity: u32) -> u64 {
        if tokens == 0 || capacity == 0 {
            return 0;
        }
        let ready = self.inner.ready(capacity as usize);
        // SAFETY: the caller passes the address of a pinned array of `capacity` `u64`s, which nobody else touches until this returns.
        let to = unsafe { std::slice::from_raw_parts_mut(tokens as *mut u64, capacity as usize) };
        let mut count = 0;
        for (place, lane) in to.iter_mut().zip(&ready.lanes) {
            *place = lane.token();
            count += 1;
        }
        count | if ready.more { MORE } else { 0 }
    }

    /// Waits until a lane has something, and says whether one has. A negative time is for ever.
    ///
    /// # Errors
    /// `concurrency` if another thread is waiting already; `closed` once the poller is closed.
    pub fn wait(&self, timeout_ms: i64) -> Result<bool, NativeError> {
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        Ok(self.inner.wait(timeout)?)
    }

    /// Closes the poller and every lane at it.
    pub fn close(&self) {
        self.inner.close();
    }
}
