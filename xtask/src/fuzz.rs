//! `cargo xtask fuzz`: every fuzz target in turn, for a bounded time. `fuzz/README.md` says what they feed and assert.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::step::{Steps, Tally};
use crate::{Result, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let known = targets()?;
    let chosen: Vec<String> = match &arguments.target {
        Some(name) if known.contains(name) => vec![name.clone()],
        Some(name) => return Err(format!("there is no fuzz target `{name}`; there are {}", known.join(", "))),
        None => known,
    };
    let mut steps = Steps::new(true);
    for target in chosen {
        let time = format!("-max_total_time={}", arguments.seconds);
        let command = fuzzer(&target, &[&time, "-max_len=4096", "-dict=json.dict", "-print_final_stats=1", "-verbosity=0"])?;
        steps.program(&target, Tally::Status, command);
    }
    Ok(if steps.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For `cargo xtask test`: each target over its seeds and what was found before, without looking for more.
pub(crate) fn replays() -> Result<Vec<(String, Command)>> {
    let replay = |target: String| Ok((target.clone(), fuzzer(&target, &["-runs=0", "-verbosity=0"])?));
    targets()?.into_iter().map(replay).collect()
}

/// The programs of the fuzz workspace.
fn targets() -> Result<Vec<String>> {
    let mut cargo = project::cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    cargo.current_dir(folder());
    let metadata: Value = serde_json::from_str(&project::output(cargo)?).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    let programs = metadata["packages"][0]["targets"].as_array().ok_or("cargo metadata names no fuzz targets")?;
    Ok(programs.iter().filter_map(|program| program["name"].as_str().map(str::to_owned)).collect())
}

/// One target with flags of libFuzzer. What it finds worth keeping goes to `corpus`, findings go to `artifacts`.
fn fuzzer(target: &str, flags: &[&str]) -> Result<Command> {
    let corpus = format!("corpus/{target}");
    for made in [&corpus, "artifacts"] {
        fs::create_dir_all(folder().join(made)).map_err(|error| format!("cannot make fuzz/{made}: {error}"))?;
    }
    let mut cargo = project::cargo(&["run", "--quiet", "--release", "--bin", target, "--"]);
    cargo.args(flags).arg(format!("-artifact_prefix=artifacts/{target}-")).args([corpus, format!("seeds/{target}")]);
    // The flags that make a build follow its own coverage stand in `fuzz/.cargo/config.toml`: read from there only, and replaced by these.
    cargo.current_dir(folder()).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    Ok(cargo)
}

fn folder() -> PathBuf {
    project::root().join("fuzz")
}
