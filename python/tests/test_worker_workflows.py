"""Workflows that workers execute: their order, their ends, their events."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta

from support import Rows
from workers import TASK, Database, Running, eventually, raising

import tasker_core
from tasker_core import PermanentError, Step, Worker
from tasker_core.worker.tally import Tally


class TestAWorkflow:
    def test_is_executed_by_workers_alone(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        worker = make(owns_tasks=True)
        diamond = rows.workflow(4, [(1, 2), (1, 3), (2, 4), (3, 4)])

        def add_up(step: Step) -> dict[str, int]:
            return {"sum": 1 + sum(parent["sum"] for parent in step.parents.values())}

        for place in range(1, 5):
            worker.add(add_up, TASK, f"step_{place}")

        assert worker.run(until_idle=True) == Tally(completed=4)
        assert database.task(diamond.task_id) == "complete"
        assert database.value("SELECT complete FROM tasker_tasks WHERE task_id = %s", diamond.task_id) is True
        assert database.results(diamond.step_ids[3]) == {"sum": 5}
        for step_id in diamond.step_ids:
            assert database.history(step_id) == "in_progress complete"
            assert database.column("jsonb_build_array(attempts, in_process, processed)", step_id) == [
                1,
                False,
                True,
            ]
            assert database.column("last_attempted_at - processed_at", step_id) == timedelta(0)

    def test_ends_in_error_where_a_step_failed_for_good(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        worker = make(owns_tasks=True)
        line = rows.workflow(2, [(1, 2)])
        worker.add(raising(PermanentError("no such account")), TASK, "step_1")

        assert worker.run(until_idle=True) == Tally(failed=1)
        assert database.task(line.task_id) == "error"

    def test_is_closed_where_its_last_worker_died_before_it_could(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        left = rows.workflow(1, state="in_progress", step_states=["complete"])
        database.connection.execute("UPDATE tasker_workflow_steps SET updated_at = now() - interval '1 hour'")
        database.pass_waiting_times()
        database.connection.execute(
            "UPDATE tasker_task_transitions SET created_at = created_at - interval '1 hour'"
        )
        worker = make(owns_tasks=True)
        worker.add(lambda _: None, TASK, "step_2")
        with Running(worker):
            eventually(lambda: database.task(left.task_id) == "complete")

    def test_is_left_to_rails_unless_the_worker_owns_it(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(1, state="in_progress")
        worker.add(lambda _: None, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        assert database.task(line.task_id) == "in_progress"
        assert database.results(line.step_ids[0]) == {}


class TestManySteps:
    def test_run_at_once_and_each_of_them_once(self, make: Callable[..., Worker], rows: Rows) -> None:
        for _ in range(12):
            rows.workflow(1)
        together = threading.Barrier(3)
        lock, seen = threading.Lock(), []

        def meet(step: Step) -> None:
            together.wait(20)
            with lock:
                seen.append(step.step_id)

        workers = [make(concurrency=1) for _ in range(3)]
        for worker in workers:
            worker.add(meet, TASK, "step_1")
        threads = [threading.Thread(target=lambda w=worker: w.run(until_idle=True)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(seen) == len(set(seen)) == 12

    def test_are_executed_one_batch_at_a_time_on_request(
        self, make: Callable[..., Worker], rows: Rows
    ) -> None:
        for _ in range(5):
            rows.workflow(1)
        worker = make(concurrency=2)
        worker.add(lambda _: None, TASK, "step_1")
        assert [worker.run_once().total for _ in range(4)] == [2, 2, 1, 0]


class TestEvents:
    def test_tell_what_became_of_the_steps_once_it_is_committed(
        self, url: str, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(1)
        name = tasker_core.StepName("test_task", "step_1", "tests")
        with tasker_core.connect(url) as client, client.subscribe("step.*", "task.*") as events:
            failed = client.claim_ready_steps([name], start_tasks=True)[0]
            client.fail_claim(failed, error="once", retry_after=0)
            database.pass_waiting_times()
            client.complete_claim(client.claim_ready_steps([name])[0], results={"n": 1})
            assert client.finalize_task(line.task_id) == "complete"
            seen = [(event.name, event.task_id, event.step_id) for event in itertools.islice(events, 7)]
        task_id, step_id = line.task_id, line.step_ids[0]
        assert seen == [
            ("step.execution_requested", task_id, step_id),
            ("task.start_requested", task_id, None),
            ("step.failed", task_id, step_id),
            ("step.retry_requested", task_id, step_id),
            ("step.execution_requested", task_id, step_id),
            ("step.completed", task_id, step_id),
            ("task.completed", task_id, None),
        ]
