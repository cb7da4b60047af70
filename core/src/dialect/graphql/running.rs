//! Starting operations and ending them.

use std::time::Duration;

use bytes::Bytes;

use super::GraphQl;
use super::alarms::Alarm;
use super::auth;
use super::document::{self, Definition, Kind};
use super::operations::{Operation, Owner};
use super::wire;
use crate::command::OperationTarget;
use crate::dialect::{Class, Dispatch, Priority};
use crate::error::Error;
use crate::event::SharedTopic;
use crate::id::LinkId;
use crate::options::{Auth, DEFAULT_CREDENTIAL};
use crate::secret::Secret;
use crate::session::Context;
use crate::session::io::Frame;

/// Checks what can be checked of an operation without its schema.
pub(super) fn check(target: &OperationTarget) -> Result<(), Error> {
    if target.query.trim().is_empty() {
        return Err(Error::option("query", "a GraphQL document"));
    }
    for (name, given) in [("variables", &target.variables), ("extensions", &target.extensions)] {
        wire::object(given.as_deref()).map_err(|()| Error::option(name, "a JSON object, or nothing"))?;
    }
    Ok(())
}

pub(super) fn definition(target: &OperationTarget) -> Option<Definition<'_>> {
    document::operation(&target.query, target.operation_name.as_deref())
}

impl GraphQl {
    pub(super) fn text(cx: &mut Context<'_>, link: LinkId, text: String, priority: Priority) {
        cx.send(link, Frame::Text(Bytes::from(text)), priority);
    }

    /// Starts an operation on a link. `None`: its credential was asked for.
    pub(super) fn start(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        owner: Owner,
        target: &OperationTarget,
        definition: Option<Definition<'_>>,
    ) -> Option<(String, Class)> {
        let token = if self.options.auth == Auth::Extensions { cx.credential(DEFAULT_CREDENTIAL)? } else { Secret::default() };
        let extensions = auth::extensions(&self.options, &token, wire::object(target.extensions.as_deref()).unwrap_or_default());
        let now = cx.now();
        let data_timeout = target.data_timeout_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
        let class = match definition.map(|definition| definition.kind) {
            Some(Kind::Query | Kind::Subscription) => Class::Idempotent,
            Some(Kind::Mutation) | None => Class::Once,
        };
        let conn = self.links.get_mut(&link)?;
        let id = conn.operations.add(Operation {
            topic: definition.and_then(|definition| definition.topic()).map(SharedTopic::new),
            proven: self.suspects.is_proven(owner),
            pings: conn.pings.sent(),
            data_timeout,
            ..Operation::new(owner, class, now.mono)
        });
        let text = conn.wire.start(&id, target, extensions.as_deref());
        Self::text(cx, link, text, Priority::Data);
        if let (Owner::Subscription(key), Some(timeout)) = (owner, data_timeout) {
            cx.timer(Alarm::Data(key).key(), Some(now.after(timeout)));
        }
        Some((id, class))
    }

    pub(super) fn waiting() -> Dispatch {
        Dispatch::Waiting { credential: DEFAULT_CREDENTIAL.to_owned() }
    }

    /// Ends an operation on the server, and forgets it at once: whether the server answers is its own affair.
    pub(super) fn stop(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) {
        if let Some(conn) = self.links.get_mut(&link)
            && let Some((id, _)) = conn.operations.remove_of(owner)
        {
            let stop = conn.wire.stop(id);
            Self::text(cx, link, stop, Priority::Data);
        }
        self.over(cx, link, owner);
    }

    /// An operation is over, however it ended.
    pub(super) fn over(&mut self, cx: &mut Context<'_>, link: LinkId, owner: Owner) {
        match owner {
            Owner::Subscription(key) => {
                cx.timer(Alarm::Data(key).key(), None);
                cx.timer(Alarm::Held(key).key(), None);
                self.spent.remove(&key);
            }
            Owner::Request(request) => cx.timer(Alarm::Result(request).key(), None),
        }
        self.acquit(cx, link, owner);
    }
}
