"""The peer of bench/ruby/orchestration.rb: lines of steps that do nothing in DBOS for Python.

A process behind a Runner (runner.rb tells how it is asked): peer.py DATABASE_URL
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time

from dbos import DBOS

ANSWERS = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

DBOS(
    config={
        "name": "peer",
        "system_database_url": sys.argv[1],
        "log_level": "ERROR",
        "enable_otlp": False,
    }
)


@DBOS.step()
def nothing() -> dict[str, bool]:
    """A step that does nothing; its answer is kept."""
    return {"ok": True}


@DBOS.workflow()
def line(steps: int) -> int:
    """Steps one after the other."""
    for _ in range(steps):
        nothing()
    return steps


def run(workflow: str, **_: object) -> float:
    """A run of the line, in milliseconds."""
    steps = int(workflow.removeprefix("line"))
    began = time.perf_counter()
    line(steps)
    return (time.perf_counter() - began) * 1000


def answer(value: object) -> None:
    """Gives the Runner a line."""
    ANSWERS.write(json.dumps({"value": value}) + "\n")


DBOS.launch()
answer({"version": importlib.metadata.version("dbos")})
for question in sys.stdin:
    answer(run(**json.loads(question)["arguments"]))
DBOS.destroy()
