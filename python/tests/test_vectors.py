"""The recorded answers of tasker-engine 0.1.0, asked with waiting and with awaiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from support import LOADERS, recorded

import tasker_core
from tasker_core import aio, operations
from tasker_core.operations import Operation

CASES: list[dict[str, Any]] = recorded("readiness-vectors.json")["cases"]
SETS: list[dict[str, Any]] = recorded("analytics-vectors.json")["sets"]

# Recorded in a frozen moment, asked while the clock goes on: what waited then waits this
# much longer here, so that no waiting time runs out during a test.
LONGER = 600


def lengthened(case: dict[str, Any]) -> dict[str, Any]:
    """The case with longer waiting times, in its rows and in its answers."""
    case = json.loads(json.dumps(case))
    answers = {row["key"]: row for row in case["expect"]["readiness"]}
    for step in case["steps"]:
        answer = answers[step["key"]]
        attempted, requested = step["last_attempted_ago"], step["backoff_request_seconds"]
        asked = attempted is not None and requested is not None
        if asked and requested > attempted:
            step["last_attempted_ago"] -= LONGER
            answer["next_retry_in"] += LONGER
        attempts = 1 if step["attempts"] is None else step["attempts"]
        if step["state"] == "error" and min(2**attempts, 30) > step["state_ago"]:
            step["state_ago"] -= LONGER
            answer["last_failure_ago"] -= LONGER
            answer["next_retry_in"] += 0 if asked else LONGER
    return dict(case)


def load(connection: psycopg.Connection, script: str, document: object) -> None:
    """Runs one of the scripts that take recorded rows as their parameter $1."""
    psycopg.RawCursor(connection).execute((LOADERS / script).read_bytes(), [json.dumps(document)])


@pytest.fixture
def now(connection: psycopg.Connection) -> datetime:
    """The moment to which the rows of all cases are relative."""
    with connection.transaction():
        load(connection, "load_readiness.sql", [lengthened(case) for case in CASES])
        row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


Asker = Callable[[Operation[Any]], Any]


@pytest.fixture(params=["waiting", "awaiting"])
def ask(request: pytest.FixtureRequest, url: str) -> Iterator[Asker]:
    """Sends an operation in one of the two ways."""
    if request.param == "waiting":
        with tasker_core.connect(url) as client:
            yield client.run
        return
    with asyncio.Runner() if hasattr(asyncio, "Runner") else _Runner() as runner:
        awaited = aio.connect(url)
        yield lambda operation: runner.run(awaited.run(operation))
        runner.run(awaited.close())


class _Runner:
    """What asyncio.Runner does, for Python 3.10."""

    def __enter__(self) -> _Runner:
        self._loop = asyncio.new_event_loop()
        return self

    def run(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(coroutine)

    def __exit__(self, *_: object) -> None:
        self._loop.close()


def seconds(later: datetime | None, earlier: datetime | None) -> float | None:
    return None if later is None or earlier is None else round((later - earlier).total_seconds(), 6)


def readiness(rows: Any, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "key": row.workflow_step_id % 1000,
            "current_state": row.current_state,
            "dependencies_satisfied": row.dependencies_satisfied,
            "retry_eligible": row.retry_eligible,
            "ready_for_execution": row.ready_for_execution,
            "last_failure_ago": seconds(now, row.last_failure_at),
            "next_retry_in": seconds(row.next_retry_at, now),
            "total_parents": row.total_parents,
            "completed_parents": row.completed_parents,
            "attempts": row.attempts,
            "retry_limit": row.retry_limit,
        }
        for row in rows
    ]


def context(row: Any) -> dict[str, Any]:
    fields = {
        name: value for name, value in row._asdict().items() if name not in ("task_id", "named_task_id")
    }
    return {**fields, "completion_percentage": float(row.completion_percentage)}


def rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()}
        for row in rows
    ]


def test_all_cases_one_by_one(ask: Asker, now: datetime) -> None:
    assert len(CASES) == 300
    for case in map(lengthened, CASES):
        task, expected = case["id"], case["expect"]
        answers = rounded(expected["readiness"])
        assert readiness(ask(operations.step_readiness(task, None)), now) == answers, task
        assert context(ask(operations.task_execution_context(task))) == expected["context"], task
        levels = [
            [row.workflow_step_id % 1000, row.dependency_level]
            for row in ask(operations.dependency_levels(task))
        ]
        assert levels == sorted(expected["levels"], key=lambda pair: pair[::-1]), task
        assert ask(operations.viable_steps(task)) == [
            task * 1000 + row["key"] for row in answers if row["ready_for_execution"]
        ], task
        assert [
            {
                "key": row.workflow_step_id % 1000,
                "parents": [parent % 1000 for parent in row.parent_step_ids],
                "children": [child % 1000 for child in row.child_step_ids],
                "is_root": row.is_root_step,
                "is_leaf": row.is_leaf_step,
                "min_depth": row.min_depth_from_root,
            }
            for row in ask(operations.step_dag(task))
        ] == expected["dag"], task


def test_all_cases_at_once(ask: Asker, now: datetime) -> None:
    cases = [lengthened(case) for case in CASES]
    ids = [case["id"] for case in cases]
    rows = ask(operations.step_readiness_batch(ids))
    by_task: dict[int, list[Any]] = {}
    for row in rows:
        by_task.setdefault(row.task_id, []).append(row)
    contexts = ask(operations.task_execution_contexts(ids))
    for case, found in zip(cases, contexts, strict=True):
        assert readiness(by_task.get(case["id"], []), now) == rounded(case["expect"]["readiness"]), case["id"]
        assert context(found) == case["expect"]["context"], case["id"]


def plain(row: Any, *without: str) -> dict[str, Any]:
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in row._asdict().items()
        if name not in without
    }


def plain_rows(rows: Any) -> list[dict[str, Any]]:
    return [plain(row, "created_at", "completed_at") for row in rows]


@pytest.mark.parametrize("one", SETS, ids=lambda one: f"database {one['id']}")
def test_recorded_databases(one: dict[str, Any], ask: Asker, connection: psycopg.Connection) -> None:
    load(connection, "load_analytics.sql", one)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    recent, old = (row[0].astimezone(timezone.utc) - timedelta(seconds=ago) for ago in (7500, 300_000))
    metrics = ("analysis_period_start", "calculated_at")
    slowest_steps, slowest_tasks = operations.slowest_steps, operations.slowest_tasks
    assert {
        "system_health": plain(
            ask(operations.system_health_counts()), "active_connections", "max_connections"
        ),
        "analytics_default": plain(ask(operations.analytics_metrics(None)), *metrics),
        "analytics_2h": plain(ask(operations.analytics_metrics(recent)), *metrics),
        "slowest_steps_default": plain_rows(ask(slowest_steps(None, 10, None, None, None))),
        "slowest_steps_payments_5": plain_rows(ask(slowest_steps(old, 5, "payments", None, None))),
        "slowest_steps_order": plain_rows(ask(slowest_steps(old, 10, None, "order", "1.0.0"))),
        "slowest_tasks_default": plain_rows(ask(slowest_tasks(None, 10, None, None, None))),
        "slowest_tasks_etl_3": plain_rows(ask(slowest_tasks(old, 3, "etl", None, None))),
    } == one["expect"]
