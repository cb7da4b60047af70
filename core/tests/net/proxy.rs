//! HTTP proxies by option. (The environment's are tested with programs of their own.)

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use topicwire::error::Code;
use topicwire::options::{ConnectionOptions, RawOptions};
use topicwire::{Raw, Secret};

use super::server::{accept, accept_websocket, header, listen, read_head, soon, write};

/// A proxy that opens one tunnel; it returns what it was asked.
async fn proxy() -> (String, JoinHandle<String>) {
    let (listener, _) = listen().await;
    let address = listener.local_addr().expect("an address").to_string();
    let task = tokio::spawn(async move {
        let mut client = accept(&listener).await;
        let head = read_head(&mut client).await;
        let target = head.split(' ').nth(1).expect("a target").to_owned();
        let mut server = soon(TcpStream::connect(target)).await.expect("the target is there");
        write(&mut client, "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n").await;
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        head
    });
    (address, task)
}

fn through(proxy: String, url: String) -> RawOptions {
    let connection = ConnectionOptions { proxy: Some(Secret::new(proxy)), ..ConnectionOptions::default() };
    RawOptions { connection, ..RawOptions::new(url) }
}

async fn greet(listener: TcpListener) {
    use futures_util::SinkExt as _;
    let mut socket = accept_websocket(&listener).await;
    let _ = socket.send("hello".into()).await;
    let _ = soon(futures_util::StreamExt::next(&mut socket)).await;
}

#[tokio::test]
async fn a_tunnel_leads_to_the_server_and_the_proxy_is_told_who_asks() {
    let (listener, url) = listen().await;
    let target = listener.local_addr().expect("an address").to_string();
    tokio::spawn(greet(listener));
    let (proxy, asked) = proxy().await;
    let mut raw =
        soon(Raw::connect(through(format!("http://user:p%40ss@{proxy}"), format!("{url}?token=secret")))).await.expect("connected");
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"hello");
    let head = soon(asked).await.expect("the proxy was asked");
    assert!(head.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")), "{head}");
    assert_eq!(header(&head, "host"), Some(target.as_str()));
    assert_eq!(header(&head, "proxy-authorization"), Some("Basic dXNlcjpwQHNz"));
    assert!(!head.contains("secret"), "{head}");
}

#[tokio::test]
async fn a_proxy_may_be_named_without_a_scheme() {
    let (listener, url) = listen().await;
    tokio::spawn(greet(listener));
    let (proxy, asked) = proxy().await;
    let mut raw = soon(Raw::connect(through(proxy, url))).await.expect("connected");
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"hello");
    assert_eq!(header(&soon(asked).await.expect("the proxy was asked"), "proxy-authorization"), None);
}

#[tokio::test]
async fn what_a_proxy_refuses_is_told_without_its_password() {
    for (answer, says) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered 407 to CONNECT"),
        ("SSH-2.0\r\n\r\n", "not HTTP"),
        ("HTTP/1.1 200", "hung up"),
    ] {
        let (listener, _) = listen().await;
        let proxy = format!("http://user:password@{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let mut client = accept(&listener).await;
            read_head(&mut client).await;
            write(&mut client, answer).await;
        });
        let error = soon(Raw::connect(through(proxy, "ws://example.invalid/?token=secret".to_owned()))).await.expect_err("refused");
        assert_eq!(error.code, Code::ConnectionFailed);
        assert!(error.message.starts_with("proxy: ") && error.message.contains(says), "{error}");
        assert!(!error.to_string().contains("password") && !error.to_string().contains("secret"), "{error}");
    }
}
