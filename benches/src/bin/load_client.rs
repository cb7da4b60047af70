//! Takes frames, and says what it cost: `load_client PEER PORT SHAPE SIZE EVENTS`.
//!
//! Peers: `topicwire` (topic read, body untouched), `topicwire-filtered` (nobody wants the topic), `tungstenite` (no parsing),
//! `tungstenite-value` (`serde_json::Value` of every frame), and `topicwire-echo` and `tungstenite-echo` for round trips.
#![allow(clippy::print_stdout, reason = "the figures are its output")]

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
use topicwire_benches::{ROOM, TOPIC, cpu_seconds};

type Any = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Any> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, port, shape, size, events] = arguments.as_slice() else {
        return Err("usage: load_client PEER PORT SHAPE SIZE EVENTS".into());
    };
    let base = format!("ws://127.0.0.1:{port}");
    let flood = format!("{base}/flood/{shape}/{size}");
    let events: u64 = events.parse()?;
    match peer.as_str() {
        "topicwire" => topicwire(&flood, events, false).await,
        "topicwire-filtered" => topicwire(&flood, events, true).await,
        "tungstenite" => tungstenite(&flood, events, false).await,
        "tungstenite-value" => tungstenite(&flood, events, true).await,
        "topicwire-echo" => topicwire_echo(&format!("{base}/echo"), events).await,
        "tungstenite-echo" => tungstenite_echo(&format!("{base}/echo"), events).await,
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
    let authority = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    // As its documentation suggests for many small messages; its default of 128 KiB is slower here.
    let config = WebSocketConfig::default().read_buffer_size(16 << 10);
    Ok(tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?.0)
}

async fn tungstenite(url: &str, events: u64, parse: bool) -> Result<(), Any> {
    let mut socket = dial(url).await?;
    socket.next().await.ok_or("closed")??;
    let subscribe =
        format!(r#"{{"type":"subscribe","nonce":"1","data":{{"topic":"{TOPIC}","room":"{ROOM}","token":"t","token_type":"jwt"}}}}"#);
    socket.send(Message::text(subscribe)).await?;
    socket.next().await.ok_or("closed")??;
    socket.next().await.ok_or("closed")??;
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
