//! Writes C# for the exports of a library made with [uniffi](https://mozilla.github.io/uniffi-rs/).
//!
//! What comes out is one file of C# 8 that stands on `DllImport` and delegates alone, so it works wherever netstandard2.1 does: .NET Core
//! 3.1 and later, Mono, Unity. Objects are `SafeHandle`s, errors are exceptions, callback interfaces are interfaces, and the contract version
//! and every checksum are verified before the first call. `README.md` lists what is supported; anything else is refused with its name.

mod callback;
mod calls;
mod codec;
mod doc;
mod enums;
mod load;
mod names;
mod object;
mod record;
mod runtime;
mod source;
mod supported;
mod types;

use camino::Utf8Path;
use uniffi_bindgen::ComponentInterface;

use crate::source::Source;

/// Who sees the types that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// The assembly that contains them.
    Internal,
    /// Everybody.
    Public,
}

/// What the library does not say.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The namespace of the code.
    pub namespace: String,
    /// What `DllImport` looks for; without it the library's file name without prefix and suffix.
    pub import: Option<String>,
    /// Who sees the types.
    pub visibility: Visibility,
}

impl Visibility {
    fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// Reads a library's metadata and returns C# for its exports.
///
/// # Errors
/// What is wrong with the library, or which export is of a kind that is not supported.
pub fn generate(library: &Utf8Path, settings: &Settings) -> anyhow::Result<String> {
    let interface = load::interface(library)?;
    supported::check(&interface)?;
    let import = settings.import.clone().unwrap_or_else(|| load::import_name(library));
    Ok(write(&interface, settings, &import))
}

fn write(interface: &ComponentInterface, settings: &Settings, import: &str) -> String {
    let see = settings.visibility.word();
    let mut to = Source::default();
    runtime::opening(&mut to, &settings.namespace);
    for record in interface.record_definitions() {
        record::write(&mut to, see, record);
    }
    for one in interface.enum_definitions() {
        if interface.is_name_used_as_error(one.name()) {
            enums::write_error(&mut to, see, one);
        } else {
            enums::write(&mut to, see, one);
        }
    }
    for one in interface.callback_interface_definitions() {
        callback::write(&mut to, see, one);
    }
    for one in interface.object_definitions() {
        object::write(&mut to, see, one);
    }
    calls::write_functions(&mut to, see, interface);
    codec::write(&mut to, interface);
    runtime::library(&mut to, see, interface, import);
    runtime::closing(&mut to);
    to.finish()
}
