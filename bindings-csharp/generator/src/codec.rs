//! How values that are more than a number are written into buffers and read from them: big-endian, lengths as `i32`, variants from 1.

use std::collections::BTreeMap;

use uniffi_bindgen::ComponentInterface;
use uniffi_bindgen::interface::{AsType as _, Enum, Field, Record, Type};

use crate::names::{exception, pascal};
use crate::record::field_name;
use crate::source::Source;
use crate::types::{declared, is_plain, word};

pub(crate) fn write(to: &mut Source, interface: &ComponentInterface) {
    to.open("internal static class Codec");
    let mut types = BTreeMap::new();
    for one in interface.iter_local_types() {
        if !is_plain(one) && !matches!(one, Type::Box { .. } | Type::CallbackInterface { .. }) {
            types.insert(word(one), one.clone());
        }
    }
    types.insert(word(&Type::String), Type::String);
    let mut first = true;
    for (name, one) in &types {
        if !std::mem::take(&mut first) {
            to.line("");
        }
        let errs = matches!(one, Type::Enum { name, .. } if interface.is_name_used_as_error(name));
        let kind = if errs { exception(one.name().unwrap_or_default()) } else { declared(one) };
        to.open(format!("internal static {kind} Read{name}(ref Reader reader)"));
        read(to, interface, one);
        to.close();
        // What a flat error held is not known here, so there is no way back.
        let one_way = matches!(one, Type::Enum { name, .. } if errs && interface.get_enum_definition(name).is_some_and(Enum::is_flat));
        if one_way {
            continue;
        }
        to.line("");
        to.open(format!("internal static void Write{name}(Writer writer, {kind} value)"));
        put(to, interface, one);
        to.close();
        if matches!(one, Type::String | Type::Boolean | Type::Object { .. }) {
            continue;
        }
        to.line("");
        to.open(format!("internal static RustBuffer Lower{name}({kind} value)"));
        to.line("var writer = new Writer();");
        to.line(format!("Write{name}(writer, value);"));
        to.line("return writer.Finish();");
        to.end();
        to.open(format!("internal static {kind} Lift{name}(RustBuffer buffer)"));
        to.open("try");
        to.line("var reader = new Reader(buffer);");
        to.line(format!("var value = Read{name}(ref reader);"));
        to.line("reader.AssertEnd();");
        to.line("return value;");
        to.close();
        to.open("finally");
        to.line("RustBuffer.Free(buffer);");
        to.close();
        to.close();
    }
    to.end();
}

fn reading(one: &Type) -> String {
    match one {
        Type::Box { inner_type } => reading(inner_type),
        Type::CallbackInterface { name, .. } => format!("{}Callbacks.Lift(reader.U64())", pascal(name)),
        plain if is_plain(plain) => format!("reader.{}()", plain_word(plain)),
        other => format!("Read{}(ref reader)", word(other)),
    }
}

fn putting(one: &Type, value: &str) -> String {
    match one {
        Type::Box { inner_type } => putting(inner_type, value),
        Type::CallbackInterface { name, .. } => format!("writer.U64({}Callbacks.Lower({value}))", pascal(name)),
        plain if is_plain(plain) => format!("writer.{}({value})", plain_word(plain)),
        other => format!("Write{}(writer, {value})", word(other)),
    }
}

fn plain_word(one: &Type) -> &'static str {
    match one {
        Type::UInt8 => "U8",
        Type::Int8 => "I8",
        Type::UInt16 => "U16",
        Type::Int16 => "I16",
        Type::UInt32 => "U32",
        Type::Int32 => "I32",
        Type::UInt64 => "U64",
        Type::Int64 => "I64",
        Type::Float32 => "F32",
        _ => "F64",
    }
}

fn read(to: &mut Source, interface: &ComponentInterface, one: &Type) {
    match one {
        Type::Boolean => to.line("return reader.I8() != 0;"),
        Type::String => to.line("return reader.Text();"),
        Type::Bytes => to.line("return reader.Bytes();"),
        Type::Object { name, .. } => to.line(format!("return new {}(reader.U64());", pascal(name))),
        Type::Optional { inner_type } => {
            to.line("if (reader.I8() == 0) return null;");
            to.line(format!("return {};", reading(inner_type)));
        }
        Type::Sequence { inner_type } => {
            to.line("var count = reader.I32();");
            to.line(format!("var list = new List<{}>(reader.Sensible(count));", declared(inner_type)));
            to.line(format!("for (var at = 0; at < count; at++) list.Add({});", reading(inner_type)));
            to.line("return list;");
        }
        Type::Map { key_type, value_type } => {
            to.line("var count = reader.I32();");
            to.line(format!("var map = new Dictionary<{}, {}>(reader.Sensible(count));", declared(key_type), declared(value_type)));
            to.open("for (var at = 0; at < count; at++)");
            to.line(format!("var key = {};", reading(key_type)));
            to.line(format!("map[key] = {};", reading(value_type)));
            to.close();
            to.line("return map;");
        }
        Type::Record { name, .. } => {
            if let Some(record) = interface.get_record_definition(name) {
                read_record(to, record);
            }
        }
        Type::Enum { name, .. } => {
            if let Some(one) = interface.get_enum_definition(name) {
                read_enum(to, one, interface.is_name_used_as_error(name));
            }
        }
        // Refused, or nothing of their own.
        _ => {}
    }
}

