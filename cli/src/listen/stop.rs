//! What ends listening from outside: time, and signals.

use std::time::Duration;

use tokio::time::Instant;

/// Why to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The time is up.
    Time,
    /// The user, or whoever runs us, wants us to end.
    Signal,
    /// And does not want to wait.
    SecondSignal,
}

/// Everything that may end it.
pub(super) struct Stops {
    deadline: Option<Instant>,
    signals: Signals,
    signalled: bool,
}

impl Stops {
    pub(super) fn new(period: Option<Duration>) -> std::io::Result<Self> {
        // A time that the clock cannot hold is no limit.
        let deadline = period.and_then(|period| Instant::now().checked_add(period));
        Ok(Self { deadline, signals: Signals::new()?, signalled: false })
    }

    /// Waits for a signal alone.
    pub(super) async fn signal(&mut self) {
        self.signals.next().await;
    }

    /// Waits for the next reason to stop.
    pub(super) async fn next(&mut self) -> Stop {
        let deadline = self.deadline;
        let time = async move {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time => {
                self.deadline = None;
                Stop::Time
            }
            () = self.signals.next() => {
                if std::mem::replace(&mut self.signalled, true) { Stop::SecondSignal } else { Stop::Signal }
            }
        }
    }
}

/// Ctrl-C, and the polite request of a process manager.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
