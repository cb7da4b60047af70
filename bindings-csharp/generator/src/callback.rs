//! Callback interfaces: what the library calls.

use uniffi_bindgen::interface::{AsType as _, CallbackInterface, FfiType};

use crate::calls::Call;
use crate::doc;
use crate::names::{camel, interface, pascal};
use crate::source::Source;
use crate::types::{crossing, error, lift, lower};

pub(crate) fn write(to: &mut Source, see: &str, one: &CallbackInterface) {
    let (name, face) = (pascal(one.name()), interface(one.name()));
    doc::write(to, one.docstring());
    to.open(format!("{see} interface {face}"));
    for (at, method) in one.methods().iter().enumerate() {
        if at > 0 {
            to.line("");
        }
        let call = Call::of(*method, method.arguments(), method.ffi_func(), true);
        doc::write(to, method.docstring());
        to.line(format!("{} {}({});", call.returns(), pascal(method.name()), call.parameters()));
    }
    to.end();
    to.line("/// <summary>The library's way to call: static methods over a map of handles. Delegates and table live as long as the process.</summary>");
    to.open(format!("internal static class {name}Callbacks"));
    to.line(format!("private static readonly HandleMap<{face}> Map = new HandleMap<{face}>();"));
    to.line("private static readonly object Gate = new object();");
    to.line("private static bool registered;");
    to.line("");
    let methods = one.vtable_methods();
    to.line("[UnmanagedFunctionPointer(CallingConvention.Cdecl)]");
    to.line("private delegate void FreeDelegate(ulong handle);");
    to.line("[UnmanagedFunctionPointer(CallingConvention.Cdecl)]");
    to.line("private delegate ulong CloneDelegate(ulong handle);");
    let mut declarations = Vec::new();
    for (callback, method) in &methods {
        let mut parameters = Vec::new();
        for argument in callback.arguments() {
            let kind = match argument.type_() {
                FfiType::MutReference(inner) => format!("{}*", crossing(&inner)),
                other => crossing(&other).to_owned(),
            };
            parameters.push(format!("{kind} {}", camel(argument.name())));
        }
        parameters.push("RustCallStatus* status".to_owned());
        let parameters = parameters.join(", ");
        to.line("[UnmanagedFunctionPointer(CallingConvention.Cdecl)]");
        to.line(format!("private unsafe delegate void {}Delegate({parameters});", pascal(method.name())));
        declarations.push(parameters);
    }
    to.line("");
    to.line("private static readonly FreeDelegate FreeRoot = Free;");
    to.line("private static readonly CloneDelegate CloneRoot = Clone;");
    for (_, method) in &methods {
        let method = pascal(method.name());
        to.line(format!("private static readonly unsafe {method}Delegate {method}Root = {method};"));
    }
    to.line("");
    to.open(format!("internal static ulong Lower({face} callback)"));
    to.line("Register();");
    to.line("return Map.Insert(callback);");
    to.end();
    to.open(format!("internal static {face} Lift(ulong handle)"));
    to.line("return Map.Get(handle);");
    to.end();
    to.open("private static unsafe void Register()");
    to.open("lock (Gate)");
    to.line("if (registered) return;");
    to.line(format!("var table = (IntPtr*)Marshal.AllocHGlobal(sizeof(IntPtr) * {});", methods.len() + 2));
    to.line("table[0] = Marshal.GetFunctionPointerForDelegate(FreeRoot);");
    to.line("table[1] = Marshal.GetFunctionPointerForDelegate(CloneRoot);");
    for (at, (_, method)) in methods.iter().enumerate() {
        to.line(format!("table[{}] = Marshal.GetFunctionPointerForDelegate({}Root);", at + 2, pascal(method.name())));
    }
    to.line(format!("Ffi.{}((IntPtr)table);", one.ffi_init_callback().name()));
    to.line("registered = true;");
    to.close();
    to.end();
    to.line("[MonoPInvokeCallback(typeof(FreeDelegate))]");
    to.open("private static void Free(ulong handle)");
    to.line("Map.Remove(handle);");
    to.end();
    to.line("[MonoPInvokeCallback(typeof(CloneDelegate))]");
    to.open("private static ulong Clone(ulong handle)");
    to.line("return Map.Clone(handle);");
    to.close();
    for ((_, method), parameters) in methods.iter().zip(&declarations) {
        let named = pascal(method.name());
        to.line("");
        to.line(format!("[MonoPInvokeCallback(typeof({named}Delegate))]"));
        to.open(format!("private static unsafe void {named}({parameters})"));
        to.open("try");
        let lifted: Vec<String> = method.arguments().iter().map(|one| lift(&one.as_type(), &camel(one.name()))).collect();
        let call = format!("Map.Get(uniffiHandle).{named}({})", lifted.join(", "));
        match method.return_type() {
            Some(returned) => {
                to.line(format!("var result = {call};"));
                to.line(format!("*uniffiOutReturn = {};", lower(returned, "result")));
            }
            None => to.line(format!("{call};")),
        }
        to.close();
        if let Some(thrown) = method.throws_type() {
            to.open(format!("catch ({} error)", error(thrown)));
            to.line("status->Code = 1;");
            to.line(format!("status->ErrorBuffer = Codec.Lower{}(error);", pascal(thrown.name().unwrap_or_default())));
            to.close();
        }
        // Nothing may unwind into the library.
        to.open("catch (Exception error)");
        to.line("status->Code = 2;");
        to.line("status->ErrorBuffer = RustBuffer.OfOrNone(error.Message);");
        to.close();
        to.close();
    }
    to.end();
}
