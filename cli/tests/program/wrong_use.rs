//! Wrong use: one clear line, exit status 2, and no secret in it.

use crate::running::{run, texts, topicwire};

fn wrong(arguments: &[&str]) -> String {
    let output = run(topicwire(arguments).env("SECRET", "s3cr3t-value").env("EMPTY", "").env_remove("UNSET"));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
    assert_eq!(out, "", "{arguments:?}");
    assert_eq!(err.lines().count(), 1, "{arguments:?}: {err}");
    assert!(err.starts_with("topicwire: "), "{arguments:?}: {err}");
    assert!(!err.contains("s3cr3t"), "{arguments:?}: {err}");
    err
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for arguments in [
        &[][..],
        &["listne"],
        &["listen"],
        &["listen", "astro"],
        &["listen", "astro", "--topic", "channel.tips", "--colour"],
        &["listen", "graphql", "--url", "ws://127.0.0.1/"],
        &["listen", "raw", "--url", "ws://127.0.0.1/", "--for", "soon"],
        &["listen", "raw", "--url", "ws://127.0.0.1/", "--count", "0"],
        &["gateway", "--port", "70000"],
    ] {
        assert!(wrong(arguments).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn a_token_on_the_command_line() {
    let said = wrong(&["listen", "astro", "--topic", "channel.tips", "--token", "s3cr3t-value"]);
    assert!(said.contains("--token-env"), "{said}");
    wrong(&["listen", "graphql", "--token=s3cr3t-value"]);
}

#[test]
fn a_token_that_is_not_there() {
    let astro = |source: &[&str]| wrong(&[&["listen", "astro", "--topic", "channel.tips"], source].concat());
    assert!(astro(&["--token-env", "UNSET"]).contains("UNSET is not set"));
    assert!(astro(&["--token-env", "EMPTY"]).contains("holds no token"));
    assert!(astro(&["--token-file", "/there/is/no/such/file"]).contains("/there/is/no/such/file"));
    assert!(astro(&["--token-file", "-"]).contains("holds no token"));
    // Standard input is no terminal, so nobody can be asked.
    assert!(astro(&[]).contains("a token is needed"));
}

#[test]
fn values_that_may_be_secret_are_not_quoted() {
    let said = wrong(&["listen", "raw", "--url", "https://127.0.0.1/?token=s3cr3t-value"]);
    assert!(said.contains("--url"), "{said}");
    let said = wrong(&["listen", "raw", "--url", "ws://127.0.0.1/", "--header", "s3cr3t-value"]);
    assert!(said.contains("--header"), "{said}");
    let said = wrong(&["listen", "raw", "--url", "ws://127.0.0.1/", "--proxy", "ftp://user:s3cr3t-value@localhost"]);
    assert!(said.contains("--proxy"), "{said}");
    let said = wrong(&["listen", "graphql", "--url", "ws://127.0.0.1/", "--query", "{ a }", "--variables", "s3cr3t-value"]);
    assert!(said.contains("--variables"), "{said}");
}

#[test]
fn a_file_that_cannot_be_used() {
    let said = wrong(&["listen", "graphql", "--url", "ws://127.0.0.1/", "--query-file", "/there/is/no/such/file"]);
    assert!(said.contains("/there/is/no/such/file"), "{said}");
    let said = wrong(&["gateway", "--options", "/there/is/no/such/file"]);
    assert!(said.contains("/there/is/no/such/file"), "{said}");
}

#[test]
fn help_and_version_are_no_wrong_use() {
    for arguments in [&["--help"][..], &["--version"], &["listen", "astro", "--help"]] {
        let output = run(&mut topicwire(arguments));
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(out.contains("topicwire"), "{out}");
    }
}
