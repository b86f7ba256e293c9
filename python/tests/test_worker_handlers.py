"""What a worker's handler gets, and documents that it cannot get."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from support import Rows
from workers import TASK, Database

import tasker_core
from tasker_core import Step, Worker
from tasker_core.external import StepName
from tasker_core.worker.tally import Tally


class TestAHandler:
    def test_gets_what_belongs_to_its_step(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(2, [(1, 2)])
        database.set_context(line.task_id, '{"correlation_id": "c-1", "day": "2026-01-02T03:04:05Z"}')
        seen: list[Step] = []
        worker.add(lambda step: {"of": step.name}, TASK, "step_1")
        worker.add(seen.append, TASK, "step_2")
        worker.run(until_idle=True)

        step = seen[0]
        assert (step.task_id, step.step_id) == (line.task_id, line.step_ids[1])
        assert (step.namespace, step.task_name, step.version, step.name) == (
            "tests",
            "test_task",
            "0.1.0",
            "step_2",
        )
        assert (step.attempt, step.retry_limit, step.parents) == (1, 3, {"step_1": {"of": "step_1"}})
        assert (step.context["day"], step.inputs, step.correlation_id) == (
            "2026-01-02T03:04:05Z",
            None,
            "c-1",
        )
        assert not step.should_stop
        assert f"task {line.task_id}" in repr(step)

    def test_gets_numbers_as_they_are_and_gives_them_so(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(2, [(1, 2)])
        digits = '{"big": 12345678901234567890123, "exact": 0.10000000000000000000001}'
        database.set_context(line.task_id, digits)
        at = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc)
        seen: list[Any] = []
        worker.add(lambda step: {**step.context, "at": at}, TASK, "step_1")
        worker.add(lambda step: seen.append(step.parents["step_1"]), TASK, "step_2")
        worker.run(until_idle=True)

        exact = Decimal("0.10000000000000000000001")
        assert seen == [{"big": 12345678901234567890123, "exact": exact, "at": at.isoformat()}]

    def test_gets_floats_where_it_wants_them(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        database.set_context(rows.workflow(1).task_id, '{"price": 0.1}')
        seen: list[Any] = []
        worker = make(exact_numbers=False)
        worker.add(lambda step: seen.append(step.context["price"]), TASK, "step_1")
        worker.run(until_idle=True)
        assert [(type(price), price) for price in seen] == [(float, 0.1)]

    def test_writes_lines_that_name_its_step(
        self, worker: Worker, rows: Rows, caplog: pytest.LogCaptureFixture
    ) -> None:
        line = rows.workflow(1)
        worker.add(lambda step: step.logger.warning("look", extra={"more": 1}), TASK, "step_1")
        worker.run(until_idle=True)
        found: Any = next(record for record in caplog.records if "look" in record.getMessage())
        assert (found.task_id, found.correlation_id, found.more) == (
            line.task_id,
            f"task-{line.task_id}",
            1,
        )

    @pytest.mark.parametrize("version", ["0.1.0", None])
    def test_is_the_one_of_its_version(self, worker: Worker, rows: Rows, version: str | None) -> None:
        rows.workflow(1)
        seen: list[str] = []
        worker.add(lambda _: seen.append("mine"), TASK, "step_1", version=version)
        worker.add(lambda _: seen.append("other"), TASK, "step_1", version="9.9.9")
        worker.run(until_idle=True)
        assert seen == ["mine"]


UNREADABLE = {
    "an integer of 5,000 digits": '{"n": ' + "7" * 5000 + "}",
    "a nesting of 3,000 levels": '{"deep": ' + "[" * 3000 + "]" * 3000 + "}",
}


@pytest.mark.parametrize("document", UNREADABLE)
@pytest.mark.parametrize("where", ["context", "inputs", "results", "parents"])
def test_a_document_that_cannot_be_read_fails_its_step_alone(
    make: Callable[..., Worker], rows: Rows, database: Database, document: str, where: str
) -> None:
    worker = make(concurrency=4)
    text = UNREADABLE[document]
    broken = rows.workflow(steps=2, edges=[(1, 2)], state="in_progress", step_states=["complete"])
    others = [
        rows.workflow(steps=2, edges=[(1, 2)], state="in_progress", step_states=["complete"])
        for _ in range(3)
    ]
    if where == "context":
        database.set_context(broken.task_id, text)
    else:
        column, step = ("results", broken.step_ids[0]) if where == "parents" else (where, broken.step_ids[1])
        database.connection.execute(
            f"UPDATE tasker_workflow_steps SET {column} = %s WHERE workflow_step_id = %s".encode(),
            (text, step),
        )
    worker.add(lambda step: {"task": step.task_id}, TASK, "step_2")
    assert worker.run(until_idle=True) == Tally(completed=3, failed=1)
    for other in others:
        assert database.history(other.step_ids[1]) == "in_progress complete"
    assert database.history(broken.step_ids[1]) == "in_progress error"
    assert not database.column("retryable", broken.step_ids[1])
    results = database.results(broken.step_ids[1])
    assert "cannot be read" in results["error"]
    assert "UnreadableDocument" in results["error_class"]


def test_clients_leave_steps_out_whose_documents_cannot_be_read(
    client: tasker_core.Client, rows: Rows, database: Database
) -> None:
    broken = [rows.workflow(state="in_progress") for _ in range(3)]
    for task_id, _ in broken:
        database.set_context(task_id, UNREADABLE["an integer of 5,000 digits"])
    whole = rows.workflow(state="in_progress")
    names = [StepName("test_task", "step_1", "tests")]
    assert [step.task_id for step in client.claim_ready_steps(names, limit=2)] == [whole.task_id]
    assert client.claim_ready_steps(names, limit=2) == []
    assert [database.history(step_ids[0]) for _, step_ids in broken] == ["in_progress error"] * 3
