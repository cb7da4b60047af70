//! Whether a link lives. Any inbound frame is a sign of life; silence and unanswered probes are not.

use std::time::Duration;

use super::Machine;
use super::io::Output;
use super::link::Phase;
use super::timers::Timer;
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::LinkId;
use crate::time::Now;

impl Machine {
    pub(super) fn set_idle(&mut self, now: Now, id: LinkId, idle: Option<Duration>) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.idle == idle && self.timers.is_set(&Timer::Idle(id)) == idle.is_some() {
            return;
        }
        link.idle = idle;
        match idle {
            Some(idle) => {
                let at = (link.last_inbound.mono + idle).max(now.mono);
                self.timers.set(Timer::Idle(id), at);
            }
            None => self.timers.cancel(&Timer::Idle(id)),
        }
    }

    /// The silence is to be judged. Frames do not move the timer (they are many); it looks when it is due.
    pub(super) fn judge_silence(&mut self, now: Now, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        let Some(idle) = link.idle else { return };
        let due = link.last_inbound.mono + idle;
        if !link.reading {
            // We are the silent ones: look again when we have read.
            return self.timers.set(Timer::Idle(id), now.after(idle));
        }
        if due > now.mono {
            return self.timers.set(Timer::Idle(id), due);
        }
        let text = format!("nothing arrived for {} ms; the connection is given up", idle.as_millis());
        self.stale(now, id, text);
    }

    pub(super) fn start_probing(&mut self, now: Now, id: LinkId) {
        if let Some(probe) = self.facts.probe {
            self.timers.set(Timer::Probe(id), now.after(probe.interval));
        }
    }

    /// A probe is due; true if it should be sent.
    pub(super) fn probe_due(&mut self, now: Now, id: LinkId) -> bool {
        let Some(probe) = self.facts.probe else { return false };
        let Some(link) = self.links.get_mut(&id) else { return false };
        self.timers.set(Timer::Probe(id), now.after(probe.interval));
        if link.phase >= Phase::Draining || !link.reading {
            return false;
        }
        if let Some(timeout) = probe.timeout
            && !self.timers.is_set(&Timer::ProbeAnswer(id))
        {
            link.probed = Some(now.mono);
            self.timers.set(Timer::ProbeAnswer(id), now.after(timeout));
        }
        true
    }

    pub(super) fn probe_overdue(&mut self, now: Now, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let Some(probed) = link.probed.take() else { return };
        if link.last_inbound.mono < probed && link.reading {
            self.stale(now, id, "a probe was not answered; the connection is given up".to_owned());
        }
    }

    fn stale(&mut self, now: Now, id: LinkId, text: String) {
        let error = Error::new(Code::Stale, text);
        self.fault(FaultKind::Stale, None, error.clone());
        self.give_up(now, id, error);
    }

    /// Consumers are behind, or have caught up.
    pub(super) fn pressed(&mut self, now: Now, on: bool) {
        self.pressure = on;
        match (on, self.facts.stall) {
            (true, Some(stall)) => self.timers.set(Timer::Stall, now.after(stall)),
            _ => self.timers.cancel(&Timer::Stall),
        }
        self.dirty = true;
    }

    /// The gateway would take us for dead: read on, and let lanes drop what they must.
    pub(super) fn stall_over(&mut self) {
        self.pressure = false;
        self.outputs.push_back(Output::Stall);
        self.dirty = true;
    }

    /// Pauses reading while consumers are behind, but never while an answer, a probe or a close is awaited, since they come by the same socket.
    pub(super) fn update_reading(&mut self, now: Now) {
        for (id, link) in &mut self.links {
            // A fresh link is used from its greeting on; only one that claims to have resumed must be heard until it is believed.
            let in_use = link.phase == Phase::Ready || (link.phase == Phase::Probation && link.resume.is_none());
            let awaited = !link.in_flight.is_empty() || link.probed.is_some() || !in_use || link.leaving;
            let read = !self.pressure || awaited;
            if read != link.reading && link.phase > Phase::Dialing {
                link.read(now, read);
                self.outputs.push_back(Output::Read { link: *id, on: read });
            }
        }
    }
}
