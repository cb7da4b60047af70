//! Carries faults out.

use std::time::Duration;

use bytes::Bytes;
use topicwire::time::Now;

use super::fault::{BadFrame, Fault, Target};
use super::io::{ConnId, Cut, Frame, Refusal};
use super::{Machine, bad_frame, faults};

impl Machine {
    /// Lets something go wrong. Returns how many connections it hit now; faults that wait hit none yet.
    ///
    /// # Errors
    ///
    /// Why the fault makes no sense: a status that is no refusal, a code that no close frame can carry, …
    pub fn fault(&mut self, now: Now, fault: Fault) -> Result<usize, String> {
        faults::check(&fault)?;
        self.stats.faults += 1;
        Ok(self.step(now, |machine| machine.apply(fault)))
    }

    fn apply(&mut self, fault: Fault) -> usize {
        match fault {
            Fault::RefuseUpgrades { status, count, retry_after } => {
                let refusal = faults::refusal(status, retry_after);
                self.upgrades.refuse.add(refusal, count);
                0
            }
            Fault::ResetUpgrades { count } => {
                self.upgrades.refuse.add(Refusal::Reset, count);
                0
            }
            Fault::HangUpgrades { count } => {
                self.upgrades.refuse.add(Refusal::Hang, count);
                0
            }
            Fault::Subprotocol { answer, count } => {
                self.upgrades.subprotocol.add(answer, count);
                0
            }
            Fault::Close { code, reason, target } => self.each(target, |m, conn| m.wire.close(conn, code, &reason)),
            Fault::Cut { how, target } => self.each(target, |m, conn| m.wire.cut(conn, how)),
            Fault::Mute { on, target, new } => {
                self.upgrades.mute_new = on && new;
                self.each(target, |m, conn| m.wire.mute(conn, on))
            }
            Fault::SilencePings { on } => {
                self.wire.silence_pings = on;
                0
            }
            Fault::WithholdPongs { on } => {
                self.wire.withhold_pongs = on;
                0
            }
            Fault::SendText { text, target } => {
                let text = Bytes::from(text);
                self.each(target, |m, conn| m.wire.send_text(conn, text.clone()))
            }
            Fault::SendBinary { data, target } => {
                let frame = Frame::Binary(Bytes::from(data));
                self.each(target, |m, conn| m.wire.send(conn, frame.clone()))
            }
            Fault::SendFragments { text, size, target } => {
                let text = Bytes::from(text);
                let cuts = (0..text.len().max(1)).step_by(size);
                let parts = cuts.map(|at| text.slice(at..(at + size).min(text.len()))).collect();
                let frame = Frame::Fragments { text: true, parts };
                self.each(target, |m, conn| m.wire.send(conn, frame.clone()))
            }
            Fault::SendHuge { bytes, target } => {
                let frame = Frame::Text(huge(bytes));
                self.each(target, |m, conn| m.wire.send(conn, frame.clone()))
            }
            Fault::SendRaw { data, target } => {
                let frame = Frame::Raw(Bytes::from(data));
                self.each(target, |m, conn| m.wire.send(conn, frame.clone()))
            }
            Fault::SendBadFrame { kind, target } => {
                let frame = Frame::Raw(Bytes::from(bad_frame::bytes(kind)));
                self.each(target, |m, conn| {
                    m.wire.send(conn, frame.clone());
                    if kind == BadFrame::Truncated {
                        m.wire.cut(conn, Cut::Fin);
                    }
                })
            }
            Fault::Clear => {
                self.clear();
                0
            }
            fault => self.apply_dialect(fault),
        }
    }

