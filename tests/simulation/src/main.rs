//! Plays seeds: `simulation --seeds 1000`, or one of them with `--seed 17 --trace`.
#![allow(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use topicwire_simulation::run;

#[derive(Parser)]
#[command(about = "Plays the client against the gateway in virtual time, by seed")]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first of them; a fresh one if none is given.
    #[arg(long)]
    seed: Option<u64>,
    /// Print what happens.
    #[arg(long)]
    trace: bool,
    /// How many threads; as many as there are processors if none is given.
    #[arg(long)]
    threads: Option<usize>,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 10)]
    failures: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let first = arguments.seed.unwrap_or_else(fresh);
    let end = first.saturating_add(arguments.seeds.max(1));
    println!("seeds {first} to {}", end - 1);
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    let totals = Mutex::new((Duration::ZERO, 0));
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let failures = failed.lock().map_or(0, |failed| failed.len());
                    if seed >= end || failures >= arguments.failures {
                        return;
                    }
                    let outcome = std::panic::catch_unwind(|| run(seed, arguments.trace));
                    let broken = match outcome {
                        Ok(outcome) => {
                            for line in outcome.trace {
                                println!("{line}");
                            }
                            if let Ok(mut totals) = totals.lock() {
                                totals.0 += outcome.passed;
                                totals.1 += outcome.published;
                            }
                            outcome.broken
                        }
                        Err(_) => Some("it panicked".to_owned()),
                    };
                    if let Some(broken) = broken {
                        println!("seed {seed}: {broken}");
                        if let Ok(mut failed) = failed.lock() {
                            failed.push(seed);
                        }
                    }
                }
            });
        }
    });
    let played = next.load(Ordering::Relaxed).min(end) - first;
    let failed = failed.into_inner().unwrap_or_default();
    let (passed, published) = totals.into_inner().unwrap_or_default();
    println!(
        "{played} seeds, {} hours of virtual time, {published} messages, {:.1} s: {} failed",
        passed.as_secs() / 3600,
        started.elapsed().as_secs_f64(),
        failed.len()
    );
    if let Some(seed) = failed.first() {
        println!("to see one again: cargo xtask sim --seeds 1 --seed {seed} --trace");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A seed that was hardly used before.
fn fresh() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(0))
}
