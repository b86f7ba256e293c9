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


def make(client: tasker_core.Client, workflow: str) -> int:
    """A task that is a line, and how many steps it has."""
    count = int(workflow.removeprefix("line"))
    steps = [NewStep(f"step_{n}", depends_on=[f"step_{n - 1}"] if n else []) for n in range(count)]
    client.create_task("line", namespace="bench", context={"made": time.time()}, steps=steps)
    return count


def run(client: tasker_core.Client, workflow: str, **_: object) -> float:
    """A run of the line, without creating its task, in milliseconds."""
    count = make(client, workflow)
    worker = tasker_core.Worker(sys.argv[1], owns_tasks=True, concurrency=1)
    for number in range(LONGEST):
        worker.add(nothing, "bench/line", f"step_{number}")
    began = time.perf_counter()
    tally = worker.run(until_idle=True)
    taken = (time.perf_counter() - began) * 1000
    if tally != (count, 0, 0):
        raise RuntimeError(f"of {count} steps {tally} were completed, failed and lost")
    return taken


def answer(value: object) -> None:
    """Gives the Runner a line."""
    ANSWERS.write(json.dumps({"value": value}) + "\n")


with tasker_core.connect(sys.argv[1]) as client:
    client.install_schema()
    answer({"version": tasker_core.__version__})
    for question in sys.stdin:
        answer(run(client, **json.loads(question)["arguments"]))
