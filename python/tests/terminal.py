"""The command line as a user runs it: on a terminal, and where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from types import TracebackType

COMMAND = [sys.executable, "-m", "tasker_core"]
_CLEAN = {"TASKER_CORE_DATABASE_URL", "DATABASE_URL", "NO_COLOR", "TERM"}


def environment(**variables: str) -> dict[str, str]:
    """The variables of this process without those that say where the database is."""
    return {**{name: value for name, value in os.environ.items() if name not in _CLEAN}, **variables}


def run(*arguments: object, stdin: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command without a terminal."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(**variables),
    )


class Terminal:
    """A command on a terminal of its own, which Ctrl-C reaches."""

    def __init__(self, *arguments: object, columns: int = 80, lines: int = 24, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *COMMAND, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(**{"TERM": "xterm", **variables}),
        )
        os.close(theirs)
        self.output = ""

    def until(self, holds: Callable[[str], bool]) -> str:
        """Reads until the screen's last drawing is as it should be."""
        deadline = time.monotonic() + 30
        while not holds(self.frames[-1]):
            assert time.monotonic() < deadline, self.output
            assert self._read(), self.output
        return self.frames[-1]

    def end(self) -> int:
        """Reads to the end; gives the exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=30)

    def press(self, keys: bytes) -> None:
        """What somebody types."""
        os.write(self._ours, keys)

    @property
    def frames(self) -> list[str]:
        """What was drawn over each other."""
        return re.split(r"\x1b\[\d+A\x1b\[J", self.output.replace("\r\n", "\n"))

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], 30)[0]:
            return False
        try:
            self.output += os.read(self._ours, 65_536).decode()
        except OSError:  # as Linux tells that nobody writes any more
            return False
        return True

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def plain(text: str) -> str:
    """A text without its colours."""
    return re.sub(r"\x1b\[\d+m", "", text)
