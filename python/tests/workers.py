"""What tests of workers share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from tasker_core import Step, Worker
from tasker_core.worker.tally import Tally

#: The task that support.Rows makes.
TASK = "tests/test_task"


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


def raising(error: BaseException) -> Callable[[Step], object]:
    """A handler that raises it."""

    def handler(_: Step) -> object:
        raise error

    return handler


class Database:
    """What the rows of the engine's tables say."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def value(self, sql: str, *params: object) -> Any:
        row = self.connection.execute(sql.encode(), params).fetchone()
        assert row is not None
        return row[0]

    def history(self, step_id: int) -> str:
        return str(
            self.value(
                "SELECT coalesce(string_agg(to_state, ' ' ORDER BY sort_key), '')"
                " FROM tasker_workflow_step_transitions WHERE workflow_step_id = %s",
                step_id,
            )
        )

    def task(self, task_id: int) -> str:
        return str(
            self.value(
                "SELECT to_state FROM tasker_task_transitions WHERE task_id = %s AND most_recent", task_id
            )
        )

    def column(self, name: str, step_id: int) -> Any:
        return self.value(f"SELECT {name} FROM tasker_workflow_steps WHERE workflow_step_id = %s", step_id)

    def results(self, step_id: int) -> Any:
        return self.column("results", step_id)

    def set_context(self, task_id: int, context: str) -> None:
        self.connection.execute("UPDATE tasker_tasks SET context = %s WHERE task_id = %s", (context, task_id))

    def pass_waiting_times(self) -> None:
        self.connection.execute(
            "UPDATE tasker_workflow_step_transitions SET created_at = created_at - interval '1 hour'"
        )
        self.connection.execute(
            "UPDATE tasker_workflow_steps SET last_attempted_at = last_attempted_at - interval '1 hour'"
        )

    def move(self, step_id: int, state: str) -> None:
        """Somebody else writes an audit row."""
        self.connection.execute(
            "UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = %s",
            (step_id,),
        )
        self.connection.execute(
            "INSERT INTO tasker_workflow_step_transitions"
            " (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)"
            " VALUES (%s, %s, 990, true, now(), now())",
            (step_id, state),
        )


class Running:
    """A worker in a thread."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.tally: Tally | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.tally = self.worker.run()

    def __enter__(self) -> Running:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        eventually(self._stopped)
        self.thread.join()

    def _stopped(self) -> bool:
        self.worker.stop()
        return not self.thread.is_alive()
