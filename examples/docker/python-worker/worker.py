"""A worker: the step "greet" of the task "demo/greeting"; DATABASE_URL says where."""

import logging
import os

import tasker_core

worker = tasker_core.Worker(os.environ["DATABASE_URL"], concurrency=int(os.environ.get("CONCURRENCY", "4")))


@worker.step("demo/greeting", "greet")
def greet(step):
    """What the step leaves in its results."""
    return {"greeting": f"Hello, {step.context.get('name', 'world')}"}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    worker.run()
