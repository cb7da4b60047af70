//! HTTP requests of dialects: one connection each, no retries, no redirects.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::address::Address;
use super::connector;
use crate::options::ConnectionOptions;
use crate::session::io::{HttpRequest, HttpResponse};

/// Sends a request. The error is free of secrets.
pub(super) async fn request(request: &HttpRequest, options: &ConnectionOptions) -> Result<HttpResponse, String> {
    match tokio::time::timeout(request.timeout, attempt(request, options)).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {} ms", request.timeout.as_millis())),
    }
}

async fn attempt(request: &HttpRequest, options: &ConnectionOptions) -> Result<HttpResponse, String> {
    let uri: http::Uri = request.url.expose().parse().map_err(|_| "the address is not valid".to_owned())?;
    let address = Address::of(&uri)?;
    let stream = connector::open(&address, options).await.map_err(|failure| failure.error)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // It ends by itself when the sender is dropped.
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut outgoing = http::Request::builder().method(request.method).uri(path).header(http::header::HOST, address.authority());
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value.expose());
    }
    let outgoing = outgoing.body(Full::new(request.body.clone())).map_err(|_| "a header cannot be sent".to_owned())?;
    let answer = sender.send_request(outgoing).await.map_err(|error| error.to_string())?;
    let (parts, body) = answer.into_parts();
    let limit = request.limit;
    let body = Limited::new(body, limit).collect().await.map_err(|_| format!("the answer broke off, or is larger than {limit} bytes"))?;
    connection.abort();
    Ok(HttpResponse { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() })
}
