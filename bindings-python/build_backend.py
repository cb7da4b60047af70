"""The build backend of the wheel: maturin, after the executable has been built and put where maturin finds it.

A wheel carries two products of two crates: the native library, which maturin builds, and the command `topicwire`, which
goes into the wheel's scripts and so onto PATH. Building needs cargo; installing a wheel does not.

`TOPICWIRE_BUILD_PROFILE` names the cargo profile, `packaging` if it is not set. The project's own tests say `dev`,
which takes no minutes and makes no wheel that anybody should be given.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import maturin  # type: ignore[import-untyped] # it says nothing of its types

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "topicwire.data" / "scripts"

Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Nothing beside maturin; a missing cargo is said here, before anything else is done."""
    _cargo()
    return []


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """As for a wheel."""
    return get_requires_for_build_wheel(config_settings)


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """The wheel's metadata without the wheel."""
    SCRIPTS.mkdir(parents=True, exist_ok=True)  # maturin wants the folder, filled or not
    return str(maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings))


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build the executable, then the library, into one wheel."""
    _prepare()
    return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """The same for `pip install --editable`."""
    _prepare()
    return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """There is none: the wheel is made of several crates of a workspace, which is the checkout."""
    raise RuntimeError("topicwire has no source distribution: build the wheel from a checkout of the project")


def _prepare() -> None:
    profile = os.environ.get("TOPICWIRE_BUILD_PROFILE", "packaging")
    program = _program(profile)
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    shutil.copy2(program, SCRIPTS / program.name)
    given = os.environ.get("MATURIN_PEP517_ARGS", "")
    os.environ["MATURIN_PEP517_ARGS"] = f"--profile {profile} --strip --locked {given}".strip()


def _program(profile: str) -> Path:
    """The executable, built."""
    arguments = ["build", "--package", "topicwire-cli", "--profile", profile, "--locked"]
    build = subprocess.run(
        [_cargo(), *arguments, "--message-format", "json-render-diagnostics"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        check=True,
    )
    messages = (json.loads(line) for line in build.stdout.splitlines() if line.startswith(b"{"))
    built = [message["executable"] for message in messages if message.get("executable")]
    if not built:
        raise RuntimeError(f"cargo {' '.join(arguments)} built no executable")
    return Path(built[-1])


def _cargo() -> str:
    found = os.environ.get("CARGO") or shutil.which("cargo")
    if not found:
        raise RuntimeError(
            "building topicwire from its sources needs Rust (cargo): install it from rustup.rs, or install a wheel"
        )
    return found
