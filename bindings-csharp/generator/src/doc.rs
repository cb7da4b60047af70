//! Documentation comments of Rust as XML comments.

use crate::source::Source;

/// The summary of what was documented: its first paragraph, and the others as remarks.
pub(crate) fn write(to: &mut Source, doc: Option<&str>) {
    let Some(doc) = doc else { return };
    let doc = doc.trim();
    if doc.is_empty() {
        return;
    }
    let (summary, rest) = doc.split_once("\n\n").unwrap_or((doc, ""));
    let rest = rest.split("\n# ").next().unwrap_or_default().trim();
    element(to, "summary", summary);
    if !rest.is_empty() && !rest.starts_with("# ") {
        element(to, "remarks", rest);
    }
}

fn element(to: &mut Source, name: &str, text: &str) {
    let lines: Vec<String> = text.lines().map(|line| escape(line.trim())).collect();
    if let [one] = lines.as_slice() {
        to.line(format!("/// <{name}>{one}</{name}>"));
        return;
    }
    to.line(format!("/// <{name}>"));
    lines.iter().for_each(|line| to.line(format!("/// {line}").trim_end()));
    to.line(format!("/// </{name}>"));
}

/// Markdown's backticks and brackets mean nothing in XML; its links would be broken.
fn escape(line: &str) -> String {
    let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = String::new();
    let mut code = false;
    for character in line.chars() {
        match character {
            '`' => {
                out.push_str(if code { "</c>" } else { "<c>" });
                code = !code;
            }
            '[' | ']' if !code => {}
            other => out.push(other),
        }
    }
    if code {
        out.push_str("</c>");
    }
    // `[`Name`]` was a link to something that has another name here.
    out
}
