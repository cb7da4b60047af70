//! `cargo xtask bench node`: the Node.js package beside npm's ws with JSON.parse.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::bench::{Figure, SIZES, Server, best_of};
use crate::{Result, project, setup};

/// Events for a measurement of about a second.
const EVENTS: [u64; 3] = [1_000_000, 400_000, 40_000];
/// The peer has a third of them: it takes as long.
const SHARE: u64 = 3;

/// What the project wants to reach, by frame size: parsed, lazy, filtered.
const GOALS: [[f64; 3]; 3] = [[2.2, 1.7, 1.25], [3.0, 5.0, 8.0], [8.0, 15.0, 15.0]];
/// What is measured, and which goal it has: what reads batches does what reads one by one does.
const OURS: [(&str, usize); 5] = [("parsed", 0), ("lazy", 1), ("filtered", 2), ("batches", 0), ("batches-lazy", 1)];

pub(crate) fn run(runs: usize) -> Result<ExitCode> {
    project::output(project::cargo(&["build", "--quiet", "--release", "--package", "topicwire-benches", "--package", "topicwire-node"]))?;
    let node = Node::set_up()?;
    let server = Server::start()?;
    println!(
        "CPU per event in µs, of all threads (thousand events per second). Ratios are of CPU, higher is better for Topicwire; in brackets the goal."
    );
    let measure = |peer: &str, at: usize, share: u64| -> Result<Figure> {
        let events = (EVENTS[at] / share).to_string();
        best_of(runs, || node.client(&[peer, &server.port, "routing-first", &SIZES[at].1.to_string(), &events]))
    };
    for (at, (name, ..)) in SIZES.into_iter().enumerate() {
        let peer = measure("ws-parsed", at, SHARE)?;
        println!("\n{name}\n  ws + JSON.parse {peer}");
        for (how, goal) in OURS {
            let figure = measure(&format!("topicwire-{how}"), at, if goal == 0 { SHARE } else { 1 })?;
            println!("  topicwire, {how:<12} {figure}   {:>5.2} of ws ({})", peer.cpu / figure.cpu, GOALS[goal][at]);
        }
    }
    let sparse = |peer: &str| best_of(runs, || node.client(&[peer, &server.port, "routing-first", "264", "30000"]));
    let (peer, ours) = (sparse("ws-sparse")?, sparse("topicwire-sparse")?);
    println!(
        "\n200 connections, 50 messages a second each: ws {peer}, topicwire {ours}: {:.2} of its CPU (at most 0.5)",
        ours.cpu / peer.cpu
    );
    for peer in ["ws", "topicwire", "topicwire.ws"] {
        let figures = node.client(&[&format!("{peer}-echo"), &server.port, "-", "0", "10000"])?;
        println!("round trip of 200 B, p50: {peer} {} µs", figures["p50_us"]);
    }
    Ok(ExitCode::SUCCESS)
}

/// The peer, and the package as it has just been built: its sources and the addon.
pub(crate) struct Node {
    folder: PathBuf,
    addon: PathBuf,
}

impl Node {
    pub(crate) fn set_up() -> Result<Self> {
        let folder = project::root().join("benches/node");
        setup::when_changed(&folder.join("package-lock.json"), &folder.join("node_modules/.topicwire-installed"), || {
            let mut npm = project::command("npm", &["ci", "--no-audit", "--no-fund"]);
            npm.current_dir(&folder);
            project::output(npm).map(drop)
        })?;
        // Node loads what has this ending only.
        let addon = project::root().join("target/bench-node/topicwire.node");
        let library = project::target_directory()?.join("release").join(crate::node::LIBRARY);
        let failed = |error: std::io::Error| format!("{}: {error}", library.display());
        fs::create_dir_all(addon.parent().ok_or("the addon is in a folder")?).map_err(failed)?;
        fs::copy(&library, &addon).map_err(failed)?;
        Ok(Self { folder, addon })
    }

    fn client(&self, arguments: &[&str]) -> Result<serde_json::Value> {
        self.program("load_client.mjs", arguments)
    }

    /// The figures that a program beside the peers prints.
    pub(crate) fn program(&self, name: &str, arguments: &[&str]) -> Result<serde_json::Value> {
        let mut node = project::command("node", &[]);
        node.arg(self.folder.join(name)).args(arguments);
        node.env("TOPICWIRE_PACKAGE", project::root().join("bindings-node")).env("TOPICWIRE_ADDON", &self.addon);
        let text = project::output(node)?;
        serde_json::from_str(&text).map_err(|error| format!("{arguments:?} printed no figures: {error}"))
    }
}
