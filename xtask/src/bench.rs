//! `cargo xtask bench`: Topicwire beside its peers, on the same frames, in one run. Only the ratios mean anything elsewhere.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ExitCode, Stdio};

use serde_json::Value;

use crate::{Result, bench_node, bench_python, bench_webpubsub, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which language's clients to measure.
    #[arg(value_enum, default_value = "rust")]
    language: Language,
    /// How often each is measured; the best counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

#[derive(clap::ValueEnum, Clone, Copy)]
enum Language {
    /// Against plain tokio-tungstenite.
    Rust,
    /// Against picows with orjson, and websockets with json.
    Python,
    /// Against npm's ws with JSON.parse.
    Node,
    /// Against `ClientWebSocket` with System.Text.Json.
    Csharp,
    /// Azure Web PubSub, in Node.js and Python, against the service's own clients.
    Webpubsub,
}

/// Frame sizes with the numbers of events that take about a second.
pub(crate) const SIZES: [(&str, usize, u64); 3] =
    [("small, 264 B", 264, 2_000_000), ("typical, 1 KiB", 1024, 1_000_000), ("large, 16 KiB", 16_384, 80_000)];
/// Three seconds of the sparse row.
const SPARSE_EVENTS: u64 = 30_000;
/// How many connections idle.
const IDLE: u64 = 400;
const SHAPES: [&str; 3] = ["routing-first", "data-first", "no-room"];

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match arguments.language {
        Language::Rust => rust(arguments),
        Language::Python => bench_python::run(arguments.runs),
        Language::Node => bench_node::run(arguments.runs),
        Language::Webpubsub => bench_webpubsub::run(arguments.runs),
        Language::Csharp => crate::csharp::bench::run(arguments.runs),
    }
}

fn rust(arguments: &Arguments) -> Result<ExitCode> {
    project::output(project::cargo(&["build", "--quiet", "--release", "--package", "topicwire-benches"]))?;
    let server = Server::start()?;
    println!("CPU per event in µs (thousand events per second); ratios are of CPU, higher is better for Topicwire.");
    for shape in SHAPES {
        println!(
            "\n{shape}\n{:<16} {:>18} {:>18} {:>18} {:>18}   vs Value  vs unparsed  filtered vs Value",
            "", "tungstenite", "+ Value", "topicwire", "filtered"
        );
        for (name, size, events) in SIZES {
            let measure = |peer: &str, share: u64| server.measure(arguments.runs, peer, shape, size, events / share);
            let plain = measure("tungstenite", 1)?;
            let value = measure("tungstenite-value", 4)?;
            let ours = measure("topicwire", 1)?;
            let filtered = measure("topicwire-filtered", 1)?;
            println!(
                "{name:<16} {plain:>18} {value:>18} {ours:>18} {filtered:>18}   {:>7.1}x {:>10.2}x {:>17.1}x",
                value.cpu / ours.cpu,
                plain.cpu / ours.cpu,
                value.cpu / filtered.cpu
            );
        }
    }
    let peer = server.round_trip(arguments.runs, "tungstenite-echo")?;
    let ours = server.round_trip(arguments.runs, "topicwire-echo")?;
    println!("\nround trip of 200 B, p50: tungstenite {peer:.1} µs, topicwire {ours:.1} µs: {:.2} of the peer's", ours / peer);
    let peer = server.measure(arguments.runs, "tungstenite-sparse", SHAPES[0], 264, SPARSE_EVENTS)?.cpu;
    let ours = server.measure(arguments.runs, "topicwire-sparse", SHAPES[0], 264, SPARSE_EVENTS)?.cpu;
    println!(
        "200 connections, 50 messages of 264 B a second each, CPU: tungstenite with a read buffer of 8 KiB {peer:.1} µs, topicwire {ours:.1} µs: {:.2} of the peer's",
        ours / peer
    );
    let memory = |peer: &str| -> Result<f64> {
        server.client(peer, SHAPES[0], 264, IDLE)?["kib_each"].as_f64().ok_or_else(|| format!("{peer} printed no memory"))
    };
    println!("an idle connection: tungstenite {:.1} KiB, topicwire {:.1} KiB", memory("tungstenite-idle")?, memory("topicwire-idle")?);
    Ok(ExitCode::SUCCESS)
}

/// The best of some runs.
pub(crate) struct Figure {
    /// µs an event.
    pub(crate) cpu: f64,
    /// Thousand events a second.
    pub(crate) rate: f64,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:.3} ({:.0})", self.cpu, self.rate))
    }
}

/// The load server, a process of its own that ends with us.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: String,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut command = project::command(&program("load_server"), &[]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the load server: {error}"))?;
        let mut port = String::new();
        let output = child.stdout.take().ok_or("the load server has no output")?;
        BufReader::new(output).read_line(&mut port).map_err(|error| format!("the load server said nothing: {error}"))?;
        Ok(Self { child, port: port.trim().to_owned() })
    }

    fn client(&self, peer: &str, shape: &str, size: usize, events: u64) -> Result<Value> {
        let arguments = [peer, &self.port, shape, &size.to_string(), &events.to_string()];
        let text = project::output(project::command(&program("load_client"), &arguments))?;
        serde_json::from_str(&text).map_err(|error| format!("{peer} printed no figures: {error}"))
    }

    fn measure(&self, runs: usize, peer: &str, shape: &str, size: usize, events: u64) -> Result<Figure> {
        best_of(runs, || self.client(peer, shape, size, events))
    }

    fn round_trip(&self, runs: usize, peer: &str) -> Result<f64> {
        let mut best = f64::INFINITY;
        for _ in 0..runs.max(1) {
            let figures = self.client(peer, "-", 0, 20_000)?;
            best = best.min(figures["p50_us"].as_f64().ok_or_else(|| format!("{peer} printed no p50"))?);
        }
        Ok(best)
    }
}

/// Measures several times; the best counts.
pub(crate) fn best_of(runs: usize, measure: impl Fn() -> Result<Value>) -> Result<Figure> {
    let mut best = Figure { cpu: f64::INFINITY, rate: 0.0 };
    for _ in 0..runs.max(1) {
        let figures = measure()?;
        let number = |name: &str| figures[name].as_f64().ok_or_else(|| format!("a client printed no `{name}`"));
        let (events, seconds, cpu) = (number("events")?, number("seconds")?, number("cpu")?);
        best.cpu = best.cpu.min(cpu * 1e6 / events);
        best.rate = best.rate.max(events / seconds / 1e3);
    }
    Ok(best)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its standard input does; this waits for it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> String {
    project::root().join("target/release").join(name).to_string_lossy().into_owned()
}
