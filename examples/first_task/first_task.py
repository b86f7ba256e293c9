"""Makes a task without Rails, executes its steps, watches how it stands, and draws it.

python first_task.py postgresql://localhost/first
"""

import sys
import threading
import time

import tasker_core
from tasker_core import NewStep

TASK = "examples/first_task"


def handlers(worker):
    """What each step does."""

    @worker.step(TASK, "extract")
    def extract(step):
        return {"sales": [120, 80, 40]}

    @worker.step(TASK, "total")
    def total(step):
        return {"total": sum(step.parents["extract"]["sales"])}

    @worker.step(TASK, "largest")
    def largest(step):
        return {"largest": max(step.parents["extract"]["sales"])}

    @worker.step(TASK, "report")
    def report(step):
        parents = step.parents
        return {"line": f"{parents['total']['total']} (largest {parents['largest']['largest']})"}


def watch(client, task_id):
    """Prints how the task stands whenever that changes; one statement each time."""
    said = None
    while True:
        context = client.task_execution_context(task_id)
        line = f"{context.status}: {context.completed_steps} of {context.total_steps} steps complete"
        if line != said:
            print(line, flush=True)
        if context.status in ("complete", "error"):
            return
        said = line
        time.sleep(0.05)


def main(url):
    """Makes the task, and runs a worker beside somebody who watches."""
    with tasker_core.connect(url) as client:
        try:
            client.install_schema()
        except tasker_core.SchemaNotEmpty:
            pass  # The tables are there already.
        task = client.create_task(
            "first_task",
            namespace="examples",
            context={"day": "2026-11-26"},
            steps=[
                NewStep("extract"),
                NewStep("total", depends_on=["extract"]),
                NewStep("largest", depends_on=["extract"]),
                NewStep("report", depends_on=["total", "largest"]),
            ],
        )
        print(f"made task {task.task_id} of {len(task.step_ids)} steps", flush=True)
        watcher = threading.Thread(target=watch, args=(client, task.task_id))
        watcher.start()
        worker = tasker_core.Worker(url, owns_tasks=True)
        handlers(worker)
        worker.run(until_idle=True)
        watcher.join()
        print(client.draw(task.task_id, format="mermaid"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python first_task.py DATABASE_URL")
    main(sys.argv[1])
