//! A run of steps: each prints a title, does its work, and says how many of its checks passed and failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// How many checks a step made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// A check of our own: its name, and what came of it.
pub(crate) type Check = (String, Result<()>);

/// How to read the counts of a program from its standard output.
#[derive(Clone, Copy)]
pub(crate) enum Tally {
    /// The program is one check: its exit status.
    Status,
    /// `test result: ok. 3 passed; 0 failed; …`, any number of times, as `cargo test` prints it.
    Cargo,
    /// `3 passed, 1 failed`, as our own runners in other languages print it at their end.
    Plain,
    /// `1 failed, 3 passed in 0.12s`, as pytest ends.
    Pytest,
    /// `# pass 3` and `# fail 0`, as Node's test runner prints with `--test-reporter=tap`.
    Tap,
}

impl Tally {
    fn read(self, line: &str) -> Counts {
        let number = |text: &str| text.trim().parse().unwrap_or(0);
        match self {
            Tally::Status => Counts::default(),
            Tally::Cargo => match line.trim_start().strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
                Some((_, counts)) => {
                    let field = |name| counts.split(';').find_map(|part| part.trim().strip_suffix(name)).map_or(0, number);
                    Counts { passed: field(" passed"), failed: field(" failed") }
                }
                None => Counts::default(),
            },
            Tally::Plain => match line.trim().strip_suffix(" failed").and_then(|rest| rest.split_once(" passed, ")) {
                Some((passed, failed)) => Counts { passed: number(passed), failed: number(failed) },
                None => Counts::default(),
            },
            Tally::Pytest => match line.trim_matches(['=', ' ']).rsplit_once(" in ") {
                Some((counts, time)) if time.starts_with(|first: char| first.is_ascii_digit()) => {
                    let field = |names: &[&str]| {
                        let number = |part: &str| names.iter().find_map(|name| part.trim().strip_suffix(name)).map_or(0, number);
                        counts.split(',').map(number).sum()
                    };
                    // A test that is skipped here checks nothing, and ours never are.
                    Counts { passed: field(&[" passed"]), failed: field(&[" failed", " error", " errors", " skipped"]) }
                }
                _ => Counts::default(),
            },
            Tally::Tap => {
                let field = |name| line.strip_prefix(name).map_or(0, number);
                Counts { passed: field("# pass "), failed: field("# fail ") + field("# cancelled ") }
            }
        }
    }

    /// Whether a line only says that a check passed: left out when a step has failed.
    fn is_good_news(self, line: &str) -> bool {
        match self {
            Tally::Status | Tally::Plain | Tally::Pytest => false,
            Tally::Cargo => line.starts_with("test ") && line.ends_with(" ... ok"),
            Tally::Tap => line.trim_start().starts_with("ok "),
        }
    }
}

/// The whole run.
pub(crate) struct Steps {
    total: Counts,
    /// Titles of the steps in which something failed.
    failures: Vec<String>,
    started: Instant,
    /// Show the output of every program as it comes, not only after a failure.
    verbose: bool,
}

