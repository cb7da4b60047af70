//! When the next command may go: a token bucket a link, a window of unanswered commands, and pauses when the gateway says "slow down".
//!
//! The bucket is the link's, since the gateway counts per connection; the pause is the session's, so that it survives a handover.

use std::time::Duration;

use super::Machine;
use super::ledger::Job;
use super::timers::Timer;
use crate::dialect::Pacing;
use crate::error::Error;
use crate::event::FaultKind;
use crate::id::{LinkId, RouteId};
use crate::time::Now;

/// Tokens that come back one an interval.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    interval: Duration,
    burst: u32,
    tokens: u32,
    /// When the present count of tokens was true.
    since: Duration,
}

impl Bucket {
    pub(super) fn new(pacing: &Pacing, now: Duration) -> Self {
        Self { interval: pacing.interval, burst: pacing.burst, tokens: pacing.burst, since: now }
    }

    fn refill(&mut self, now: Duration) {
        if self.interval.is_zero() {
            self.tokens = self.burst;
            return;
        }
        let passed = now.saturating_sub(self.since);
        let back = u32::try_from(passed.as_nanos() / self.interval.as_nanos()).unwrap_or(u32::MAX);
        if self.tokens.saturating_add(back) >= self.burst {
            self.tokens = self.burst;
            self.since = now;
        } else {
            self.tokens += back;
            self.since += self.interval * back;
        }
    }

    /// When there is a token: now (`None`) or later.
    pub(super) fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.refill(now);
        (self.tokens == 0).then(|| self.since + self.interval)
    }

    pub(super) fn take(&mut self, now: Duration) {
        self.refill(now);
        if self.tokens == self.burst {
            self.since = now;
        }
        self.tokens = self.tokens.saturating_sub(1);
    }
}

impl Machine {
    /// The next command that may go, and by which link.
    pub(super) fn next_job(&mut self, now: Now) -> Option<(LinkId, Job)> {
        if self.paused_until.is_some_and(|until| until > now.mono) {
            return None;
        }
        let routes: Vec<RouteId> = self.routes.iter().filter(|(_, route)| !route.jobs.is_empty()).map(|(id, _)| *id).collect();
        for id in routes {
            let window = self.window(id);
            let route = self.routes.get_mut(&id)?;
            let Some(active) = route.active else { continue };
            let Some(link) = self.links.get_mut(&active) else { continue };
            if !link.takes_commands() || link.in_flight.len() >= window {
                continue;
            }
            if let Some(at) = link.bucket.wait(now.mono) {
                self.timers.set(Timer::Pace(active), at);
                continue;
            }
            if let Some((_, _, job)) = route.jobs.pop_first() {
                return Some((active, job));
            }
        }
        None
    }

    fn window(&self, route: RouteId) -> usize {
        let pacing = &self.facts.pacing;
        let keys = self.routes.get(&route).map_or(0, |route| route.keys.len());
        if keys > pacing.small { pacing.window_large } else { pacing.window_small }
    }

    /// A command went out.
    pub(super) fn spend(&mut self, now: Now, link: LinkId) {
        if let Some(link) = self.links.get_mut(&link) {
            link.bucket.take(now.mono);
        }
    }

    pub(super) fn throttled(&mut self, now: Now, link: LinkId, wait: Option<Duration>, error: Error) {
        let pacing = &self.facts.pacing;
        let pause = wait.unwrap_or_else(|| (pacing.pause * 2_u32.saturating_pow(self.throttles.min(16))).min(pacing.pause_max));
        self.throttles = self.throttles.saturating_add(1);
        self.paused_until = Some(now.after(pause));
        self.timers.set(Timer::Pause, now.after(pause));
        // The rejected command had no effect. Which one it was can only be told when there is no choice; otherwise each one's own
        // timeout tells.
        if let Some(key) = self.sole_in_flight(link)
            && let Some(in_flight) = self.links.get_mut(&link).and_then(|link| link.in_flight.remove(&key))
        {
            if let Job::Subscribe(id) = in_flight.job {
                // Unless it was an earlier one, whose answer was given up.
                self.mark_perhaps(id, link);
            }
            self.requeue(in_flight.job);
        }
        self.fault(FaultKind::Throttled, None, error);
        self.dirty = true;
    }

    pub(super) fn pause_over(&mut self) {
        self.paused_until = None;
        self.dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(burst: u32) -> Bucket {
        Bucket::new(&Pacing { interval: Duration::from_millis(110), burst, ..Pacing::NONE }, Duration::ZERO)
    }

    #[test]
    fn strict_spacing_lets_one_command_go_an_interval() {
        let mut bucket = bucket(1);
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        for _ in 0..5 {
            if let Some(at) = bucket.wait(now) {
                now = at;
            }
            assert_eq!(bucket.wait(now), None);
            bucket.take(now);
            sent.push(now.as_millis());
        }
        assert_eq!(sent, [0, 110, 220, 330, 440]);
    }

    #[test]
    fn a_burst_is_spent_and_comes_back_one_by_one() {
        let mut bucket = bucket(3);
        let now = Duration::from_secs(1);
        for _ in 0..3 {
            assert_eq!(bucket.wait(now), None);
            bucket.take(now);
        }
        assert_eq!(bucket.wait(now), Some(now + Duration::from_millis(110)));
    }
}
