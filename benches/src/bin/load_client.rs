//! Takes frames, and says what it cost: `load_client PEER PORT SHAPE SIZE EVENTS`.
//!
//! Peers: `topicwire` (topic read, body untouched), `topicwire-filtered` (nobody wants the topic), `tungstenite` (no parsing),
//! `tungstenite-value` (`serde_json::Value` of every frame), `topicwire-echo` and `tungstenite-echo` for round trips, `topicwire-sparse` and
//! `tungstenite-sparse` (200 connections with 50 messages a second each, no parsing), and `topicwire-idle` and `tungstenite-idle` (memory of
//! a connection on which nothing happens; here EVENTS is how many).
#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use topicwire::client::Events;
use topicwire::event::EventKind;
use topicwire::lane::{Filter, LaneOptions, Overflow};
use topicwire::options::{AstroOptions, RawOptions};
use topicwire::{Astro, Client, Raw};
use topicwire_benches::{ROOM, TOPIC, cpu_seconds, resident_bytes};

type Any = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Any> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, port, shape, size, events] = arguments.as_slice() else {
        return Err("usage: load_client PEER PORT SHAPE SIZE EVENTS".into());
    };
    let base = format!("ws://127.0.0.1:{port}");
    let flood = format!("{base}/flood/{shape}/{size}");
    let sparse = format!("{base}/sparse/{shape}/{size}");
    let events: u64 = events.parse()?;
    match peer.as_str() {
        "topicwire" => topicwire(&flood, events, false).await,
        "topicwire-filtered" => topicwire(&flood, events, true).await,
        "tungstenite" => tungstenite(&flood, events, false).await,
        "tungstenite-value" => tungstenite(&flood, events, true).await,
        "topicwire-echo" => topicwire_echo(&format!("{base}/echo"), events).await,
        "tungstenite-echo" => tungstenite_echo(&format!("{base}/echo"), events).await,
        "topicwire-sparse" => topicwire_sparse(&sparse, events).await,
        "tungstenite-sparse" => tungstenite_sparse(&sparse, events).await,
        "topicwire-idle" => topicwire_idle(&sparse, events).await,
        "tungstenite-idle" => tungstenite_idle(&sparse, events).await,
        other => Err(format!("no such peer: {other}").into()),
    }
}

/// What was used between two moments.
struct Meter {
    started: Instant,
    cpu: f64,
}

impl Meter {
    fn start() -> Self {
        Self { started: Instant::now(), cpu: cpu_seconds() }
    }

    fn report(&self, events: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - self.cpu;
        println!(r#"{{"events":{events},"seconds":{seconds:.4},"cpu":{cpu:.4}}}"#);
    }
}

async fn topicwire(url: &str, events: u64, filtered: bool) -> Result<(), Any> {
    let astro = Astro::connect(AstroOptions { url: url.into(), ..AstroOptions::new("token") }).await?;
    let client: &Client = astro.client();
    // A lane that blocks, so that nothing is dropped however fast the server is.
    let topics = if filtered { "channel.nobody" } else { TOPIC };
    let options = LaneOptions { overflow: Overflow::Block, ..LaneOptions::filtered(Filter::topics([topics])) };
    let mut lane = Events::open(client, options, None)?;
    client.close_lane(astro.main_lane())?;
    // Answered or not, frames follow: the flood does not wait for the answer to be read.
    drop(tokio::spawn(astro.subscribe(TOPIC, ROOM)));
    let mut seen = 0;
    let mut topic_bytes = 0;
    if filtered {
        let before = wait_for_first(client).await?;
        let meter = Meter::start();
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let passed = client.stats()?.messages - before;
            if passed >= events {
                meter.report(passed);
                break;
            }
        }
    } else {
        lane.next().await.ok_or("the lane ended")?;
        let meter = Meter::start();
        while seen < events {
            let event = lane.next().await.ok_or("the lane ended")?;
            if let EventKind::Message(message) = event.kind {
                seen += 1;
                topic_bytes += message.topic().map_or(0, str::len);
            }
        }
        meter.report(seen);
    }
    std::hint::black_box(topic_bytes);
    client.abort()?;
    Ok(())
}

async fn wait_for_first(client: &Client) -> Result<u64, Any> {
    loop {
        let messages = client.stats()?.messages;
        if messages > 0 {
            return Ok(messages);
        }
        tokio::task::yield_now().await;
    }
}

async fn dial(url: &str) -> Result<WebSocketStream<TcpStream>, Any> {
    // As its documentation suggests for many small messages; its default of 128 KiB is slower here.
    dial_with(url, 16 << 10).await
}

async fn dial_with(url: &str, read_buffer: usize) -> Result<WebSocketStream<TcpStream>, Any> {
    let authority = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(read_buffer);
    Ok(tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?.0)
}