fn read_record(to: &mut Source, record: &Record) {
    let read = read_fields(record.fields());
    to.line(format!("return new {}({read});", pascal(record.name())));
}

/// C# evaluates arguments from left to right, which is the order in which they were written.
fn read_fields(fields: &[Field]) -> String {
    fields.iter().map(|field| reading(&field.as_type())).collect::<Vec<_>>().join(", ")
}

fn read_enum(to: &mut Source, one: &Enum, error: bool) {
    let name = if error { exception(one.name()) } else { pascal(one.name()) };
    to.open("switch (reader.I32())");
    for (at, variant) in one.variants().iter().enumerate() {
        let case = pascal(variant.name());
        let value = match (error, one.is_flat()) {
            (true, true) => format!("new {name}.{case}(reader.Text())"),
            (false, true) => format!("{name}.{case}"),
            _ => format!("new {name}.{case}({})", read_fields(variant.fields())),
        };
        to.line(format!("case {}: return {value};", at + 1));
    }
    to.line(format!(
        "default: throw new NativeLibraryException(\"the library sent a variant of {} that this code does not know\");",
        one.name()
    ));
    to.close();
}

fn put(to: &mut Source, interface: &ComponentInterface, one: &Type) {
    match one {
        Type::Boolean => to.line("writer.I8((sbyte)(value ? 1 : 0));"),
        Type::String => to.line("writer.Text(value);"),
        Type::Bytes => to.line("writer.Bytes(value);"),
        Type::Object { .. } => to.line("writer.U64(value.CloneHandle());"),
        Type::Optional { inner_type } => {
            to.open("if (value is null)");
            to.line("writer.I8(0);");
            to.line("return;");
            to.close();
            to.line("writer.I8(1);");
            let value = if is_value(interface, inner_type) { "value.Value" } else { "value" };
            to.line(format!("{};", putting(inner_type, value)));
        }
        Type::Sequence { inner_type } => {
            to.line("writer.I32(value.Count);");
            to.line(format!("foreach (var one in value) {};", putting(inner_type, "one")));
        }
        Type::Map { key_type, value_type } => {
            to.line("writer.I32(value.Count);");
            to.open("foreach (var pair in value)");
            to.line(format!("{};", putting(key_type, "pair.Key")));
            to.line(format!("{};", putting(value_type, "pair.Value")));
            to.close();
        }
        Type::Record { name, .. } => {
            let fields = interface.get_record_definition(name).map(Record::fields).unwrap_or_default();
            put_fields(to, fields, "value");
        }
        Type::Enum { name, .. } => {
            if let Some(one) = interface.get_enum_definition(name) {
                put_enum(to, one, interface.is_name_used_as_error(name));
            }
        }
        _ => {}
    }
}

fn put_fields(to: &mut Source, fields: &[Field], of: &str) {
    for field in fields {
        to.line(format!("{};", putting(&field.as_type(), &format!("{of}.{}", pascal(&field_name(fields, field))))));
    }
}

fn put_enum(to: &mut Source, one: &Enum, error: bool) {
    let name = if error { exception(one.name()) } else { pascal(one.name()) };
    to.open("switch (value)");
    for (at, variant) in one.variants().iter().enumerate() {
        let case = pascal(variant.name());
        if one.is_flat() {
            to.line(format!("case {name}.{case}: writer.I32({}); break;", at + 1));
            continue;
        }
        to.line(format!("case {name}.{case} one{at}:"));
        to.line(format!("    writer.I32({});", at + 1));
        let mut inner = Source::default();
        put_fields(&mut inner, variant.fields(), &format!("one{at}"));
        inner.finish().lines().for_each(|line| to.line(format!("    {line}")));
        to.line("    break;");
    }
    to.line("default: throw new ArgumentOutOfRangeException(nameof(value));");
    to.close();
}

/// Whether C# has it as a value type, so that an absent one is a `Nullable`.
fn is_value(interface: &ComponentInterface, one: &Type) -> bool {
    match one {
        Type::Boolean => true,
        Type::Enum { name, .. } => !interface.is_name_used_as_error(name) && interface.get_enum_definition(name).is_some_and(Enum::is_flat),
        Type::Box { inner_type } => is_value(interface, inner_type),
        other => is_plain(other),
    }
}
