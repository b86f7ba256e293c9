from __future__ import annotations

import io
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support import Rows
from workers import Database, Running, eventually

import tasker_core
from tasker_core import ConfigurationError, PermanentError, RetryableError, Step, Worker
from tasker_core.external import StepName
from tasker_core.worker.tally import Counter, Progress, Tally

TASK = "tests/test_task"


@pytest.fixture
def worker(make: Callable[..., Worker]) -> Worker:
    return make()


def end_connections(connection: psycopg.Connection) -> None:
    """Ends every session of workers, as a restart of the server does."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tasker_core worker' AND datname = current_database()"
    )


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
        worker.add(_raises(PermanentError("no such account")), TASK, "step_1")

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


class TestAFailure:
    def test_is_recorded_as_the_engine_does(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(_raises(ValueError("no model")), TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)

        step_id = line.step_ids[0]
        results = database.results(step_id)
        assert (results["error"], results["error_class"]) == ("no model", "ValueError")
        assert "in handler" in results["backtrace"]
        assert database.history(step_id) == "in_progress error"
        assert database.column("jsonb_build_array(attempts, in_process, processed, retryable)", step_id) == [
            1,
            False,
            False,
            True,
        ]

    def test_is_tried_again_when_its_waiting_time_is_over(
        self, worker: Worker, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(1)
        attempts: list[tuple[int, Any]] = []

        def flaky(step: Step) -> dict[str, bool]:
            attempts.append((step.attempt, step.previous and step.previous["error"]))
            if step.attempt < 3:
                raise RetryableError(f"attempt {step.attempt}")
            return {"ok": True}

        worker.add(flaky, TASK, "step_1")
        for _ in range(4):
            worker.run(until_idle=True)
            database.pass_waiting_times()

        assert attempts == [(1, None), (2, "attempt 1"), (3, "attempt 2")]
        assert database.history(line.step_ids[0]) == (
            "in_progress error pending in_progress error pending in_progress complete"
        )

    @pytest.mark.parametrize(("after", "seconds"), [(90, 90), (timedelta(seconds=1.5), 2), (None, None)])
    def test_can_ask_for_a_waiting_time(
        self, worker: Worker, rows: Rows, database: Database, after: Any, seconds: int | None
    ) -> None:
        line = rows.workflow(1)
        worker.add(_raises(RetryableError("later", retry_after=after)), TASK, "step_1")
        worker.run(until_idle=True)
        assert database.column("backoff_request_seconds", line.step_ids[0]) == seconds

    @pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), 2**40, "soon"])
    def test_cannot_ask_for_what_is_no_time(
        self, worker: Worker, rows: Rows, database: Database, after: Any
    ) -> None:
        line = rows.workflow(1)

        def impatient(_: Step) -> None:
            raise RetryableError("later", retry_after=after)

        worker.add(impatient, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        assert database.results(line.step_ids[0])["error_class"] == "tasker_core.errors.InvalidArgument"

    def test_can_be_final(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(_raises(PermanentError("never")), TASK, "step_1")
        worker.run(until_idle=True)
        database.pass_waiting_times()
        assert worker.run(until_idle=True) == Tally()
        assert database.column("retryable", line.step_ids[0]) is False

    @pytest.mark.parametrize(
        ("results", "reason"),
        [
            ({"set": {1}}, "set has no form in JSON"),
            ({"number": float("nan")}, "JSON"),
            ({"text": "a\0b"}, "could not be saved"),
            ({"half": "\ud800"}, "could not be saved"),
        ],
    )
    def test_is_what_results_become_that_cannot_be_saved(
        self, worker: Worker, rows: Rows, database: Database, results: Any, reason: str
    ) -> None:
        line = rows.workflow(1)
        worker.add(lambda _: results, TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        assert database.history(line.step_ids[0]) == "in_progress error"
        error = database.results(line.step_ids[0])["error"]
        assert error.startswith("The results could not be saved")
        assert reason in error

    def test_can_say_what_no_database_can_keep(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(_raises(ValueError("a\0b \ud800")), TASK, "step_1")
        worker.run(until_idle=True)
        assert database.results(line.step_ids[0])["error"] == "ab ?"

    def test_is_the_exit_of_a_handler_too(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(_raises(SystemExit(3)), TASK, "step_1")
        assert worker.run(until_idle=True) == Tally(failed=1)
        assert database.results(line.step_ids[0])["error_class"] == "SystemExit"

    def test_does_not_disturb_siblings(self, worker: Worker, rows: Rows) -> None:
        rows.workflow(3)
        worker.add(_raises(ValueError("no")), TASK, "step_1")
        worker.add(lambda _: None, TASK, "step_2")
        worker.add(lambda _: None, TASK, "step_3")
        assert worker.run(until_idle=True) == Tally(completed=2, failed=1)


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
        assert "is cancelled now" in caplog.text

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


class Script:
    """The script of tests/worker_script.py, in a process of its own."""

    def __init__(self, url: str, folder: Path, processes: int, *arguments: str) -> None:
        self.folder = folder
        script = Path(__file__).with_name("worker_script.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), url, str(folder), str(processes), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def files(self, pattern: str) -> list[Path]:
        return list(self.folder.glob(pattern))

    def end(self) -> str:
        output, _ = self.process.communicate(timeout=40)
        return str(output)


class TestProcesses:
    def test_share_the_work(self, url: str, tmp_path: Path, rows: Rows, database: Database) -> None:
        workflows = [rows.workflow(1) for _ in range(8)]
        with Script(url, tmp_path, 2, "until_idle") as script:
            assert "Tally(completed=8, failed=0, late=0)" in script.end()
        assert all(database.task(workflow.task_id) == "complete" for workflow in workflows)
        assert len(script.files("[0-9]*.*")) == 8
        pids = {database.results(workflow.step_ids[0])["process"] for workflow in workflows}
        assert os.getpid() not in pids
        assert script.process.pid not in pids

    @pytest.mark.parametrize("processes", [0, 2])
    def test_stop_on_sigterm_and_fail_what_does_not_end(
        self, url: str, tmp_path: Path, rows: Rows, database: Database, processes: int
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, processes) as script:
            eventually(lambda: script.files("started.*"))
            script.process.send_signal(signal.SIGTERM)
            output = script.end()
        assert script.process.returncode == 0, output
        assert "Tally(completed=0, failed=1, late=0)" in output
        assert database.history(line.step_ids[1]) == "in_progress error"

    def test_let_handlers_end_on_sigterm(
        self, url: str, tmp_path: Path, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 0) as script:
            eventually(lambda: script.files("started.*"))
            script.process.send_signal(signal.SIGINT)
            (tmp_path / "go").touch()
            assert "Tally(completed=1" in script.end()
        assert database.history(line.step_ids[1]) == "in_progress complete"

    def test_leave_a_step_that_stuck_steps_finds_when_they_are_killed(
        self, url: str, tmp_path: Path, rows: Rows, database: Database, client: tasker_core.Client
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 0) as script:
            eventually(lambda: script.files("started.*"))
            script.process.kill()
        assert database.history(line.step_ids[1]) == "in_progress"
        stuck = eventually(lambda: client.stuck_steps(older_than=0.5))
        assert [step.workflow_step_id for step in stuck] == [line.step_ids[1]]
        assert [step.state for step in client.reset_stuck(older_than=0.5).steps] == ["pending"]
        assert database.history(line.step_ids[1]) == "in_progress error pending"

    def test_are_replaced_when_they_are_killed(
        self, url: str, tmp_path: Path, rows: Rows, database: Database
    ) -> None:
        rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 1) as script:
            child = int(eventually(lambda: script.files("started.*"))[0].suffix[1:])
            os.kill(child, signal.SIGKILL)
            line = rows.workflow(1)
            eventually(lambda: database.history(line.step_ids[0]) == "in_progress complete", 40)
            script.process.send_signal(signal.SIGTERM)
            assert "is replaced" in script.end()

    def test_end_when_their_parent_is_killed(self, url: str, tmp_path: Path, rows: Rows) -> None:
        rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 1) as script:
            child = int(eventually(lambda: script.files("started.*"))[0].suffix[1:])
            script.process.kill()
        eventually(lambda: not Path(f"/proc/{child}/exe").exists())

    def test_need_handlers_that_others_can_import(self, url: str) -> None:
        worker = Worker(url, processes=1)
        worker.add(lambda _: None, TASK, "step_1")
        with pytest.raises(ConfigurationError, match=r"handler of tests/test_task step_1 cannot be used"):
            worker.run()


class TestSettings:
    def test_that_cannot_be_used_are_refused(self, url: str) -> None:
        for options in (
            {"concurrency": 0},
            {"concurrency": "4"},
            {"processes": -1},
            {"poll_interval": 0},
            {"heartbeat": float("nan")},
            {"grace": -1},
        ):
            with pytest.raises(ConfigurationError, match=next(iter(options))):
                Worker(url, **options)

    def test_register_each_step_once(self, worker: Worker) -> None:
        @worker.step("plain", "one")
        def handler(_: Step) -> None: ...

        with pytest.raises(ConfigurationError, match="default/plain one has a handler already"):
            worker.add(handler, "default/plain", "one")
        with pytest.raises(ConfigurationError, match="cannot be the handler"):
            worker.add("no function", "plain", "two")  # type: ignore[arg-type]
        worker.add(handler, "plain", "one", version="2.0.0")
        assert re.fullmatch(r"<Worker of 2 steps, \S+/\w+>", repr(worker))

    def test_without_a_handler_are_an_error(self, worker: Worker) -> None:
        with pytest.raises(ConfigurationError, match="has no handler"):
            worker.run()


class TestProgress:
    def test_is_one_line_in_a_terminal(self) -> None:
        terminal = _Terminal()
        progress = Progress(terminal)
        progress.show(Tally(completed=1))
        progress.show(Tally(completed=2))
        progress.close(Tally(2, 1, 0))
        lines = terminal.getvalue()
        assert lines.count("\r\x1b[2K") == 2
        assert lines.count("\n") == 1
        assert re.search(r"2 steps completed, 1 failed, 0 late in [\d.]+ s, [\d.]+/s\n\Z", lines)

    def test_is_plain_lines_elsewhere(
        self, make: Callable[..., Worker], rows: Rows, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows.workflow(1)
        worker = make(progress=True)
        worker.add(lambda _: None, TASK, "step_1")
        worker.run(until_idle=True)
        lines = capsys.readouterr().err.splitlines()
        assert lines[-1].startswith("1 steps completed, 0 failed, 0 late in ")
        assert not any("\r" in line for line in lines)

    def test_counts_what_threads_add(self) -> None:
        seen: list[Tally] = []
        counter = Counter(seen.append)
        threads = [threading.Thread(target=lambda: counter.add(completed=1)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counter.tally == Tally(completed=8) == seen[-1]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _raises(error: BaseException) -> Callable[[Step], None]:
    def handler(_: Step) -> None:
        raise error

    return handler


DEEP = "[" * 3000 + "]" * 3000

UNREADABLE = {
    "an integer of 5,000 digits": '{"n": ' + "7" * 5000 + "}",
    "a nesting of 3,000 levels": '{"deep": ' + DEEP + "}",
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


class Odd(BaseException):
    """What is no Exception, and cannot be read."""

    def __str__(self) -> str:
        raise Odd


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("speechless")


class Nameless(type):
    def __getattribute__(cls, name: str) -> Any:
        if name in ("__qualname__", "__module__", "__name__"):
            raise RuntimeError("nameless")
        return super().__getattribute__(name)


class Unnamed(Exception, metaclass=Nameless):
    pass


class LateForEver(RetryableError):
    def __init__(self) -> None:
        Exception.__init__(self, "late for ever")

    def __getattribute__(self, name: str) -> Any:
        if name == "retry_after":
            raise ZeroDivisionError
        return super().__getattribute__(name)


class Unlisted:
    """A value that raises while it is written."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def tolist(self) -> object:
        raise self.error


