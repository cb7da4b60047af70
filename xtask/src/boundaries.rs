//! The boundaries of the architecture, as checks over the sources: who may name what, and what may not be committed at all.

use std::path::Path;

use crate::Result;
use crate::project::{Source, cargo, output, sources};
use crate::step::Check;

/// Gateways that have, or will have, a folder or a file in `core/src/dialect`.
const DIALECTS: [&str; 5] = ["astro", "channelstream", "graphql", "raw", "webpubsub"];

/// What the pure part of the core may not name: sockets, threads, clocks, a runtime, randomness.
const IMPURE: [&str; 8] =
    ["std::net", "std::thread", "Instant::now", "SystemTime::now", "tokio::", "tokio_tungstenite", "getrandom", "rustls::"];

/// Crates that the core without its feature `net` may not pull in.
const NET_CRATES: [&str; 6] = ["tokio", "mio", "socket2", "rustls", "hyper", "getrandom"];

/// A file longer than this holds more than one idea.
const LINES: usize = 500;

/// Every boundary is one check.
pub(crate) fn checks() -> Vec<Check> {
    let sources = match sources() {
        Ok(sources) => sources,
        Err(reason) => return vec![("the files of the project can be listed".to_owned(), Err(reason))],
    };
    let named = |name: &str, outcome| (name.to_owned(), outcome);
    vec![
        named("the core without `net` pulls in no runtime, no socket, no randomness", net_free_tree()),
        named("the core names clocks, sockets, threads and randomness only in net/ and client", pure_core(&sources)),
        named("dialects know neither each other nor the network", separate_dialects(&sources)),
        named("the native layers of bindings name no gateway", ignorant_bindings(&sources)),
        named("the core and the gateway's machine have no map of random order", ordered_maps(&sources)),
        named("the core and the gateway forbid unsafe code", unsafe_forbidden(&sources)),
        named("the gateway's machine names no clock, socket, thread or randomness", pure_machine(&sources)),
        named("no source file is longer than 500 lines", short_files(&sources)),
        named("no file names a package mirror or a registry's host", no_mirrors(&sources)),
        named("no file names a folder of somebody's machine", no_private_paths(&sources)),
        named("nothing is unfinished by its own words, and every test runs", finished(&sources)),
    ]
}

fn net_free_tree() -> Result<()> {
    let tree = output(cargo(&["tree", "--package", "topicwire", "--no-default-features", "--edges", "normal", "--prefix", "none"]))?;
    let found = tree.lines().filter(|line| NET_CRATES.iter().any(|name| line.split(' ').next() == Some(*name)));
    verdict(found.map(|line| format!("cargo tree: {line}")))
}

fn pure_core(sources: &[Source]) -> Result<()> {
    let pure =
        under(sources, "core/src/").filter(|file| !file.path.starts_with("core/src/net/") && !file.path.starts_with("core/src/client"));
    verdict(pure.flat_map(|file| lines_with(file, |line| IMPURE.iter().any(|word| line.contains(word)))))
}

fn pure_machine(sources: &[Source]) -> Result<()> {
    let machine = under(sources, "gateway/src/machine");
    verdict(machine.flat_map(|file| lines_with(file, |line| IMPURE.iter().any(|word| line.contains(word)))))
}

fn separate_dialects(sources: &[Source]) -> Result<()> {
    let foreign = |own: &'static str| {
        let others = DIALECTS.into_iter().filter(move |other| *other != own);
        others
            .flat_map(|other| [format!("dialect::{other}"), format!("super::{other}::"), format!("super::{other};")])
            .chain(["crate::net".to_owned()])
    };
    verdict(DIALECTS.into_iter().flat_map(|own| {
        let forbidden: Vec<String> = foreign(own).collect();
        let (folder, file) = (format!("core/src/dialect/{own}/"), format!("core/src/dialect/{own}.rs"));
        let files = sources.iter().filter(move |source| source.path.starts_with(&folder) || source.path == file);
        files.flat_map(move |file| lines_with(file, |line| forbidden.iter().any(|name| line.contains(name.as_str())))).collect::<Vec<_>>()
    }))
}

/// A binding passes options and commands through, so that a new gateway needs no line of it.
fn ignorant_bindings(sources: &[Source]) -> Result<()> {
    let native = sources.iter().filter(|file| file.path.starts_with("bindings-") && file.path.contains("/src/"));
    let gateways = DIALECTS.into_iter().filter(|name| *name != "raw").collect::<Vec<_>>();
    let named = |line: &str| gateways.iter().any(|name| line.to_lowercase().contains(name));
    verdict(native.flat_map(|file| lines_with(file, named)))
}

fn ordered_maps(sources: &[Source]) -> Result<()> {
    let core =
        under(sources, "core/src/").filter(|file| !file.path.starts_with("core/src/net/") && !file.path.starts_with("core/src/client"));
    let files = core.chain(under(sources, "gateway/src/machine"));
    // These constructors exist only for the hasher that is seeded at random.
    let random = ["HashMap::new(", "HashSet::new(", "HashMap::with_capacity(", "HashSet::with_capacity(", "::RandomState", " RandomState"];
    verdict(files.flat_map(|file| lines_with(file, |line| random.iter().any(|word| line.contains(word)))))
}

