//! From HTTP to WebSocket (RFC 6455 §4.1).
//!
//! The request goes by hyper rather than by tungstenite, which throws away what a refusal says after its first packet, and takes a server
//! that chooses no subprotocol for one that chose a wrong one.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    AUTHORIZATION, CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::address::{self, Address};
use super::connector::{Failed, failed};
use super::stream::NetStream;
use crate::session::io::{Dial, DialFailure, DialPhase, Handshake, HttpResponse};

/// The codec sees control frames and fragments only.
const READ_BUFFER: usize = 1 << 10;
const WRITE_BUFFER: usize = 4 << 10;
/// What is kept of the body of a refusal.
const REFUSAL: usize = 64 << 10;
/// How long the body of a refusal may take: the status is known already, and matters more.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

fn bad(text: impl Into<String>) -> Failed {
    failed(DialPhase::Upgrade, text)
}

/// Asks for the upgrade, and judges the answer.
pub(super) async fn upgrade(
    stream: NetStream,
    dial: &Dial,
    uri: &Uri,
    address: &Address,
) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let key = generate_key();
    let request = request(dial, uri, address, &key)?;
    let mut http = http1::Builder::new();
    // Nothing depends on the case of names, except old servers.
    http.title_case_headers(true);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(|error| bad(error.to_string()))?;
    let mut connection = pin!(connection.with_upgrades());
    let mut exchange = pin!(async {
        let mut response = sender.send_request(request).await.map_err(|error| bad(error.to_string()))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        let handshake = judge(&response, dial, &key)?;
        let upgraded = hyper::upgrade::on(&mut response).await.map_err(|error| bad(error.to_string()))?;
        Ok((upgraded, handshake))
    });
    let (upgraded, handshake) = tokio::select! {
        biased;
        done = &mut exchange => done,
        _ = &mut connection => exchange.await,
    }?;
    Ok((websocket(upgraded, dial).await?, handshake))
}

async fn websocket(upgraded: Upgraded, dial: &Dial) -> Result<WebSocketStream<NetStream>, Failed> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(dial.max_message))
        .max_frame_size(Some(dial.max_message));
    let parts = upgraded.downcast::<TokioIo<NetStream>>().map_err(|_| bad("the upgraded connection is not the one that was dialled"))?;
    let mut stream = parts.io.into_inner();
    // Frames may have come together with the answer.
    stream.begin_frames(&parts.read_buf, dial.max_message);
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
}

fn request(dial: &Dial, uri: &Uri, address: &Address, key: &str) -> Result<Request<Empty<Bytes>>, Failed> {
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = path.parse().map_err(|_| bad("the address cannot be asked for"))?;
    let headers = request.headers_mut();
    let host = if uri.port().is_some() { address.authority() } else { address.bracketed() };
    headers.insert(HOST, HeaderValue::try_from(host).map_err(|_| bad("the host cannot be asked for"))?);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(key).map_err(|_| bad("a key cannot be sent"))?);
    if let Some(value) = address::credentials(uri) {
        let mut value = HeaderValue::try_from(value).map_err(|_| bad("the address's user and password cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if !dial.protocols.is_empty() {
        let offer = HeaderValue::try_from(dial.protocols.join(", ")).map_err(|_| bad("a subprotocol's name cannot be sent"))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, offer);
    }
    for (at, (name, value)) in dial.headers.iter().enumerate() {
        let first = !dial.headers[..at].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
        let name = HeaderName::try_from(name).map_err(|_| bad("a header's name cannot be sent"))?;
        let mut value = HeaderValue::try_from(value.expose()).map_err(|_| bad("a header's value cannot be sent"))?;
        value.set_sensitive(true);
        // The user's headers take the place of ours, not of each other.
        if first {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    Ok(request)
}

/// What the server's 101 has to say, as RFC 6455 §4.1 lists it.
fn judge(response: &Response<Incoming>, dial: &Dial, key: &str) -> Result<Handshake, Failed> {
    let headers = response.headers();
    if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
        return Err(bad("the server answered 101, but not with an upgrade to WebSocket"));
    }
    if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| value.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(bad("the server's `Sec-WebSocket-Accept` does not belong to this connection; something in between may have cached it"));
    }
    let offered = dial.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(SEC_WEBSOCKET_EXTENSIONS.as_str()));
    if !offered && headers.get(SEC_WEBSOCKET_EXTENSIONS).is_some_and(|value| !value.is_empty()) {
        return Err(bad("the server uses an extension that was not offered"));
    }
    let protocol = match headers.get(SEC_WEBSOCKET_PROTOCOL) {
        None if dial.protocols.is_empty() || dial.protocol_optional => None,
        None => return Err(failed(DialPhase::Protocol, "the server chose none of the subprotocols that were offered")),
        Some(value) => match value.to_str().ok().filter(|name| dial.protocols.iter().any(|offered| offered == name)) {
            Some(name) => Some(name.to_owned()),
            None => return Err(failed(DialPhase::Protocol, "the server chose a subprotocol that was not offered")),
        },
    };
    Ok(Handshake { protocol, status: response.status().as_u16(), headers: copied(headers) })
}

/// Headers without the buffer that they were read into: a connection keeps them for as long as it lives.
fn copied(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        // A copy of a good value is good.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            copy.append(name, value);
        }
    }
    copy
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
}

/// An answer that is no upgrade, with as much of its body as comes soon.
async fn refusal(response: Response<Incoming>) -> Failed {
    let (parts, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    let read = async {
        while let Some(Ok(frame)) = incoming.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            body.extend_from_slice(&data);
            if body.len() >= REFUSAL {
                break;
            }
        }
    };
    // A body that does not end is cut: the status is what counts.
    let _ = tokio::time::timeout(REFUSAL_TIME, read).await;
    body.truncate(REFUSAL);
    let error = format!("the server answered HTTP {} instead of upgrading", parts.status);
    let http = Some(HttpResponse { status: parts.status.as_u16(), headers: copied(&parts.headers), body: body.freeze() });
    Box::new(DialFailure { phase: DialPhase::Upgrade, http, error })
}
