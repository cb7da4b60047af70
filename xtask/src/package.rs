//! `cargo xtask package <language>`: what users install, as files, for this machine's platform.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::{Result, csharp, node, python};

/// The cargo profile of packages: optimised, without debug information and symbols.
pub(crate) const PROFILE: &str = "packaging";

/// What a native library may weigh: it is in every production install.
const LIMIT: u64 = 6 * 1024 * 1024;

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
    /// `topicwire-<version>.tgz` and the package of this platform, `topicwire-<platform>-<version>.tgz`.
    Node,
    /// `topicwire-<version>-cp310-abi3-….whl`: one library for CPython 3.10 and later, and the command `topicwire`.
    Python,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let made = match arguments.language {
        Language::Csharp => csharp::package()?,
        Language::Node => node::package()?,
        Language::Python => vec![python::package()?],
    };
    for file in made {
        let size = fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?.len();
        println!("{}: {}", file.display(), mebibytes(size));
    }
    Ok(ExitCode::SUCCESS)
}

/// The executable's file name on this platform.
pub(crate) fn program_name() -> String {
    format!("topicwire{}", std::env::consts::EXE_SUFFIX)
}

/// Prints what a library weighs, and refuses more than the limit.
pub(crate) fn check_size(library: &Path) -> Result<()> {
    let size = fs::metadata(library).map_err(|error| format!("{}: {error}", library.display()))?.len();
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    println!("{name}: {} of at most {}", mebibytes(size), mebibytes(LIMIT));
    if size > LIMIT { Err(format!("{name} is larger than it may be")) } else { Ok(()) }
}

fn mebibytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
    let size = bytes as f64 / (1024.0 * 1024.0);
    format!("{size:.2} MiB")
}

/// The newest version of glibc that some symbol of these files asks for; none where nothing asks for glibc.
pub(crate) fn glibc(files: &[&Path]) -> Result<Option<(u32, u32)>> {
    let mut newest = None;
    for file in files {
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        newest = newest.max(newest_glibc(&bytes));
    }
    Ok(newest)
}

/// Versions stand in the string table of an ELF file as `GLIBC_2.34`.
fn newest_glibc(bytes: &[u8]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    let version = |at: usize| {
        let text: String = bytes[at + MARK.len()..]
            .iter()
            .take(8)
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
            .map(|byte| char::from(*byte))
            .collect();
        let mut numbers = text.split('.').map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let starts = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    starts.filter_map(|(at, _)| version(at)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_a_file_asks_for_is_found() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_2.9\0GLIBC_PRIVATE\0"), Some((2, 28)));
        assert_eq!(newest_glibc(b"nothing of the kind, GLIBC_"), None);
    }
}
