"""Handlers that fail, or give what nobody can write down."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from support import Rows
from workers import TASK, Database, raising

from tasker_core import PermanentError, RetryableError, Step, Worker
from tasker_core.worker.tally import Tally


class TestAFailure:
    def test_is_recorded_as_the_engine_does(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(raising(ValueError("no model")), TASK, "step_1")
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
        worker.add(raising(RetryableError("later", retry_after=after)), TASK, "step_1")
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
        worker.add(raising(PermanentError("never")), TASK, "step_1")
        worker.run(until_idle=True)
        database.pass_waiting_times()
        assert worker.run(until_idle=True) == Tally()
        assert database.column("retryable", line.step_ids[0]) is False

    def test_can_say_what_no_database_can_keep(self, worker: Worker, rows: Rows, database: Database) -> None:
        line = rows.workflow(1)
        worker.add(raising(ValueError("a\0b \ud800")), TASK, "step_1")
        worker.run(until_idle=True)
        assert database.results(line.step_ids[0])["error"] == "ab ?"

    def test_does_not_disturb_siblings(self, worker: Worker, rows: Rows) -> None:
        rows.workflow(3)
        worker.add(raising(ValueError("no")), TASK, "step_1")
        worker.add(lambda _: None, TASK, "step_2")
        worker.add(lambda _: None, TASK, "step_3")
        assert worker.run(until_idle=True) == Tally(completed=2, failed=1)


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


def _unlisted(error: BaseException) -> Callable[[Step], object]:
    return lambda _: {"a": Unlisted(error)}


NO_JSON = "the value cannot be written as JSON: "


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (Odd(), "test_worker_failures.Odd", "{kind}, whose message cannot be read: {kind}"),
        (
            Speechless(),
            "test_worker_failures.Speechless",
            "{kind}, whose message cannot be read: RuntimeError",
        ),
        (Unnamed("a reason"), f"<class '{__name__}.Unnamed'>", "a reason"),
        (LateForEver(), None, "late for ever"),
        (SystemExit(3), "SystemExit", "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt", ""),
        (GeneratorExit(), "GeneratorExit", ""),
        (RecursionError("deep"), "RecursionError", "deep"),
        (Exception("\ud800 and \0"), "Exception", "? and "),
    ],
)
def test_whatever_a_handler_raises_its_step_ends_and_its_thread_goes_on(
    make: Callable[..., Worker],
    rows: Rows,
    database: Database,
    error: BaseException,
    kind: str | None,
    message: str,
) -> None:
    results = results_of_one_among_others(make, rows, database, raising(error))
    assert results["error"] == message.format(kind=kind)
    assert results.get("error_class") == kind


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (_unlisted(SystemExit()), ""),
        (
            _unlisted(Odd()),
            f"{__name__}.Odd, whose message cannot be read: {__name__}.Odd",
        ),
        (_unlisted(ZeroDivisionError("nothing")), "nothing"),
        (lambda _: circle(), f"{NO_JSON}Circular reference detected"),
        (lambda _: nested(101), ".* is nested deeper than 100 levels"),
        (lambda _: nested(100_000), f"{NO_JSON}.+"),
        (lambda _: {"a": {1}}, f"{NO_JSON}set has no form in JSON"),
        (lambda _: {"a": object()}, f"{NO_JSON}object has no form in JSON"),
        (lambda _: {"a": float("nan")}, f"{NO_JSON}Out of range float values are not JSON compliant.*"),
        (lambda _: {"a": "\0"}, r"database: .*\(SQLSTATE 22P05\)"),
        (lambda _: {"a": "\ud800"}, r"database: .*\(SQLSTATE 22P02\)"),
        (lambda _: {"a": 10**5000}, rf"{NO_JSON}Exceeds the limit \(4300 digits\) .*"),
        (lambda _: {(1, 2): 3}, f"{NO_JSON}keys must be .*, not tuple"),
        (lambda _: {"a": Decimal("sNaN")}, f"{NO_JSON}sNaN is not a number in JSON"),
    ],
)
def test_whatever_a_handler_gives_its_step_ends_and_its_thread_goes_on(
    make: Callable[..., Worker],
    rows: Rows,
    database: Database,
    handler: Callable[[Step], object],
    reason: str,
) -> None:
    results = results_of_one_among_others(make, rows, database, handler)
    assert re.fullmatch(f"The results could not be saved: {reason}", results["error"]), results["error"]


def results_of_one_among_others(
    make: Callable[..., Worker], rows: Rows, database: Database, handler: Callable[[Step], object]
) -> dict[str, Any]:
    """What a step has as results that failed in the one thread of a worker, which went on."""
    worker = make(concurrency=1)
    odd, usual = rows.workflow(state="in_progress"), rows.workflow(state="in_progress")
    worker.add(lambda step: handler(step) if step.task_id == odd.task_id else {"done": True}, TASK, "step_1")
    assert worker.run(until_idle=True) == Tally(completed=1, failed=1)
    assert database.history(odd.step_ids[0]) == "in_progress error"
    assert database.history(usual.step_ids[0]) == "in_progress complete"
    results: dict[str, Any] = database.results(odd.step_ids[0])
    return results
