"""Lines of steps that do nothing, executed by a worker in Python.

A process behind a Runner (runner.rb tells how it is asked): python_side.py DATABASE_URL
"""

from __future__ import annotations

import json
import os
import sys
import time

import tasker_core
from tasker_core import NewStep

ANSWERS = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

LONGEST = 50


def nothing(_: tasker_core.Step) -> dict[str, bool]:
    """A step that does nothing; its answer is kept."""
    return {"ok": True}


def length(workflow: str) -> int:
    """How many steps a line has."""
    return int(workflow.removeprefix("line"))


def create(client: tasker_core.Client, workflow: str, count: int) -> list[int]:
    """The ids of new tasks that are lines."""
    steps = [NewStep(f"step_{n}", depends_on=[f"step_{n - 1}"] if n else []) for n in range(length(workflow))]
    return [
        client.create_task("line", namespace="bench", context={"made": time.time()}, steps=steps).task_id
        for _ in range(count)
    ]


def run(client: tasker_core.Client, workflow: str, task: int | None = None, **_: object) -> float:
    """A run of the only task, which is created first where it was not before, in milliseconds."""
    count = length(workflow)
    if task is None:
        create(client, workflow, 1)
    worker = tasker_core.Worker(sys.argv[1], owns_tasks=True, concurrency=1)
    for number in range(LONGEST):
        worker.add(nothing, "bench/line", f"step_{number}")
    began = time.perf_counter()
    tally = worker.run(until_idle=True)
    taken = (time.perf_counter() - began) * 1000
    if tally != (count, 0, 0):
        raise RuntimeError(f"of {count} steps {tally} were completed, failed and lost")
    return taken


CALLS = {"create": create, "run": run}


def answer(value: object) -> None:
    """Gives the Runner a line."""
    ANSWERS.write(json.dumps({"value": value}) + "\n")


with tasker_core.connect(sys.argv[1]) as client:
    client.install_schema()
    answer({"version": tasker_core.__version__})
    for question in sys.stdin:
        asked = json.loads(question)
        answer(CALLS[asked["call"]](client, **asked["arguments"]))
