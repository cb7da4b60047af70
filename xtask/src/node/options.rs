//! `options.d.ts`: TypeScript's options and topics, made from the schema.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Result;

/// Where it is written.
pub(crate) const FILE: &str = "bindings-node/lib/options.d.ts";

/// Option classes, and what TypeScript calls them. The second half is what clients have in common.
const INTERFACES: [(&str, &str); 7] = [
    ("AstroOptions", "AstroSettings"),
    ("GraphQlOptions", "GraphQLSettings"),
    ("RawOptions", "RawSettings"),
    ("WebPubSubOptions", "WebPubSubSettings"),
    ("ConnectionOptions", "ConnectionOptions"),
    ("ReconnectOptions", "ReconnectOptions"),
    ("QueueOptions", "QueueOptions"),
];

/// Options of the clients that are written by hand in `index.d.ts`: they may be functions, or stand outside the object.
const BY_HAND: [&str; 4] = ["token", "credentials", "url", "url_provider"];

/// The whole file.
pub(crate) fn text(document: &Value) -> Result<String> {
    let mut to = String::from("// Written by `cargo xtask schema` from schema/topicwire.json. Do not edit.\n");
    for (name, ours) in INTERFACES {
        interface(&mut to, document, name, ours)?;
    }
    to.push_str(
        "\n/** The topics of StreamElements Astro that are known. New ones appear without notice. */\nexport type KnownAstroTopic =\n",
    );
    let topics = document["topics"]["astro"].as_array().ok_or("the schema has no topics")?;
    for (at, topic) in topics.iter().enumerate() {
        let end = if at + 1 == topics.len() { ";" } else { "" };
        let _ = writeln!(to, "  | '{}'{end}", topic["name"].as_str().ok_or("a topic has no name")?);
    }
    Ok(to)
}

fn interface(to: &mut String, document: &Value, name: &str, ours: &str) -> Result<()> {
    let definition = &document["$defs"][name];
    let properties = definition["properties"].as_object().ok_or_else(|| format!("the schema has no {name}"))?;
    let _ = write!(to, "\n/** {} */\nexport interface {ours} {{\n", prose(definition));
    for (option, described) in properties {
        if ours.ends_with("Settings") && BY_HAND.contains(&option.as_str()) {
            continue;
        }
        let kind = kind(document, described).ok_or_else(|| format!("{name}.{option} is of a kind that is not written yet"))?;
        let _ = writeln!(to, "  /** {}{} */\n  {}?: {kind};", prose(described), remark(described), camel(option));
    }
    to.push_str("}\n");
    Ok(())
}

/// The type of a value of this schema.
fn kind(document: &Value, described: &Value) -> Option<String> {
    if let Some(name) = described["$ref"].as_str().and_then(|one| one.rsplit('/').next()) {
        return match INTERFACES.iter().find(|one| one.0 == name) {
            Some((_, ours)) => Some((*ours).to_owned()),
            None => kind(document, document["$defs"].get(name)?),
        };
    }
    if let Some(variants) = described["oneOf"].as_array().or_else(|| described["enum"].as_array()) {
        let words = variants.iter().map(|one| one["const"].as_str().or_else(|| one.as_str()).map(|word| format!("'{word}'")));
        return words.collect::<Option<Vec<_>>>().map(|words| words.join(" | "));
    }
    if let Some(choices) = described["anyOf"].as_array() {
        return choices.iter().map(|one| kind(document, one)).collect::<Option<Vec<_>>>().map(|kinds| kinds.join(" | "));
    }
    if let Some(several) = described["type"].as_array() {
        return several
            .iter()
            .map(|one| one.as_str().and_then(primitive).map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(|kinds| kinds.join(" | "));
    }
    match described["type"].as_str()? {
        "array" if described["items"].get("prefixItems").is_some() => Some("ReadonlyArray<readonly [string, string]>".to_owned()),
        "array" => Some(format!("readonly {}[]", kind(document, &described["items"])?)),
        other => primitive(other).map(str::to_owned),
    }
}

fn primitive(json: &str) -> Option<&'static str> {
    Some(match json {
        "string" => "string",
        "integer" | "number" => "number",
        "boolean" => "boolean",
        "null" => "null",
        _ => return None,
    })
}

/// What holds while nothing is set, where that says something.
fn remark(described: &Value) -> String {
    match &described["default"] {
        Value::String(text) if text.is_empty() || text == "***" => String::new(),
        Value::Null | Value::Object(_) => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        other => format!(" Default: `{other}`."),
    }
}

/// The first paragraph.
fn prose(described: &Value) -> String {
    let text = described["description"].as_str().unwrap_or_default();
    text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").replace("*/", "* /")
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |whole, word| whole + &word[..1].to_uppercase() + &word[1..])
}
