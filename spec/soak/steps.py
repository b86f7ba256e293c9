"""The soak's worker: python steps.py DATABASE_URL WORKFLOWS, a JSON of names and steps."""

import json
import os
import sys
import time

import psycopg

import tasker_core

url, workflows = sys.argv[1], json.loads(sys.argv[2])
worker = tasker_core.Worker(url, concurrency=4, heartbeat=1, grace=1, poll_interval=0.5, exact_numbers=False)


def execute(step):
    """Notes the attempt on a connection of its own, and does what the task's script says."""
    script = step.context["script"][step.name]
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO soak_effects VALUES (%s, %s, %s)", (step.step_id, step.attempt, os.getpid())
        )
    time.sleep(script["ms"] / 1000)
    if step.attempt <= script["fails"]:
        if script["flaw"] == "retryable":
            raise tasker_core.RetryableError("as the script says", retry_after=1)
        if script["flaw"] == "exit":
            sys.exit(1)
        raise RuntimeError("as the script says")
    if script["end"] == "permanent":
        raise tasker_core.PermanentError("as the script says")
    return {"pid": os.getpid(), "attempt": step.attempt}


for task, steps in workflows.items():
    for name in steps:
        worker.step(task, name)(execute)

if __name__ == "__main__":
    worker.run()
