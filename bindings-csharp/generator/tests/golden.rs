//! The generator over a library that exports one of everything.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::process::Command;
use std::sync::Mutex;

use camino::Utf8PathBuf;
use uniffi_csharp_generator::{Settings, Visibility, generate};

/// Builds the fixture, perhaps with a feature of its own, and says where a copy of it is.
///
/// Cargo puts every build in the same place, so one is made at a time.
fn fixture(feature: Option<&str>) -> Utf8PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "uniffi-csharp-fixture"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if let Some(feature) = feature {
        cargo.args(["--features", feature]);
    }
    assert!(cargo.status().expect("cargo can be started").success(), "the fixture builds");
    let name = format!("{}uniffi_csharp_fixture{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let folder = Utf8PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let copies = folder.join(feature.unwrap_or("fixture"));
    std::fs::create_dir_all(&copies).expect("a folder can be made");
    let built = folder.parent().expect("it is within the target folder").join("debug").join(&name);
    std::fs::copy(built, copies.join(&name)).expect("the fixture was built");
    copies.join(name)
}

fn settings() -> Settings {
    Settings { namespace: "Fixture".to_owned(), import: None, visibility: Visibility::Public }
}

#[test]
fn one_of_everything_is_written_as_it_was_reviewed() {
    let text = generate(&fixture(None), &settings()).expect("everything in the fixture is supported");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/Fixture.g.cs");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &text).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(golden).expect("the golden file is there");
    if let Some((at, (ours, theirs))) = text.lines().zip(expected.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs) {
        panic!("line {}: wrote `{ours}`, and {golden} has `{theirs}`; if the new one is right, run again with UPDATE_GOLDEN=1", at + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{golden} has another number of lines");
}

fn refusal(feature: &str) -> String {
    generate(&fixture(Some(feature)), &settings()).expect_err("it is not supported").to_string()
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    assert_eq!(refusal("refused-async"), "fn later: async is not supported; let an event say that it is done");
    assert_eq!(refusal("refused-duration"), "fn wait, argument time: durations are not supported; pass milliseconds as u64");
    assert_eq!(refusal("refused-default"), "fn greet, argument name: default values are not supported");
    assert_eq!(refusal("refused-trait"), "object Exported: exported traits are not supported; export a struct, or a callback interface");
}

#[test]
fn a_changed_export_changes_its_checksum() {
    let before = generate(&fixture(None), &settings()).expect("it is supported");
    let after = generate(&fixture(Some("changed")), &settings()).expect("it is supported");
    let line = |text: &str| text.lines().find(|line| line.contains("Check(\"method_counter_add\"")).map(str::to_owned);
    assert!(line(&before).is_some());
    assert_ne!(line(&before), line(&after));
}
