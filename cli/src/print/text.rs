//! Colours, clocks, and text that a stranger wrote.

use std::borrow::Cow;
use std::fmt::Write;

use topicwire::time::UnixMillis;
use topicwire::view::Decimal;

/// Whether to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Use them.
    pub(crate) colour: bool,
}

impl Style {
    /// For a file: colours on a terminal, unless the environment has `NO_COLOR` with a value (<https://no-color.org>) or a terminal
    /// that knows none.
    pub(crate) fn of(terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colour: terminal && !unwanted }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    pub(crate) fn magenta(self, text: &str) -> String {
        self.with("35", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Text for a terminal: what would move the cursor, start a new line or turn the reading direction is written out instead.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            written.extend(c.escape_default());
        } else {
            written.push(c);
        }
    }
    Cow::Owned(written)
}

/// The time of day, UTC.
pub(crate) fn clock(at: UnixMillis) -> String {
    let seconds = at.0 / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// At most `most` characters, with a note of how long it was.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((at, _)) => {
            let mut short = text[..at].to_owned();
            // Writing to a String cannot fail.
            let _ = write!(short, " … ({} bytes)", text.len());
            Cow::Owned(short)
        }
    }
}

/// A sum of money, digit for digit as it was sent; a lone decimal gets its second digit.
pub(crate) fn money(amount: &Decimal, currency: Option<&str>) -> String {
    let text = amount.as_str();
    let missing = if text.split_once('.').is_some_and(|(_, after)| after.len() == 1) { "0" } else { "" };
    match currency {
        Some(currency) => format!("{text}{missing} {}", plain(currency)),
        None => format!("{text}{missing}"),
    }
}
