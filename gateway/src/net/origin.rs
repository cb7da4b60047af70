//! Keeps web pages away from the control API.
//!
//! Any page in a browser can send requests to a loopback port. It cannot choose the `Origin` that goes with
//! them; and one that has its own name resolve to 127.0.0.1 still sends that name as `Host`.

use hyper::header::{self, HeaderMap};

/// Why a request must not be served; none if it may.
pub(super) fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let local = origin.to_str().is_ok_and(is_loopback_origin);
        if !local {
            return Some("the control API serves no web page from elsewhere (Origin)");
        }
    }
    if let Some(host) = headers.get(header::HOST) {
        let local = host.to_str().is_ok_and(is_loopback_host);
        if !local {
            return Some("the control API is for this machine: use 127.0.0.1 as host (Host)");
        }
    }
    None
}

fn is_loopback_origin(origin: &str) -> bool {
    let rest = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    rest.is_some_and(is_loopback_host)
}

/// A host with or without a port.
fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: header::HeaderName, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header value"));
        refusal(&headers).is_some()
    }

    #[test]
    fn pages_from_elsewhere_are_refused() {
        for origin in ["https://example.org", "null", "http://127.0.0.1.example.org", "http://localhost.example.org:80", "file://"] {
            assert!(refused(header::ORIGIN, origin), "{origin}");
        }
        for origin in ["http://127.0.0.1:8080", "http://localhost", "https://[::1]:1"] {
            assert!(!refused(header::ORIGIN, origin), "{origin}");
        }
    }

    #[test]
    fn names_that_merely_resolve_to_this_machine_are_refused() {
        assert!(refused(header::HOST, "evil.example:1234"));
        assert!(!refused(header::HOST, "127.0.0.1:1234"));
        assert!(!refused(header::HOST, "[::1]:1234"));
        assert!(!refused(header::HOST, "localhost:1234"));
    }
}
