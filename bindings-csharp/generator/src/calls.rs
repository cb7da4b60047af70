//! Calls into the library: functions, constructors, methods.

use uniffi_bindgen::ComponentInterface;
use uniffi_bindgen::interface::{Argument, AsType as _, Callable, FfiFunction, Type};

use crate::doc;
use crate::names::{camel, local, pascal};
use crate::source::Source;
use crate::types::{declared, error, lift, lower};

/// Something that can be called.
pub(crate) struct Call<'a> {
    pub(crate) arguments: Vec<&'a Argument>,
    pub(crate) returned: Option<&'a Type>,
    pub(crate) thrown: Option<&'a Type>,
    pub(crate) function: &'a FfiFunction,
    /// It is called on an object.
    pub(crate) on_self: bool,
    /// Take what comes back as it is: it is the handle of the object that is being made.
    pub(crate) raw: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn of(callable: &'a impl Callable, arguments: Vec<&'a Argument>, function: &'a FfiFunction, on_self: bool) -> Self {
        Self { arguments, returned: callable.return_type(), thrown: callable.throws_type(), function, on_self, raw: false }
    }

    /// The arguments as C# declares them.
    pub(crate) fn parameters(&self) -> String {
        let one = |argument: &&Argument| {
            let declared = if argument.is_borrowed_bytes() { "ReadOnlySpan<byte>".to_owned() } else { declared(&argument.as_type()) };
            format!("{declared} {}", camel(argument.name()))
        };
        self.arguments.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What it returns, as C# declares it.
    pub(crate) fn returns(&self) -> String {
        self.returned.map_or_else(|| "void".to_owned(), declared)
    }

    /// What happens between the braces.
    pub(crate) fn body(&self, to: &mut Source) {
        let objects: Vec<&&Argument> = self.arguments.iter().filter(|one| matches!(one.as_type(), Type::Object { .. })).collect();
        let guarded = self.on_self || !objects.is_empty();
        if self.on_self {
            to.line("var held = false;");
        }
        for one in &objects {
            to.line(format!("var {} = false;", local("held", one.name())));
        }
        if guarded {
            to.open("try");
        }
        if self.on_self {
            to.line("DangerousAddRef(ref held);");
        }
        for one in &objects {
            to.line(format!("{}.DangerousAddRef(ref {});", camel(one.name()), local("held", one.name())));
        }
        to.open("unsafe");
        let borrowed: Vec<&&Argument> = self.arguments.iter().filter(|one| one.is_borrowed_bytes()).collect();
        for one in &borrowed {
            to.line(format!("fixed (byte* {} = &MemoryMarshal.GetReference({}))", local("pinned", one.name()), camel(one.name())));
        }
        if !borrowed.is_empty() {
            to.line("{");
        }
        to.line("RustCallStatus status = default;");
        let mut passed = Vec::new();
        if self.on_self {
            passed.push("CloneHeld()".to_owned());
        }
        for one in &self.arguments {
            let name = camel(one.name());
            passed.push(match one.as_type() {
                Type::Object { .. } => format!("{name}.CloneHeld()"),
                _ if one.is_borrowed_bytes() => format!("new ForeignBytes({name}.Length, {})", local("pinned", one.name())),
                other => lower(&other, &name),
            });
        }
        passed.push("&status".to_owned());
        let call = format!("Ffi.{}({})", self.function.name(), passed.join(", "));
        if self.returned.is_some() || self.raw {
            to.line(format!("var result = {call};"));
        } else {
            to.line(format!("{call};"));
        }
        to.open("if (status.Code != 0)");
        match self.thrown {
            Some(thrown) => {
                to.line(format!("throw status.Code == 1 ? (Exception){}.Lift(status.ErrorBuffer) : status.Unexpected();", error(thrown)))
            }
            None => to.line("throw status.Unexpected();"),
        }
        to.close();
        match self.returned {
            _ if self.raw => to.line("return result;"),
            Some(returned) => to.line(format!("return {};", lift(returned, "result"))),
            None => {}
        }
        if !borrowed.is_empty() {
            to.line("}");
        }
        to.close();
        if guarded {
            to.close();
            to.open("finally");
            for one in &objects {
                to.line(format!("if ({}) {}.DangerousRelease();", local("held", one.name()), camel(one.name())));
            }
            if self.on_self {
                to.line("if (held) DangerousRelease();");
            }
            to.close();
        }
    }
}

/// Functions that belong to no object.
pub(crate) fn write_functions(to: &mut Source, see: &str, interface: &ComponentInterface) {
    if interface.function_definitions().is_empty() {
        return;
    }
    to.line("/// <summary>What the library offers beside its objects.</summary>");
    to.open(format!("{see} static class Functions"));
    for (at, function) in interface.function_definitions().iter().enumerate() {
        if at > 0 {
            to.line("");
        }
        let call = Call::of(function, function.arguments(), function.ffi_func(), false);
        doc::write(to, function.docstring());
        to.open(format!("{see} static {} {}({})", call.returns(), pascal(function.name()), call.parameters()));
        to.line("Library.Verify();");
        call.body(to);
        to.close();
    }
    to.end();
}
