//! `cargo xtask schema`: what is made from the Rust types, for languages and for people.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::step::Check;
use crate::{Result, project};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail if what is there is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut fresh = true;
    for (path, text) in files()? {
        let file = project::root().join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        fresh = false;
        if arguments.check {
            println!("{path} is stale: run `cargo xtask schema`");
        } else {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(|error| format!("cannot make the folder of {path}: {error}"))?;
            }
            fs::write(&file, text).map_err(|error| format!("cannot write {path}: {error}"))?;
            println!("wrote {path}");
        }
    }
    if !arguments.check {
        crate::csharp::generate()?;
    }
    Ok(if fresh || !arguments.check { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For `cargo xtask test`: each file is as it would be written now.
pub(crate) fn checks() -> Vec<Check> {
    let files = match files() {
        Ok(files) => files,
        Err(error) => return vec![("the schema can be emitted".to_owned(), Err(error))],
    };
    files
        .into_iter()
        .map(|(path, text)| {
            let same = fs::read_to_string(project::root().join(path)).is_ok_and(|old| old == text);
            (format!("{path} is fresh"), if same { Ok(()) } else { Err("run `cargo xtask schema`".to_owned()) })
        })
        .collect()
}

fn files() -> Result<Vec<(&'static str, String)>> {
    let document = topicwire::schema::document();
    let mut json = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    json.push('\n');
    let tables = tables(&document)?;
    let csharp = crate::csharp::options::text(&document)?;
    let node = crate::node::options::text(&document)?;
    Ok(vec![
        ("schema/topicwire.json", json),
        ("docs/options.md", tables),
        (crate::csharp::options::FILE, csharp),
        (crate::node::options::FILE, node),
    ])
}

/// The reference of options, errors and topics.
fn tables(document: &Value) -> Result<String> {
    let mut text = String::from(
        "# Reference\n\nMade from the Rust types by `cargo xtask schema`; do not edit. Names and defaults are the same in every language.\n",
    );
    for (title, definition, defaults) in [
        ("Astro", "AstroOptions", "astro"),
        ("GraphQL", "GraphQlOptions", "graphql"),
        ("Web PubSub", "WebPubSubOptions", "webpubsub"),
        ("Raw WebSocket", "RawOptions", "raw"),
    ] {
        let _ = write!(text, "\n## Options: {title}\n\n| option | default | meaning |\n| --- | --- | --- |\n");
        options(&mut text, document, definition, "", &document["defaults"][defaults])?;
    }
    text.push_str("\n## Error codes\n\n| code | meaning |\n| --- | --- |\n");
    for variant in document["$defs"]["Code"]["oneOf"].as_array().ok_or("the schema has no error codes")? {
        let name = variant["const"].as_str().ok_or("an error code has no name")?;
        let _ = writeln!(text, "| `{name}` | {} |", sentence(variant));
    }
    text.push_str("\n## Topics of Astro\n\nAny other name works as well.\n\n| topic | scope | carries |\n| --- | --- | --- |\n");
    for topic in document["topics"]["astro"].as_array().ok_or("the schema has no topics")? {
        let scope = topic["scope"].as_str().map_or_else(|| "none".to_owned(), |scope| format!("`{scope}`"));
        let _ = writeln!(text, "| `{}` | {scope} | {} |", topic["name"].as_str().unwrap_or_default(), sentence(topic));
    }
    Ok(text)
}

fn options(text: &mut String, document: &Value, definition: &str, prefix: &str, defaults: &Value) -> Result<()> {
    let nothing = Map::new();
    let schema = &document["$defs"][definition];
    let properties = schema["properties"].as_object().ok_or_else(|| format!("the schema has no {definition}"))?;
    let defaults = defaults.as_object().unwrap_or(&nothing);
    for (name, property) in properties {
        let default = defaults.get(name).unwrap_or(&Value::Null);
        if let Some(inner) = ["ConnectionOptions", "ReconnectOptions", "QueueOptions"].into_iter().find(|inner| refers_to(property, inner))
        {
            options(text, document, inner, &format!("{prefix}{name}."), default)?;
            continue;
        }
        let shown = match default {
            Value::Null => "none".to_owned(),
            Value::String(empty) if empty.is_empty() || empty == "***" => "none".to_owned(),
            other => format!("`{other}`"),
        };
        let _ = writeln!(text, "| `{prefix}{name}` | {shown} | {} |", sentence(property));
    }
    Ok(())
}

fn refers_to(property: &Value, definition: &str) -> bool {
    property["$ref"].as_str().is_some_and(|reference| reference.ends_with(&format!("/{definition}")))
}

fn sentence(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}
