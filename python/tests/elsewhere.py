"""Handlers that executors execute in other processes; imported there by name."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from tasker_core import PermanentError, RetryableError, Step


def whereabouts(step: Step) -> dict[str, Any]:
    """Which process executes it."""
    note(step, "began")
    return {"process": os.getpid(), "attempt": step.attempt, "amount": step.context["amount"]}


def meeting(step: Step) -> dict[str, Any]:
    """Goes on once handlers have begun in two processes, however long the second takes to start."""
    note(step, "began")
    deadline = time.monotonic() + 60
    while len({pid for file in folder(step).glob("*.began") for pid in file.read_text().split()}) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError("one process executes all")
        time.sleep(0.02)
    return {"process": os.getpid(), "amount": step.context["amount"]}


def add_up(step: Step) -> dict[str, int]:
    return {"sum": 1 + sum(parent["sum"] for parent in step.parents.values())}


def until_stopped(step: Step) -> dict[str, bool]:
    """Goes on until it hears that it should not."""
    note(step, "began")
    deadline = time.monotonic() + 90
    while not step.should_stop and time.monotonic() < deadline:
        time.sleep(0.02)
    note(step, f"cancelled.{step.cancelled}")
    return {"cancelled": step.cancelled}


def until_let_go(step: Step) -> dict[str, int]:
    """Goes on until the file "go" is there."""
    note(step, "began")
    deadline = time.monotonic() + 60
    while not (folder(step) / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    note(step, "ended")
    return {"process": os.getpid()}


def dying(step: Step) -> None:
    note(step, "began")
    os._exit(9)


def dying_once(step: Step) -> dict[str, int]:
    if step.attempt == 1:
        dying(step)
    return whereabouts(step)


def unpicklable(_: Step) -> dict[str, Any]:
    return {"lock": threading.Lock()}


class Locked(Exception):
    """An exception that pickle refuses."""

    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


def raising_unpicklable(_: Step) -> None:
    raise Locked


def later(_: Step) -> None:
    raise RetryableError("later", retry_after=90)


def never(_: Step) -> None:
    raise PermanentError("never")


def exiting(_: Step) -> None:
    raise SystemExit(3)


def logging_step(step: Step) -> dict[str, Any]:
    fields = dict(step.logger.extra or {})
    step.logger.info("a line")
    return {"fields": fields, "repr": repr(step)}


def forking(step: Step) -> dict[str, Any]:
    child = os.fork()
    if child == 0:
        return {"by": "child"}
    os.waitpid(child, 0)
    return {"by": "parent", "attempt": step.attempt}


def folder(step: Step) -> Path:
    return Path(step.context["folder"])


def note(step: Step, what: str) -> None:
    """A file for each time, named after the step, the process and what happened."""
    with (folder(step) / f"{step.step_id}.{what}").open("a") as file:
        file.write(f"{os.getpid()}\n")


def square(number: int) -> tuple[int, int]:
    time.sleep(0.02)
    return os.getpid(), number * number


def fanning_out(_: Step) -> dict[str, Any]:
    """Spreads its own work over the cluster that executes it."""
    from distributed import worker_client

    with worker_client() as client:
        answers = client.gather(client.map(square, range(20), pure=False))
    return {"sum": sum(squared for _, squared in answers), "processes": sorted({pid for pid, _ in answers})}


def dying_after_another(step: Step) -> None:
    """Dies once another step's handler has begun."""
    deadline = time.monotonic() + 30
    while not list(folder(step).glob("*.began")) and time.monotonic() < deadline:
        time.sleep(0.02)
    dying(step)
