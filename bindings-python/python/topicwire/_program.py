"""Where the executable `topicwire` of this installation is.

It comes with the wheel, beside the library and never inside it: whoever runs a client in production carries no gateway
and no command line in the process.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

NAME = "topicwire.exe" if sys.platform == "win32" else "topicwire"
VARIABLE = "TOPICWIRE_PROGRAM"


def find() -> str:
    """A path that can be started.

    The variable `TOPICWIRE_PROGRAM` names another build of it.

    Raises:
        FileNotFoundError: It is not there; the text says where it was looked for and what to do.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if can_run(Path(named)):
            return named
        raise FileNotFoundError(f"{VARIABLE} names {named}, which is not a program that can be run")
    tried = list(dict.fromkeys(_candidates()))
    for path in tried:
        if can_run(path):
            return str(path)
    raise FileNotFoundError(
        f"the program `{NAME}`, which the wheel of topicwire carries, is not in this installation (looked for "
        f"{', '.join(map(str, tried))}). Install topicwire from a wheel or with pip, or name a build of it with the "
        f"variable {VARIABLE}"
    )


def can_run(path: Path) -> bool:
    """Whether this is a file that may be started."""
    return path.is_file() and os.access(path, os.X_OK)


def _candidates() -> Iterator[Path]:
    # What the installer wrote down is right also for `--user`, `--prefix` and other people's folders.
    try:
        installed = importlib.metadata.files("topicwire") or []
    except importlib.metadata.PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == NAME and "topicwire" not in file.parts[:-1]:
            yield Path(os.path.normpath(str(file.locate())))
    yield Path(sysconfig.get_path("scripts")) / NAME
