//! Carrying out what clients ask for.

use super::events::Asker;
use super::payload::{Data, DataKind};
use super::roles::Permission;
use super::wire::{Down, Format, Up};
use super::{WebPubSub, WebPubSubOptions, names};
use crate::machine::io::{ConnId, Cut, Frame};
use crate::machine::wire::Wire;

impl WebPubSub {
    /// A message of a client.
    pub(crate) fn frame(&mut self, wire: &mut Wire, options: &WebPubSubOptions, conn: ConnId, frame: &Frame) {
        let Some(id) = self.by_conn.get(&conn).cloned() else { return };
        if frame.len() > options.max_message {
            return self.breach(wire, options, &id, 1009, "the message is too large");
        }
        let Some(session) = self.sessions.get(&id) else { return };
        if session.format == Format::Simple {
            return self.simple(wire, options, &id, frame);
        }
        match session.format.read(frame).and_then(|up| names::check(&up, options).map(|()| up)) {
            Ok(up) => self.carry_out(wire, options, &id, up),
            Err((code, why)) => self.breach(wire, options, &id, code, &why),
        }
    }

    fn carry_out(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, up: Up) {
        match up {
            Up::Join { group, ack } => self.acked(wire, options, id, ack, Some((Permission::JoinLeave, &group)), |this, _, _| {
                this.session(id).groups.insert(group.clone());
            }),
            Up::Leave { group, ack } => self.acked(wire, options, id, ack, Some((Permission::JoinLeave, &group)), |this, _, _| {
                this.session(id).groups.remove(&group);
            }),
            Up::Send { group, data, metadata, no_echo, ack } => {
                self.acked(wire, options, id, ack, Some((Permission::Send, &group)), |this, wire, options| {
                    let user = this.session(id).user.clone();
                    let message =
                        Down::Message { group: Some(group.clone()), user, data: Some(data), metadata, number: None, stream: None };
                    this.tell_group(wire, options, id, &group, no_echo, &message);
                });
            }
            Up::Event { event, data, ack } => {
                if self.session(id).is_done(ack) {
                    return self.duplicate(wire, options, id, ack);
                }
                self.raise(wire, options, id, event, data, Asker::Event { ack });
            }
            Up::Invoke { id: invocation, event, data } => self.raise(wire, options, id, event, data, Asker::Invocation { invocation }),
            Up::CancelInvocation { id: invocation } => self.cancel_invocation(id, &invocation),
            Up::SequenceAck { number } => {
                if self.faults.ignore_receipts == 0 {
                    self.session(id).release(number);
                } else {
                    self.faults.ignore_receipts -= 1;
                }
            }
            Up::Ping => self.tell(wire, options, id, &Down::Pong),
            Up::StreamStart { group, stream, idle_ms, no_echo } => {
                self.stream_start(wire, options, id, (group, stream), (idle_ms, no_echo));
            }
            Up::StreamData { stream, number, data } => self.stream_data(wire, options, id, (stream, number), data),
            Up::StreamEnd { stream, error } => self.stream_end(wire, options, id, stream, error),
            Up::SetState { group, state, ack } => self.acked(wire, options, id, ack, None, |this, wire, options| {
                this.set_state(wire, options, id, group, state);
            }),
            Up::WatchState { group, on, ack } => self.acked(wire, options, id, ack, None, |this, wire, options| {
                this.watch_state(wire, options, id, group, on);
            }),
        }
    }

    /// Does something that is acknowledged: once for a number, and only with permission.
    fn acked(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        ack: Option<u64>,
        needs: Option<(Permission, &str)>,
        act: impl FnOnce(&mut Self, &mut Wire, &WebPubSubOptions),
    ) {
        if self.session(id).is_done(ack) {
            return self.duplicate(wire, options, id, ack);
        }
        if let Some(name) = self.faults.fail.take() {
            return self.acknowledge(wire, options, id, ack, Some((name, "it fails because a fault asked for it".to_owned())));
        }
        if let Some((permission, group)) = needs
            && !self.session(id).permissions.allow(permission, group)
        {
            let message = format!("no permission for the group `{group}`");
            return self.acknowledge(wire, options, id, ack, Some(("Forbidden".to_owned(), message)));
        }
        act(self, wire, options);
        self.acknowledge(wire, options, id, ack, None);
    }

    fn duplicate(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, ack: Option<u64>) {
        let message = format!("the number {} was handled before", ack.unwrap_or_default());
        self.say_ack(wire, options, id, ack, Some(("Duplicate".to_owned(), message)));
    }

    /// Something was done, or not.
    pub(super) fn acknowledge(
        &mut self,
        wire: &mut Wire,
        options: &WebPubSubOptions,
        id: &str,
        ack: Option<u64>,
        error: Option<(String, String)>,
    ) {
        if let Some(number) = ack
            && error.is_none()
            && let Some(session) = self.sessions.get_mut(id)
        {
            session.note_done(number, options.ack_memory);
        }
        self.say_ack(wire, options, id, ack, error);
    }

    fn say_ack(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, ack: Option<u64>, error: Option<(String, String)>) {
        let Some(number) = ack else { return };
        if self.faults.cut_before_ack.take().is_some() {
            if let Some(conn) = self.sessions.get(id).and_then(|session| session.conn) {
                wire.cut(conn, Cut::Reset);
            }
            return;
        }
        if self.faults.drop_acks.take().is_none() {
            self.tell(wire, options, id, &Down::Ack { id: number, error });
        }
    }

    /// A frame of a simple client.
    fn simple(&mut self, wire: &mut Wire, options: &WebPubSubOptions, id: &str, frame: &Frame) {
        let data = match frame {
            Frame::Text(bytes) => Data { kind: DataKind::Text, bytes: bytes.clone() },
            Frame::Binary(bytes) => Data { kind: DataKind::Binary, bytes: bytes.clone() },
            _ => return,
        };
        let simple = self.session(id).simple.clone();
        match simple.group {
            None => self.raise(wire, options, id, "message".to_owned(), data, Asker::Simple),
            Some(group) if !self.session(id).permissions.allow(Permission::Send, &group) => {
                self.breach(wire, options, id, 1008, "no permission to send to the group");
            }
            Some(group) => {
                let user = self.session(id).user.clone();
                let message =
                    Down::Message { group: Some(group.clone()), user, data: Some(data), metadata: None, number: None, stream: None };
                self.tell_group(wire, options, id, &group, simple.no_echo, &message);
            }
        }
    }
}
