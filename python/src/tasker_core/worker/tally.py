"""The counts of a worker, and how it shows them while it works."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple, TextIO


class Tally(NamedTuple):
    """The outcomes of the steps that a worker has executed.

    Attributes:
        completed: steps whose results were written.
        failed: steps whose failure was written.
        late: steps whose result was refused, because they were changed from outside meanwhile.
    """

    completed: int = 0
    failed: int = 0
    late: int = 0

    def plus(self, other: Sequence[int]) -> Tally:
        """The sum, field by field."""
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def total(self) -> int:
        """The number of all steps."""
        return sum(self)


class Counter:
    """A tally that threads add to."""

    def __init__(self, changed: Callable[[Tally], None] | None = None) -> None:
        self._lock = Lock()
        self._tally = Tally()
        self._changed = changed

    @property
    def tally(self) -> Tally:
        """The current counts."""
        return self._tally

    def add(self, *, completed: int = 0, failed: int = 0, late: int = 0) -> None:
        """Counts steps, and notifies the listener."""
        with self._lock:
            self._tally = self._tally.plus((completed, failed, late))
            if self._changed:
                self._changed(self._tally)


class Progress:
    """One line about a worker: redrawn on a terminal, written from time to time elsewhere."""

    #: Seconds between two lines, on a terminal and elsewhere.
    REDRAW, REPEAT = 0.1, 10.0

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
        self._began = time.monotonic()
        self._next = self._began

    def show(self, tally: Tally) -> None:
        """Draws the line, unless it was drawn a moment ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (self.REDRAW if self._terminal else self.REPEAT)
        self._write(self._line(tally, now), "" if self._terminal else "\n")

    def close(self, tally: Tally) -> None:
        """Draws the last line permanently."""
        self._write(self._line(tally, time.monotonic()), "\n")

    def _line(self, tally: Tally, now: float) -> str:
        seconds = max(now - self._began, 1e-9)
        text = f"{tally.completed} steps completed, {tally.failed} failed, {tally.late} late"
        return f"{text} in {seconds:.1f} s, {tally.total / seconds:.1f}/s"

    def _write(self, line: str, end: str) -> None:
        clear = "\r\x1b[2K" if self._terminal else ""
        self._out.write(f"{clear}{line}{end}")
        self._out.flush()
