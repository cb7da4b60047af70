//! `cargo xtask package <language>`: what users install, as files.

use std::process::ExitCode;

use crate::{Result, csharp};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Whose package.
    #[arg(value_enum)]
    language: Language,
}

#[derive(clap::ValueEnum, Clone, Copy)]
enum Language {
    /// `Topicwire.<version>.nupkg` and `Topicwire.Testing.<version>.nupkg`.
    Csharp,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let made = match arguments.language {
        Language::Csharp => csharp::package()?,
    };
    for file in made {
        println!("{}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}
