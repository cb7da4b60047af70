//! The one call from the core into the other language: "come and look".

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::NativeError;

/// Tells the other language that a lane has something for it.
///
/// It is called on a thread of the core, never under a lock of the core, once for each time that a poller had nothing and then has
/// something.
#[uniffi::export(callback_interface)]
pub trait Wake: Send + Sync {
    /// Leaves a note. It must not block, and must not run code of users.
    ///
    /// # Errors
    /// Whatever went wrong is counted and has no other effect.
    fn wake(&self) -> Result<(), NativeError>;
}

static OWNER: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicU64 = AtomicU64::new(0);

/// Claims the process's one place for wakes, under a number that the caller made up, and says whether the caller has it.
///
/// uniffi keeps one table of callbacks a process. A second copy of the package (another assembly load context, another domain) would put its
/// own in the place of the first one's, so it is turned away and waits on a thread instead.
#[uniffi::export]
#[must_use]
pub fn claim_wakes(nonce: u64) -> bool {
    match OWNER.compare_exchange(0, nonce, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => true,
        Err(owner) => owner == nonce,
    }
}

/// How many wakes have failed on the other side.
#[uniffi::export]
#[must_use]
pub fn failed_wakes() -> u64 {
    FAILED.load(Ordering::Relaxed)
}

/// A wake as the core wants it.
pub(crate) struct Bell(pub(crate) Box<dyn Wake>);

impl topicwire::lane::Wake for Bell {
    fn wake(&self) {
        if self.0.wake().is_err() {
            FAILED.fetch_add(1, Ordering::Relaxed);
        }
    }
}
