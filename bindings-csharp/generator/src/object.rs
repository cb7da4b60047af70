//! Objects: handles with the lifetime of a `SafeHandle`.

use uniffi_bindgen::interface::Object;

use crate::calls::Call;
use crate::doc;
use crate::names::pascal;
use crate::source::Source;

pub(crate) fn write(to: &mut Source, see: &str, object: &Object) {
    let name = pascal(object.name());
    doc::write(to, object.docstring());
    to.open(format!("{see} sealed class {name} : NativeObject"));
    to.open(format!("internal {name}(ulong handle)"));
    to.line("Adopt(handle);");
    to.close();
    for constructor in object.constructors() {
        to.line("");
        let call = Call { raw: true, ..Call::of(constructor, constructor.arguments(), constructor.ffi_func(), false) };
        doc::write(to, constructor.docstring());
        if constructor.is_primary_constructor() {
            to.open(format!("{see} {name}({})", call.parameters()));
            let passed: Vec<String> = constructor.arguments().iter().map(|one| crate::names::camel(one.name())).collect();
            to.line(format!("Adopt(Construct({}));", passed.join(", ")));
            to.end();
            to.open(format!("private static ulong Construct({})", call.parameters()));
            to.line("Library.Verify();");
            call.body(to);
            to.close();
        } else {
            let maker = pascal(constructor.name());
            to.open(format!("{see} static {name} {maker}({})", call.parameters()));
            to.line("Library.Verify();");
            let made = Call { raw: false, ..call };
            made.body(to);
            to.close();
        }
    }
    for method in object.methods() {
        to.line("");
        let call = Call::of(method, method.arguments(), method.ffi_func(), true);
        // `SafeHandle` has a `Close` of its own, which lets go of the handle rather than calling the library.
        let named = match pascal(method.name()).as_str() {
            taken @ ("Close" | "Dispose" | "Equals" | "GetHashCode" | "GetType" | "ToString") => format!("{taken}{name}"),
            free => free.to_owned(),
        };
        doc::write(to, method.docstring());
        to.open(format!("{see} {} {named}({})", call.returns(), call.parameters()));
        call.body(to);
        to.close();
    }
    to.line("");
    to.open("private protected override unsafe ulong CloneRaw(ulong raw, RustCallStatus* status)");
    to.line(format!("return Ffi.{}(raw, status);", object.ffi_object_clone().name()));
    to.end();
    to.open("private protected override unsafe void FreeRaw(ulong raw, RustCallStatus* status)");
    to.line(format!("Ffi.{}(raw, status);", object.ffi_object_free().name()));
    to.close();
    to.end();
}
