"""Watches a task until it ends."""

from __future__ import annotations

import time

from ..client import Client
from ..errors import DatabaseError, SchemaMissing
from ..results import TaskProgress
from ..rows import StepProgress
from . import text
from .picture import Picture, attempt, duration, words
from .terminal import Terminal

# How long a database may be unreachable, in seconds.
_PATIENCE = 60.0
# The lines above and below the picture.
_FRAME = 3


def watch(client: Client, task_id: int, terminal: Terminal, seconds: float = 1.0) -> str | None:
    """Shows a task until it ends: redrawn on a terminal, a line for each change elsewhere.

    Args:
        client: a client of the task's database.
        task_id: the id of the task.
        terminal: where to show it.
        seconds: the interval between two reads, each of one statement.

    Returns:
        The task's last state; None for an unknown task.

    Raises:
        DatabaseError: if the database does not answer for a minute.
        CycleError: if the dependencies form a cycle.
    """
    view = View(terminal)
    while (progress := _read(client, task_id, view, seconds)) is not None:
        view.show(progress)
        if progress.ended:
            return progress.state
        time.sleep(seconds)
    return None


def _read(client: Client, task_id: int, view: View, seconds: float) -> TaskProgress | None:
    """Asks until there is an answer, because a server may be restarting."""
    began = time.monotonic()
    while True:
        try:
            return client.task_progress(task_id)
        except SchemaMissing:
            raise
        except DatabaseError as error:
            if not view.shown or time.monotonic() - began > _PATIENCE:
                raise
            view.lost(error.message)
            time.sleep(seconds)


class View:
    """Shows the progress of a task repeatedly."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._began = time.monotonic()
        self._progress: TaskProgress | None = None
        self._picture: Picture | None = None
        self._lost: str | None = None

    @property
    def shown(self) -> bool:
        """Whether anything was shown yet."""
        return self._progress is not None

    def show(self, progress: TaskProgress) -> None:
        """Shows the current progress."""
        before, self._progress, self._lost = self._progress, progress, None
        self._picture = self._picture or Picture(progress)
        if self._terminal.live:
            self._draw(progress, self._picture)
        else:
            self._say(before, progress, self._picture)

    def lost(self, reason: str) -> None:
        """Shows that the database does not answer."""
        told = f"no answer from the database: {reason.strip().splitlines()[0] if reason.strip() else ''}"
        if told == self._lost:
            return
        self._lost = told
        if self._terminal.live and self._progress and self._picture:
            self._draw(self._progress, self._picture)
        else:
            self._terminal.say(told)

    def _draw(self, progress: TaskProgress, picture: Picture) -> None:
        width, height = self._terminal.size
        lines = picture.lines(progress, width=width - 1, height=height - _FRAME, colour=self._terminal.colour)
        self._terminal.draw([self._head(progress), *lines, text.fit(self._foot(progress), width - 1)])

    def _head(self, progress: TaskProgress) -> str:
        name = "/".join(part for part in (progress.namespace, progress.name) if part)
        state = f"{words(progress.state)}, {progress.done} of {len(progress.steps)} steps done"
        head = f"task {progress.task_id} {name} {progress.version}".rstrip()
        return text.fit(f"{head}: {state}", self._terminal.size[0] - 1)

    def _foot(self, progress: TaskProgress) -> str:
        elapsed = self._elapsed().strip()
        return self._lost or (elapsed if progress.ended else f"{elapsed}; Ctrl-C quits, the task continues")

    def _say(self, before: TaskProgress | None, progress: TaskProgress, picture: Picture) -> None:
        if before:
            for line in self._changes(before, progress):
                self._terminal.say(line)
        if before is None or progress.ended:
            self._terminal.say(self._head(progress))
            for line in picture.lines(progress, width=self._terminal.size[0] - 2):
                self._terminal.say(f"  {line}")

    def _changes(self, before: TaskProgress, progress: TaskProgress) -> list[str]:
        """A line for each changed step, and for the task."""
        known = {step.workflow_step_id: (step.state, step.attempts) for step in before.steps}
        changed = [
            step for step in progress.steps if known.get(step.workflow_step_id) != (step.state, step.attempts)
        ]
        lines = [f"{self._elapsed()}  {text.fit(step.name, 200)}: {_facts(step)}" for step in changed]
        if before.state != progress.state:
            lines.append(f"{self._elapsed()}  task {progress.task_id}: {words(progress.state)}")
        return lines

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._began:7.2f} s"


def _facts(step: StepProgress) -> str:
    facts = (words(step.state), attempt(step), duration(step.duration_micros))
    return ", ".join(fact for fact in facts if fact)
