"""Handlers on a cluster of Dask: a scheduler and two workers, each a process, on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import elsewhere
import pytest
from support import Rows, Workflow
from workers import TASK, Database, Running, eventually

from tasker_core import ExecutorFailed, Worker
from tasker_core.worker.tally import Tally

distributed = pytest.importorskip(
    "distributed", reason="Dask's distributed is not installed: pip install distributed"
)

pytestmark = pytest.mark.filterwarnings("ignore")


class Cluster:
    """A scheduler and workers, without nannies: one that is killed stays dead."""

    def __init__(self, folder: Path, allowed_failures: int, workers: int = 2) -> None:
        self.file = folder / "scheduler.json"
        self.log = folder / "dask.log"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
        }
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        eventually(self.file.exists)
        self.workers = [self._start("worker", *self._worker()) for _ in range(workers)]
        self.client = distributed.Client(scheduler_file=str(self.file), set_as_default=False)
        self.client.wait_for_workers(workers, timeout=60)

    def _worker(self) -> list[str]:
        return ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--scheduler-file", str(self.file)],
                stdout=log,
                stderr=log,
                env=self.environment,
            )

    def executor(self) -> Any:
        return self.client.get_executor(pure=False)

    def close(self) -> None:
        self.client.close(timeout=5)
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait(20)


@contextmanager
def cluster_of(folder: Path, allowed_failures: int) -> Iterator[Cluster]:
    cluster = Cluster(folder, allowed_failures)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of(tmp_path_factory.mktemp("dask"), 0) as cluster:
        yield cluster


@pytest.fixture
def line(rows: Rows, database: Database, tmp_path: Path) -> Callable[..., Workflow]:
    def line(steps: int = 1, **options: Any) -> Workflow:
        made = rows.workflow(steps, **options)
        database.set_context(made.task_id, json.dumps({"folder": str(tmp_path), "amount": 7}))
        return made

    return line


def began(folder: Path, step_id: int) -> list[int]:
    """The processes in which a step's handler began."""
    file = folder / f"{step_id}.began"
    return [int(text) for text in file.read_text().split()] if file.exists() else []


