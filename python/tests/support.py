"""What tests share: rows of the engine's tables, and recorded answers."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "spec" / "fixtures" / "parity"
LOADERS = ROOT / "ext" / "tasker_core" / "go" / "schema" / "testdata"


def recorded(name: str) -> dict[str, Any]:
    """Recorded answers of tasker-engine 0.1.0."""
    document: dict[str, Any] = json.loads((FIXTURES / name).read_text())
    return document


def until_a_lock_is_waited_for(connection: psycopg.Connection) -> None:
    """Returns once a statement in the connection's database waits for a lock."""
    ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    waiting = f"{ours} AND wait_event_type = 'Lock'".encode()
    deadline = time.monotonic() + 90
    while connection.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < deadline, "nothing waits for a lock"
        time.sleep(0.005)


class Workflow(NamedTuple):
    task_id: int
    step_ids: list[int]


class Rows:
    """Inserts rows without the engine's validations."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def one(self, sql: str, *params: object) -> int:
        row = self.connection.execute(sql.encode(), params).fetchone()
        assert row is not None
        return int(row[0])

    def workflow(
        self,
        steps: int = 1,
        edges: Sequence[tuple[int, int]] = (),
        state: str | None = "pending",
        step_states: Sequence[str | None] = (),
    ) -> Workflow:
        """A task with steps and edges, these given by places from 1."""
        task_id = self._task(state)
        step_ids = [self._step(task_id, place + 1) for place in range(steps)]
        for first, last in edges:
            self.connection.execute(
                "INSERT INTO tasker_workflow_step_edges"
                " (from_step_id, to_step_id, name, created_at, updated_at)"
                " VALUES (%s, %s, 'provides', now(), now())",
                (step_ids[first - 1], step_ids[last - 1]),
            )
        for step_id, step_state in zip(step_ids, step_states, strict=False):
            if step_state is not None:
                self._audit("workflow_step", step_id, step_state)
        return Workflow(task_id, step_ids)

    def _task(self, state: str | None) -> int:
        namespace = self._named("tasker_task_namespaces", "task_namespace_id", "tests")
        named = self._named("tasker_named_tasks", "named_task_id", "test_task", task_namespace_id=namespace)
        task_id = self.one(
            "INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)"
            " VALUES (%s, now(), %s, now(), now()) RETURNING task_id",
            named,
            secrets.token_hex(16),
        )
        if state is not None:
            self._audit("task", task_id, state)
        return task_id

    def _step(self, task_id: int, place: int) -> int:
        system = self._named("tasker_dependent_systems", "dependent_system_id", "tests")
        named = self._named(
            "tasker_named_steps", "named_step_id", f"step_{place}", dependent_system_id=system
        )
        return self.one(
            "INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)"
            " VALUES (%s, %s, now(), now()) RETURNING workflow_step_id",
            task_id,
            named,
        )

    def _named(self, table: str, key: str, name: str, **others: object) -> int:
        found = self.connection.execute(
            f"SELECT {key} FROM {table} WHERE name = %s".encode(), (name,)
        ).fetchone()
        if found:
            return int(found[0])
        columns = ["name", *others, "created_at", "updated_at"]
        marks = ", ".join(["%s"] * (1 + len(others)))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}, now(), now()) RETURNING {key}"
        return self.one(sql, name, *others.values())

    def _audit(self, machine: str, object_id: int, state: str) -> None:
        self.connection.execute(
            f"INSERT INTO tasker_{machine}_transitions ({machine}_id, to_state, sort_key, most_recent,"
            " created_at, updated_at) VALUES (%s, %s, 10, true, now(), now())".encode(),
            (object_id, state),
        )
