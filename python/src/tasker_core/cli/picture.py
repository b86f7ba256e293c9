"""Draws a task as lines of text, as the rake task tasker_core:watch does: docs/WATCHING.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from ..results import DONE, TaskProgress
from ..rows import StepProgress
from . import text
from .lanes import Lanes, Line

SIGNS = {
    "pending": "○",
    "in_progress": "◐",
    "complete": "●",
    "resolved_manually": "◉",
    "error": "✗",
    "cancelled": "⊘",
}
_COLOURS = {
    "pending": 90,
    "in_progress": 33,
    "complete": 32,
    "resolved_manually": 36,
    "error": 31,
    "cancelled": 35,
}
_WORDS = {"in_progress": "in progress", "resolved_manually": "resolved"}
# The columns of state, attempt and duration, of a name, and between two fields.
_STATE, _ATTEMPT, _DURATION, _NAME, _GAP = 11, 13, 9, 14, 2
_TIMES = "\u00d7"
# The number of equal steps from which they share a line.
_ALIKE = 5
# The share of the width that lanes may take.
_LANES = 0.5
# The lines that remain below the head and above the foot; those above the first unfinished step.
_LEAST, _CONTEXT = 3, 2


def words(state: str) -> str:
    """The displayed word for a state."""
    return _WORDS.get(state, state)


def attempt(step: StepProgress) -> str:
    """The current attempt; "" before the first."""
    number = step.attempts + (step.state == "in_progress")
    if number <= 0:
        return ""
    return f"attempt {number}/{step.retry_limit}" if step.retry_limit else f"attempt {number}"


def duration(micros: int | None) -> str:
    """A duration, rounded for display."""
    if micros is None:
        return ""
    seconds = micros // 1_000_000
    if seconds < 1:
        return f"{micros // 1000} ms"
    if seconds < 60:
        return f"{micros / 1_000_000:.2f} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60} s"
    if seconds < 86_400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} m"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"


class Picture:
    """One line per step, with its dependencies, state, attempts and duration.

    Many steps with the same parents and the same children share one line. The steps and edges of
    a task do not change, so one picture serves for all reads of it.
    """

    def __init__(self, progress: TaskProgress) -> None:
        steps = sorted(progress.steps, key=lambda step: (step.level, step.workflow_step_id))
        self._groups = _groups(steps)
        first = {step_id: group[0] for group in self._groups for step_id in group}
        above = {step.workflow_step_id: step.parent_step_ids for step in steps}
        parents = {
            group[0]: list(dict.fromkeys(first[parent] for parent in above[group[0]]))
            for group in self._groups
        }
        self._lanes = Lanes(parents).lines()
        self._width = max((line.width for line in self._lanes.values()), default=1)

    def lines(
        self,
        progress: TaskProgress,
        *,
        width: int,
        height: int = 10_000,
        colour: bool = False,
        since: int = 0,
    ) -> list[str]:
        """The picture of the task's current progress.

        Args:
            progress: the progress of the task.
            width: columns, at least 44; no line is wider.
            height: lines; finished and waiting steps are left out if they do not fit.
            colour: whether to use the terminal's colour codes.
            since: microseconds since the progress was read.
        """
        steps = {step.workflow_step_id: step for step in progress.steps}
        rows = [_Row([steps[step_id] for step_id in group], since, width, colour) for group in self._groups]
        names = max((text.columns(step.name) for step in progress.steps), default=0)
        first, last = _window(rows, max(height, _LEAST))
        lanes_width = self._width if self._width <= width * _LANES else 1
        shown = [
            rows[place].line(self._line(place, lanes_width), lanes_width, names)
            for place in range(first, last + 1)
        ]
        return [*_more(first, "above"), *shown, *_more(len(rows) - 1 - last, "below")]

    def _line(self, place: int, lanes_width: int) -> Line:
        """No lanes are drawn if they would take too much room."""
        return Line("", "") if lanes_width == 1 else self._lanes[self._groups[place][0]]


def _groups(steps: Sequence[StepProgress]) -> list[list[int]]:
    """Ids of steps that differ only by name, each list in the order of the steps."""
    children: dict[int, list[int]] = {}
    for step in steps:
        for parent in step.parent_step_ids:
            children.setdefault(parent, []).append(step.workflow_step_id)
    alike: dict[tuple[object, ...], list[int]] = {}
    for step in steps:
        waits = (step.level, *step.parent_step_ids), tuple(children.get(step.workflow_step_id, ()))
        alike.setdefault(waits, []).append(step.workflow_step_id)
    return [
        group
        for ids in alike.values()
        for group in ([ids] if len(ids) >= _ALIKE else [[step_id] for step_id in ids])
    ]


def _window(rows: Sequence[_Row], height: int) -> tuple[int, int]:
    """The first and the last row to show."""
    if len(rows) <= height:
        return 0, len(rows) - 1
    begun = next((place for place, row in enumerate(rows) if not row.done), len(rows))
    first = min(max(begun - _CONTEXT, 0), len(rows) - height)
    first += first > 0
    last = first + height - (2 if first > 0 else 1)
    return first, last - 1 if last < len(rows) - 1 else len(rows) - 1


def _more(count: int, where: str) -> list[str]:
    return [f"⋮ {count} more {where}"] if count > 0 else []


class _Row:
    """A line of a Picture: a step, or several equal steps."""

    def __init__(self, steps: Sequence[StepProgress], since: int, width: int, colour: bool) -> None:
        self._steps = steps
        self._since = since
        self._width = width
        self._colour = colour

    @property
    def done(self) -> bool:
        """Whether all steps of this line are done."""
        return all(step.state in DONE for step in self._steps)

    def line(self, lanes: Line, lanes_width: int, names: int) -> str:
        """The whole line; names is the width of the longest name."""
        room = self._width - lanes_width - 1
        told = self._one(room, names) if len(self._steps) == 1 else self._many(room)
        lead = f"{self._dim(lanes.before)}{self._sign(self._state())}{self._dim(lanes.after)}"
        return f"{lead}{' ' * (lanes_width - lanes.width + 1)}{told}"

    def _state(self) -> str:
        """For several steps, the most important of their states."""
        states = [step.state for step in self._steps]
        for state in ("error", "in_progress", "cancelled"):
            if state in states:
                return state
        if len(set(states)) == 1:
            return states[0]
        return next((state for state in states if state not in DONE), "complete")

    def _one(self, room: int, names: int) -> str:
        step = self._steps[0]
        cells = [
            (words(step.state), _STATE),
            (attempt(step), _ATTEMPT),
            (duration(self._micros(step)), _DURATION),
        ]
        while cells and room - _taken(cells) < _NAME:
            del cells[1 if len(cells) > 2 else 0]
        left = min(room - _taken(cells), names)
        name = text.pad(text.fit(step.name, left), left)
        return "".join([name, *(" " * _GAP + cell.ljust(width) for cell, width in cells)]).rstrip()

    def _micros(self, step: StepProgress) -> int | None:
        if step.duration_micros is None or step.state != "in_progress":
            return step.duration_micros
        return step.duration_micros + self._since

    def _many(self, room: int) -> str:
        """Their signs if they fit, otherwise the number in each state."""
        title = f"{len(self._steps)} {_TIMES} {self._steps[0].name} … {self._steps[-1].name}"
        name = text.fit(title, room // 2)
        left = room - text.columns(name) - _GAP
        if len(self._steps) <= left:
            runs = groupby(step.state for step in self._steps)
            signs = "".join(self._sign(state, len(list(run))) for state, run in runs)
        else:
            counts = Counter(step.state for step in self._steps)
            signs = text.fit(" ".join(f"{n} {SIGNS.get(state, '?')}" for state, n in counts.items()), left)
        return f"{name}{' ' * _GAP}{signs}"

    def _sign(self, state: str, times: int = 1) -> str:
        sign = SIGNS.get(state, "?") * times
        return f"\x1b[{_COLOURS.get(state, 35)}m{sign}\x1b[0m" if self._colour else sign

    def _dim(self, lanes: str) -> str:
        return f"\x1b[90m{lanes}\x1b[0m" if self._colour and lanes.strip() else lanes


def _taken(cells: Sequence[tuple[str, int]]) -> int:
    return sum(width + _GAP for _, width in cells)
