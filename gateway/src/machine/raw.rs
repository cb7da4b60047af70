//! The echo at `/raw`: every message comes back as it is. The first subprotocol that is offered is taken.

use super::io::{ConnId, Frame, UpgradeRequest};
use super::wire::Wire;

/// The subprotocol for a request.
pub(crate) fn subprotocol(request: &UpgradeRequest) -> Option<String> {
    request.subprotocols.first().cloned()
}

/// Echoes a message.
pub(crate) fn message(wire: &mut Wire, conn: ConnId, frame: Frame) {
    wire.send(conn, frame);
}
