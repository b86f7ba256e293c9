"""A worker that runs: what wakes it, what it outlives, how it stops."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from proxy import proxy_of
from support import Rows
from workers import TASK, Database, Running, eventually

import tasker_core
from tasker_core import Step, StepName, Worker
from tasker_core.worker.tally import Tally


def end_connections(connection: psycopg.Connection) -> None:
    """Ends every session of workers, as a restart of the server does."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tasker_core worker' AND datname = current_database()"
    )


class TestARunningWorker:
    def test_is_woken_when_steps_become_ready(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        worker = make(poll_interval=3600)
        worker.add(lambda _: None, TASK, "step_1")
        with Running(worker):
            eventually(
                lambda: database.value(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
                )
            )
            line = rows.workflow(1)
            database.connection.execute("NOTIFY tasker_core_ready, '1'")
            eventually(lambda: database.history(line.step_ids[0]) == "in_progress complete")

    def test_polls_where_it_does_not_listen(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        worker = make(listen=False)
        worker.add(lambda _: None, TASK, "step_1")
        with Running(worker):
            line = rows.workflow(1)
            eventually(lambda: database.history(line.step_ids[0]) == "in_progress complete")

    def test_goes_on_after_its_connections_were_lost(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        worker.add(lambda _: None, TASK, "step_1")
        with Running(worker):
            first = rows.workflow(1)
            eventually(lambda: database.history(first.step_ids[0]) == "in_progress complete")
            end_connections(database.connection)
            second = rows.workflow(1)
            eventually(lambda: database.history(second.step_ids[0]) == "in_progress complete")

    def test_writes_an_outcome_although_the_database_was_away(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(1)

        def cut_off(_: Step) -> None:
            end_connections(database.connection)

        worker.add(cut_off, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)
        assert database.history(line.step_ids[0]) == "in_progress complete"

    def test_fails_steps_whose_handlers_outlast_a_stop(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        line, gate, ended = rows.workflow(1), threading.Event(), threading.Event()

        def endless(_: Step) -> None:
            gate.wait(30)
            ended.set()

        worker.add(endless, TASK, "step_1")
        with Running(worker) as running:
            eventually(lambda: database.history(line.step_ids[0]) == "in_progress")
        results = database.results(line.step_ids[0])
        assert results["error_class"] == "tasker_core.worker.step.WorkerStopped"
        assert database.column("jsonb_build_array(attempts, retryable)", line.step_ids[0]) == [1, True]
        assert running.tally == Tally(failed=1)
        gate.set()
        assert ended.wait(20)
        assert database.history(line.step_ids[0]) == "in_progress error"

    def test_lets_handlers_end_within_the_grace_time(
        self, make: Callable[..., Worker], rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(1)
        worker = make(grace=20)

        def stops_with_the_worker(step: Step) -> dict[str, bool]:
            eventually(lambda: step.should_stop)
            return {"cancelled": step.cancelled}

        worker.add(stops_with_the_worker, TASK, "step_1")
        running = Running(worker)
        running.thread.start()
        eventually(lambda: database.history(line.step_ids[0]) == "in_progress")
        worker.stop()
        running.thread.join(20)
        assert database.results(line.step_ids[0]) == {"cancelled": False}

    def test_ends_where_the_engines_tables_are_missing(self, empty_url: str) -> None:
        worker = Worker(empty_url)
        worker.add(lambda _: None, TASK, "step_1")
        with pytest.raises(tasker_core.SchemaMissing):
            worker.run()


class TestChangesFromOutside:
    def test_make_a_result_late_and_are_shown_to_the_handler(
        self, worker: Worker, rows: Rows, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        line = rows.workflow(1)

        def slow(step: Step) -> dict[str, bool]:
            database.move(step.step_id, "cancelled")
            eventually(lambda: step.cancelled)
            assert step.should_stop
            return {"late": True}

        worker.add(slow, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(late=1)
        assert database.history(line.step_ids[0]) == "in_progress cancelled"
        assert "is now cancelled" in caplog.text

    def test_leave_steps_of_a_cancelled_task(self, worker: Worker, rows: Rows) -> None:
        rows.workflow(1, state="cancelled")
        worker.add(lambda _: None, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally()

    def test_are_noticed_by_heartbeats_that_keep_claims_alive(
        self, worker: Worker, rows: Rows, database: Database, client: tasker_core.Client
    ) -> None:
        rows.workflow(1)

        def slow(_: Step) -> None:
            database.connection.execute(
                "UPDATE tasker_workflow_step_transitions SET created_at = now() - interval '1 hour',"
                " updated_at = now() - interval '1 hour'"
            )
            eventually(lambda: not client.stuck_steps(older_than=60))

        worker.add(slow, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(completed=1)


UNREACHABLE = """
import sys, tasker_core
nowhere = "postgresql://me@127.0.0.1:1/nowhere"
worker = tasker_core.Worker(nowhere, poll_interval=0.02, processes=int(sys.argv[2]))

def handler(step):
    return {}

worker.add(handler, "tests/test_task", "step_1")
if __name__ == "__main__":
    getattr(worker, sys.argv[1])(**({"until_idle": True} if sys.argv[1] == "run" else {}))
"""


@pytest.mark.parametrize(("method", "processes"), [("run", 0), ("run_once", 0), ("run", 1)])
def test_a_database_that_does_not_answer_ends_a_worker_that_is_to_end(
    tmp_path: Path, method: str, processes: int
) -> None:
    script = tmp_path / "unreachable.py"
    script.write_text(UNREACHABLE)
    process = subprocess.run(
        [sys.executable, str(script), method, str(processes)], capture_output=True, text=True, timeout=90
    )
    assert process.returncode == 1
    assert "tasker_core.errors.DatabaseError: " in process.stderr
    assert process.stderr.count("no steps could be claimed, trying again") == 4
    assert "operation failed" not in process.stderr, "each error is told once"


def test_a_worker_that_is_to_go_on_waits_longer_with_each_failure() -> None:
    from tasker_core.worker.loop import LONGEST_PAUSE, Loop, Options

    loop = Loop.__new__(Loop)
    loop._options = Options(poll_interval=0.5)
    pauses = []
    for loop._failures in (1, 2, 3, 4, 20, 100_000):
        pauses.append(loop._pause())
    assert pauses == [0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE, LONGEST_PAUSE]


class TestALostAnswer:
    """The claims are committed, and the connection is cut before the worker hears of them."""

    @pytest.mark.parametrize("attended", [True, False])
    def test_costs_no_step(self, url: str, rows: Rows, database: Database, attended: bool) -> None:
        step_ids = [rows.workflow().step_ids[0] for _ in range(3)]
        seen: list[tuple[int, int]] = []
        with proxy_of(url) as proxy:
            worker = Worker(proxy.url, poll_interval=0.02, owns_tasks=True)
            worker.add(lambda step: seen.append((step.step_id, step.attempt)), TASK, "step_1")
            proxy.lose_commit("INSERT INTO tasker_workflow_step_transitions")
            if attended:
                assert worker.run(until_idle=True) == Tally(completed=3)
            else:
                with Running(worker):
                    eventually(lambda: all(database.history(step).endswith("complete") for step in step_ids))
            assert proxy.lost == 1
        assert sorted(seen) == [(step_id, 1) for step_id in step_ids]
        assert [database.history(step_id) for step_id in step_ids] == ["in_progress complete"] * 3

    def test_costs_no_step_of_a_worker_that_is_stopped_before_it_asks_again(
        self, url: str, rows: Rows, database: Database
    ) -> None:
        step_ids = [rows.workflow().step_ids[0] for _ in range(3)]
        with proxy_of(url) as proxy:
            worker = Worker(proxy.url, poll_interval=60, owns_tasks=True)
            worker.add(lambda _: None, TASK, "step_1")
            proxy.lose_commit("INSERT INTO tasker_workflow_step_transitions")
            running = Running(worker)
            running.thread.start()
            eventually(lambda: proxy.lost == 1)
            worker.stop()
            running.thread.join(30)
        assert running.tally == Tally(completed=3)
        assert [database.history(step_id) for step_id in step_ids] == ["in_progress complete"] * 3

    def test_is_given_again_to_who_names_the_claim(
        self, url: str, client: tasker_core.Client, rows: Rows, database: Database
    ) -> None:
        for _ in range(3):
            rows.workflow()
        names = [StepName("test_task", "step_1", "tests")]
        with proxy_of(url) as proxy, tasker_core.connect(proxy.url) as cut_off:
            proxy.lose_commit("INSERT INTO tasker_workflow_step_transitions")
            with pytest.raises(tasker_core.DatabaseError) as lost:
                cut_off.claim_ready_steps(names, limit=2, claim_id="mine")
            assert lost.value.sqlstate == "08007"
            mine = cut_off.claim_ready_steps(names, limit=2, claim_id="mine", again=True)
        others = client.claim_ready_steps(names, limit=9, claim_id="another", again=True)
        assert (len(mine), len(others)) == (2, 1)
        assert [client.complete_claim(step).written for step in (*mine, *others)] == [True] * 3
        assert {database.history(step.workflow_step_id) for step in mine} == {"in_progress complete"}

    def test_cannot_be_asked_for_without_the_name(self, client: tasker_core.Client) -> None:
        with pytest.raises(tasker_core.InvalidArgument, match='claim_id is ""'):
            client.claim_ready_steps([StepName("test_task", "step_1")], again=True)
