//! `cargo xtask bench csharp`: our package beside `ClientWebSocket` with System.Text.Json, on the same runtime.

use std::process::ExitCode;

use serde_json::Value;

use super::build_folder;
use super::toolchain::Dotnet;
use crate::bench::{SIZES, Server, best_of};
use crate::{Result, project};

/// C# is slower than what it is measured with, so fewer events take as long.
const SHARE: u64 = 8;

pub(crate) fn run(runs: usize) -> Result<ExitCode> {
    let packages = ["--package", "topicwire-benches", "--package", "topicwire-csharp"];
    project::output({
        let mut cargo = project::cargo(&["build", "--quiet", "--release"]);
        cargo.args(packages);
        cargo
    })?;
    let dotnet = Dotnet::find_or_install()?;
    let mut build = dotnet.command(&["build", "--nologo", "--verbosity", "quiet", "--configuration", "Release"]);
    build.current_dir(project::root().join("bindings-csharp/bench"));
    project::output(build)?;
    let server = Server::start()?;
    let client = |peer: &str, size: usize, events: u64| -> Result<Value> {
        let mut command = dotnet.run(&build_folder().join("bin/Topicwire.Bench/Release/netcoreapp3.1/Topicwire.Bench.dll"));
        command.args([peer, &server.port, "routing-first", &size.to_string(), &events.to_string()]);
        command.env("LD_LIBRARY_PATH", project::root().join("target/release"));
        let text = project::output(command)?;
        serde_json::from_str(&text).map_err(|error| format!("{peer} printed no figures: {error}"))
    };
    println!("CPU per event in µs (thousand events per second); ratios are of CPU, higher is better for Topicwire.");
    println!("{:<16} {:>18} {:>18} {:>18} {:>18}   parsed  lazy  filtered", "", "ClientWebSocket", "parsed", "lazy", "filtered");
    for (name, size, events) in SIZES {
        let measure = |peer: &str, events: u64| best_of(runs, || client(peer, size, events));
        let peer = measure("clientwebsocket", events / SHARE)?;
        let parsed = measure("topicwire", events / SHARE * 2)?;
        let lazy = measure("topicwire-lazy", events / 2)?;
        let filtered = measure("topicwire-filtered", events)?;
        println!(
            "{name:<16} {peer:>18} {parsed:>18} {lazy:>18} {filtered:>18}   {:>5.1}x {:>4.1}x {:>8.1}x",
            peer.cpu / parsed.cpu,
            peer.cpu / lazy.cpu,
            peer.cpu / filtered.cpu
        );
    }
    let sparse = |peer: &str| best_of(runs, || client(peer, 264, 200));
    let (peer, ours) = (sparse("clientwebsocket-sparse")?, sparse("topicwire-sparse")?);
    println!(
        "200 connections, 50 messages a second each: {:.1} µs, {:.1} µs: {:.2} of the peer's",
        peer.cpu,
        ours.cpu,
        ours.cpu / peer.cpu
    );
    let p50 = |peer: &str| -> Result<f64> {
        let times = (0..runs.max(1)).map(|_| client(peer, 200, 20_000)?["p50_us"].as_f64().ok_or_else(|| format!("{peer} printed no p50")));
        times.collect::<Result<Vec<f64>>>().map(|times| times.into_iter().fold(f64::INFINITY, f64::min))
    };
    let (peer, ours) = (p50("clientwebsocket-echo")?, p50("topicwire-echo")?);
    println!("round trip of 200 B, p50: ClientWebSocket {peer:.1} µs, topicwire {ours:.1} µs: {:.2} of the peer's", ours / peer);
    Ok(ExitCode::SUCCESS)
}
