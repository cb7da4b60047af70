//! The command: reads a built library and writes C#.
#![allow(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::process::ExitCode;

use anyhow::Context as _;
use camino::Utf8PathBuf;
use clap::Parser;
use uniffi_csharp_generator::{Settings, Visibility, generate};

/// Writes C# for the exports of a library made with uniffi 0.32.
#[derive(Parser)]
struct Arguments {
    /// The built library (`.so`, `.dylib`, `.dll`).
    library: Utf8PathBuf,
    /// The file to write.
    #[arg(long)]
    out: Utf8PathBuf,
    /// The namespace of the code.
    #[arg(long)]
    namespace: String,
    /// What `DllImport` looks for; without it the library's file name without prefix and suffix.
    #[arg(long)]
    import: Option<String>,
    /// Make the types public rather than internal.
    #[arg(long)]
    public: bool,
    /// Write nothing, and fail if the file is not what would be written.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = Settings {
        namespace: arguments.namespace.clone(),
        import: arguments.import.clone(),
        visibility: if arguments.public { Visibility::Public } else { Visibility::Internal },
    };
    let text = generate(&arguments.library, &settings)?;
    if arguments.check {
        let present = std::fs::read_to_string(&arguments.out).with_context(|| format!("cannot read {}", arguments.out))?;
        anyhow::ensure!(
            present == text,
            "{} is stale: it is not what {} asks for; run this again without --check",
            arguments.out,
            arguments.library
        );
        return Ok(());
    }
    std::fs::write(&arguments.out, text).with_context(|| format!("cannot write {}", arguments.out))
}