def circle() -> list[object]:
    around: list[object] = []
    around.append(around)
    return around


def nested(depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


def raising(error: BaseException) -> Callable[[Step], object]:
    def handler(_: Step) -> object:
        raise error

    return handler


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (raising(Odd()), "whose message cannot be read"),
        (raising(Speechless()), "Speechless, whose message cannot be read: RuntimeError"),
        (raising(Unnamed("a reason")), "a reason"),
        (raising(LateForEver()), "late for ever"),
        (raising(SystemExit(3)), "3"),
        (raising(KeyboardInterrupt()), ""),
        (raising(GeneratorExit()), ""),
        (raising(RecursionError("deep")), "deep"),
        (raising(Exception("\ud800 and \0")), "? and "),
        (lambda _: Unlisted(SystemExit()), "could not be saved"),
        (lambda _: Unlisted(Odd()), "could not be saved"),
        (lambda _: {"a": Unlisted(ZeroDivisionError("nothing"))}, "could not be saved: nothing"),
        (lambda _: circle(), "could not be saved"),
        (lambda _: nested(101), "could not be saved"),
        (lambda _: nested(100_000), "could not be saved"),
        (lambda _: {"a": object()}, "could not be saved"),
        (lambda _: {"a": float("nan")}, "could not be saved"),
        (lambda _: {"a": "\0"}, "could not be saved"),
        (lambda _: {"a": "\ud800"}, "could not be saved"),
        (lambda _: {"a": 10**5000}, "could not be saved"),
        (lambda _: {(1, 2): 3}, "could not be saved"),
        (lambda _: {"a": Decimal("sNaN")}, "could not be saved"),
    ],
)
def test_whatever_a_handler_does_its_step_ends_and_its_thread_goes_on(
    make: Callable[..., Worker],
    rows: Rows,
    database: Database,
    handler: Callable[[Step], object],
    reason: str,
) -> None:
    worker = make(concurrency=1)
    odd, usual = rows.workflow(state="in_progress"), rows.workflow(state="in_progress")
    worker.add(lambda step: handler(step) if step.task_id == odd.task_id else {"done": True}, TASK, "step_1")
    assert worker.run(until_idle=True) == Tally(completed=1, failed=1)
    assert database.history(odd.step_ids[0]) == "in_progress error"
    assert reason in database.results(odd.step_ids[0])["error"]
    assert database.history(usual.step_ids[0]) == "in_progress complete"


