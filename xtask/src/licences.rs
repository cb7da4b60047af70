//! Every crate that ends up in a build has a licence that suits "MIT OR Apache-2.0".
//!
//! Advisories are not checked: the advisory database of RustSec is a git repository of its own, not a package of a registry.

use serde_json::Value;

use crate::step::Check;
use crate::{Result, project};

/// Licences that ask for no more than notices.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// The Mozilla licence covers its own files only, and asks that their source can be had, which crates.io sees to. It is let in by name: uniffi
/// is what C# stands on.
const MOZILLA: &str = "MPL-2.0";

/// Packages without a licence field whose licence file somebody has read: name, version, what it says.
const READ_BY_HAND: [(&str, &str, &str); 1] = [("jsonpath-rust", "0.3.5", "MIT")];

/// One check for the whole lock file.
pub(crate) fn checks() -> Vec<Check> {
    vec![("every dependency has an allowed licence".to_owned(), check())]
}

fn check() -> Result<()> {
    let text = project::output(project::cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !licence(package).is_some_and(is_allowed) && !is_uniffi(package))
        .map(|package| format!("  {} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n  allowed: {}", wrong.join("\n"), ALLOWED.join(", "))) }
}

fn is_uniffi(package: &Value) -> bool {
    package["license"] == MOZILLA && package["name"].as_str().is_some_and(|name| name == "uniffi" || name.starts_with("uniffi_"))
}

fn licence(package: &Value) -> Option<&str> {
    let by_hand =
        || READ_BY_HAND.iter().find(|(name, version, _)| package["name"] == *name && package["version"] == *version).map(|read| read.2);
    package["license"].as_str().or_else(by_hand)
}

/// Reads an SPDX expression, `/` being the old way to write `OR`: one side of every `OR`, both sides of every `AND`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at) && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= both(words, at);
    }
    allowed
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at);
    }
    allowed
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(&word) = words.get(*at) else { return false };
    *at += 1;
    if word == "(" {
        let allowed = either(words, at);
        *at += 1;
        return allowed && words.get(*at - 1) == Some(&")");
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_side_of_or_is_enough_and_both_sides_of_and_are_needed() {
        assert!(is_allowed("MIT OR GPL-3.0-only"));
        assert!(is_allowed("MIT/Apache-2.0"));
        assert!(is_allowed("(MIT OR GPL-2.0-only) AND Unicode-3.0"));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only"));
        assert!(!is_allowed("MIT AND GPL-3.0-only"));
        assert!(!is_allowed("GPL-2.0-only WITH Classpath-exception-2.0"));
    }

    #[test]
    fn an_expression_that_cannot_be_read_is_not_allowed() {
        assert!(!is_allowed(""));
        assert!(!is_allowed("(MIT"));
        assert!(!is_allowed("MIT MIT"));
    }
}
