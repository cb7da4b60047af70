"""`python -m topicwire …` is the command `topicwire …`."""

from __future__ import annotations

import os
import subprocess
import sys

from ._program import find


def main() -> int:
    """Become the executable; where a process cannot become another one, wait for it."""
    try:
        program = find()
    except FileNotFoundError as error:
        print(f"topicwire: {error}", file=sys.stderr)
        return 2
    arguments = [program, *sys.argv[1:]]
    if sys.platform != "win32":
        os.execv(program, arguments)  # signals, terminal and exit status are the program's own from here on
    process = subprocess.Popen(arguments)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the program got it too, and says when it has ended


if __name__ == "__main__":
    sys.exit(main())
