//! Tokens: JSON Web Tokens signed with HS256, whose key is the text of the access key.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use topicwire::time::UnixMillis;

/// Clocks may differ by this much.
const LEEWAY: u64 = 5;

fn mac(key: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length")
}

/// Signs claims.
pub(crate) fn sign(key: &str, claims: &Value) -> String {
    let head = BASE64_URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    let signed = format!("{head}.{body}");
    let mut mac = mac(key);
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The signature by which an event handler knows the service: of the connection id, in hexadecimal.
pub(crate) fn signature_of(key: &str, connection: &str) -> String {
    use std::fmt::Write as _;
    let mut mac = mac(key);
    mac.update(connection.as_bytes());
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The claims of a token that is well signed and valid now.
pub(crate) fn verify(key: &str, token: &str, now: UnixMillis) -> Result<Value, &'static str> {
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("the token is not a JSON Web Token");
    };
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).map_err(|_| "the token is not base64");
    let header: Value = serde_json::from_slice(&decoded(head)?).map_err(|_| "the token's header is not JSON")?;
    if header["alg"] != "HS256" {
        return Err("the token is not signed with HS256");
    }
    let mut mac = mac(key);
    mac.update(format!("{head}.{body}").as_bytes());
    mac.verify_slice(&decoded(signature)?).map_err(|_| "the token's signature is wrong")?;
    let claims: Value = serde_json::from_slice(&decoded(body)?).map_err(|_| "the token's claims are not JSON")?;
    let seconds = now.0 / 1000;
    let time = |name: &str| claims[name].as_f64().map(|at| at.max(0.0) as u64);
    match time("exp") {
        None => return Err("the token does not say when it expires"),
        Some(at) if at + LEEWAY <= seconds => return Err("the token has expired"),
        Some(_) => {}
    }
    if time("nbf").is_some_and(|at| at > seconds + LEEWAY) {
        return Err("the token is not valid yet");
    }
    Ok(claims)
}

/// Whether a claim names one of these addresses. Schemes are not compared, since a tunnel may end TLS.
pub(crate) fn is_for(claims: &Value, wanted: &str) -> bool {
    let plain = |address: &str| address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/').to_ascii_lowercase();
    let matches = |value: &Value| value.as_str().is_some_and(|address| plain(address) == plain(wanted));
    match &claims["aud"] {
        Value::Array(all) => all.iter().any(matches),
        one => matches(one),
    }
}

/// A claim that is a text or a list of them.
pub(crate) fn texts(claims: &Value, name: &str) -> Vec<String> {
    match &claims[name] {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    #[test]
    fn a_token_is_believed_while_it_is_whole_and_in_time() {
        let token = sign("key", &json!({"exp": 2000, "role": "a"}));
        assert_eq!(verify("key", &token, NOW).map(|claims| texts(&claims, "role")), Ok(vec!["a".to_owned()]));
        assert!(verify("other", &token, NOW).is_err());
        assert!(verify("key", &token, UnixMillis(2_006_000)).is_err());
        assert!(verify("key", &token[..token.len() - 2], NOW).is_err());
        assert!(verify("key", &sign("key", &json!({})), NOW).is_err(), "a token without an end is none");
        let none = format!("{}.e30.", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        assert!(verify("key", &none, NOW).is_err());
    }

    /// Computed with another implementation.
    #[test]
    fn the_signature_is_hmac_with_sha_256() {
        let token = sign("secret", &json!({"sub": "1"}));
        assert_eq!(token, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.8qZF8vbN3UpcanXFc-mPXJkOPN01-bRch8XX3rToP1U");
    }
}
