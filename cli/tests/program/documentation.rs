//! The commands that the documentation shows.

use crate::running::{Gateway, run, texts, topicwire};

const PAGES: [(&str, &str); 2] = [("README.md", include_str!("../../../README.md")), ("docs/cli.md", include_str!("../../../docs/cli.md"))];

/// The `topicwire` commands of a page, as their words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let mut shown = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            shown = line == "```sh";
        } else if shown && line.starts_with("topicwire ") {
            found.push(words(line.split(" | ").next().unwrap_or(line)));
        }
    }
    found
}

/// Splits a line as a shell does, as far as the pages need it: spaces separate, single quotes keep together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is always one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words.remove(0);
    words
}

#[test]
fn every_command_on_the_pages_exists() {
    for (page, text) in PAGES {
        let commands = commands(text);
        assert!(!commands.is_empty(), "{page} shows no commands");
        for mut command in commands {
            // Options are read before the help is given, so that an unknown one is told.
            command.push("--help".to_owned());
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            let output = run(&mut topicwire(&words));
            assert!(output.status.success(), "{page}: {command:?}: {}", texts(&output).1);
        }
    }
}

#[test]
fn commands_that_end_by_themselves_do_so_against_the_local_gateway() {
    let gateway = Gateway::start();
    let here = gateway.raw().trim_end_matches("raw").to_owned();
    let mut ran = 0;
    for (page, text) in PAGES {
        for command in commands(text) {
            let ends = command.iter().any(|word| word.contains("ticks(n:") || word == "--count");
            if ends {
                let words: Vec<String> = command.iter().map(|word| word.replace("ws://127.0.0.1:8080/", &here)).collect();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let output = run(&mut topicwire(&words));
                assert!(output.status.success(), "{page}: {command:?}: {}", texts(&output).1);
                ran += 1;
            }
        }
    }
    assert!(ran >= 4, "only {ran} ran");
}
