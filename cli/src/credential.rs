//! Fetches the token from where the arguments say it is.

use std::io::{IsTerminal, Read};
use std::path::Path;

use topicwire::Secret;

use crate::arguments::TokenArguments;
use crate::failure::Failure;

/// More is no token, and perhaps not a file at all.
const MOST: u64 = 64 * 1024;

/// The token, if one is named. Where one is needed and none is named, somebody at a terminal is asked.
pub(crate) fn token(arguments: &TokenArguments, needed: bool) -> Result<Option<Secret>, Failure> {
    let (token, source) = if let Some(name) = &arguments.token_env {
        (from_env(name)?, format!("environment variable {name}"))
    } else if let Some(path) = &arguments.token_file {
        (from_file(path)?, path.display().to_string())
    } else if arguments.token_prompt || (needed && std::io::stdin().is_terminal()) {
        let typed = rpassword::prompt_password("Token (it is not shown): ");
        (typed.map_err(|error| Failure::wrong(format!("cannot ask for the token: {error}")))?, "what was typed".to_owned())
    } else if needed {
        return Err(Failure::wrong("a token is needed: --token-env NAME, --token-file FILE, or a terminal to ask on"));
    } else {
        return Ok(None);
    };
    let token = token.trim();
    if token.is_empty() {
        return Err(Failure::wrong(format!("{source} holds no token")));
    }
    if token.contains(char::is_whitespace) {
        return Err(Failure::wrong(format!("{source} holds more than a token: a token has no spaces or line ends in it")));
    }
    Ok(Some(Secret::new(token)))
}

/// A value from the environment.
pub(crate) fn from_env(name: &str) -> Result<String, Failure> {
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(Failure::wrong(format!("environment variable {name} is not set"))),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::wrong(format!("environment variable {name} does not hold UTF-8"))),
    }
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| Failure::wrong(format!("cannot read the token from {}: {error}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MOST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    read.map_err(wrong)?;
    Ok(text)
}
