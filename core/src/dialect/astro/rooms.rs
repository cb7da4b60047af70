//! Finding out which room a credential belongs to, for who gave none.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Deserialize;

use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{HttpId, KeyId};
use crate::options::{AstroOptions, TokenType};
use crate::secret::Secret;
use crate::session::Context;
use crate::session::io::{HttpRequest, HttpResponse};

/// What is known of a credential's room.
#[derive(Debug)]
pub(super) enum Room {
    Known(String),
    /// It cannot be found out: nothing is sent, and the gateway decides.
    Unknown,
    /// It is being looked up.
    Looking,
}

/// Rooms by credential.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    found: BTreeMap<String, Option<String>>,
    looking: BTreeMap<HttpId, LookUp>,
}

#[derive(Debug)]
struct LookUp {
    credential: String,
    keys: BTreeSet<KeyId>,
}

impl Rooms {
    /// A credential has a new value.
    pub(super) fn forget(&mut self, credential: &str) {
        self.found.remove(credential);
    }

    pub(super) fn find(
        &mut self,
        cx: &mut Context<'_>,
        credential: &str,
        token: &Secret,
        kind: TokenType,
        options: &AstroOptions,
        key: KeyId,
    ) -> Room {
        if let Some(found) = self.found.get(credential) {
            return found.clone().map_or(Room::Unknown, Room::Known);
        }
        if kind == TokenType::Jwt
            && let Some(channel) = channel_of(token.expose())
        {
            self.found.insert(credential.to_owned(), Some(channel.clone()));
            return Room::Known(channel);
        }
        if let Some(look_up) = self.looking.values_mut().find(|look_up| look_up.credential == credential) {
            look_up.keys.insert(key);
            return Room::Looking;
        }
        let base = options.api_url.trim_end_matches('/');
        let (path, scheme) = match kind {
            TokenType::Jwt => ("/kappa/v2/channels/me", "Bearer"),
            TokenType::Oauth2 | TokenType::Oauth => ("/oauth2/validate", "oAuth"),
            // An overlay token opens no such door.
            TokenType::Apikey => return self.unknown(credential),
        };
        if base.is_empty() {
            return self.unknown(credential);
        }
        let id = cx.http(HttpRequest {
            method: "GET",
            url: Secret::new(format!("{base}{path}")),
            headers: vec![("authorization".to_owned(), Secret::new(format!("{scheme} {}", token.expose())))],
            body: Bytes::new(),
            limit: 64 << 10,
            timeout: Duration::from_secs(10),
        });
        self.looking.insert(id, LookUp { credential: credential.to_owned(), keys: BTreeSet::from([key]) });
        Room::Looking
    }

    fn unknown(&mut self, credential: &str) -> Room {
        self.found.insert(credential.to_owned(), None);
        Room::Unknown
    }

    pub(super) fn response(&mut self, cx: &mut Context<'_>, id: HttpId, result: Result<HttpResponse, String>) {
        let Some(look_up) = self.looking.remove(&id) else { return };
        #[derive(Deserialize)]
        struct Body {
            #[serde(alias = "_id")]
            channel_id: Option<String>,
        }
        let found = match &result {
            Ok(answer) if answer.status == 200 => serde_json::from_slice::<Body>(&answer.body).ok().and_then(|body| body.channel_id),
            _ => None,
        };
        if found.is_none() {
            let why = match result {
                Ok(answer) => format!("HTTP {}", answer.status),
                Err(error) => error,
            };
            let text =
                format!("the room of credential `{}` could not be looked up ({why}); subscriptions go out without one", look_up.credential);
            cx.fault(FaultKind::Gateway, Error::new(Code::GatewayError, text));
        }
        self.found.insert(look_up.credential, found);
        for key in look_up.keys {
            cx.retry(key);
        }
    }
}

/// The channel that a JWT names. It is read without verification: a hint, which the gateway will check.
fn channel_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        channel: Option<String>,
    }
    let body = token.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(body.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&json).ok()?;
    claims.channel.filter(|channel| !channel.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_read_from_the_claim_and_junk_gives_none() {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(br#"{"channel":"64f0a1b2c3d4e5f607182930","role":"owner"}"#));
        assert_eq!(channel_of(&token).as_deref(), Some("64f0a1b2c3d4e5f607182930"));
        for junk in ["", "a.b", "a.!!.c", "e30.e30.x", "not-a-jwt"] {
            assert_eq!(channel_of(junk), None, "{junk}");
        }
    }
}