async fn tungstenite(url: &str, events: u64, parse: bool) -> Result<(), Any> {
    let mut socket = dial(url).await?;
    subscribe(&mut socket).await?;
    let meter = Meter::start();
    let mut bytes = 0;
    for _ in 0..events {
        let message = socket.next().await.ok_or("closed")??;
        if parse {
            let value: serde_json::Value = serde_json::from_slice(&message.into_data())?;
            bytes += value["topic"].as_str().map_or(0, str::len);
        } else {
            bytes += message.len();
        }
    }
    meter.report(events);
    std::hint::black_box(bytes);
    Ok(())
}

async fn subscribe(socket: &mut WebSocketStream<TcpStream>) -> Result<(), Any> {
    socket.next().await.ok_or("closed")??;
    let subscribe =
        format!(r#"{{"type":"subscribe","nonce":"1","data":{{"topic":"{TOPIC}","room":"{ROOM}","token":"t","token_type":"jwt"}}}}"#);
    socket.send(Message::text(subscribe)).await?;
    socket.next().await.ok_or("closed")??;
    socket.next().await.ok_or("closed")??;
    Ok(())
}

/// Connections of the sparse row.
const SPARSE: usize = 200;
/// The read buffer that suits its messages.
const SPARSE_BUFFER: usize = 8 << 10;

/// Counts what all connections of a row hear.
async fn meter_sparse(heard: &AtomicU64, events: u64) {
    let (before, meter) = (heard.load(Ordering::Relaxed), Meter::start());
    while heard.load(Ordering::Relaxed) - before < events {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    meter.report(heard.load(Ordering::Relaxed) - before);
}

async fn topicwire_sparse(url: &str, events: u64) -> Result<(), Any> {
    let heard = Arc::new(AtomicU64::new(0));
    for _ in 0..SPARSE {
        let mut astro = Astro::connect(AstroOptions { url: url.into(), ..AstroOptions::new("token") }).await?;
        astro.subscribe(TOPIC, ROOM).await?;
        let heard = heard.clone();
        tokio::spawn(async move {
            while let Some(event) = astro.next().await {
                if let EventKind::Message(message) = event.kind {
                    heard.fetch_add(u64::from(message.topic().is_some()), Ordering::Relaxed);
                }
            }
        });
    }
    meter_sparse(&heard, events).await;
    Ok(())
}

async fn tungstenite_sparse(url: &str, events: u64) -> Result<(), Any> {
    let heard = Arc::new(AtomicU64::new(0));
    for _ in 0..SPARSE {
        let mut socket = dial_with(url, SPARSE_BUFFER).await?;
        subscribe(&mut socket).await?;
        let heard = heard.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                heard.fetch_add(u64::from(!message.is_empty()), Ordering::Relaxed);
            }
        });
    }
    meter_sparse(&heard, events).await;
    Ok(())
}

/// Prints by how much this process has grown, a connection.
fn report_memory(before: u64, connections: usize) {
    let each = resident_bytes().saturating_sub(before) as f64 / 1024.0 / connections.max(1) as f64;
    println!(r#"{{"kib_each":{each:.2}}}"#);
}

async fn topicwire_idle(url: &str, connections: u64) -> Result<(), Any> {
    let before = resident_bytes();
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(Astro::connect(AstroOptions { url: url.into(), ..AstroOptions::new("token") }).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    report_memory(before, all.len());
    Ok(())
}

async fn tungstenite_idle(url: &str, connections: u64) -> Result<(), Any> {
    let before = resident_bytes();
    let mut all = Vec::new();
    for _ in 0..connections {
        let mut socket = dial_with(url, SPARSE_BUFFER).await?;
        socket.next().await.ok_or("closed")??;
        all.push(socket);
    }
    report_memory(before, all.len());
    Ok(())
}

async fn topicwire_echo(url: &str, trips: u64) -> Result<(), Any> {
    let mut raw = Raw::connect(RawOptions::new(url)).await?;
    let text = "x".repeat(200);
    let mut times = Vec::new();
    for _ in 0..trips {
        let started = Instant::now();
        raw.send_text(text.clone())?;
        raw.recv().await.ok_or("closed")?;
        times.push(started.elapsed());
    }
    report_trips(times);
    Ok(())
}

async fn tungstenite_echo(url: &str, trips: u64) -> Result<(), Any> {
    let mut socket = dial(url).await?;
    let text = "x".repeat(200);
    let mut times = Vec::new();
    for _ in 0..trips {
        let started = Instant::now();
        socket.send(Message::text(text.clone())).await?;
        socket.next().await.ok_or("closed")??;
        times.push(started.elapsed());
    }
    report_trips(times);
    Ok(())
}

fn report_trips(mut times: Vec<Duration>) {
    times.sort_unstable();
    let p50 = times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6;
    println!(r#"{{"p50_us":{p50:.1}}}"#);
}
