//! What a process has once: threads, a limit on dials, TLS configurations, what the environment says of proxies.
//!
//! A fork copies locks as they are, perhaps held by threads that the child does not have. So a child gets all of this anew, and never
//! touches what was its parent's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hyper_util::client::proxy::matcher::Matcher;
use once_cell::sync::OnceCell;
use rustls::ClientConfig;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::tls::Trust;

/// Dials at once in one process: after an outage everybody comes back, and neither the machine nor the gateway thanks them for it.
const DIALS: usize = 64;

/// One life of a process.
pub(super) struct Process {
    /// Starting it may fail, and may be tried again.
    pub(super) runtime: OnceCell<Runtime>,
    pub(super) dials: Semaphore,
    /// Reading the system's authorities takes milliseconds and half a megabyte, so clients with the same trust share one configuration.
    pub(super) tls: Mutex<BTreeMap<Trust, Arc<ClientConfig>>>,
    pub(super) proxies: OnceCell<Matcher>,
    /// The life after the next fork. Only the child sets it, while it still has a single thread.
    next: OnceCell<&'static Process>,
}

static FIRST: Process = Process::new();

static GENERATION: AtomicU64 = AtomicU64::new(0);

impl Process {
    const fn new() -> Self {
        Self {
            runtime: OnceCell::new(),
            dials: Semaphore::const_new(DIALS),
            tls: Mutex::new(BTreeMap::new()),
            proxies: OnceCell::new(),
            next: OnceCell::new(),
        }
    }

    /// The life that this is.
    pub(super) fn current() -> &'static Self {
        let mut process = &FIRST;
        while let Some(next) = process.next.get() {
            process = next;
        }
        process
    }
}

/// Which life of the process this is. A fork begins another: what belonged to the parent must not be touched there.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Begins another life.
pub(super) fn forked() {
    // Lost on purpose, like all that a process has once.
    let next: &'static Process = Box::leak(Box::new(Process::new()));
    // Whoever calls twice at once has only itself to blame, and gets one new life rather than two.
    let _ = Process::current().next.set(next);
    GENERATION.fetch_add(1, Ordering::AcqRel);
}
