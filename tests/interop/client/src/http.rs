//! As much of an HTTP client as a control API on this machine needs.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends one request and gives the JSON object of the answer; an empty text if there is none.
pub(crate) async fn request(port: u16, method: &str, path: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    // Python's `websockets` takes no body, and no header that speaks of one.
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{length}\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.split_once("\r\n\r\n") {
        // The body may be in chunks, which these servers make no smaller than the object.
        Some((head, body)) if head.contains(" 200 ") => {
            Ok(body.find('{').zip(body.rfind('}')).map_or_else(String::new, |(from, to)| body[from..=to].to_owned()))
        }
        _ => Err(io::Error::other(format!("{method} {path}: {}", answer.lines().next().unwrap_or("no answer")))),
    }
}
