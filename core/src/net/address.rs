//! Where an address leads: host, port, and whether TLS is spoken there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use percent_encoding::percent_decode_str;

/// The parts of a `ws`, `wss`, `http` or `https` address that a connection needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// A name or an IP address, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) secure: bool,
}

impl Address {
    /// Reads an address. The error does not quote it, since it may hold a token.
    pub(super) fn of(uri: &Uri) -> Result<Self, String> {
        let secure = match uri.scheme_str() {
            Some("wss" | "https") => true,
            Some("ws" | "http") => false,
            _ => return Err("the address has no scheme that can be connected to".to_owned()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("the address names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { host, port, secure })
    }

    /// `host:port`, with the brackets that IPv6 needs.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    /// The host as it stands in addresses, with the brackets that IPv6 needs.
    pub(super) fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// `user:password` of an address, as the value of an `Authorization` header (RFC 7617).
pub(super) fn credentials(uri: &Uri) -> Option<String> {
    let (credentials, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let plain: Vec<u8> = percent_decode_str(credentials).collect();
    Some(format!("Basic {}", STANDARD.encode(plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Address, String> {
        Address::of(&text.parse().expect("a URI"))
    }

    #[test]
    fn ports_follow_from_schemes_and_brackets_are_not_part_of_a_host() {
        assert_eq!(of("wss://example.org/x?token=1"), Ok(Address { host: "example.org".into(), port: 443, secure: true }));
        assert_eq!(of("ws://[::1]:8080/"), Ok(Address { host: "::1".into(), port: 8080, secure: false }));
        assert_eq!(of("ws://[::1]:8080/").map(|address| address.authority()), Ok("[::1]:8080".into()));
        assert_eq!(of("ws://[::1]/").map(|address| address.bracketed()), Ok("[::1]".into()));
        assert!(of("ftp://example.org").is_err());
        assert!(of("/path").is_err());
    }

    #[test]
    fn user_and_password_become_a_header() {
        let of = |text: &str| credentials(&text.parse().expect("a URI"));
        assert_eq!(of("ws://user:p%40ss@example.org/").as_deref(), Some("Basic dXNlcjpwQHNz"));
        assert_eq!(of("ws://example.org/"), None);
    }
}