class TestACluster:
    def test_shares_the_steps_and_their_results(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, cluster: Cluster
    ) -> None:
        step_ids = [line().step_ids[0] for _ in range(8)]
        worker = make(executor=cluster.executor(), owns_tasks=True)
        worker.add(elsewhere.meeting, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=8)
        seen = {database.results(step_id)["process"] for step_id in step_ids}
        assert seen == {process.pid for process in cluster.workers}

    def test_executes_equal_steps_each_for_itself(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        cluster: Cluster,
        tmp_path: Path,
    ) -> None:
        """With pure=True too, for the claim's token is in what Dask compares."""
        step_ids = [line().step_ids[0] for _ in range(4)]
        worker = make(executor=cluster.client.get_executor(pure=True))
        worker.add(elsewhere.whereabouts, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=4)
        assert [len(began(tmp_path, step_id)) for step_id in step_ids] == [1] * 4

    def test_spreads_what_a_step_submits_from_within(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, cluster: Cluster
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=cluster.executor())
        worker.add(elsewhere.fanning_out, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        results = database.results(step_id)
        assert results["sum"] == sum(number * number for number in range(20))
        assert set(results["processes"]) == {process.pid for process in cluster.workers}

    def test_takes_functions_of_the_script(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, cluster: Cluster
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=cluster.executor())
        worker.add(lambda step: {"attempt": step.attempt}, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        assert database.results(step_id) == {"attempt": 1}

    @pytest.mark.parametrize(
        ("handler", "message"),
        [
            (elsewhere.unpicklable, "lock has no form in JSON"),
            (elsewhere.raising_unpicklable, "locked"),
            (elsewhere.exiting, "3"),
        ],
    )
    def test_fails_a_step_whose_results_cannot_travel(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        cluster: Cluster,
        handler: Callable[..., object],
        message: str,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=cluster.executor())
        worker.add(handler, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        assert message in database.results(step_id)["error"]
        assert database.column("retryable", step_id) is True

    def test_fails_a_step_whose_handler_cannot_travel(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, cluster: Cluster
    ) -> None:
        broken, whole = line(2, edges=[(1, 2)]), line(2, edges=[(1, 2)])
        worker = make(executor=cluster.executor())
        worker.add(Untransportable(), TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=2)
        for workflow in (broken, whole):
            results = database.results(workflow.step_ids[0])
            assert results["error_class"] == "tasker_core.worker.step.ExecutorFailed"
            assert "the executor did not end the handler" in results["error"]
            assert database.column("retryable", workflow.step_ids[0]) is True

    def test_tells_a_handler_of_its_cancelled_step_and_its_result_is_refused(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        cluster: Cluster,
        tmp_path: Path,
    ) -> None:
        step_id = line().step_ids[0]
        worker = make(executor=cluster.executor(), heartbeat=60)
        worker.add(elsewhere.until_stopped, TASK, "step_1")
        with Running(worker) as running:
            eventually(lambda: began(tmp_path, step_id))
            database.move(step_id, "cancelled")
            eventually((tmp_path / f"{step_id}.cancelled.True").exists)
            eventually(lambda: not worker._stoppable._running)  # type: ignore[union-attr]
        assert running.tally == Tally(late=1)
        assert database.history(step_id) == "in_progress cancelled"


class Untransportable:
    """A handler that no pickle takes."""

    def __call__(self, _: object) -> None:
        raise AssertionError("it is never called")

    def __reduce__(self) -> str:
        raise TypeError("it cannot travel")


class TestAKilledDaskWorker:
    @pytest.mark.parametrize("allowed_failures", [0, 3])
    def test_costs_one_attempt_of_its_step_which_is_never_begun_twice(
        self,
        make: Callable[..., Worker],
        line: Callable[..., Workflow],
        database: Database,
        tmp_path: Path,
        allowed_failures: int,
    ) -> None:
        """With Dask's own 3 it sends the step to the other worker, where the database refuses it."""
        step_ids = [line().step_ids[0] for _ in range(2)]
        with cluster_of(tmp_path, allowed_failures) as cluster:
            worker = make(executor=cluster.executor())
            worker.add(elsewhere.until_let_go, TASK, "step_1")
            with Running(worker) as running:
                eventually(lambda: all(began(tmp_path, step_id) for step_id in step_ids))
                (victim,) = began(tmp_path, step_ids[0])
                os.kill(victim, signal.SIGKILL)
                if allowed_failures == 0:
                    eventually(lambda: database.history(step_ids[0]) == "in_progress error")
                    (tmp_path / "go").touch()
                else:
                    (tmp_path / "go").touch()
                    eventually(lambda: database.history(step_ids[0]) == "in_progress error")
                eventually(lambda: database.history(step_ids[1]) == "in_progress complete")
                assert len(began(tmp_path, step_ids[0])) == 1
                reason = database.results(step_ids[0])["error"]
                expected = "KilledWorker" if allowed_failures == 0 else "it is not executed twice"
                assert expected in reason
                assert database.column("jsonb_build_array(attempts, retryable)", step_ids[0]) == [1, True]
                database.pass_waiting_times()
                eventually(lambda: database.history(step_ids[0]).endswith("pending in_progress complete"))
            assert running.tally == Tally(completed=2, failed=1)
            assert len(began(tmp_path, step_ids[0])) == 2


class TestALostScheduler:
    def test_fails_the_steps_and_ends_the_worker(
        self, make: Callable[..., Worker], line: Callable[..., Workflow], database: Database, tmp_path: Path
    ) -> None:
        step_id = line().step_ids[0]
        with distributed_timeouts(), cluster_of(tmp_path, 0) as cluster:
            worker = make(executor=cluster.executor())
            worker.add(elsewhere.until_let_go, TASK, "step_1")
            running = Running(worker)
            failures: list[BaseException] = []
            running.thread = _catching(worker, failures)
            running.thread.start()
            eventually(lambda: began(tmp_path, step_id))
            cluster.scheduler.kill()
            eventually(lambda: database.history(step_id) == "in_progress error")
            assert database.column("retryable", step_id) is True
            line()
            running.thread.join(60)
            assert not running.thread.is_alive()
            assert isinstance(failures[0], ExecutorFailed)


@contextmanager
def distributed_timeouts() -> Iterator[None]:
    """How long a client tries to reach its scheduler again."""
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
        yield


def _catching(worker: Worker, failures: list[BaseException]) -> Any:
    import threading

    def run() -> None:
        try:
            worker.run()
        except BaseException as error:
            failures.append(error)

    return threading.Thread(target=run)
