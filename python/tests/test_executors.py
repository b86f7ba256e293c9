"""Handlers in executors of the standard library: threads, and other processes."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import elsewhere
import psycopg
import pytest
from support import Rows, Workflow
from workers import TASK, Database, Running, eventually

import tasker_core
from tasker_core import ConfigurationError, ExecutorFailed, Step, Worker
from tasker_core.worker.executors import Executors
from tasker_core.worker.tally import Tally
from tasker_core.worker.travel import Access, Call, RemoteStep, SentStep

SPAWN = multiprocessing.get_context("spawn")
pool_of_processes = functools.partial(ProcessPoolExecutor, 2, mp_context=SPAWN)


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with pool_of_processes() as pool:
        # Both processes start now: CPython 3.11 starts another one only while it counts none as
        # idle, and it counts those too that went on with the next task.
        wait([pool.submit(time.sleep, 0.2) for _ in range(2)])
        yield pool


@pytest.fixture
def line(rows: Rows, database: Database, tmp_path: Path) -> Callable[..., Workflow]:
    """Makes a task whose context names the test's folder."""

    def line(steps: int = 1, **options: Any) -> Workflow:
        made = rows.workflow(steps, **options)
        # A number that no float holds.
        context = f'{{"folder": {json.dumps(str(tmp_path))}, "amount": 0.10000000000000000000001}}'
        database.set_context(made.task_id, context)
        return made

    return line


def pids(folder: Path, step_id: int, what: str) -> list[int]:
    """The processes in which it happened to a step."""
    file = folder / f"{step_id}.{what}"
    return [int(text) for text in file.read_text().split()] if file.exists() else []


