"""Draws dependencies as lines beside the steps of a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: The characters of joined lanes: at the left end, in the middle, at the right end; first if the
#: lane continues below, then if it does not.
_JOINED = {True: "├┼┤", False: "╰┴╯"}


class Line(NamedTuple):
    """The parts of a line before and after the node's sign."""

    before: str
    after: str

    @property
    def width(self) -> int:
        """The width in columns, including the sign."""
        return len(self.before) + 1 + len(self.after)


class Lanes:
    """Each node has a lane that goes down to the last of its children.

    A child's line is joined to the lanes of its parents:

        ● fetch
        ├─● clean
        ● │ check
        ●─╯ store

    A sign directly below another sign in the same column depends on it. A lane that only passes is
    not joined.

    Args:
        parents: the parents of each node, in the order of the lines: parents come before their
            children.
    """

    def __init__(self, parents: Mapping[int, Sequence[int]]) -> None:
        self._parents = parents
        self._left = Counter(parent for above in parents.values() for parent in above)
        # The node of each lane, by column.
        self._lanes: dict[int, int] = {}
        self._above: int | None = None

    def lines(self) -> dict[int, Line]:
        """A line for each node."""
        return {node: self._line(node, above) for node, above in self._parents.items()}

    def _line(self, node: int, above: Sequence[int]) -> Line:
        self._left.subtract(above)
        columns = {owner: column for column, owner in self._lanes.items()}
        joined = [columns[parent] for parent in above]
        ended = [column for column in joined if not self._goes_on(column)]
        column = min(ended) if ended else self._free(min(joined, default=-1) + 1)
        drawn = self._draw(column, joined)
        for ending in ended:
            del self._lanes[ending]
        if self._left[node] > 0:
            self._lanes[column] = node
        self._above = column
        return drawn

    def _goes_on(self, column: int) -> bool:
        return self._left[self._lanes[column]] > 0

    def _free(self, first: int) -> int:
        """The first free column that is not below an unrelated sign."""
        column = first
        while column in self._lanes or column == self._above:
            column += 1
        return column

    def _draw(self, column: int, joined: Sequence[int]) -> Line:
        first, last = min([column, *joined]), max([column, *joined])
        end = max([column, *self._lanes])
        cells = [
            "" if place == column else self._cell(place, joined, first, last) for place in range(end + 1)
        ]

        def between(place: int) -> str:
            return "─" if first <= place < last else " "

        before = "".join(cell + between(place) for place, cell in enumerate(cells[:column]))
        after = "".join(
            between(place - 1) + cell for place, cell in enumerate(cells[column + 1 :], start=column + 1)
        )
        return Line(before, after.rstrip())

    def _cell(self, place: int, joined: Sequence[int], first: int, last: int) -> str:
        if place in joined:
            at = {first: 0, last: 2}.get(place, 1)
            return _JOINED[self._goes_on(place)][at]
        if place in self._lanes:
            return "│"
        return "─" if first <= place <= last else " "
