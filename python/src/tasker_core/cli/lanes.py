"""Who waits for whom, as lines beside the steps of a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: What a lane looks like where it is joined: at the left end, in between, at the right
#: end; where it goes on below, and where not.
_JOINED = {True: "├┼┤", False: "╰┴╯"}


class Line(NamedTuple):
    """A line of the drawing around the node's sign."""

    before: str
    after: str

    @property
    def width(self) -> int:
        """Columns, with the sign."""
        return len(self.before) + 1 + len(self.after)


class Lanes:
    """Each node has a lane that goes down from it to the last of its children.

    A child's line leads to it from the lanes of its parents::

        ● fetch
        ├─● clean
        ● │ check
        ●─╯ store

    One sign right below another one in the same column waits for it; a lane that only
    passes is not joined to what passes it.

    Args:
        parents: of each node, in the order of the lines: parents come before their children.
    """

    def __init__(self, parents: Mapping[int, Sequence[int]]) -> None:
        self._parents = parents
        self._left = Counter(parent for above in parents.values() for parent in above)
        # By column, the node whose lane is there.
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
        """Not below a sign to which it does not belong."""
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