FORKING = """
import os, sys, tasker_core
how = sys.argv[2]
worker = tasker_core.Worker(sys.argv[1], poll_interval=0.02, grace=1)

@worker.step("tests/test_task", "step_1")
def handler(step):
    child = os.fork()
    if child == 0:
        print("child", how, flush=True)
        if how == "exits":
            sys.exit(7)
        if how == "raises":
            raise RuntimeError("in the child")
        if how == "says":
            sys.exit("a last word")
        return {"by": "child"}
    _, status = os.waitpid(child, 0)
    return {"by": "parent", "status": os.waitstatus_to_exitcode(status)}

print(worker.run(until_idle=True))
"""


@pytest.mark.parametrize(("how", "status"), [("exits", 7), ("raises", 1), ("says", 1), ("returns", 0)])
def test_a_child_that_a_handler_forks_never_reports(
    url: str, rows: Rows, database: Database, how: str, status: int
) -> None:
    step_id = rows.workflow(state="in_progress").step_ids[0]
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING, url, how], capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [f"child {how}", "Tally(completed=1, failed=0, late=0)"]
    assert database.history(step_id) == "in_progress complete"
    assert database.results(step_id) == {"by": "parent", "status": status}
    assert ("a last word" in process.stderr) == (how == "says")
    assert ("in the child" in process.stderr) == (how == "raises")


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
