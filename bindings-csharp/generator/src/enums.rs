//! Enums: C#'s own where no variant has fields, else one class a variant; and exceptions where they are errors.

use uniffi_bindgen::interface::{AsType as _, Enum, Literal, Type};

use crate::doc;
use crate::names::{exception, pascal};
use crate::record::{constructor, field_name, properties};
use crate::source::Source;

pub(crate) fn write(to: &mut Source, see: &str, one: &Enum) {
    let name = pascal(one.name());
    doc::write(to, one.docstring());
    if one.is_flat() {
        let base = one.variant_discr_type().as_ref().map(|kind| format!(" : {}", crate::types::declared(kind))).unwrap_or_default();
        to.open(format!("{see} enum {name}{base}"));
        for (at, variant) in one.variants().iter().enumerate() {
            doc::write(to, variant.docstring());
            let value = match one.variant_discr(at) {
                Ok(Literal::UInt(value, _, _)) => value.to_string(),
                Ok(Literal::Int(value, _, _)) => value.to_string(),
                _ => at.to_string(),
            };
            to.line(format!("{} = {value},", pascal(variant.name())));
        }
        to.end();
        return;
    }
    to.open(format!("{see} abstract class {name}"));
    to.line(format!("private protected {name}() {{ }}"));
    for variant in one.variants() {
        to.line("");
        let case = pascal(variant.name());
        doc::write(to, variant.docstring());
        to.open(format!("{see} sealed class {case} : {name}"));
        constructor(to, see, &case, variant.fields());
        properties(to, see, variant.fields());
        to.close();
    }
    to.end();
}

/// An error: an abstract exception, and one class a variant.
pub(crate) fn write_error(to: &mut Source, see: &str, one: &Enum) {
    let name = exception(one.name());
    doc::write(to, one.docstring());
    to.open(format!("{see} abstract class {name} : Exception"));
    to.line(format!("private protected {name}(string message) : base(message) {{ }}"));
    for variant in one.variants() {
        to.line("");
        let case = pascal(variant.name());
        doc::write(to, variant.docstring());
        to.open(format!("{see} sealed class {case} : {name}"));
        if one.is_flat() {
            to.line(format!("internal {case}(string message) : base(message) {{ }}"));
            to.close();
            continue;
        }
        let fields = variant.fields();
        // The field that is called message is the exception's message; without one the variant's name has to do.
        let message = fields.iter().find(|field| field.name() == "message" && field.as_type() == Type::String);
        let parameters: Vec<String> = fields
            .iter()
            .map(|field| format!("{} {}", crate::types::declared(&field.as_type()), crate::names::camel(&field_name(fields, field))))
            .collect();
        let base = message.map_or_else(|| format!("\"{case}\""), |_| "message".to_owned());
        to.open(format!("{see} {case}({}) : base({base})", parameters.join(", ")));
        for field in fields.iter().filter(|field| !message.is_some_and(|message| std::ptr::eq(message, *field))) {
            let field = field_name(fields, field);
            to.line(format!("{} = {};", pascal(&field), crate::names::camel(&field)));
        }
        to.close();
        for field in fields.iter().filter(|field| !message.is_some_and(|message| std::ptr::eq(message, *field))) {
            to.line("");
            doc::write(to, field.docstring());
            to.line(format!("{see} {} {} {{ get; }}", crate::types::declared(&field.as_type()), pascal(&field_name(fields, field))));
        }
        to.close();
    }
    to.line("");
    to.open(format!("internal static unsafe {name} Lift(RustBuffer buffer)"));
    to.open("try");
    to.line("var reader = new Reader(buffer);");
    to.line(format!("var error = Codec.Read{}(ref reader);", pascal(one.name())));
    to.line("reader.AssertEnd();");
    to.line("return error;");
    to.close();
    to.open("finally");
    to.line("RustBuffer.Free(buffer);");
    to.close();
    to.close();
    to.end();
}
