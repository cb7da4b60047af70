//! Reads the metadata that uniffi leaves in a built library.

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use uniffi_bindgen::{BindgenLoader, BindgenPaths, ComponentInterface, GlobalConfig};

/// The one component of a library.
pub(crate) fn interface(library: &Utf8Path) -> anyhow::Result<ComponentInterface> {
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let metadata = loader.load_metadata(library).with_context(|| format!("cannot read uniffi metadata from {library}"))?;
    let mut found = loader.load_cis(metadata)?;
    match (found.pop(), found.len()) {
        (Some(mut one), 0) => {
            one.derive_ffi_funcs()?;
            Ok(one)
        }
        (None, _) => bail!("{library} exports nothing"),
        (Some(_), others) => bail!("{library} holds {} crates with exports; one is supported", others + 1),
    }
}

/// What `DllImport` finds the library by on every platform.
pub(crate) fn import_name(library: &Utf8Path) -> String {
    let stem = library.file_stem().unwrap_or_default();
    stem.strip_prefix("lib").unwrap_or(stem).to_owned()
}
