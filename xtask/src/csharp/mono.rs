//! Mono, the second runtime that the netstandard2.1 build is tried on: the machine's own, or Debian's packages unpacked in the build folder.

use std::fs;
use std::path::PathBuf;

use crate::{Result, project};

/// The runtime, the assemblies that it needs, and (in `mono-devel`) the one named `netstandard`.
const PACKAGES: [&str; 11] = [
    "mono-runtime-sgen",
    "mono-runtime-common",
    "libmono-corlib4.5-dll",
    "libmono-system4.0-cil",
    "libmono-system-core4.0-cil",
    "libmono-system-configuration4.0-cil",
    "libmono-system-numerics4.0-cil",
    "libmono-system-security4.0-cil",
    "libmono-system-xml4.0-cil",
    "libmono-security4.0-cil",
    "mono-devel",
];

/// A program that starts Mono.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if project::output(project::command("mono", &["--version"])).is_ok() {
        return Ok(PathBuf::from("mono"));
    }
    let root = project::root().join("target/mono");
    let (program, stamp) = (root.join("mono"), root.join(".topicwire-installed"));
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    println!("unpacking Debian's Mono in {} …", root.display());
    super::package::make_empty(&root)?;
    let mut download = project::command("apt-get", &["download", "--quiet"]);
    download.args(PACKAGES).current_dir(&root);
    project::output(download)
        .map_err(|reason| format!("there is no Mono here, and Debian's cannot be had: {reason}\ninstall mono-devel"))?;
    for entry in fs::read_dir(&root).map_err(|error| format!("cannot read {}: {error}", root.display()))? {
        let path = entry.map_err(|error| format!("cannot read {}: {error}", root.display()))?.path();
        if path.extension().is_some_and(|kind| kind == "deb") {
            project::output(project::command("dpkg-deb", &["--extract", &path.to_string_lossy(), &root.join("files").to_string_lossy()]))?;
            fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        }
    }
    // It was not installed, so it must be told where everything is.
    let files = root.join("files");
    let files = files.display();
    let script = format!(
        "#!/bin/sh\nexport MONO_PATH={files}/usr/lib/mono/4.5:{files}/usr/lib/mono/4.5/Facades MONO_CFG_DIR={files}/etc LD_LIBRARY_PATH={files}/usr/lib\nexec {files}/usr/bin/mono-sgen \"$@\"\n"
    );
    fs::write(&program, script).map_err(|error| format!("cannot write {}: {error}", program.display()))?;
    super::toolchain::executable(&program)?;
    project::output(project::command(&program.to_string_lossy(), &["--version"]))?;
    fs::write(&stamp, wanted).map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(program)
}
