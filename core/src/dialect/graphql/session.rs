//! The session with the server: opening it, keeping it, being refused.

use bytes::Bytes;

use super::frame::Decoded;
use super::liveness::Beat;
use super::operations::Owner;
use super::wire::{self, Wire};
use super::{GraphQl, Stage, auth, closes, errors};
use crate::dialect::{Priority, Verdict};
use crate::error::Error;
use crate::event::FaultKind;
use crate::id::LinkId;
use crate::options::{Auth, DEFAULT_CREDENTIAL};
use crate::secret::Secret;
use crate::session::{Context, Readiness};

impl GraphQl {
    /// Sends the init, once its credential is at hand. The dial had it, but it may have run out since.
    pub(super) fn initialise(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let token = match self.options.auth {
            Auth::Payload => match cx.credential(DEFAULT_CREDENTIAL) {
                Some(token) => token,
                None => return,
            },
            _ => Secret::default(),
        };
        let Some(conn) = self.links.get_mut(&link) else { return };
        conn.stage = Stage::Initialising;
        let payload = auth::init_payload(&self.options, &token);
        Self::text(cx, link, wire::init(payload.as_deref()), Priority::Control);
    }

    pub(super) fn acknowledged(&mut self, cx: &mut Context<'_>, link: LinkId, payload: Option<Bytes>) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        // The legacy reference server acknowledges every init that it gets; one is enough.
        if conn.stage != Stage::Initialising {
            return;
        }
        conn.stage = Stage::Acknowledged;
        cx.ready(link, Readiness::Fresh, payload);
        self.resume_orphans(cx);
        self.spent.retain(|key| cx.wants(*key));
        self.suspects.retain(|owner| match owner {
            Owner::Subscription(key) => cx.wants(key),
            Owner::Request(request) => cx.awaits(request),
        });
    }

    /// Before the ack it refuses the session. After it, it is how the legacy reference server complains of a frame that is no JSON;
    /// nothing ends.
    pub(super) fn refused(&mut self, cx: &mut Context<'_>, link: LinkId, payload: Option<&[u8]>) {
        let error = errors::of_connection(payload);
        match self.links.get(&link).map(|conn| conn.stage) {
            Some(Stage::Acknowledged) => cx.fault(FaultKind::Gateway, error),
            _ => cx.close_link(link, 1000, "", closes::refused(&self.options, error)),
        }
    }

    /// A frame that means nothing. The modern protocol ends with it; a legacy link has lived through worse.
    pub(super) fn misunderstood(&mut self, cx: &mut Context<'_>, link: LinkId, error: Error) {
        match self.links.get(&link).map(|conn| conn.wire) {
            Some(Wire::Modern) => cx.close_link(link, 4004, "Bad response", Verdict::Retry(error)),
            _ => cx.fault(FaultKind::BadFrame, error),
        }
    }

    pub(super) fn pong(&mut self, cx: &mut Context<'_>, link: LinkId, payload: Option<&[u8]>) {
        let Some(conn) = self.links.get_mut(&link) else { return };
        if conn.pings.pong(payload) {
            self.answered(cx, link);
        } else {
            self.beat(cx, link, Beat::Message);
        }
    }

    /// The server shows a heartbeat. Once its period is known, the session watches for silence, unless the user or a preset has said how
    /// much is too much.
    pub(super) fn beat(&mut self, cx: &mut Context<'_>, link: LinkId, beat: Beat) {
        let now = cx.now().mono;
        if let Some(conn) = self.links.get_mut(&link)
            && let Some(silence) = conn.heartbeat.beat(beat, now)
            && self.options.idle_timeout.is_none()
        {
            cx.set_idle(link, Some(silence));
        }
    }

    /// An error that names no operation.
    pub(super) fn connection_error(cx: &mut Context<'_>, decoded: &Decoded, frame: &[u8]) {
        cx.fault(FaultKind::Gateway, errors::of_connection(decoded.payload(frame)));
    }
}
