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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::secret::Secret;

    /// A server that answers one request, and returns it.
    async fn server(answer: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let url = format!("http://{}/path?token=secret", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = vec![0; 4096];
            let mut len = 0;
            while !head[..len].ends_with(b"body") {
                len += stream.read(&mut head[len..]).await.expect("a request");
            }
            head.truncate(len);
            stream.write_all(answer.as_bytes()).await.expect("the client waits");
            // Held open, so that only what was said can end the answer.
            let _ = stream.read(&mut [0]).await;
            String::from_utf8(head).expect("HTTP in ASCII")
        });
        (url, task)
    }

    fn post(url: String) -> HttpRequest {
        let headers = vec![("Authorization".to_owned(), Secret::new("Bearer secret"))];
        HttpRequest {
            method: "POST",
            url: Secret::new(url),
            headers,
            body: Bytes::from_static(b"body"),
            limit: 10,
            timeout: Duration::from_secs(20),
        }
    }

    #[tokio::test]
    async fn a_request_is_sent_once_as_it_is_and_its_answer_comes_back() {
        let (url, asked) = server("HTTP/1.1 302 Found\r\nLocation: http://example.invalid/\r\nContent-Length: 5\r\n\r\nthere").await;
        let answer = request(&post(url), &ConnectionOptions::default()).await.expect("answered");
        // A redirect is an answer.
        assert_eq!((answer.status, &answer.body[..]), (302, &b"there"[..]));
        assert_eq!(answer.headers["location"], "http://example.invalid/");
        let head = asked.await.expect("no panic").to_ascii_lowercase();
        assert!(head.starts_with("post /path?token=secret http/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: bearer secret\r\n") && head.contains("content-length: 4\r\n"), "{head}");
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_an_error() {
        let (url, _server) = server("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901").await;
        let error = request(&post(url), &ConnectionOptions::default()).await.expect_err("too large");
        assert!(error.contains("larger than 10 bytes"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_given_up_and_no_error_tells_the_token() {
        let (url, _server) = server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnever").await;
        let slow = HttpRequest { timeout: Duration::from_millis(20), body: Bytes::new(), ..post(url.clone()) };
        let error = request(&slow, &ConnectionOptions::default()).await.expect_err("no answer");
        assert_eq!(error, "no answer within 20 ms");
        let broken = HttpRequest { url: Secret::new("http://[secret/"), ..post(url) };
        assert!(!request(&broken, &ConnectionOptions::default()).await.expect_err("no address").contains("secret"));
    }
}
