//! Frames that do not belong where they are.

use serde_json::json;

use super::GraphQl;
use super::document::message;
use super::frames;
use super::options::GraphQlOptions;
use crate::machine::fault::Stray;
use crate::machine::io::ConnId;
use crate::machine::wire::Wire;

const RESULT: &str = r#"{"data":{"stray":true}}"#;

impl GraphQl {
    pub(crate) fn stray(&mut self, wire: &mut Wire, options: &GraphQlOptions, conn: ConnId, kind: Stray) {
        let Some(state) = self.conns.get(&conn) else {
            return;
        };
        let protocol = state.protocol;
        let running: Vec<_> = state.operations.values().map(|operation| (operation.json_id.clone(), operation.last.clone())).collect();
        match kind {
            Stray::UnknownId => {
                let frame = frames::result(protocol, Some(r#""nobody""#), RESULT);
                wire.send_text(conn, frame);
            }
            Stray::UnknownType => {
                wire.send_text(conn, frames::plain("mystery", Some(&json!({"stray": true}))));
            }
            Stray::ConnectionError => {
                let text = "a fault asked for this error";
                wire.send_text(conn, frames::connection_error(false, text));
            }
            Stray::ErrorWithoutId => {
                let errors = [message("a fault asked for this error")];
                self.send_error(wire, options, conn, None, &errors);
            }
            Stray::RepeatResult => {
                for (_, last) in running {
                    if let Some(last) = last {
                        wire.send_text(conn, last);
                    }
                }
            }
            Stray::CompleteThenResult | Stray::CompleteTwice => {
                for (id, last) in running {
                    let complete = frames::complete(protocol, id.as_deref());
                    wire.send_text(conn, complete.clone());
                    if kind == Stray::CompleteTwice {
                        wire.send_text(conn, complete);
                    } else {
                        let again = frames::result(protocol, id.as_deref(), RESULT);
                        wire.send_text(conn, last.unwrap_or(again.into()));
                    }
                }
                self.end_all(wire, conn);
            }
        }
    }

    fn end_all(&mut self, wire: &mut Wire, conn: ConnId) {
        let keys: Vec<String> = match self.conns.get(&conn) {
            Some(state) => state.by_id.keys().cloned().collect(),
            None => return,
        };
        for key in keys {
            self.end(wire, conn, &key);
        }
    }
}
