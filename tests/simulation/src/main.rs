//! Plays seeds: `simulation --seeds 1000`, or one of them with `--seed 17 --trace`.
#![allow(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use topicwire_simulation::{Coverage, Deed, run};

/// From so many seeds on, everything that can happen should have.
const ENOUGH: u64 = 1_000;

#[derive(Parser)]
#[command(about = "Plays the client against the gateway in virtual time, by seed")]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first of them; a fresh one if none is given.
    #[arg(long)]
    seed: Option<u64>,
    /// Play no more seeds after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
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
    let first = match arguments.seed.map_or_else(fresh, Ok) {
        Ok(first) => first,
        Err(error) => {
            println!("the system gives no randomness: {error}; choose a seed with --seed");
            return ExitCode::FAILURE;
        }
    };
    let end = first.saturating_add(arguments.seeds.max(1));
    println!("seeds {first} to {}", end - 1);
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    let totals = Mutex::new((Duration::ZERO, 0, Coverage::default(), 0_u64));
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    if arguments.seconds.is_some_and(|seconds| started.elapsed() >= Duration::from_secs(seconds)) {
                        return;
                    }
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
                                totals.2.merge(&outcome.coverage);
                                totals.3 += 1;
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
    let failed = failed.into_inner().unwrap_or_default();
    let (passed, published, coverage, played) = totals.into_inner().unwrap_or_default();
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
    let missing = coverage.missing();
    if played >= ENOUGH && !missing.is_empty() {
        println!("these never happened, so their absence of failures means nothing: {missing:?}");
        return ExitCode::FAILURE;
    }
    if played > 1 {
        let counts: Vec<String> = Deed::ALL.iter().map(|deed| format!("{deed:?} {}", coverage.count(*deed))).collect();
        println!("what happened: {}", counts.join(", "));
    }
    ExitCode::SUCCESS
}

/// A seed that nobody has chosen: from the system's randomness, with few enough digits to be copied.
fn fresh() -> Result<u64, getrandom::Error> {
    Ok(u64::from(getrandom::u32()?) * 1_000)
}
