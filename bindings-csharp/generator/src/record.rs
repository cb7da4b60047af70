//! Records: classes that do not change.

use uniffi_bindgen::interface::{AsType as _, Field, Record};

use crate::doc;
use crate::names::{camel, pascal};
use crate::source::Source;
use crate::types::declared;

pub(crate) fn write(to: &mut Source, see: &str, record: &Record) {
    let name = pascal(record.name());
    doc::write(to, record.docstring());
    to.open(format!("{see} sealed class {name}"));
    constructor(to, see, &name, record.fields());
    properties(to, see, record.fields());
    to.end();
}

/// A constructor that takes every field.
pub(crate) fn constructor(to: &mut Source, see: &str, name: &str, fields: &[Field]) {
    let parameters: Vec<String> =
        fields.iter().map(|one| format!("{} {}", declared(&one.as_type()), camel(&field_name(fields, one)))).collect();
    to.open(format!("{see} {name}({})", parameters.join(", ")));
    for one in fields {
        let field = field_name(fields, one);
        to.line(format!("{} = {};", pascal(&field), camel(&field)));
    }
    to.close();
}

pub(crate) fn properties(to: &mut Source, see: &str, fields: &[Field]) {
    for one in fields {
        to.line("");
        doc::write(to, one.docstring());
        to.line(format!("{see} {} {} {{ get; }}", declared(&one.as_type()), pascal(&field_name(fields, one))));
    }
}

/// The field's name; tuples' fields have none and are counted.
pub(crate) fn field_name(fields: &[Field], field: &Field) -> String {
    if field.name().is_empty() {
        let at = fields.iter().position(|one| std::ptr::eq(one, field)).unwrap_or_default();
        format!("value{at}")
    } else {
        field.name().to_owned()
    }
}
