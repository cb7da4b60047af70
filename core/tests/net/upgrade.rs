//! The upgrade: what is asked for, and what counts as an answer.

use std::time::Duration;

use futures_util::StreamExt as _;
use topicwire::Raw;
use topicwire::Secret;
use topicwire::error::Code;
use topicwire::event::{EventKind, Opened};
use topicwire::options::{ConnectionOptions, RawOptions};

use super::server::{accept, closed, header, listen, read_head, soon, switching, write};

async fn opened(raw: &mut Raw) -> Opened {
    loop {
        if let EventKind::Opened(opened) = soon(raw.next()).await.expect("an event").kind {
            return *opened;
        }
    }
}

#[tokio::test]
async fn a_refusal_keeps_status_headers_and_the_whole_body() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(format!("{url}?token=secret"))).expect("good options");
    let mut stream = accept(&listener).await;
    read_head(&mut stream).await;
    write(&mut stream, "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nno ").await;
    write(&mut stream, "entry").await;
    write(&mut stream, " :(").await;
    let error = closed(&mut raw).await.cause.expect("a cause");
    assert_eq!((error.code, error.gateway_code.as_deref(), error.retryable), (Code::HandshakeFailed, Some("403"), false));
    assert!(!error.to_string().contains("secret"), "{error}");
    let refusal = raw.client().refusal().expect("not forked").expect("a refusal");
    assert_eq!((refusal.status, &refusal.body[..]), (403, &b"no entry :("[..]));
    assert_eq!(refusal.headers["content-type"], "text/plain");
}

#[tokio::test]
async fn a_refusal_whose_body_does_not_end_is_cut() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
    let mut stream = accept(&listener).await;
    read_head(&mut stream).await;
    let server = tokio::spawn(async move {
        write(&mut stream, "HTTP/1.1 500 Oops\r\n\r\n").await;
        // Until the client has had enough.
        while tokio::io::AsyncWriteExt::write_all(&mut stream, &[b'x'; 4096]).await.is_ok() {}
    });
    let error = closed(&mut raw).await.cause.expect("a cause");
    assert_eq!((error.code, error.retryable), (Code::HandshakeFailed, true));
    assert_eq!(raw.client().refusal().expect("not forked").expect("a refusal").body.len(), 64 << 10);
    soon(server).await.expect("the client has hung up");
}

#[tokio::test]
async fn headers_credentials_and_host_are_sent_as_the_user_said() {
    let (listener, url) = listen().await;
    let port = listener.local_addr().expect("an address").port();
    let headers = [("User-Agent", "mine/1"), ("X-One", "a"), ("x-one", "b"), ("Origin", "https://example.org")];
    let connection = ConnectionOptions {
        headers: headers.map(|(name, value)| (name.to_owned(), Secret::new(value))).to_vec(),
        ..ConnectionOptions::default()
    };
    let url = format!("{}path?x=1", url.replace("ws://", "ws://user:p%40ss@"));
    let _raw =
        Raw::start(RawOptions { connection, subprotocols: vec!["a".into(), "b".into()], ..RawOptions::new(url) }).expect("good options");
    let head = read_head(&mut accept(&listener).await).await;
    assert!(head.starts_with("GET /path?x=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "host"), Some(format!("127.0.0.1:{port}").as_str()));
    assert_eq!(header(&head, "authorization"), Some("Basic dXNlcjpwQHNz"));
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("a, b"));
    assert_eq!(header(&head, "sec-websocket-version"), Some("13"));
    assert_eq!((header(&head, "user-agent"), header(&head, "origin")), (Some("mine/1"), Some("https://example.org")));
    assert_eq!(head.to_ascii_lowercase().matches("x-one: ").count(), 2, "{head}");
}

#[tokio::test]
async fn frames_that_come_together_with_the_answer_are_not_lost() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
    let mut stream = accept(&listener).await;
    let head = read_head(&mut stream).await;
    let mut answer = switching(&head, "").into_bytes();
    answer.extend(b"\x81\x05early");
    write(&mut stream, answer).await;
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"early");
}

#[tokio::test]
async fn a_server_may_choose_a_subprotocol_or_none_but_not_another() {
    for (answer, chosen) in [("Sec-WebSocket-Protocol: b\r\n", Ok(Some("b"))), ("", Ok(None)), ("Sec-WebSocket-Protocol: c\r\n", Err(()))] {
        let (listener, url) = listen().await;
        let options = RawOptions { subprotocols: vec!["a".into(), "b".into()], ..RawOptions::new(url) };
        let mut raw = Raw::start(options).expect("good options");
        let mut stream = accept(&listener).await;
        let head = read_head(&mut stream).await;
        write(&mut stream, switching(&head, answer)).await;
        match chosen {
            Ok(protocol) => assert_eq!(opened(&mut raw).await.protocol.as_deref(), protocol),
            Err(()) => {
                let error = closed(&mut raw).await.cause.expect("a cause");
                assert_eq!((error.code, error.retryable), (Code::HandshakeFailed, false));
                assert!(error.message.contains("not offered"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_belong_to_the_question_fails() {
    let wrong = [
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n", "Accept"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "not with an upgrade to WebSocket"),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", ""),
    ];
    for (answer, says) in wrong {
        let (listener, url) = listen().await;
        let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
        let mut stream = accept(&listener).await;
        read_head(&mut stream).await;
        write(&mut stream, answer).await;
        let error = closed(&mut raw).await.cause.expect("a cause");
        assert_eq!(error.code, Code::ConnectionFailed);
        assert!(error.message.starts_with("upgrade: ") && error.message.contains(says), "{error}");
    }
}

#[tokio::test]
async fn an_extension_that_was_not_offered_fails() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
    let mut stream = accept(&listener).await;
    let head = read_head(&mut stream).await;
    write(&mut stream, switching(&head, "Sec-WebSocket-Extensions: permessage-deflate\r\n")).await;
    let error = closed(&mut raw).await.cause.expect("a cause");
    assert!(error.message.contains("extension"), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let (listener, url) = listen().await;
    let connection = ConnectionOptions { connect_timeout: Duration::from_millis(50), ..ConnectionOptions::default() };
    let mut raw = Raw::start(RawOptions { connection, ..RawOptions::new(url) }).expect("good options");
    let _silent = accept(&listener).await;
    let error = closed(&mut raw).await.cause.expect("a cause");
    assert_eq!(error.code, Code::ConnectionFailed);
    assert!(error.message.contains("not connected within 50 ms"), "{error}");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_told_as_such() {
    let error = soon(Raw::connect(RawOptions::new("ws://nobody.invalid/?token=secret"))).await.expect_err("no such host");
    assert!(error.message.starts_with("dns: "), "{error}");
    assert!(!error.to_string().contains("secret"));
}
