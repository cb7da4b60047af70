//! Types: what C# calls them, and how they cross.

use uniffi_bindgen::interface::{FfiType, Type};

use crate::names::{exception, interface, pascal};

/// The type as C# declares it. Errors have a name of their own, which `error` is for.
pub(crate) fn declared(one: &Type) -> String {
    match one {
        Type::UInt8 => "byte".to_owned(),
        Type::Int8 => "sbyte".to_owned(),
        Type::UInt16 => "ushort".to_owned(),
        Type::Int16 => "short".to_owned(),
        Type::UInt32 => "uint".to_owned(),
        Type::Int32 => "int".to_owned(),
        Type::UInt64 => "ulong".to_owned(),
        Type::Int64 => "long".to_owned(),
        Type::Float32 => "float".to_owned(),
        Type::Float64 => "double".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "byte[]".to_owned(),
        Type::Object { name, .. } | Type::Record { name, .. } | Type::Enum { name, .. } | Type::Custom { name, .. } => pascal(name),
        Type::CallbackInterface { name, .. } => interface(name),
        Type::Box { inner_type } => declared(inner_type),
        Type::Optional { inner_type } => format!("{}?", declared(inner_type)),
        Type::Sequence { inner_type } => format!("IReadOnlyList<{}>", declared(inner_type)),
        Type::Map { key_type, value_type } => format!("IReadOnlyDictionary<{}, {}>", declared(key_type), declared(value_type)),
        // Refused before anything is written.
        Type::Timestamp | Type::Duration | Type::Set { .. } => "object".to_owned(),
    }
}

/// The exception that an error type is.
pub(crate) fn error(one: &Type) -> String {
    exception(one.name().unwrap_or_default())
}

/// A word for the type that can be part of a name.
pub(crate) fn word(one: &Type) -> String {
    match one {
        Type::Bytes => "Bytes".to_owned(),
        Type::Box { inner_type } => word(inner_type),
        Type::Optional { inner_type } => format!("Optional{}", word(inner_type)),
        Type::Sequence { inner_type } => format!("Sequence{}", word(inner_type)),
        Type::Map { key_type, value_type } => format!("Map{}{}", word(key_type), word(value_type)),
        Type::Object { name, .. } | Type::Record { name, .. } | Type::Enum { name, .. } | Type::CallbackInterface { name, .. } => {
            pascal(name)
        }
        Type::Boolean => "Boolean".to_owned(),
        Type::String => "String".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The type as it crosses.
pub(crate) fn crossing(one: &FfiType) -> &'static str {
    match one {
        FfiType::UInt8 => "byte",
        FfiType::Int8 => "sbyte",
        FfiType::UInt16 => "ushort",
        FfiType::Int16 => "short",
        FfiType::UInt32 => "uint",
        FfiType::Int32 => "int",
        FfiType::UInt64 | FfiType::Handle => "ulong",
        FfiType::Int64 => "long",
        FfiType::Float32 => "float",
        FfiType::Float64 => "double",
        FfiType::RustBuffer(_) => "RustBuffer",
        FfiType::ForeignBytes => "ForeignBytes",
        FfiType::RustCallStatus => "RustCallStatus",
        FfiType::Callback(_) | FfiType::Struct(_) | FfiType::Reference(_) | FfiType::MutReference(_) | FfiType::VoidPointer => "IntPtr",
    }
}

/// How a value of ours is handed over. Objects are held by whoever calls, so that they cannot go away in between.
pub(crate) fn lower(one: &Type, value: &str) -> String {
    match one {
        Type::Boolean => format!("(sbyte)({value} ? 1 : 0)"),
        Type::String => format!("RustBuffer.Of({value})"),
        Type::Object { .. } => format!("{value}.CloneHandle()"),
        Type::CallbackInterface { name, .. } => format!("{}Callbacks.Lower({value})", pascal(name)),
        Type::Box { inner_type } => lower(inner_type, value),
        other if is_plain(other) => value.to_owned(),
        other => format!("Codec.Lower{}({value})", word(other)),
    }
}

/// How a value that was handed over becomes ours.
pub(crate) fn lift(one: &Type, value: &str) -> String {
    match one {
        Type::Boolean => format!("{value} != 0"),
        Type::String => format!("RustBuffer.TakeString({value})"),
        Type::Object { name, .. } => format!("new {}({value})", pascal(name)),
        Type::CallbackInterface { name, .. } => format!("{}Callbacks.Lift({value})", pascal(name)),
        Type::Box { inner_type } => lift(inner_type, value),
        other if is_plain(other) => value.to_owned(),
        other => format!("Codec.Lift{}({value})", word(other)),
    }
}

/// Numbers cross as they are.
pub(crate) fn is_plain(one: &Type) -> bool {
    matches!(
        one,
        Type::UInt8
            | Type::Int8
            | Type::UInt16
            | Type::Int16
            | Type::UInt32
            | Type::Int32
            | Type::UInt64
            | Type::Int64
            | Type::Float32
            | Type::Float64
    )
}
