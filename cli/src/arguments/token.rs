//! Where a token comes from. Never the command line: every user of the machine can read that, and the shell keeps it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::failure::Failure;

/// Where the token comes from.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TokenArguments {
    /// The environment variable that holds the token
    #[arg(long, value_name = "NAME", group = "source")]
    pub(crate) token_env: Option<String>,
    /// The file that holds the token and nothing else; `-` for standard input
    #[arg(long, value_name = "FILE", group = "source")]
    pub(crate) token_file: Option<PathBuf>,
    /// Ask for the token on the terminal
    #[arg(long, group = "source")]
    pub(crate) token_prompt: bool,
}

/// Refuses `--token X` before anything else looks at it, so that no other message can quote it.
pub(super) fn refuse_bare(line: &[OsString]) -> Result<(), Failure> {
    let mut before_text = line.iter().take_while(|word| *word != "--").map(|word| word.to_string_lossy());
    if before_text.any(|word| word == "--token" || word.starts_with("--token=")) {
        return Err(Failure::wrong(
            "a token on the command line can be read by others and is kept by the shell; \
             use --token-env NAME, --token-file FILE or --token-prompt instead of --token",
        ));
    }
    Ok(())
}
