"""The output of a command that shows progress."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

# The number of columns that a drawing needs.
_NARROWEST = 44
# The size assumed for a pipe or a file, and for a terminal that does not report its size.
_ELSEWHERE, _USUAL = (100, 40), (80, 24)


class Terminal:
    """Lines are redrawn in place on a terminal, and follow each other elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._drawn = 0

    @property
    def live(self) -> bool:
        """Whether lines can be redrawn in place; too narrow a terminal gets plain lines too."""
        return self._out.isatty() and os.environ.get("TERM") != "dumb" and self.size[0] >= _NARROWEST

    @property
    def colour(self) -> bool:
        """See https://no-color.org."""
        return self.live and "NO_COLOR" not in os.environ

    @property
    def size(self) -> tuple[int, int]:
        """The size in columns and lines."""
        if not self._out.isatty():
            return _ELSEWHERE
        try:
            columns, lines = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return _USUAL
        return columns or _USUAL[0], lines or _USUAL[1]

    def say(self, line: str = "") -> None:
        """Writes a permanent line."""
        self._drawn = 0
        print(line, file=self._out, flush=True)

    def draw(self, lines: Sequence[str]) -> None:
        """Redraws the lines of the last call; no line is wider than the terminal."""
        back = f"\x1b[{self._drawn}A\x1b[J" if self._drawn else ""
        self._out.write(back + "".join(f"{line}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)