impl Steps {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { total: Counts::default(), failures: Vec::new(), started: Instant::now(), verbose }
    }

    /// Runs a program as one step.
    pub(crate) fn program(&mut self, title: &str, tally: Tally, command: Command) {
        let started = self.begin(title);
        let counts = self.run(tally, command).unwrap_or_else(|reason| {
            println!("{reason}");
            Counts { passed: 0, failed: 1 }
        });
        self.end(title, started, counts);
    }

    /// Makes named checks of our own as one step. The error of a check says what is wrong and where.
    pub(crate) fn checks(&mut self, title: &str, checks: impl FnOnce() -> Vec<Check>) {
        let started = self.begin(title);
        let mut counts = Counts::default();
        for (name, outcome) in checks() {
            match outcome {
                Ok(()) => counts.passed += 1,
                Err(reason) => {
                    counts.failed += 1;
                    println!("FAILED {name}\n{reason}");
                }
            }
        }
        self.end(title, started, counts);
    }

    /// Prints the summary. True when nothing failed.
    pub(crate) fn finish(self) -> bool {
        let good = self.total.failed == 0;
        println!("\n{} s", self.started.elapsed().as_secs());
        if !good {
            println!("failed: {}", self.failures.join(", "));
        }
        println!("{} passed, {} failed", self.total.passed, self.total.failed);
        good
    }

    fn begin(&self, title: &str) -> Instant {
        println!("\n== {title}");
        Instant::now()
    }

    fn end(&mut self, title: &str, started: Instant, counts: Counts) {
        self.total.passed += counts.passed;
        self.total.failed += counts.failed;
        if counts.failed > 0 {
            self.failures.push(title.to_owned());
        }
        println!("   {} passed, {} failed ({})", counts.passed, counts.failed, seconds(started.elapsed()));
    }

    fn run(&self, tally: Tally, mut command: Command) -> Result<Counts> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
        let stdout = child.stdout.take().expect("standard output was piped above");
        let mut counts = Counts::default();
        let mut kept = Vec::new();
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|error| format!("cannot read from {name}: {error}"))?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let seen = tally.read(&line);
            counts.passed += seen.passed;
            counts.failed += seen.failed;
            if self.verbose {
                println!("{line}");
            } else {
                kept.push(line);
            }
        }
        let status = child.wait().map_err(|error| format!("cannot wait for {name}: {error}"))?;
        let counts = settle(tally, counts, status.success());
        if counts.failed > 0 {
            kept.iter().filter(|line| !tally.is_good_news(line)).for_each(|line| println!("{line}"));
            println!("{name}: {status}");
        }
        Ok(counts)
    }
}

/// A program that failed without a failed check (it did not compile, it crashed) is a failed check itself, and so is one that claims success
/// without having checked anything.
fn settle(tally: Tally, counts: Counts, success: bool) -> Counts {
    match (tally, success) {
        (Tally::Status, true) => Counts { passed: 1, failed: 0 },
        (_, false) => Counts { failed: counts.failed.max(1), ..counts },
        (_, true) if counts == Counts::default() => Counts { passed: 0, failed: 1 },
        (_, true) => counts,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn the_result_line_of_cargo_test_is_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(Tally::Cargo.read(line), counts(12, 3));
        assert_eq!(Tally::Cargo.read("test lane::wakes ... ok"), counts(0, 0));
    }

    #[test]
    fn the_summary_of_nodes_runner_is_read() {
        assert_eq!(Tally::Tap.read("# pass 7"), counts(7, 0));
        assert_eq!(Tally::Tap.read("# fail 2"), counts(0, 2));
        assert_eq!(Tally::Tap.read("# cancelled 1"), counts(0, 1));
        assert_eq!(Tally::Tap.read("    # Subtest: pass 3"), counts(0, 0));
    }

    #[test]
    fn the_last_line_of_pytest_is_read() {
        assert_eq!(Tally::Pytest.read("30 passed in 2.43s"), counts(30, 0));
        assert_eq!(Tally::Pytest.read("=== 2 failed, 28 passed, 3 warnings, 1 error in 75.10s (0:01:15) ==="), counts(28, 3));
        assert_eq!(Tally::Pytest.read("3 passed, 1 skipped in 0.01s"), counts(3, 1));
        assert_eq!(Tally::Pytest.read("waiting in vain"), counts(0, 0));
    }

    #[test]
    fn the_last_line_of_our_own_runners_is_read() {
        assert_eq!(Tally::Plain.read("12 passed, 3 failed"), counts(12, 3));
        assert_eq!(Tally::Plain.read("the check passed, it seems"), counts(0, 0));
    }

    #[test]
    fn a_program_that_fails_without_counting_counts_as_one_failure() {
        assert_eq!(settle(Tally::Cargo, counts(5, 0), false), counts(5, 1));
        assert_eq!(settle(Tally::Cargo, counts(5, 2), false), counts(5, 2));
        assert_eq!(settle(Tally::Status, counts(0, 0), true), counts(1, 0));
    }

    #[test]
    fn a_runner_that_found_no_test_has_failed() {
        assert_eq!(settle(Tally::Tap, counts(0, 0), true), counts(0, 1));
    }
}