class TestThreadsOfAnExecutor:
    def test_execute_handlers_as_the_workers_own_do(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        diamond = rows.workflow(4, [(1, 2), (1, 3), (2, 4), (3, 4)])
        seen: list[str] = []

        def add_up(step: Step) -> dict[str, int]:
            seen.append(threading.current_thread().name)
            return elsewhere.add_up(step)

        with ThreadPoolExecutor(2, thread_name_prefix="mine") as pool:
            worker = make(executor=pool, owns_tasks=True)
            for place in range(1, 5):
                worker.add(add_up, TASK, f"step_{place}")
            assert worker.run(until_idle=True) == Tally(completed=4)
            assert pool.submit(str, 1).result() == "1", "the executor is its maker's"
        assert database.task(diamond.task_id) == "complete"
        assert database.results(diamond.step_ids[3]) == {"sum": 5}
        assert len(seen) == 4
        assert all(name.startswith("mine") for name in seen)

    def test_get_the_step_itself_whose_loss_the_heartbeat_tells(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        workflow = rows.workflow()

        def slow(step: Step) -> None:
            assert isinstance(step, SentStep)
            database.move(step.step_id, "cancelled")
            eventually(lambda: step.cancelled)

        with ThreadPoolExecutor(1) as pool:
            worker = make(executor=pool)
            worker.add(slow, TASK, "step_1")
            assert worker.run(until_idle=True) == Tally(late=1)
        assert database.history(workflow.step_ids[0]) == "in_progress cancelled"

    def test_do_not_begin_a_step_that_was_lost_in_their_queue(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        first, second = rows.workflow().step_ids[0], rows.workflow().step_ids[0]
        seen: list[int] = []

        def slow(step: Step) -> None:
            seen.append(step.step_id)
            eventually(lambda: database.history(second) == "in_progress")
            database.move(second, "cancelled")
            eventually(lambda: any(step.cancelled for step in with_the_worker()))

        def with_the_worker() -> list[Step]:
            return list(worker._stoppable._running.values())  # type: ignore[union-attr]

        with ThreadPoolExecutor(1) as pool:
            worker = make(executor=pool, concurrency=2)
            worker.add(slow, TASK, "step_1")
            assert worker.run(until_idle=True) == Tally(completed=1, late=1)
        assert seen == [first]

    def test_that_outlast_a_stop_have_failed_and_what_waits_is_never_begun(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        step_ids = [rows.workflow().step_ids[0] for _ in range(2)]
        gate, seen = threading.Event(), []

        def endless(step: Step) -> None:
            seen.append(step.step_id)
            gate.wait(30)

        with ThreadPoolExecutor(1) as pool:
            worker = make(executor=pool, concurrency=2)
            worker.add(endless, TASK, "step_1")
            with Running(worker) as running:
                eventually(lambda: [database.history(step_id) for step_id in step_ids] == ["in_progress"] * 2)
                eventually(lambda: seen)
            gate.set()
        assert running.tally == Tally(failed=2)
        assert seen == step_ids[:1], "what had not begun never does"
        for step_id in step_ids:
            assert database.history(step_id) == "in_progress error"
            assert database.results(step_id)["error_class"] == "tasker_core.worker.step.WorkerStopped"


class TestProcessesOfAnExecutor:
    def test_share_the_work_and_keep_numbers_exact(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
        tmp_path: Path,
    ) -> None:
        step_ids = [line().step_ids[0] for _ in range(8)]
        worker = make(executor=processes)
        worker.add(elsewhere.meeting, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=8)
        seen = {database.results(step_id)["process"] for step_id in step_ids}
        assert len(seen) == 2
        assert os.getpid() not in seen
        for step_id in step_ids:
            assert len(pids(tmp_path, step_id, "began")) == 1
            amount = "SELECT results ->> 'amount' FROM tasker_workflow_steps WHERE workflow_step_id = %s"
            assert database.value(amount, step_id) == "0.10000000000000000000001"
            runner = (
                "SELECT metadata ->> 'runner' FROM tasker_workflow_step_transitions"
                " WHERE workflow_step_id = %s AND to_state = 'in_progress'"
            )
            assert f" {database.results(step_id)['process']} " in database.value(runner, step_id)

    @pytest.mark.parametrize(
        ("handler", "error_class", "message", "retryable", "after"),
        [
            (
                elsewhere.unpicklable,
                "tasker_core.errors.InvalidArgument",
                "lock has no form in JSON",
                True,
                None,
            ),
            (elsewhere.raising_unpicklable, "elsewhere.Locked", "locked", True, None),
            (elsewhere.later, "tasker_core.worker.step.RetryableError", "later", True, 90),
            (elsewhere.never, "tasker_core.worker.step.PermanentError", "never", False, None),
            (elsewhere.exiting, "SystemExit", "3", True, None),
        ],
    )
    def test_tell_every_failure_as_it_was(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
        caplog: pytest.LogCaptureFixture,
        handler: Callable[[Step], object],
        error_class: str,
        message: str,
        retryable: bool,
        after: int | None,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=processes)
        worker.add(handler, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        results = database.results(step_id)
        assert results["error_class"] == error_class
        assert message in results["error"]
        assert "elsewhere.py" in results["backtrace"] or "jsonb.py" in results["backtrace"]
        assert database.column("retryable", step_id) is retryable
        assert database.column("backoff_request_seconds", step_id) == after
        assert caplog.text.count("attempt 1 failed") == 1

    def test_are_not_reached_by_what_cannot_travel(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=processes)
        worker.add(lambda _: None, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        results = database.results(step_id)
        assert results["error_class"] == "tasker_core.worker.step.ExecutorFailed"
        assert "the executor did not end the handler" in results["error"]
        assert "pickle" in results["error"]
        assert database.column("retryable", step_id) is True

    def test_hear_of_a_cancelled_step(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
        tmp_path: Path,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=processes, heartbeat=60)
        worker.add(elsewhere.until_stopped, TASK, "step_1")
        with Running(worker) as running:
            eventually(lambda: pids(tmp_path, step_id, "began"))
            database.move(step_id, "cancelled")
            eventually(lambda: pids(tmp_path, step_id, "cancelled.True"))
            eventually(lambda: not worker._stoppable._running)  # type: ignore[union-attr]
        assert running.tally == Tally(late=1)
        assert database.history(step_id) == "in_progress cancelled"

    def test_hear_of_a_worker_that_stops(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
        tmp_path: Path,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=processes, grace=20, heartbeat=60)
        worker.add(elsewhere.until_stopped, TASK, "step_1")
        with Running(worker) as running:
            eventually(lambda: pids(tmp_path, step_id, "began"))
            worker.stop()
            running.thread.join(20)
        assert running.tally == Tally(completed=1)
        assert database.results(step_id) == {"cancelled": False}

    def test_have_a_logger_that_names_the_step(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
    ) -> None:
        workflow = line()
        worker = make(executor=processes)
        worker.add(elsewhere.logging_step, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        results = database.results(workflow.step_ids[0])
        assert results["fields"]["step_id"] == workflow.step_ids[0]
        assert results["fields"]["correlation_id"] == f"task-{workflow.task_id}"
        assert f"of task {workflow.task_id}" in results["repr"]

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_may_fork(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        processes: Executor,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=processes)
        worker.add(elsewhere.forking, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        assert database.results(step_id) == {"by": "parent", "attempt": 1}

    def test_have_one_connection_each_beside_the_workers(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, tmp_path: Path
    ) -> None:
        step_ids = [line().step_ids[0] for _ in range(4)]
        counted = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()"
        )
        before = database.value(counted, "tasker_core handler")
        worker = make(executor=pool_of_processes, concurrency=50, listen=False)
        worker.add(elsewhere.until_let_go, TASK, "step_1")
        with Running(worker) as running:
            eventually(lambda: len(list(tmp_path.glob("*.began"))) == 2)
            assert database.value(counted, "tasker_core handler") == before + 2
            (tmp_path / "go").touch()
            eventually(lambda: all(database.history(step_id).endswith("complete") for step_id in step_ids))
            assert database.value(counted, "tasker_core worker") <= 10
        assert running.tally == Tally(completed=4)
        eventually(lambda: database.value(counted, "tasker_core handler") == before)


class TestAnExecutorThatBreaks:
    def test_fails_its_steps_once_and_is_made_anew(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, tmp_path: Path
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=pool_of_processes)
        worker.add(elsewhere.dying_once, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        results = database.results(step_id)
        assert results["error_class"] == "tasker_core.worker.step.ExecutorFailed"
        assert "BrokenProcessPool" in results["error"]
        assert database.column("jsonb_build_array(attempts, retryable)", step_id) == [1, True]

        database.pass_waiting_times()
        assert worker.run(until_idle=True) == Tally(completed=1)
        assert database.history(step_id) == "in_progress error pending in_progress complete"
        assert len(pids(tmp_path, step_id, "began")) == 2

    def test_is_made_anew_within_one_run(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database
    ) -> None:
        made: list[Executor] = []

        def factory() -> Executor:
            made.append(pool_of_processes())
            return made[-1]

        dying, living = line(), [line() for _ in range(3)]
        worker = make(executor=factory, concurrency=1)
        worker.add(elsewhere.dying_once, TASK, "step_1")
        database.connection.execute(
            "UPDATE tasker_workflow_steps SET attempts = 1, last_attempted_at = now() - interval '1 hour'"
            " WHERE workflow_step_id <> %s",
            (dying.step_ids[0],),
        )
        assert worker.run(until_idle=True) == Tally(completed=3, failed=1)
        assert len(made) == 2
        assert database.history(dying.step_ids[0]) == "in_progress error"
        assert [database.history(other.step_ids[0]) for other in living] == ["in_progress complete"] * 3

    def test_loses_every_step_that_is_with_a_pool_of_processes(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, tmp_path: Path
    ) -> None:
        """Why processes=n is no such pool: there one death costs the steps of one process."""
        dying, bystander = line(2).step_ids[0], line(2).step_ids[1]
        database.connection.execute(
            "DELETE FROM tasker_workflow_steps WHERE workflow_step_id <> ALL (%s)", ([dying, bystander],)
        )
        worker = make(executor=pool_of_processes)

        worker.add(elsewhere.dying_after_another, TASK, "step_1")
        worker.add(elsewhere.until_let_go, TASK, "step_2")
        assert worker.run(until_idle=True) == Tally(failed=2)
        for step_id in (dying, bystander):
            assert len(pids(tmp_path, step_id, "began")) == 1
            assert "BrokenProcessPool" in database.results(step_id)["error"]

    def test_ends_the_worker_where_it_cannot_be_made_anew_after_its_steps_are_written(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database
    ) -> None:
        step_ids = [line().step_ids[0] for _ in range(3)]
        pool = pool_of_processes()
        worker = make(executor=pool, concurrency=3)
        worker.add(elsewhere.dying, TASK, "step_1")
        with pytest.raises(
            ExecutorFailed, match=r"no factory to create another: BrokenProcessPool"
        ) as raised:
            worker.run()
        assert raised.value.code == "executor"
        for step_id in step_ids:
            assert database.history(step_id) == "in_progress error"
            assert "BrokenProcessPool" in database.results(step_id)["error"]
            assert database.column("retryable", step_id) is True
        pool.shutdown()

    def test_that_was_shut_down_ends_the_worker(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database
    ) -> None:
        step_id = line().step_ids[0]
        pool = ThreadPoolExecutor(1)
        pool.shutdown()
        worker = make(executor=pool)
        worker.add(elsewhere.whereabouts, TASK, "step_1")
        with pytest.raises(ExecutorFailed, match="after shutdown"):
            worker.run_once()
        assert database.history(step_id) == "in_progress error"

    def test_ends_what_others_have_there_after_a_worker_was_stopped(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, tmp_path: Path
    ) -> None:
        """CPython 3.11 ends no future of a pool that breaks with a cancelled one in its queue."""
        step_ids = [line().step_ids[0] for _ in range(6)]
        with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
            worker = make(executor=pool, concurrency=6)
            worker.add(elsewhere.until_let_go, TASK, "step_1")
            with Running(worker) as running:
                eventually(lambda: [database.history(step) for step in step_ids] == ["in_progress"] * 6)
                eventually(lambda: pids(tmp_path, step_ids[0], "began"))
            assert running.tally == Tally(failed=6)
            of_others = pool.submit(int)
            os.kill(pids(tmp_path, step_ids[0], "began")[0], signal.SIGKILL)
            assert isinstance(of_others.exception(timeout=30), BrokenProcessPool)

    def test_whose_factory_fails_ends_the_worker(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database
    ) -> None:
        pools: list[Callable[[], Executor]] = [pool_of_processes]

        def factory() -> Executor:
            return pools.pop()()

        step_id = line().step_ids[0]
        worker = make(executor=factory)
        worker.add(elsewhere.dying, TASK, "step_1")
        with pytest.raises(ExecutorFailed, match="cannot be created again: IndexError"):
            worker.run()
        assert database.history(step_id) == "in_progress error"


class TestAStepThatArrivesTwice:
    """As a cluster delivers it that believes a process dead."""

    def test_is_begun_by_one_and_the_other_is_told(
        self, url: str, client: tasker_core.Client, line: Callable[..., Workflow], tmp_path: Path
    ) -> None:
        step_id = line(state="in_progress").step_ids[0]
        name = tasker_core.StepName("test_task", "step_1", "tests")
        claim = client.claim_ready_steps([name])[0]
        calls = [Call(elsewhere.whereabouts, RemoteStep(claim, Access(url, {}))) for _ in range(2)]
        outcomes = [call() for call in calls]
        assert outcomes[0].results is not None
        assert outcomes[1].results is None
        assert "it is not executed twice" in outcomes[1].error["error"]
        assert len(pids(tmp_path, step_id, "began")) == 1

    def test_is_not_begun_where_the_claim_is_lost_or_the_database_away(
        self,
        url: str,
        client: tasker_core.Client,
        connection: psycopg.Connection,
        line: Callable[..., Workflow],
        tmp_path: Path,
    ) -> None:
        step_id = line(state="in_progress").step_ids[0]
        name = tasker_core.StepName("test_task", "step_1", "tests")
        claim = client.claim_ready_steps([name])[0]
        nowhere = Access("postgresql://me@127.0.0.1:1/nowhere", {})
        away = Call(elsewhere.whereabouts, RemoteStep(claim, nowhere))()
        assert "could not reach the database" in away.error["error"]
        assert away.retryable
        Database(connection).move(step_id, "cancelled")
        lost = Call(elsewhere.whereabouts, RemoteStep(claim, Access(url, {})))()
        assert "before its handler started" in lost.error["error"]
        assert pids(tmp_path, step_id, "began") == []


class TestTheSetting:
    @pytest.mark.parametrize("executor", [4, "processes", object()])
    def test_is_an_executor_or_makes_one(self, executor: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"executor is .*; it must be"):
            Worker("postgresql://localhost/shop", executor=executor)

    def test_does_not_go_with_processes(self) -> None:
        with pytest.raises(ConfigurationError, match="pass one of them"):
            Worker("postgresql://localhost/shop", processes=2, executor=ThreadPoolExecutor)

    def test_makes_nothing_else(self) -> None:
        made: Any = dict
        with pytest.raises(ConfigurationError, match=r"executor made \{\}"):
            Executors(made, lambda: None)

    def test_shows_no_password(self) -> None:
        assert "secret" not in repr(Access("postgresql://me:secret@localhost/shop", {"token": "secret"}))
