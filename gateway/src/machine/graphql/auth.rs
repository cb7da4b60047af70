//! Who may come in.

use serde_json::Value;

use super::options::{GraphQlOptions, TokenPlace};
use crate::machine::faults;
use crate::machine::io::{Refusal, UpgradeRequest};

/// The subprotocol of the npm package `graphql-ws`.
pub(crate) const MODERN: &str = "graphql-transport-ws";
/// The subprotocol of the npm package `subscriptions-transport-ws`.
pub(crate) const LEGACY: &str = "graphql-ws";

/// The subprotocol to answer an upgrade with. Without one in common none is answered, and the socket is closed
/// with 4406 once it is open, as the reference server does.
pub(crate) fn admit(options: &GraphQlOptions, request: &UpgradeRequest) -> Result<Option<String>, Refusal> {
    if let Some(wanted) = &options.token {
        let given = match place(options) {
            TokenPlace::Payload => Some(wanted.0.clone()),
            TokenPlace::Query => request.query_value("token"),
            TokenPlace::Header => request.header("authorization").map(|v| bare(v).to_owned()),
        };
        if given.as_ref() != Some(&wanted.0) {
            return Err(faults::status(401, None, "token not accepted"));
        }
    }
    let spoken = [(MODERN, options.modern), (LEGACY, options.legacy)];
    let chosen = spoken.iter().find(|(name, on)| *on && request.subprotocols.iter().any(|offer| offer == name));
    Ok(chosen.map(|(name, _)| (*name).to_owned()))
}

fn place(options: &GraphQlOptions) -> TokenPlace {
    if options.bitquery { TokenPlace::Query } else { options.token_place }
}

/// Whether a token is demanded in the payload of `connection_init`.
pub(super) fn by_payload(options: &GraphQlOptions) -> bool {
    options.token.is_some() && place(options) == TokenPlace::Payload
}

/// Whether the payload of `connection_init` lets its sender in.
pub(super) fn accepts(options: &GraphQlOptions, payload: Option<&Value>) -> bool {
    if !by_payload(options) {
        return true;
    }
    let params = payload.unwrap_or(&Value::Null);
    let headers = params.get("headers").unwrap_or(&Value::Null);
    let given = [
        params.get("token"),
        params.get("Authorization"),
        params.get("authorization"),
        headers.get("Authorization"),
        headers.get("authorization"),
    ];
    let given = given.into_iter().flatten().find_map(Value::as_str);
    given.map(bare) == options.token.as_ref().map(|token| token.0.as_str())
}

/// A credential without its scheme.
fn bare(value: &str) -> &str {
    let Some((scheme, rest)) = value.split_once(' ') else {
        return value;
    };
    if scheme.eq_ignore_ascii_case("bearer") { rest.trim_start() } else { value }
}
