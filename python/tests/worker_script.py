"""A worker as a user's script has it, for tests that need processes.

Usage: worker_script.py URL FOLDER PROCESSES [until_idle]. Each handler writes a file into FOLDER.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import tasker_core

URL, FOLDER, PROCESSES = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

worker = tasker_core.Worker(
    URL, processes=PROCESSES, concurrency=2, poll_interval=0.05, heartbeat=0.1, grace=0.5, owns_tasks=True
)


@worker.step("tests/test_task", "step_1")
def first(step: tasker_core.Step) -> dict[str, int]:
    (FOLDER / f"{step.step_id}.{os.getpid()}").touch()
    return {"process": os.getpid()}


@worker.step("tests/test_task", "step_3")
def meeting(step: tasker_core.Step) -> dict[str, int]:
    """Goes on once handlers have begun in two processes."""
    (FOLDER / f"met.{os.getpid()}").touch()
    while len(list(FOLDER.glob("met.*"))) < 2:
        time.sleep(0.01)
    return first(step)


@worker.step("tests/test_task", "step_2")
def endless(step: tasker_core.Step) -> None:
    (FOLDER / f"started.{os.getpid()}").touch()
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    (FOLDER / f"ended.{step.should_stop}").touch()


if __name__ == "__main__":
    print(worker.run(until_idle=sys.argv[4:] == ["until_idle"]), flush=True)
