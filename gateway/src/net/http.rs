//! HTTP on the gateway's port: the control API, and the requests that become WebSockets.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::actor::{Actor, Decision};
use super::control::Control;
use super::socket;
use super::tcp::Tcp;
use crate::machine::webpubsub::RestRequest;
use crate::machine::{Refusal, UpgradeRequest};

pub(super) type Answer = Response<Full<Bytes>>;

/// The connection is to end without an answer.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is reset on purpose")
    }
}

impl std::error::Error for NoAnswer {}

/// Serves one TCP connection.
pub(super) async fn serve(stream: TcpStream, actor: Actor, control: Arc<Control>) {
    let tcp = Tcp::new(stream);
    let shared = tcp.clone();
    let service = service_fn(move |request| {
        let (tcp, actor, control) = (shared.clone(), actor.clone(), Arc::clone(&control));
        async move {
            if request.uri().path().starts_with("/control") {
                return Ok(control.answer(request).await);
            }
            if request.uri().path().starts_with("/api/") {
                return Ok(rest(request, &actor).await);
            }
            upgrade(request, tcp, actor).await
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().max_buf_size(16 * 1024).serve_connection(TokioIo::new(tcp), service).with_upgrades();
    // Errors are the client's to see: a broken request, or the reset that a fault asked for.
    let _ = connection.await;
}

/// Web PubSub's REST data plane.
async fn rest(request: Request<Incoming>, actor: &Actor) -> Answer {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut asked = RestRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        host: header(header::HOST).unwrap_or_default(),
        authorization: header(header::AUTHORIZATION),
        content_type: header(header::CONTENT_TYPE).unwrap_or_default(),
        body: Bytes::new(),
    };
    // A little more than is allowed, so that the refusal can say so.
    let body = Limited::new(request.into_body(), (1 << 20) + 1).collect().await;
    let Ok(body) = body else { return text(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 1 MiB") };
    asked.body = body.to_bytes();
    let said = match actor.call(move |machine, now| machine.rest(now, &asked)).await {
        Ok(said) => said,
        Err(stopped) => return text(StatusCode::SERVICE_UNAVAILABLE, &stopped.to_string()),
    };
    let mut answer = Response::new(Full::new(Bytes::from(said.body.clone().unwrap_or_default())));
    *answer.status_mut() = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if said.body.is_some() {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    answer
}

async fn upgrade(mut request: Request<Incoming>, tcp: Tcp, actor: Actor) -> Result<Answer, NoAnswer> {
    let key = match websocket_key(&request) {
        Ok(key) => key,
        Err(answer) => return Ok(*answer),
    };
    let decision = match actor.upgrade(upgrade_request(&request)).await {
        Ok(decision) => decision,
        Err(stopped) => return Ok(text(StatusCode::SERVICE_UNAVAILABLE, &stopped.to_string())),
    };
    match decision {
        Decision::Refuse(Refusal::Status { status, headers, body }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let mut answer = text(status, &body);
            for (name, value) in headers {
                let name = header::HeaderName::try_from(name);
                if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                    answer.headers_mut().insert(name, value);
                }
            }
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            Ok(answer)
        }
        Decision::Refuse(Refusal::Reset) => {
            tcp.reset_when_dropped();
            Err(NoAnswer)
        }
        Decision::Refuse(Refusal::Hang) => std::future::pending().await,
        Decision::Accept(port, subprotocol) => {
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                // An error means that the client went away before it was answered: the port is dropped,
                // and the reader of a connection that never was cannot say so.
                let conn = port.conn;
                match upgraded.await.map(|io| io.downcast::<TokioIo<Tcp>>()) {
                    Ok(Ok(parts)) => socket::run(port, tcp, parts.read_buf, actor).await,
                    _ => {
                        let _ = actor.input(crate::machine::Input::Lost { conn }).await;
                    }
                }
            });
            Ok(switching(&key, subprotocol))
        }
    }
}

fn switching(key: &HeaderValue, subprotocol: Option<String>) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(Ok(name)) = subprotocol.map(HeaderValue::try_from) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    }
    answer
}

/// The key of a proper WebSocket request, or what to answer to anything else.
fn websocket_key(request: &Request<Incoming>) -> Result<HeaderValue, Box<Answer>> {
    let headers = request.headers();
    let asks = request.method() == Method::GET
        && has_word(headers, &header::CONNECTION, "upgrade")
        && has_word(headers, &header::UPGRADE, "websocket");
    if !asks {
        let hint = "This is the Topicwire local gateway. Connect with a WebSocket client: Astro at /, \
                    GraphQL at /graphql, Web PubSub at /client/hubs/HUB, an echo at /raw. The control API is under /control/.\n";
        let mut answer = text(StatusCode::UPGRADE_REQUIRED, hint);
        let headers = answer.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return Err(Box::new(answer));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&HeaderValue::from_static("13")) {
        let mut answer = text(StatusCode::BAD_REQUEST, "Sec-WebSocket-Version must be 13\n");
        let headers = answer.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(answer));
    }
    headers.get(header::SEC_WEBSOCKET_KEY).cloned().ok_or_else(|| {
        let missing = "the header Sec-WebSocket-Key is missing\n";
        Box::new(text(StatusCode::BAD_REQUEST, missing))
    })
}

fn has_word(headers: &HeaderMap, name: &header::HeaderName, word: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        let text = value.to_str().unwrap_or_default();
        text.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    })
}

fn upgrade_request(request: &Request<Incoming>) -> UpgradeRequest {
    let headers = request.headers();
    let readable = headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let offers = offers.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    UpgradeRequest {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: readable.collect(),
        subprotocols: offers.map(|offer| offer.trim().to_owned()).filter(|offer| !offer.is_empty()).collect(),
    }
}

/// A plain text answer.
pub(super) fn text(status: StatusCode, body: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
