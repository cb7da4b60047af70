//! C# in the making: lines, indented by the braces around them.

use std::fmt;

/// A text that grows by lines.
#[derive(Debug, Default)]
pub(crate) struct Source {
    text: String,
    depth: usize,
}

impl Source {
    /// A line, or nothing but its end.
    pub(crate) fn line(&mut self, line: impl fmt::Display) {
        let line = line.to_string();
        if !line.is_empty() {
            for _ in 0..self.depth {
                self.text.push_str("    ");
            }
            self.text.push_str(&line);
        }
        self.text.push('\n');
    }

    /// A head and an opening brace below it.
    pub(crate) fn open(&mut self, head: impl fmt::Display) {
        self.line(head);
        self.line("{");
        self.depth += 1;
    }

    /// The brace that closes the last one opened.
    pub(crate) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// The closing brace, and an empty line.
    pub(crate) fn end(&mut self) {
        self.close();
        self.line("");
    }

    /// Lines that were written elsewhere, indented as a whole.
    pub(crate) fn paste(&mut self, lines: &str) {
        lines.lines().for_each(|line| self.line(line));
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}
