//! From an address to an upgraded WebSocket, under one deadline.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderName, HeaderValue, Request, Uri};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::address::Address;
use super::proxy;
use super::stream::NetStream;
use super::tls::{self, Trust};
use crate::options::ConnectionOptions;
use crate::session::io::{Dial, DialFailure, DialPhase, Handshake, HttpResponse};

/// Dials at once in one process: after an outage everybody comes back, and neither the machine nor the gateway thanks them for it.
const DIALS: usize = 64;
/// Reads are small and many; a larger buffer is zeroed before each read and pinned by what is kept of it.
const READ_BUFFER: usize = 16 << 10;
const WRITE_BUFFER: usize = 4 << 10;
/// How long one address of a host may take before the next is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// What is kept of the body of a refusal.
const REFUSAL: usize = 64 << 10;

static DIALING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(DIALS));

type Failed = Box<DialFailure>;

fn failed(phase: DialPhase, error: impl Into<String>) -> Failed {
    Box::new(DialFailure { phase, http: None, error: error.into() })
}

/// Opens a WebSocket. The deadline counts from when it is this dial's turn.
pub(super) async fn connect(dial: &Dial, options: &ConnectionOptions) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let _turn = DIALING.acquire().await.map_err(|_| failed(DialPhase::Tcp, "the process is shutting down"))?;
    match tokio::time::timeout(dial.timeout, attempt(dial, options)).await {
        Ok(result) => result,
        Err(_) => Err(failed(DialPhase::Timeout, format!("not connected within {} ms", dial.timeout.as_millis()))),
    }
}

async fn attempt(dial: &Dial, options: &ConnectionOptions) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let uri: Uri = dial.url.expose().parse().map_err(|_| failed(DialPhase::Dns, "the address is not valid"))?;
    let address = Address::of(&uri).map_err(|error| failed(DialPhase::Dns, error))?;
    let stream = open(&address, options).await?;
    upgrade(stream, dial, &uri).await
}

/// A byte stream to a host, through a proxy and TLS where they are asked for.
pub(super) async fn open(address: &Address, options: &ConnectionOptions) -> Result<NetStream, Failed> {
    let proxy = proxy::for_address(options, address).map_err(|error| failed(DialPhase::Proxy, error))?;
    let tcp = match &proxy {
        None => tcp(address).await?,
        Some(proxy) => {
            let mut tcp = tcp(&proxy.address).await?;
            proxy::tunnel(&mut tcp, proxy, address).await.map_err(|error| failed(DialPhase::Proxy, error))?;
            tcp
        }
    };
    if !address.secure {
        return Ok(NetStream::Plain(tcp));
    }
    let trust = Trust { ca_files: options.ca_files.clone(), insecure: options.insecure };
    tls::wrap(tcp, &address.host, &trust).await.map_err(|error| failed(DialPhase::Tls, error))
}

async fn tcp(address: &Address) -> Result<TcpStream, Failed> {
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    let mut addresses: Vec<SocketAddr> = found.map_err(|error| failed(DialPhase::Dns, error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(failed(DialPhase::Dns, "the host has no address"));
    }
    interleave(&mut addresses);
    let stream = race(addresses).await.map_err(|error| failed(DialPhase::Tcp, error))?;
    // Commands are small, and each is waited for.
    stream.set_nodelay(true).map_err(|error| failed(DialPhase::Tcp, error.to_string()))?;
    Ok(stream)
}

/// Takes turns between the families of addresses, so that a broken one costs one head start.
fn interleave(addresses: &mut Vec<SocketAddr>) {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses.drain(..).partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    for address in first {
        addresses.push(address);
        addresses.extend(second.next());
    }
    addresses.extend(second);
}

/// Tries each address, and the next beside it when one takes long. The first to answer wins.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, String> {
    let mut waiting = addresses.into_iter();
    let mut tries = tokio::task::JoinSet::new();
    let mut last = "no address could be tried".to_owned();
    if let Some(address) = waiting.next() {
        tries.spawn(TcpStream::connect(address));
    }
    loop {
        tokio::select! {
            done = tries.join_next() => match done {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => last = error.to_string(),
                Some(Err(_)) => last = "the runtime is shutting down".to_owned(),
                None => return Err(last),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
        }
        if let Some(address) = waiting.next() {
            tries.spawn(TcpStream::connect(address));
        }
    }
}

async fn upgrade(stream: NetStream, dial: &Dial, uri: &Uri) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let request = request(dial, uri)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(dial.max_message))
        .max_frame_size(Some(dial.max_message));
    match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, response)) => {
            let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let handshake = Handshake { protocol, status: response.status().as_u16(), headers: response.headers().clone() };
            Ok((socket, handshake))
        }
        Err(WsError::Http(response)) => {
            let (parts, body) = response.into_parts();
            let mut body = Bytes::from(body.unwrap_or_default());
            body.truncate(REFUSAL);
            let error = format!("the server answered HTTP {} instead of upgrading", parts.status);
            let http = Some(HttpResponse { status: parts.status.as_u16(), headers: parts.headers, body });
            Err(Box::new(DialFailure { phase: DialPhase::Upgrade, http, error }))
        }
        Err(WsError::Protocol(ProtocolError::SecWebSocketSubProtocolError(error))) => Err(failed(DialPhase::Protocol, error.to_string())),
        Err(error) => Err(failed(DialPhase::Upgrade, error.to_string())),
    }
}

fn request(dial: &Dial, uri: &Uri) -> Result<Request<()>, Failed> {
    let bad = |text: &str| failed(DialPhase::Upgrade, text);
    let mut request = uri.clone().into_client_request().map_err(|_| bad("the address cannot be asked for"))?;
    let headers = request.headers_mut();
    if !dial.protocols.is_empty() {
        let offer = HeaderValue::try_from(dial.protocols.join(", ")).map_err(|_| bad("a subprotocol's name cannot be sent"))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, offer);
    }
    for (name, value) in &dial.headers {
        let name = HeaderName::try_from(name).map_err(|_| bad("a header's name cannot be sent"))?;
        let mut value = HeaderValue::try_from(value.expose()).map_err(|_| bad("a header's value cannot be sent"))?;
        value.set_sensitive(true);
        // A header of the user's takes the place of ours, except the first of several of the same name.
        if dial.headers.iter().filter(|(other, _)| name.as_str().eq_ignore_ascii_case(other)).count() > 1 {
            headers.append(name, value);
        } else {
            headers.insert(name, value);
        }
    }
    Ok(request)
}