fn unsafe_forbidden(sources: &[Source]) -> Result<()> {
    verdict(["core/src/lib.rs", "gateway/src/lib.rs"].into_iter().filter_map(|path| {
        let file = sources.iter().find(|source| source.path == path)?;
        (!file.text.lines().any(|line| line.starts_with("#![forbid(unsafe_code")))
            .then(|| format!("{path}: #![forbid(unsafe_code)] is missing"))
    }))
}

fn short_files(sources: &[Source]) -> Result<()> {
    let folders = ["core/", "gateway/", "cli/", "xtask/", "tests/", "benches/", "bindings-csharp/", "examples/"];
    // What a program writes is as long as it is.
    let ours = |path: &str| folders.iter().any(|folder| path.starts_with(folder)) && !path.ends_with(".g.cs");
    let is_source =
        |path: &str| Path::new(path).extension().is_some_and(|kind| ["rs", "mjs", "js", "py", "cs"].iter().any(|known| kind == *known));
    let files = sources.iter().filter(|file| ours(&file.path) && is_source(&file.path));
    verdict(files.filter_map(|file| {
        let count = file.text.lines().count();
        (count > LINES).then(|| format!("{}: {count} lines", file.path))
    }))
}

fn no_mirrors(sources: &[Source]) -> Result<()> {
    // A lock file of cargo names the canonical index, whatever mirror it was fetched through; anything else is somebody's own set-up.
    let canonical = "registry+https://github.com/rust-lang/crates.io-index";
    verdict(sources.iter().flat_map(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let wrong = move |line: &str| match name {
            "Cargo.lock" => line.starts_with("source = ") && !line.contains(canonical),
            "package-lock.json" | "npm-shrinkwrap.json" => line.contains("\"resolved\""),
            ".npmrc" => line.contains("registry=") || line.contains("_auth"),
            "config.toml" => line.starts_with("[source") || line.starts_with("[registr") || line.contains("replace-with"),
            _ if name.starts_with("requirements") => line.contains("index-url") || line.contains("find-links") || line.contains("://"),
            _ => false,
        };
        lines_with(file, wrong)
    }))
}

fn no_private_paths(sources: &[Source]) -> Result<()> {
    let folders = ["home", "Users", "root", "work"].map(|folder| format!("/{folder}/"));
    let starts_a_path = |line: &str, at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_.-}".contains(before));
    let wrong = |line: &str| folders.iter().any(|folder| line.match_indices(folder.as_str()).any(|(at, _)| starts_a_path(line, at)));
    verdict(sources.iter().filter(|file| !file.path.ends_with(".lock")).flat_map(|file| every_line_with(file, wrong)))
}

fn finished(sources: &[Source]) -> Result<()> {
    // Put together here, so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["todo", "!("], ["unimplemented", "!("], ["#[ig", "nore"]].map(|parts| parts.concat());
    let is_source = |path: &str| {
        Path::new(path).extension().is_some_and(|kind| ["rs", "mjs", "js", "py", "cs", "toml"].iter().any(|known| kind == *known))
    };
    let files = sources.iter().filter(|file| is_source(&file.path));
    verdict(files.flat_map(|file| every_line_with(file, |line| words.iter().any(|word| line.contains(word.as_str())))))
}

fn under<'a>(sources: &'a [Source], folder: &'static str) -> impl Iterator<Item = &'a Source> {
    sources.iter().filter(move |file| file.path.starts_with(folder))
}

/// Lines of shipped code for which `wrong` holds: comments may name what code may not, and so may tests, which stand at the end of a file or in
/// files of their own.
fn lines_with(file: &Source, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let path = Path::new(&file.path);
    let is_test =
        path.components().any(|part| part.as_os_str() == "tests") || path.file_stem().is_some_and(|stem| stem == "tests" || stem == "loom");
    if is_test {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let end = lines.windows(2).position(|pair| opens_tests(pair[0], pair[1])).unwrap_or(lines.len());
    let code = lines.iter().enumerate().take(end).filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter(|(_, line)| wrong(line)).map(|(at, line)| location(file, at, line)).collect()
}

/// Whether an attribute and the line after it begin the tests at the end of a file.
fn opens_tests(attribute: &str, next: &str) -> bool {
    let for_tests = attribute.starts_with("#[cfg(test)]") || attribute.starts_with("#[cfg(all(test");
    for_tests && next.starts_with("mod ") && next.ends_with('{')
}

fn every_line_with(file: &Source, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    file.text.lines().enumerate().filter(|(_, line)| wrong(line)).map(|(at, line)| location(file, at, line)).collect()
}

fn location(file: &Source, at: usize, line: &str) -> String {
    format!("{}:{}: {}", file.path, at + 1, line.trim())
}

fn verdict(found: impl IntoIterator<Item = String>) -> Result<()> {
    let found: Vec<String> = found.into_iter().map(|line| format!("  {line}")).collect();
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}
