//! `cargo xtask bench webpubsub`: reliable group messages through the packages for Node.js and Python, beside the service's own clients.

use std::process::ExitCode;

use crate::bench::{Figure, Server, best_of};
use crate::bench_node::Node;
use crate::bench_python::Python;
use crate::{Result, project};

/// Frame sizes.
const SIZES: [(&str, &str); 2] = [("small, 264 B", "264"), ("typical, 1 KiB", "1024")];
/// Events a second that the project wants to reach, against the service's own client.
const GOAL: f64 = 5.0;

pub(crate) fn run(runs: usize) -> Result<ExitCode> {
    let packages = ["topicwire-benches", "topicwire-node", "topicwire-python"].map(|package| ["--package", package]).concat();
    project::output(project::cargo(&[["build", "--quiet", "--release"].as_slice(), &packages].concat()))?;
    let (node, python) = (Node::set_up()?, Python::set_up()?);
    let server = Server::start()?;
    println!(
        "Thousand events per second, every one of them decoded unless said otherwise (CPU per event in µs, of all threads). Goal: {GOAL} times."
    );
    for (name, size) in SIZES {
        println!("\n{name}");
        let javascript =
            |peer: &str, events: &str| best_of(runs, || node.program("webpubsub_client.mjs", &[peer, &server.port, size, events]));
        let ours = [
            ("topicwire", javascript("topicwire", "500000")?),
            ("topicwire, batches", javascript("topicwire-batches", "500000")?),
            ("topicwire, data untouched", javascript("topicwire-lazy", "1000000")?),
        ];
        row("Node.js", &javascript("official", "100000")?, &ours);
        let python =
            |peer: &str, events: &str| best_of(runs, || python.program("webpubsub_client.py", &[peer, &server.port, size, events]));
        let ours = [("topicwire", python("topicwire", "400000")?), ("topicwire.sync", python("topicwire-sync", "400000")?)];
        row("Python", &python("official", "10000")?, &ours);
    }
    Ok(ExitCode::SUCCESS)
}

fn row(language: &str, peer: &Figure, ours: &[(&str, Figure)]) {
    println!("  {language:<8} the service's own client {:.0} ({:.2})", peer.rate, peer.cpu);
    for (name, figure) in ours {
        println!(
            "  {:<8} {name} {:.0} ({:.2}): {:.1} times as many, for {:.2} of the CPU each",
            "",
            figure.rate,
            figure.cpu,
            figure.rate / peer.rate,
            figure.cpu / peer.cpu
        );
    }
}
