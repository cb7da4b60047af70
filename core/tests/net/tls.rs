//! TLS: whom a client trusts.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::options::{ConnectionOptions, RawOptions};

use super::server::{listen, soon};

/// A server for one name, and the file of the authority that vouches for it.
struct Server {
    port: u16,
    authority: PathBuf,
}

/// An echo server with a certificate for `name`, signed by an authority of its own.
async fn server(name: &str) -> Server {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).expect("a root certificate");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &Issuer::new(authority, authority_key)).expect("a certificate");

    let (listener, _) = listen().await;
    let port = listener.local_addr().expect("an address").port();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("authority-{port}.pem"));
    std::fs::write(&file, root.pem()).expect("a file");

    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Server { port, authority: file }
}

fn options(server: &Server, host: &str, connection: ConnectionOptions) -> RawOptions {
    RawOptions { connection, ..RawOptions::new(format!("wss://{host}:{}/?token=secret", server.port)) }
}

fn trusting(server: &Server) -> ConnectionOptions {
    ConnectionOptions { ca_files: vec![server.authority.clone()], ..ConnectionOptions::default() }
}

async fn refused(options: RawOptions) -> String {
    let error = soon(Raw::connect(options)).await.expect_err("not trusted");
    assert_eq!(error.code, Code::ConnectionFailed);
    assert!(!error.to_string().contains("secret"));
    assert!(error.message.starts_with("tls: "), "{error}");
    error.message.into_owned()
}

#[tokio::test]
async fn an_authority_from_a_file_is_trusted_for_names_and_for_addresses() {
    for host in ["localhost", "127.0.0.1"] {
        let server = server(host).await;
        let mut raw = soon(Raw::connect(options(&server, host, trusting(&server)))).await.expect("trusted");
        // More than one TLS record each way.
        let text = "hello ".repeat(20_000);
        raw.send_text(text.clone()).expect("sent");
        assert_eq!(soon(raw.recv()).await.expect("an echo").payload(), text.as_bytes());
        assert!(soon(raw.close(1000, "")).await.expect("closed").clean);
    }
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_trusted() {
    let server = server("localhost").await;
    let text = refused(options(&server, "localhost", ConnectionOptions::default())).await;
    assert!(text.contains("UnknownIssuer") || text.contains("no certificate authority is known"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_another_name_is_not_trusted() {
    let server = server("example.org").await;
    let text = refused(options(&server, "localhost", trusting(&server))).await;
    assert!(text.contains("example.org"), "{text}");
}

#[tokio::test]
async fn with_insecure_any_certificate_will_do() {
    let server = server("example.org").await;
    let connection = ConnectionOptions { insecure: true, ..ConnectionOptions::default() };
    let mut raw = soon(Raw::connect(options(&server, "localhost", connection))).await.expect("believed");
    raw.send_text("hello").expect("sent");
    assert_eq!(soon(raw.recv()).await.expect("an echo").payload(), b"hello");
}

#[tokio::test]
async fn a_file_that_holds_no_authority_is_named() {
    let server = server("localhost").await;
    for (name, text) in [("nothing.pem", ""), ("missing.pem", "")] {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        if name == "nothing.pem" {
            std::fs::write(&file, text).expect("a file");
        }
        let connection = ConnectionOptions { ca_files: vec![file], ..ConnectionOptions::default() };
        assert!(refused(options(&server, "localhost", connection)).await.contains(name));
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let (listener, _) = listen().await;
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        super::server::write(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        super::server::hung_up(&mut stream).await;
    });
    let connection = ConnectionOptions { insecure: true, ..ConnectionOptions::default() };
    refused(RawOptions { connection, ..RawOptions::new(format!("wss://127.0.0.1:{port}/?token=secret")) }).await;
}
