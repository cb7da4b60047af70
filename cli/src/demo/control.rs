//! The gateway's HTTP control API, as a program of any language would use it.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// One connection to the control API.
pub(super) struct Control {
    requests: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Control {
    /// Connects to the gateway on a port of this machine.
    pub(super) async fn connect(port: u16) -> Result<Self, String> {
        let authority = format!("127.0.0.1:{port}");
        let stream = TcpStream::connect(&authority).await.map_err(|error| format!("cannot reach the local gateway: {error}"))?;
        // A request is two small writes; waiting for the first to be acknowledged would cost 40 ms.
        stream.set_nodelay(true).map_err(|error| format!("cannot reach the local gateway: {error}"))?;
        let (requests, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| format!("the local gateway does not speak HTTP: {error}"))?;
        tokio::spawn(async move {
            // Whoever waits for an answer learns what went wrong.
            let _ = connection.await;
        });
        Ok(Self { requests, authority })
    }

    /// Posts `body` to a path under `/control/` and gives back what came.
    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Result<Value, String> {
        let failed = |what: &str| format!("the local gateway did not take {path}: {what}");
        let request = Request::post(format!("/control/{path}"))
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))
            .map_err(|error| failed(&error.to_string()))?;
        // The end of the answer before this one may not have been dealt with yet.
        self.requests.ready().await.map_err(|error| failed(&error.to_string()))?;
        let response = self.requests.send_request(request).await.map_err(|error| failed(&error.to_string()))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| failed(&error.to_string()))?.to_bytes();
        if status != StatusCode::OK {
            return Err(failed(&String::from_utf8_lossy(&body)));
        }
        serde_json::from_slice(&body).map_err(|error| failed(&error.to_string()))
    }
}
