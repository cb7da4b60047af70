//! Proxies by environment variables, as every program on a machine has them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::running::{Gateway, run, texts, topicwire};

/// A proxy that opens one tunnel to where it is asked to; it returns what it was asked.
fn proxy() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a connection");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte).expect("a request");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("ASCII");
        let mut server = TcpStream::connect(head.split(' ').nth(1).expect("a target")).expect("the target is there");
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("the client waits");
        let (mut to, mut from) = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        head
    });
    (address, thread)
}

#[test]
fn the_environments_proxy_is_asked_in_either_case_of_its_name_and_with_its_password() {
    for (name, proxied) in [("HTTP_PROXY", "http://user:secret@"), ("http_proxy", "http://"), ("ALL_PROXY", "http://")] {
        let gateway = Gateway::start();
        let (address, asked) = proxy();
        let url = gateway.raw();
        let mut command = topicwire(&["listen", "raw", "--url", &url, "--send", "hello", "--count", "1"]);
        command.env_remove("NO_PROXY").env_remove("no_proxy").env(name, format!("{proxied}{address}"));
        let (out, err) = texts(&run(&mut command));
        assert!(out.contains("hello"), "{name}: {out}{err}");
        let head = asked.join().expect("the proxy was asked");
        assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");
        // user:secret
        assert_eq!(head.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="), proxied.contains('@'), "{head}");
        assert!(!err.contains("secret"), "{err}");
    }
}

#[test]
fn hosts_in_no_proxy_are_reached_directly() {
    let gateway = Gateway::start();
    let url = gateway.raw();
    let mut command = topicwire(&["listen", "raw", "--url", &url, "--send", "hello", "--count", "1"]);
    // Nobody listens there.
    command.env("HTTP_PROXY", "http://127.0.0.1:1").env("NO_PROXY", "127.0.0.1");
    let (out, err) = texts(&run(&mut command));
    assert!(out.contains("hello"), "{out}{err}");
}
