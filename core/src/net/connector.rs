//! From an address to an upgraded WebSocket, under one deadline.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;

use super::address::Address;
use super::process::Process;
use super::proxy;
use super::stream::NetStream;
use super::tls::{self, Trust};
use super::upgrade;
use crate::options::ConnectionOptions;
use crate::session::io::{Dial, DialFailure, DialPhase, Handshake};

/// How long one address of a host may take before the next is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

pub(super) type Failed = Box<DialFailure>;

pub(super) fn failed(phase: DialPhase, error: impl Into<String>) -> Failed {
    Box::new(DialFailure { phase, http: None, error: error.into() })
}

/// Opens a WebSocket. The deadline counts from when it is this dial's turn.
pub(super) async fn connect(dial: &Dial, options: &ConnectionOptions) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let _turn = Process::current().dials.acquire().await.map_err(|_| failed(DialPhase::Tcp, "the process is shutting down"))?;
    match tokio::time::timeout(dial.timeout, attempt(dial, options)).await {
        Ok(result) => result,
        Err(_) => Err(failed(DialPhase::Timeout, format!("not connected within {} ms", dial.timeout.as_millis()))),
    }
}

async fn attempt(dial: &Dial, options: &ConnectionOptions) -> Result<(WebSocketStream<NetStream>, Handshake), Failed> {
    let uri: Uri = dial.url.expose().parse().map_err(|_| failed(DialPhase::Dns, "the address is not valid"))?;
    let address = Address::of(&uri).map_err(|error| failed(DialPhase::Dns, error))?;
    let stream = open(&address, options).await?;
    upgrade::upgrade(stream, dial, &uri, &address).await
}

/// A byte stream to a host, through a proxy and TLS where they are asked for.
pub(super) async fn open(address: &Address, options: &ConnectionOptions) -> Result<NetStream, Failed> {
    let proxy = proxy::for_address(options, address).map_err(|error| failed(DialPhase::Proxy, error))?;
    let tcp = match &proxy {
        None => tcp(address).await?,
        Some(proxy) => {
            let mut tcp = tcp(&proxy.address).await?;
            proxy::tunnel(&mut tcp, proxy, address).await.map_err(|error| failed(DialPhase::Proxy, error))?;
            tcp
        }
    };
    if !address.secure {
        return Ok(NetStream::plain(tcp));
    }
    let trust = Trust { ca_files: options.ca_files.clone(), insecure: options.insecure };
    tls::wrap(tcp, &address.host, &trust).await.map_err(|error| failed(DialPhase::Tls, error))
}

async fn tcp(address: &Address) -> Result<TcpStream, Failed> {
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    let mut addresses: Vec<SocketAddr> = found.map_err(|error| failed(DialPhase::Dns, error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(failed(DialPhase::Dns, "the host has no address"));
    }
    interleave(&mut addresses);
    let stream = race(addresses).await.map_err(|error| failed(DialPhase::Tcp, error))?;
    // Commands are small, and each is waited for.
    stream.set_nodelay(true).map_err(|error| failed(DialPhase::Tcp, error.to_string()))?;
    Ok(stream)
}

/// Takes turns between the families of addresses, so that a broken one costs one head start.
fn interleave(addresses: &mut Vec<SocketAddr>) {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses.drain(..).partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    for address in first {
        addresses.push(address);
        addresses.extend(second.next());
    }
    addresses.extend(second);
}

/// Tries each address, and the next beside it when one takes long. The first to answer wins.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, String> {
    let mut waiting = addresses.into_iter();
    let mut tries = tokio::task::JoinSet::new();
    let mut last = "no address could be tried".to_owned();
    if let Some(address) = waiting.next() {
        tries.spawn(TcpStream::connect(address));
    }
    loop {
        tokio::select! {
            done = tries.join_next() => match done {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => last = error.to_string(),
                Some(Err(_)) => last = "the runtime is shutting down".to_owned(),
                None => return Err(last),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
        }
        if let Some(address) = waiting.next() {
            tries.spawn(TcpStream::connect(address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_addresses_take_turns_from_the_one_that_the_system_prefers() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let mut addresses = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(address).to_vec();
        interleave(&mut addresses);
        assert_eq!(addresses, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(address));
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next_at_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let good = listener.local_addr().expect("an address");
        let refuses = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port").local_addr().expect("an address");
        let stream = race(vec![refuses, good]).await.expect("connected");
        assert_eq!(stream.peer_addr().expect("connected"), good);
        assert!(race(vec![refuses]).await.expect_err("refused").contains("refused"));
        assert!(race(Vec::new()).await.is_err());
    }
}
