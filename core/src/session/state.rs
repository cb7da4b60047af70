//! The state that users see: a pure function of the routes.

use super::Machine;
use super::link::{Link, Phase};
use super::timers::Timer;
use crate::event::{EventKind, State};

impl Machine {
    fn derive_state(&self) -> State {
        if self.is_closed() {
            return State::Closed;
        }
        let mut best = State::Idle;
        for (id, route) in &self.routes {
            let active = route.active.and_then(|link| self.links.get(&link));
            let candidate = route.candidate.and_then(|link| self.links.get(&link));
            let lost = self.facts.resume_replays && route.resume.is_some();
            let recovering = |link: &Link| self.facts.resume_replays && link.unproven_resume();
            let state = match (active, candidate) {
                (Some(link), None) | (None, Some(link)) if recovering(link) => State::Recovering,
                (None, None) if lost => State::Recovering,
                (Some(active), _) if active.leaving => State::HandingOver,
                (Some(_), Some(_)) => State::HandingOver,
                (Some(_), None) => State::Active,
                (None, Some(candidate)) if candidate.phase == Phase::Dialing => State::Connecting,
                (None, Some(_)) => State::AwaitingWelcome,
                (None, None) if self.timers.is_set(&Timer::Dial(*id)) => State::Backoff,
                (None, None) if route.dial_now || route.waiting_for.is_some() => State::Connecting,
                (None, None) => State::Idle,
            };
            if rank(state) > rank(best) {
                best = state;
            }
        }
        best
    }

    /// Tells when the state changed.
    pub(super) fn update_state(&mut self) {
        let to = self.derive_state();
        if to == self.state {
            return;
        }
        let from = std::mem::replace(&mut self.state, to);
        let cause = match to {
            State::Backoff | State::Recovering => self.last_error(),
            // The session is over, and another begins at once.
            State::Connecting if self.facts.resume_replays && matches!(from, State::Active | State::Recovering) => self.last_error(),
            State::Closed => self.closed_cause.clone(),
            _ => None,
        };
        self.emit(EventKind::State { from, to, cause });
    }
}

/// With several routes the one that fares best speaks for the client, but a handover is always told.
fn rank(state: State) -> u8 {
    match state {
        State::Idle | State::Closed => 0,
        State::Backoff => 1,
        State::Connecting => 2,
        State::AwaitingWelcome => 3,
        State::Recovering => 4,
        State::Active => 5,
        State::HandingOver => 6,
    }
}
