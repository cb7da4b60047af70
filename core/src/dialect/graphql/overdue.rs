//! What did not come in time.

use super::GraphQl;
use super::alarms::Alarm;
use super::operations::Owner;
use crate::dialect::{Answer, Class, Priority};
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{KeyId, RequestId};
use crate::session::{Context, Recipient};

impl GraphQl {
    /// A query or a mutation has had its time.
    pub(super) fn request_overdue(&mut self, cx: &mut Context<'_>, request: RequestId) {
        let owner = Owner::Request(request);
        let text = "the server did not answer the operation in time (option `execute_timeout_ms`)";
        let running = self.links.iter_mut().find_map(|(link, conn)| Some((*link, conn.wire, conn.operations.remove_of(owner)?)));
        let Some((link, wire, (id, operation))) = running else {
            // Its connection was lost, and the next one is not there yet.
            return cx.reply(request, Err(Error::new(Code::Timeout, text)));
        };
        Self::text(cx, link, wire.stop(id), Priority::Data);
        let error = match operation.class {
            Class::Idempotent => Error::new(Code::Timeout, text),
            Class::Once | Class::SameId => Error::new(Code::OutcomeUnknown, format!("{text}: it may have been carried out")),
        };
        cx.answer(link, &id.to_string(), Answer::Failed(error));
        self.over(cx, link, owner);
    }

    /// Heartbeats go on while a subscription delivers nothing: that is told once, and no reason to reconnect.
    pub(super) fn judge_data(&mut self, cx: &mut Context<'_>, key: KeyId) {
        let now = cx.now();
        let owner = Owner::Subscription(key);
        let Some(operation) = self.links.values_mut().find_map(|conn| conn.operations.of(owner)) else { return };
        let Some(timeout) = operation.data_timeout else { return };
        let due = operation.last_data + timeout;
        if due > now.mono {
            return cx.timer(Alarm::Data(key).key(), Some(due));
        }
        operation.silence_told = true;
        let text = format!(
            "no result for {} ms though the connection lives: perhaps a limit of concurrent streams, or a field that does not stream",
            timeout.as_millis()
        );
        cx.fault_of(key, FaultKind::NoData, Error::new(Code::Stale, text));
    }

    /// Errors without data came first, and the end has not followed: then they are a result like others.
    pub(super) fn release_held(&mut self, cx: &mut Context<'_>, key: KeyId) {
        for (link, conn) in &mut self.links {
            if let Some((held, _)) = conn.operations.of(Owner::Subscription(key)).and_then(|operation| operation.held.take()) {
                return cx.deliver(*link, Recipient::Key(key), held);
            }
        }
    }
}
