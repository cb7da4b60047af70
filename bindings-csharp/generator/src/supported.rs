//! Refuses what cannot be written, by name, before anything is.

use anyhow::{bail, ensure};
use uniffi_bindgen::ComponentInterface;
use uniffi_bindgen::interface::{Argument, Callable, Constructor, Field, Method, ObjectImpl, Type};

/// Every export is of a kind that this generator writes.
pub(crate) fn check(interface: &ComponentInterface) -> anyhow::Result<()> {
    if let Some(external) = interface.iter_external_types().next() {
        bail!("{}: types of other crates are not supported", external.name().unwrap_or("a type"));
    }
    for function in interface.function_definitions() {
        callable(&format!("fn {}", function.name()), function)?;
        arguments(&format!("fn {}", function.name()), &function.arguments())?;
    }
    for record in interface.record_definitions() {
        let name = format!("record {}", record.name());
        bare(&name, record.methods(), record.constructors())?;
        fields(&name, record.fields())?;
    }
    for one in interface.enum_definitions() {
        let name = format!("enum {}", one.name());
        bare(&name, one.methods(), one.constructors())?;
        one.variants().iter().try_for_each(|variant| fields(&format!("{name}, variant {}", variant.name()), variant.fields()))?;
    }
    for object in interface.object_definitions() {
        let name = format!("object {}", object.name());
        ensure!(*object.imp() == ObjectImpl::Struct, "{name}: exported traits are not supported; export a struct, or a callback interface");
        ensure!(object.uniffi_traits().is_empty(), "{name}: exported standard traits (Display, Eq, Hash, …) are not supported");
        ensure!(object.trait_impls().is_empty(), "{name}: implemented traits are not supported");
        for constructor in object.constructors() {
            let name = format!("{name}, constructor {}", constructor.name());
            callable(&name, constructor)?;
            arguments(&name, &constructor.arguments())?;
        }
        for method in object.methods() {
            let name = format!("{name}, method {}", method.name());
            ensure!(!method.takes_self_by_arc(), "{name}: `self: Arc<Self>` is not supported; take `&self`");
            callable(&name, method)?;
            arguments(&name, &method.arguments())?;
        }
    }
    for one in interface.callback_interface_definitions() {
        for method in one.methods() {
            let name = format!("callback interface {}, method {}", one.name(), method.name());
            callable(&name, method)?;
            arguments(&name, &method.arguments())?;
            for argument in method.arguments() {
                ensure!(!argument.is_borrowed_bytes(), "{name}, argument {}: borrowed bytes cannot be lent to a callback", argument.name());
            }
            if let Some(error) = method.throws_type().and_then(|error| error.name()).and_then(|name| interface.get_enum_definition(name)) {
                ensure!(!error.is_flat(), "{name}: a flat error cannot be returned from a callback; give its variants fields");
            }
        }
    }
    Ok(())
}

fn bare(name: &str, methods: &[Method], constructors: &[Constructor]) -> anyhow::Result<()> {
    ensure!(methods.is_empty() && constructors.is_empty(), "{name}: methods and constructors of records and enums are not supported");
    Ok(())
}

fn fields(name: &str, fields: &[Field]) -> anyhow::Result<()> {
    for field in fields {
        let name = format!("{name}, field {}", field.name());
        ensure!(field.default_value().is_none(), "{name}: default values are not supported");
        value(&name, &uniffi_bindgen::interface::AsType::as_type(field))?;
    }
    Ok(())
}

fn callable(name: &str, callable: &impl Callable) -> anyhow::Result<()> {
    ensure!(!callable.is_async(), "{name}: async is not supported; let an event say that it is done");
    if let Some(returned) = callable.return_type() {
        value(&format!("{name}, return value"), returned)?;
    }
    if let Some(thrown) = callable.throws_type() {
        ensure!(matches!(thrown, Type::Enum { .. }), "{name}: an error must be an enum that derives uniffi::Error");
    }
    Ok(())
}

fn arguments(name: &str, arguments: &[&Argument]) -> anyhow::Result<()> {
    for argument in arguments {
        let name = format!("{name}, argument {}", argument.name());
        ensure!(argument.default_value().is_none(), "{name}: default values are not supported");
        value(&name, &uniffi_bindgen::interface::AsType::as_type(*argument))?;
    }
    Ok(())
}

fn value(name: &str, one: &Type) -> anyhow::Result<()> {
    match one {
        Type::Timestamp => bail!("{name}: timestamps are not supported; pass milliseconds as i64"),
        Type::Duration => bail!("{name}: durations are not supported; pass milliseconds as u64"),
        Type::Set { .. } => bail!("{name}: sets are not supported; pass a sequence"),
        Type::Custom { name: custom, .. } => bail!("{name}: custom types are not supported ({custom}); pass what it is made of"),
        Type::Object { imp, name: object, .. } if *imp != ObjectImpl::Struct => {
            bail!("{name}: exported traits are not supported ({object})")
        }
        Type::Box { inner_type } | Type::Optional { inner_type } | Type::Sequence { inner_type } => value(name, inner_type),
        Type::Map { key_type, value_type } => {
            value(name, key_type)?;
            value(name, value_type)
        }
        _ => Ok(()),
    }
}
