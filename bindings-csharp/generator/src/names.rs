//! Names as C# writes them.

use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};

/// A type, a method, a property.
pub(crate) fn pascal(name: &str) -> String {
    name.to_upper_camel_case()
}

/// An argument. A keyword gets the `@` that makes it a name.
pub(crate) fn camel(name: &str) -> String {
    let name = name.to_lower_camel_case();
    if KEYWORDS.contains(&name.as_str()) { format!("@{name}") } else { name }
}

/// A name for something of our own that belongs to an argument.
pub(crate) fn local(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", pascal(name))
}

/// An error enum as an exception: `ParseError` is `ParseException`.
pub(crate) fn exception(name: &str) -> String {
    let name = pascal(name);
    format!("{}Exception", name.strip_suffix("Error").unwrap_or(&name))
}

/// A callback interface: `Wake` is `IWake`.
pub(crate) fn interface(name: &str) -> String {
    format!("I{}", pascal(name))
}

const KEYWORDS: [&str; 77] = [
    "abstract",
    "as",
    "base",
    "bool",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "checked",
    "class",
    "const",
    "continue",
    "decimal",
    "default",
    "delegate",
    "do",
    "double",
    "else",
    "enum",
    "event",
    "explicit",
    "extern",
    "false",
    "finally",
    "fixed",
    "float",
    "for",
    "foreach",
    "goto",
    "if",
    "implicit",
    "in",
    "int",
    "interface",
    "internal",
    "is",
    "lock",
    "long",
    "namespace",
    "new",
    "null",
    "object",
    "operator",
    "out",
    "override",
    "params",
    "private",
    "protected",
    "public",
    "readonly",
    "ref",
    "return",
    "sbyte",
    "sealed",
    "short",
    "sizeof",
    "stackalloc",
    "static",
    "string",
    "struct",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "uint",
    "ulong",
    "unchecked",
    "unsafe",
    "ushort",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_becomes_a_name() {
        assert_eq!(camel("event"), "@event");
        assert_eq!(camel("reply_lane"), "replyLane");
    }

    #[test]
    fn an_error_becomes_an_exception_once() {
        assert_eq!(exception("ParseError"), "ParseException");
        assert_eq!(exception("Refused"), "RefusedException");
    }
}
