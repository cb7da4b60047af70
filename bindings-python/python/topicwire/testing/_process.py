"""The gateway as a process: started, awaited until it is ready, and ended with whoever started it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from typing import IO

from .. import _program
from ._control import LocalGatewayError


class Process:
    """A gateway process. It ends when its standard input does, and so with this process, however that ends."""

    def __init__(self, program: str | None, arguments: list[str], ready_seconds: float) -> None:
        if program is None:
            try:
                program = _program.find()
            except FileNotFoundError as error:
                raise LocalGatewayError(str(error)) from None
        # A file, since a pipe that nobody reads would stop the gateway when it is full.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        try:
            self._child = subprocess.Popen(
                [program, "gateway", "--control-stdio", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
            )
        except OSError as error:
            self._said.close()
            raise LocalGatewayError(f"the program {program} cannot be started: {error.strerror}") from error
        self.pid = self._child.pid
        try:
            self.port = self._announced_port(program, ready_seconds)
        except BaseException:
            self.close()
            raise

    def _announced_port(self, program: str, ready_seconds: float) -> int:
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._child.kill()

        watch = threading.Timer(ready_seconds, give_up)
        watch.daemon = True
        watch.start()
        try:
            assert self._child.stdout is not None
            line = self._child.stdout.readline()
        finally:
            watch.cancel()
        if late.is_set():
            raise LocalGatewayError(
                f"{program} did not say within {ready_seconds:g} s on which port it is{self.said()}"
            )
        try:
            return int(json.loads(line)["port"])
        except (ValueError, KeyError, TypeError):
            self._child.kill()
            status = self._child.wait()
            raise LocalGatewayError(f"{program} ended with status {status} instead of starting{self.said()}") from None

    def said(self) -> str:
        """What it wrote to standard error, to end a sentence with."""
        if self._said.closed:
            return ""
        self._said.seek(0)
        text = self._said.read(4096).decode(errors="replace").strip()
        return f": {text}" if text else ""

    def ended(self, within: float = 0.0) -> bool:
        """Whether it has ended, of its own accord or not, or does so within so many seconds."""
        try:
            self._child.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self, grace_seconds: float = 5.0) -> None:
        """End it, and wait until it has. Does nothing the second time."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()  # for the gateway the end of its input is the end
        try:
            self._child.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        finally:
            self._child.stdout.close()
            self._said.close()
