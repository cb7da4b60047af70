//! What a document asks for: as much of GraphQL's grammar as tells one operation from another, and no more.
//!
//! Whether the document is valid is the server's affair. Ours is to know what may be sent twice, and what to call the results.

/// The kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Mutation,
    Subscription,
}

/// One operation of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Definition<'d> {
    pub(super) kind: Kind,
    pub(super) name: Option<&'d str>,
    /// Its first root field, by the name that the schema gives it. `None` where a fragment comes first.
    pub(super) field: Option<&'d str>,
}

impl<'d> Definition<'d> {
    /// What its results are called.
    pub(super) fn topic(&self) -> Option<&'d str> {
        self.name.or(self.field)
    }
}

/// The operation that a server would run: the one of this name, or the first.
pub(super) fn operation<'d>(document: &'d str, name: Option<&str>) -> Option<Definition<'d>> {
    let mut tokens = Tokens(document);
    while let Some(token) = tokens.next() {
        let kind = match token {
            Token::Name("query") | Token::Punctuator('{') => Some(Kind::Query),
            Token::Name("mutation") => Some(Kind::Mutation),
            Token::Name("subscription") => Some(Kind::Subscription),
            _ => None,
        };
        let own = if token == Token::Punctuator('{') { None } else { header(&mut tokens) };
        let field = selection(&mut tokens);
        if let Some(kind) = kind
            && (name.is_none() || name == own)
        {
            return Some(Definition { kind, name: own, field });
        }
    }
    None
}

/// Reads on to the brace that opens a definition's selection. The name stands first, if there is one. Default values of variables hold
/// braces too, but in parentheses.
fn header<'d>(tokens: &mut Tokens<'d>) -> Option<&'d str> {
    let (mut name, mut first, mut depth) = (None, true, 0_usize);
    for token in tokens {
        match token {
            Token::Name(word) if first => name = Some(word),
            Token::Punctuator('(') => depth += 1,
            Token::Punctuator(')') => depth = depth.saturating_sub(1),
            Token::Punctuator('{') if depth == 0 => break,
            _ => {}
        }
        first = false;
    }
    name
}

/// Reads a selection to its end, and returns its first field, an alias aside.
fn selection<'d>(tokens: &mut Tokens<'d>) -> Option<&'d str> {
    let (mut field, mut aliased, mut at, mut depth) = (None, false, 0_usize, 1_usize);
    for token in tokens {
        match (at, token) {
            (0, Token::Name(word)) => field = Some(word),
            (1, Token::Punctuator(':')) if field.is_some() => aliased = true,
            (2, Token::Name(word)) if aliased => field = Some(word),
            (_, Token::Punctuator('{')) => depth += 1,
            (_, Token::Punctuator('}')) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        at = at.saturating_add(1);
    }
    field
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'d> {
    Name(&'d str),
    Punctuator(char),
    /// A string or a number.
    Value,
}

/// The tokens of a document (GraphQL specification, October 2021, §2.1).
struct Tokens<'d>(&'d str);

impl<'d> Iterator for Tokens<'d> {
    type Item = Token<'d>;

    fn next(&mut self) -> Option<Token<'d>> {
        loop {
            self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == ',');
            let Some(comment) = self.0.strip_prefix('#') else { break };
            self.0 = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
        }
        let first = self.0.chars().next()?;
        if first == '"' {
            self.string();
            return Some(Token::Value);
        }
        if first.is_ascii_alphanumeric() || first == '_' {
            let end = self.0.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(self.0.len());
            let (word, rest) = self.0.split_at(end);
            self.0 = rest;
            return Some(if first.is_ascii_digit() { Token::Value } else { Token::Name(word) });
        }
        self.0 = &self.0[first.len_utf8()..];
        Some(Token::Punctuator(first))
    }
}

impl Tokens<'_> {
    /// Skips a string or a block string. One that does not end ends the document.
    fn string(&mut self) {
        let (mut rest, close, escape) = match self.0.strip_prefix(r#"""""#) {
            Some(rest) => (rest, r#"""""#, r#"\""""#),
            None => (&self.0[1..], "\"", "\\"),
        };
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix(escape) {
                // Behind a lone backslash stands one escaped character.
                let skip = if escape.len() == 1 { behind.chars().next().map_or(0, char::len_utf8) } else { 0 };
                rest = &behind[skip..];
            } else if let Some(behind) = rest.strip_prefix(close) {
                rest = behind;
                break;
            } else {
                rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
            }
        }
        self.0 = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str) -> Option<(Kind, Option<&str>, Option<&str>)> {
        operation(document, None).map(|found| (found.kind, found.name, found.field))
    }

    #[test]
    fn kind_name_and_root_field_are_found() {
        assert_eq!(of("{ a }"), Some((Kind::Query, None, Some("a"))));
        assert_eq!(of("\u{feff} # say\n , query Q { a }"), Some((Kind::Query, Some("Q"), Some("a"))));
        assert_eq!(of("mutation{send(to:\"{\") {id}}"), Some((Kind::Mutation, None, Some("send"))));
        assert_eq!(
            of("subscription S($n: In = {a: [1]}) @live(if: true) { t: ticks(n: $n) { seq } }"),
            Some((Kind::Subscription, Some("S"), Some("ticks")))
        );
        assert_eq!(of("subscription { ...F } fragment F on S { ticks }"), Some((Kind::Subscription, None, None)));
        assert_eq!(of("fragment query on T { a } mutation M { b }"), Some((Kind::Mutation, Some("M"), Some("b"))));
    }

    #[test]
    fn the_named_operation_counts_and_not_the_first() {
        let document = r#"query A($x: String = "} mutation B {") { a } # mutation B { no }
            mutation B { b(text: """ } \""" """) } "#;
        assert_eq!(operation(document, Some("B")).map(|found| (found.kind, found.field)), Some((Kind::Mutation, Some("b"))));
        assert_eq!(operation(document, None).map(|found| found.kind), Some(Kind::Query));
        assert_eq!(operation(document, Some("C")), None);
    }

    #[test]
    fn nonsense_is_survived() {
        for junk in ["", "   ", "}", "\"", "\"\\", "\"\"\"", "query", "query Q", "{", "{{{{", "é", "mutation \u{1f600} {", "#"] {
            let _ = of(junk);
        }
        assert_eq!(of("nonsense"), None);
    }
}
