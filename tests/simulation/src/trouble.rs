//! What goes wrong, and what must be well again afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use topicwire::event::State;
use topicwire::id::LinkId;
use topicwire_gateway::machine::{Fault, Field, Hidden, ReconnectToken, Stray, Target};

use crate::coverage::Deed;
use crate::plan::{Side, Trouble};
use crate::user::pair;
use crate::world::{Happening, World};

impl World {
    /// Something goes wrong.
    pub(crate) fn make_trouble(&mut self) {
        if self.calm {
            return;
        }
        let (low, high) = self.plan.trouble_every;
        let wait = self.dice.ms(low, high);
        self.after(wait, Happening::Trouble);
        if let Some(trouble) = self.dice.pick(&self.plan.troubles).copied() {
            self.trace.note(self.now.mono, || format!("trouble: {trouble:?}"));
            self.strike(trouble);
        }
    }

    fn strike(&mut self, trouble: Trouble) {
        let count = u32::try_from(self.dice.between(1, 4)).unwrap_or(1);
        match trouble {
            Trouble::Cut | Trouble::HalfOpen | Trouble::ResetAfterFlush | Trouble::Spike => self.strike_socket(trouble),
            Trouble::Refuse => self.refuse += count,
            Trouble::Hang => self.hang += 1,
            Trouble::Status => {
                let status = if self.dice.percent(50) { 502 } else { 429 };
                let retry_after = if self.dice.percent(50) { Some(1) } else { None };
                self.fault(Fault::RefuseUpgrades { status, count, retry_after });
            }
            Trouble::Close => {
                let code = self.dice.pick(&[1000, 1001, 1011, 1012, 1013, 4000]).copied();
                self.fault(Fault::Close { code, reason: String::new(), target: Target::Newest });
            }
            Trouble::Handover => self.reconnect(ReconnectToken::Valid, false),
            Trouble::HandoverTwice => {
                self.reconnect(ReconnectToken::Valid, true);
            }
            Trouble::BadToken => {
                let kind = *self
                    .dice
                    .pick(&[ReconnectToken::Missing, ReconnectToken::Expired, ReconnectToken::Unknown])
                    .unwrap_or(&ReconnectToken::Missing);
                let twice = self.dice.percent(30);
                self.reconnect(kind, twice);
            }
            Trouble::Draining => {
                let grace = self.dice.ms(0, 8_000);
                self.gateway.shutdown(self.now, Some(grace));
                let wait = self.dice.ms(0, 6_000);
                self.after(wait, Happening::Replaced);
            }
            Trouble::Late => {
                let ms = self.dice.between(10, 15_000);
                self.fault(Fault::DelayResponses { ms, count });
            }
            Trouble::Reorder => self.fault(Fault::ReorderResponses { window: 2 + count, count: count * 3 }),
            Trouble::Lost => self.fault(Fault::DropResponses { count }),
            Trouble::Nameless => self.fault(Fault::DropNonces { count }),
            Trouble::AfterMessage => self.fault(Fault::RespondAfterMessage { count }),
            Trouble::Passing => {
                let code = if self.dice.percent(50) { "err_internal_error" } else { "err_deadline_exceeded" };
                self.fault(Fault::ForceError { topic: None, code: code.to_owned(), count });
            }
            Trouble::Refused => {
                let code = if self.dice.percent(50) { "err_unauthorized" } else { "err_bad_request" };
                let topic = self.dice.percent(50).then(|| pair(0).0);
                self.fault(Fault::ForceError { topic, code: code.to_owned(), count });
            }
            Trouble::Throttled => self.fault(Fault::ForceError { topic: None, code: "rate_limit_exceeded".to_owned(), count: 1 }),
            Trouble::Expiry => {
                let token = Hidden(format!("token-{}", self.token));
                self.token += 1;
                self.set_tokens();
                self.fault(Fault::ExpireToken { token });
            }
            Trouble::Omitted => {
                let field = *self.dice.pick(&[Field::Id, Field::Ts, Field::Room]).unwrap_or(&Field::Ts);
                self.omitted.extend((0..count).map(|_| field == Field::Room));
                self.fault(Fault::OmitFields { fields: vec![field], count });
            }
            Trouble::Doubled => {
                self.doubled += count;
                self.fault(Fault::DuplicateMessages { count });
            }
            Trouble::Garbage => {
                let text = *self.dice.pick(&["", "{", "[]", "null", "{}", r#"{"type":"mystery"}"#]).unwrap_or(&"{");
                self.fault(Fault::SendText { text: text.to_owned(), target: Target::Newest });
            }
            Trouble::Ack => match self.dice.between(0, 2) {
                0 => self.fault(Fault::NoAck { count: 1 }),
                1 => {
                    let ms = self.dice.between(10, 12_000);
                    self.fault(Fault::LateAck { ms, count: 1 });
                }
                _ => self.fault(Fault::CloseAfterAck { code: 1011, reason: String::new(), count: 1 }),
            },
            Trouble::FailedOperation => self.fault(Fault::FailOperations { message: "a fault asked for it".to_owned(), count: 1 }),
            Trouble::Stray => {
                let kind = *self
                    .dice
                    .pick(&[Stray::UnknownId, Stray::CompleteTwice, Stray::CompleteThenResult, Stray::ErrorWithoutId, Stray::UnknownType])
                    .unwrap_or(&Stray::UnknownId);
                self.fault(Fault::Stray { kind, target: Target::Newest });
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        if let Err(error) = self.gateway.fault(self.now, fault) {
            self.oracle.blame(|| format!("the simulation asks for a fault that is none: {error}"));
        }
    }

    fn reconnect(&mut self, token: ReconnectToken, twice: bool) {
        let target = if self.dice.percent(70) { Target::Newest } else { Target::All };
        self.fault(Fault::Reconnect { token, twice, grace_ms: None, target });
    }

    fn strike_socket(&mut self, trouble: Trouble) {
        let open: Vec<LinkId> = self.sockets.values().filter(|s| !s.forgotten && !s.down.is_cut()).map(|s| s.link).collect();
        let Some(link) = self.dice.pick(&open).copied() else { return };
        let delay = self.dice.ms(0, 2_000);
        let kept = self.dice.between(0, 20);
        let extra = self.dice.ms(100, 8_000);
        let now = self.now.mono;
        let Some(socket) = self.sockets.get_mut(&link) else { return };
        match trouble {
            Trouble::HalfOpen => {
                socket.silence(now, 0);
                socket.up.cut(socket.up_arrived, 0);
            }
            Trouble::Spike => socket.spike = Some((now + extra, extra / 2)),
            _ => {
                // What was written may have arrived, or some of it, or nothing.
                let kept_up = if trouble == Trouble::ResetAfterFlush { 0 } else { kept };
                if socket.up.sent() > socket.up_arrived + kept_up {
                    self.coverage.note(Deed::LostAfterWrite);
                }
                socket.up.cut(socket.up_arrived, kept_up);
                self.cut_down(link, kept);
                self.lose_conn(link, delay);
            }
        }
    }

    /// A node that drained is replaced by one that takes connections.
    pub(crate) fn replace_node(&mut self) {
        if let Err(error) = self.gateway.set_options(&json!({"astro": {"draining": false}})) {
            self.oracle.blame(|| format!("the gateway does not take an option: {error}"));
        }
    }

    /// Nothing more goes wrong.
    pub(crate) fn calm_down(&mut self) {
        self.trace.note(self.now.mono, || "trouble: is over".to_owned());
        self.calm = true;
        (self.refuse, self.hang, self.doubled) = (0, 0, 0);
        self.omitted.clear();
        self.fault(Fault::Clear);
        self.replace_node();
        if self.plan.cut_at_end {
            let links: Vec<LinkId> = self.sockets.values().filter(|s| !s.forgotten && s.open).map(|s| s.link).collect();
            for link in links {
                let Some(socket) = self.sockets.get_mut(&link) else { continue };
                socket.up.cut(socket.up_arrived, 0);
                self.cut_down(link, 0);
                self.lose_conn(link, Duration::from_millis(100));
            }
        }
    }

    /// Wanted is live, and nothing else is.
    pub(crate) fn check_converged(&mut self) {
        if self.oracle.closed {
            let cause = self.oracle.cause.clone();
            return self.oracle.blame(|| format!("the session ended by itself: {cause:?}"));
        }
        let dead: Vec<u64> = self.oracle.wanted().filter(|(_, s)| s.live.is_none()).map(|(id, _)| id.0).collect();
        if !dead.is_empty() {
            self.oracle.blame(|| format!("subscriptions {dead:?} are wanted and not live, long after the trouble"));
        }
        let waiting: Vec<u64> = self.oracle.replies.iter().filter(|(_, count)| **count == 0).map(|(id, _)| id.0).collect();
        if !waiting.is_empty() {
            self.oracle.blame(|| format!("requests {waiting:?} are not answered, long after the trouble"));
        }
        let state = self.session.state();
        let idle = self.plan.side == Side::GraphQl && self.oracle.wanted().next().is_none() && state == State::Idle;
        if state != State::Active && !idle {
            self.oracle.blame(|| format!("the state is {}, long after the trouble", state.as_str()));
        }
        if self.plan.side == Side::Astro {
            self.check_gateway();
        }
    }

    /// What the gateway takes the client for.
    fn check_gateway(&mut self) {
        let connections = self.gateway.connections();
        if connections.len() != 1 {
            let count = connections.len();
            return self.oracle.blame(|| format!("{count} connections are open, long after the trouble"));
        }
        let mut live = BTreeSet::new();
        for subscription in connections[0].state["subscriptions"].as_array().into_iter().flatten() {
            let text = |name: &str| subscription[name].as_str().unwrap_or_default().to_owned();
            live.insert((text("topic"), text("room")));
        }
        let wanted: BTreeSet<(String, String)> = self.oracle.wanted().map(|(_, s)| pair(s.channel)).collect();
        if live != wanted {
            let extra: Vec<_> = live.difference(&wanted).filter(|pair| !self.was_refused_the_end(pair)).cloned().collect();
            let missing: Vec<_> = wanted.difference(&live).cloned().collect();
            if extra.is_empty() && missing.is_empty() {
                return;
            }
            self.oracle.blame(|| format!("the gateway has {extra:?}, which nobody wants, and not {missing:?}, which somebody does"));
        }
    }

    fn was_refused_the_end(&self, (topic, room): &(String, String)) -> bool {
        self.ends_refused.iter().any(|(of, name)| {
            of == topic && name.as_ref().is_none_or(|name| name == room || self.alias_of(room).is_some_and(|alias| alias == *name))
        })
    }
}
