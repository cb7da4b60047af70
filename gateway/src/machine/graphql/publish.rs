//! Results that come from outside, to the operations that asked for their field.

use super::GraphQl;
use super::options::GraphQlOptions;
use crate::machine::io::ConnId;
use crate::machine::payload::Payload;
use crate::machine::wire::Wire;

impl GraphQl {
    /// Sends a value to every operation with the root field `name`. Returns how many those are.
    pub(crate) fn publish(&mut self, wire: &mut Wire, options: &GraphQlOptions, name: &str, payload: &Payload) -> usize {
        let value = payload.value();
        let mut results: Vec<(ConnId, u64, String)> = Vec::new();
        for (conn, state) in &self.conns {
            for (number, operation) in &state.operations {
                if let Some(field) = operation.field(name) {
                    results.push((*conn, *number, operation.published(field, payload, &value)));
                }
            }
        }
        for (conn, number, payload) in &results {
            self.send_result(wire, options, *conn, *number, payload);
        }
        results.len()
    }
}
