//! `cargo xtask bench python`: the Python package beside picows with orjson, and websockets with json.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::bench::{Figure, SIZES, Server, best_of};
use crate::{Result, project};

/// Events for a measurement of about a second.
const EVENTS: [u64; 3] = [400_000, 200_000, 20_000];

/// What the project wants to reach, by frame size: parsed, lazy, filtered, each against picows, then against websockets.
const GOALS: [[f64; 3]; 6] = [[1.5, 1.1, 0.9], [2.5, 3.0, 6.0], [5.0, 8.0, 10.0], [8.0, 4.5, 2.4], [12.0, 10.0, 14.0], [24.0, 28.0, 24.0]];

pub(crate) fn run(runs: usize) -> Result<ExitCode> {
    project::output(project::cargo(&["build", "--quiet", "--release", "--package", "topicwire-benches", "--package", "topicwire-python"]))?;
    let python = Python::set_up()?;
    let server = Server::start()?;
    println!(
        "CPU per event in µs, of all threads (thousand events per second). Ratios are of CPU, higher is better for Topicwire; in brackets the goal."
    );
    let measure = |peer: &str, at: usize, share: u64| -> Result<Figure> {
        let events = EVENTS[at] / share;
        best_of(runs, || python.client(&[peer, &server.port, "routing-first", &SIZES[at].1.to_string(), &events.to_string()]))
    };
    for (at, (name, ..)) in SIZES.into_iter().enumerate() {
        let (picows, websockets) = (measure("picows-parsed", at, 1)?, measure("websockets-parsed", at, 4)?);
        println!("\n{name}\n  picows + orjson {picows}\n  websockets + json {websockets}");
        let ours = [("parsed", 1), ("lazy", 1), ("filtered", 1), ("batches", 1), ("batches-lazy", 1)];
        for (row, (how, share)) in ours.into_iter().enumerate() {
            let figure = measure(&format!("topicwire-{how}"), at, share)?;
            // What reads batches does what reads one by one does, and has the same goal.
            let goal = row % 3;
            println!(
                "  topicwire, {how:<12} {figure}   {:>5.2} of picows ({}), {:>5.1} of websockets ({})",
                picows.cpu / figure.cpu,
                GOALS[goal][at],
                websockets.cpu / figure.cpu,
                GOALS[goal + 3][at]
            );
        }
    }
    let sparse = |peer: &str| best_of(runs, || python.client(&[peer, &server.port, "routing-first", "264", "30000"]));
    let (peer, ours) = (sparse("picows-sparse")?, sparse("topicwire-sparse")?);
    println!(
        "\n200 connections, 50 messages a second each: picows {peer}, topicwire {ours}: {:.2} of its CPU (at most 0.75)",
        ours.cpu / peer.cpu
    );
    for peer in ["picows", "websockets", "topicwire", "topicwire.websockets"] {
        let figures = python.client(&[&format!("{peer}-echo"), &server.port, "-", "0", "10000"])?;
        println!("round trip of 200 B, p50: {peer} {} µs", figures["p50_us"]);
    }
    Ok(ExitCode::SUCCESS)
}

/// An environment with the peers, and the package as it has just been built.
pub(crate) struct Python {
    interpreter: PathBuf,
    package: PathBuf,
}

impl Python {
    pub(crate) fn set_up() -> Result<Self> {
        let folder = project::root().join("target/bench-python");
        let package = folder.join("package");
        let sources = project::root().join("bindings-python/python/topicwire");
        // The wheel is not needed for this: the package is its sources and the library.
        let _ = fs::remove_dir_all(&package);
        copy(&sources, &package.join("topicwire"))?;
        let library = project::root().join("target/release").join(LIBRARY);
        fs::copy(&library, package.join("topicwire").join(MODULE)).map_err(|error| format!("{}: {error}", library.display()))?;
        let environment = folder.join("venv");
        let program = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        if !program.exists() {
            project::output(project::command("python3", &["-m", "venv", &environment.to_string_lossy()]))?;
        }
        let requirements = project::root().join("benches/python/requirements.txt");
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
        project::output(pip)?;
        Ok(Self { interpreter: program, package })
    }

    fn client(&self, arguments: &[&str]) -> Result<serde_json::Value> {
        self.program("load_client.py", arguments)
    }

    /// The figures that a program of benches/python prints.
    pub(crate) fn program(&self, name: &str, arguments: &[&str]) -> Result<serde_json::Value> {
        let mut python = Command::new(&self.interpreter);
        python.arg(project::root().join("benches/python").join(name)).args(arguments).env("PYTHONPATH", &self.package);
        let text = project::output(python)?;
        serde_json::from_str(&text).map_err(|error| format!("{arguments:?} printed no figures: {error}"))
    }
}

const LIBRARY: &str = if cfg!(windows) {
    "_native.dll"
} else if cfg!(target_os = "macos") {
    "lib_native.dylib"
} else {
    "lib_native.so"
};
const MODULE: &str = if cfg!(windows) { "_native.pyd" } else { "_native.abi3.so" };

/// Copies the sources of a package: what Python itself wrote, and a library that is lying about, stay behind.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| format!("cannot copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "__pycache__" {
                copy(&path, &to.join(name))?;
            }
        } else if path.extension().is_some_and(|kind| kind == "py") {
            fs::copy(&path, to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}
