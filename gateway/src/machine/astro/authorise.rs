//! Who may subscribe to what, and which room is meant.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use topicwire::time::UnixMillis;

use super::Astro;
use super::options::{AstroOptions, MissingRoom};
use super::topics;

/// The names of `token_type`. `oauth` is the older page's spelling of `oauth2`.
pub(super) fn is_token_type(name: &str) -> bool {
    matches!(name, "jwt" | "apikey" | "oauth2" | "oauth")
}

fn same_type(given: &str, wanted: &str) -> bool {
    let plain = |name| if name == "oauth" { "oauth2" } else { name };
    plain(given) == plain(wanted)
}

impl Astro {
    /// The canonical room, if the credential opens the topic there.
    pub(super) fn authorise(
        &self,
        options: &AstroOptions,
        wall: UnixMillis,
        topic: &str,
        room: Option<&str>,
        (token, token_type): (&str, &str),
    ) -> Option<String> {
        let entry = if self.tokens.is_empty() {
            None
        } else {
            let entry = self.tokens.valid(token, wall)?;
            let typed = entry.token_type.as_deref();
            if typed.is_some_and(|wanted| !same_type(token_type, wanted)) {
                return None;
            }
            Some(entry)
        };
        let room = match room.filter(|room| !room.is_empty()) {
            Some(room) => self.canonical(room).to_owned(),
            None if options.missing_room == MissingRoom::Global => String::new(),
            None => match entry {
                Some(entry) => entry.channel.clone(),
                None => channel_claim(token).unwrap_or_else(|| options.default_channel.clone()),
            },
        };
        let Some(entry) = entry else {
            return Some(room);
        };
        let in_scope = topics::scope(topic).is_none_or(|scope| entry.scopes.iter().any(|has| has == "*" || has == scope));
        let own_room = entry.any_room || room.is_empty() || room == entry.channel;
        (in_scope && own_room).then_some(room)
    }
}

/// The `channel` of a JWT's claims. The signature is nobody's business here.
fn channel_claim(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("channel")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_says_which_channel_it_belongs_to() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"channel":"64aa","exp":1}"#);
        assert_eq!(channel_claim(&format!("h.{claims}.s")), Some("64aa".to_owned()));
        assert_eq!(channel_claim("no-jwt"), None);
        assert_eq!(channel_claim("a.%%.c"), None);
    }
}
