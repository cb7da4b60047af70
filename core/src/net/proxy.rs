//! HTTP proxies: which one, and how to ask it for a tunnel (RFC 9110 §9.3.6).

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::address::{self, Address};
use super::process::Process;
use crate::options::ConnectionOptions;

/// The answer to CONNECT is small; one that is not is no answer.
const MOST: usize = 16 << 10;

/// A proxy and what it wants to hear from us.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) address: Address,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

/// The proxy for an address: the option's, or the environment's, or none.
pub(super) fn for_address(options: &ConnectionOptions, address: &Address) -> Result<Option<Proxy>, String> {
    if options.no_proxy {
        return Ok(None);
    }
    if let Some(proxy) = &options.proxy {
        return from_option(proxy.expose()).map(Some);
    }
    let scheme = if address.secure { "https" } else { "http" };
    let target: Uri = format!("{scheme}://{}/", address.authority()).parse().map_err(|_| "the host is not a valid name".to_owned())?;
    let Some(found) = Process::current().proxies.get_or_init(Matcher::from_env).intercept(&target) else { return Ok(None) };
    let authorization = match found.basic_auth() {
        Some(value) => value.to_str().ok().map(str::to_owned),
        None => None,
    };
    Ok(Some(Proxy { address: Address::of(found.uri()).map_err(|_| "the environment's proxy must be `http://host:port`")?, authorization }))
}

fn from_option(text: &str) -> Result<Proxy, String> {
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = full.parse().map_err(|_| "the option `connection.proxy` is not an address".to_owned())?;
    Ok(Proxy { address: Address::of(&uri)?, authorization: address::credentials(&uri) })
}

/// Asks a proxy for a tunnel. The error names the proxy's answer, never the credentials.
pub(super) async fn tunnel(tcp: &mut TcpStream, proxy: &Proxy, target: &Address) -> Result<(), String> {
    let authority = target.authority();
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(value) = &proxy.authorization {
        request.push_str(&format!("Proxy-Authorization: {value}\r\n"));
    }
    request.push_str("\r\n");
    tcp.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    // Byte by byte, so that nothing of the tunnel is read away; it happens once a connection.
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MOST {
            return Err("the proxy's answer does not end".into());
        }
        match tcp.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(error) => return Err(format!("the proxy hung up: {error}")),
        }
    }
    let first = String::from_utf8_lossy(&answer);
    let line = first.lines().next().unwrap_or_default();
    match line.split_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        Some(status) => Err(format!("the proxy answered {status} to CONNECT")),
        None => Err("the proxy's answer is not HTTP".into()),
    }
}