    fn apply_dialect(&mut self, fault: Fault) -> usize {
        let (astro, graphql) = (&mut self.astro.faults, &mut self.graphql.faults);
        match fault {
            Fault::DelayResponses { ms, count } => astro.delay.add(ms, count),
            Fault::ReorderResponses { window, count } => astro.reorder.add(window, count),
            Fault::DropResponses { count } => astro.drop.add((), count),
            Fault::DropNonces { count } => astro.drop_nonce.add((), count),
            Fault::RespondAfterMessage { count } => astro.after_message.add((), count),
            Fault::ForceError { topic, code, count } => {
                astro.force_error.add((topic, code), count);
            }
            Fault::OmitFields { fields, count } => astro.omit.add(fields, count),
            Fault::DuplicateMessages { count } => astro.duplicate.add((), count),
            Fault::NoAck { count } => graphql.no_ack.add((), count),
            Fault::LateAck { ms, count } => graphql.late_ack.add(ms, count),
            Fault::CloseAfterAck { code, reason, count } => graphql.close_after_ack.add((code, reason), count),
            Fault::DataBeforeAck { count } => graphql.data_before_ack.add((), count),
            Fault::HeartbeatOnly { on } => graphql.heartbeat_only = on,
            Fault::FailOperations { message, count } => graphql.fail.add(message, count),
            Fault::DropAcks { count } => self.webpubsub.faults.drop_acks.add((), count),
            Fault::CutBeforeAck { count } => self.webpubsub.faults.cut_before_ack.add((), count),
            Fault::FailCommands { name, count } => self.webpubsub.faults.fail.add(name, count),
            Fault::RefuseRecoveries { count } => self.webpubsub.faults.refuse_recovery.add((), count),
            Fault::DuplicateNumbers { count } => self.webpubsub.faults.duplicates.add((), count),
            Fault::SkipNumbers { count } => self.webpubsub.faults.skip_numbers.add((), count),
            Fault::IgnoreReceipts { count } => self.webpubsub.faults.ignore_receipts = count,
            Fault::ForgetSessions => return self.webpubsub.forget_sessions(&mut self.wire, &self.options.webpubsub),
            Fault::ExpireToken { token } => {
                let (wire, options) = (&mut self.wire, &self.options.astro);
                return self.astro.expire_token(wire, options, &token);
            }
            fault => return self.apply_sent(fault),
        }
        0
    }

    /// Faults that are frames of a dialect.
    fn apply_sent(&mut self, fault: Fault) -> usize {
        match fault {
            Fault::UnknownType { target } => self.each(target, |m, conn| {
                m.astro.send_unknown_type(&mut m.wire, conn);
            }),
            Fault::UnknownTopic { topic, target } => self.each(target, |m, conn| {
                m.astro.send_unknown_topic(&mut m.wire, conn, &topic);
            }),
            Fault::Reconnect { token, twice, grace_ms, target } => {
                let grace = grace_ms.unwrap_or(self.options.astro.grace_ms);
                let grace = Duration::from_millis(grace);
                self.each(target, |m, conn| {
                    for _ in 0..=u8::from(twice) {
                        m.astro.reconnect(&mut m.wire, &m.options.astro, conn, token, grace);
                    }
                })
            }
            Fault::Stray { kind, target } => self.each(target, |m, conn| {
                m.graphql.stray(&mut m.wire, &m.options.graphql, conn, kind);
            }),
            // Every other fault was taken care of by the callers.
            _ => 0,
        }
    }

    /// Does something to each open connection of a target, oldest first. Returns their number.
    fn each(&mut self, target: Target, mut work: impl FnMut(&mut Self, ConnId)) -> usize {
        let mut hit = match target {
            Target::All => self.conns_of(None),
            Target::Dialect(dialect) => self.conns_of(Some(dialect)),
            Target::Newest => self.conns_of(None).pop().into_iter().collect(),
            Target::Conn(conn) => vec![conn],
        };
        hit.retain(|conn| self.wire.is_open(*conn));
        for &conn in &hit {
            work(self, conn);
        }
        hit.len()
    }

    fn clear(&mut self) {
        self.upgrades = faults::UpgradeFaults::default();
        self.astro.faults = faults::AstroFaults::default();
        self.graphql.faults = faults::GraphQlFaults::default();
        self.webpubsub.faults = faults::WebPubSubFaults::default();
        self.wire.silence_pings = false;
        self.wire.withhold_pongs = false;
        self.astro.flush_reordered(&mut self.wire);
        for conn in self.conns_of(None) {
            self.wire.mute(conn, false);
        }
    }
}

/// A JSON object of exactly `bytes` bytes, if that many hold one.
fn huge(bytes: usize) -> Bytes {
    let (head, tail) = (r#"{"type":"huge","data":{"padding":""#, r#""}}"#);
    let padding = bytes.saturating_sub(head.len() + tail.len());
    let mut text = String::with_capacity(head.len() + padding + tail.len());
    text.push_str(head);
    text.extend(std::iter::repeat_n('x', padding));
    text.push_str(tail);
    Bytes::from(text)
}
