"""Errors speak to the person who must act, and never show a password."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from support import Rows, until_a_lock_is_waited_for

import tasker_core
from tasker_core import errors

SECRET = "s3cr3t"


def test_a_server_that_is_down(tmp_path: object) -> None:
    with (
        tasker_core.connect(f"postgresql://me:{SECRET}@/shop?host={tmp_path}") as client,
        pytest.raises(tasker_core.DatabaseError, match="failed to connect") as caught,
    ):
        client.viable_steps(1)
    assert (caught.value.sqlstate, caught.value.retryable, caught.value.code) == ("08001", True, "database")
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(client)


@pytest.mark.parametrize(
    "url", ["", None, 7, f"postgresql://me:{SECRET}@host:port/shop", "mysql://here/there"]
)
def test_a_bad_url(url: str) -> None:
    with pytest.raises(tasker_core.ConfigurationError) as caught:
        tasker_core.connect(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("pool_max_connections", 0), ("pool_exec_mode", "fast"), ("log_level", "loud"), ("colour", "red")],
)
def test_a_bad_setting_is_named(url: str, name: str, value: str | float) -> None:
    with pytest.raises(tasker_core.ConfigurationError, match=name):
        tasker_core.connect(url, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sslmode", "unknown name sslmode"),
        ("connect_timeout", "unknown name connect"),
        ("", "a name is empty"),
    ],
)
def test_an_unknown_setting_is_named_also_where_it_is_none(url: str, name: str, message: str) -> None:
    with pytest.raises(tasker_core.ConfigurationError, match=message):
        tasker_core.connect(url, **{name: None})  # type: ignore[arg-type]


def nested(depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [100, 400, 5_000, 500_000])
def test_a_payload_that_is_nested_too_deep_is_refused(url: str, depth: int) -> None:
    with tasker_core.connect(url) as client:
        with pytest.raises(tasker_core.InvalidArgument, match="deeper than 100 levels"):
            client.publish("order.made", {"a": nested(depth)})
        circle: list[object] = []
        circle.append(circle)
        with pytest.raises(tasker_core.InvalidArgument):
            client.publish("order.made", {"a": circle})
        with client.subscribe("order.*") as events:
            client.publish("order.made", {"a": nested(99)})
            event = events.get(timeout=30)
            assert event is not None
            assert event.payload == {"a": nested(99)}


def test_a_setting_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(tasker_core.ConfigurationError, match="cannot be sent"):
        tasker_core.connect(url, log_level=object())  # type: ignore[arg-type]


WRONG: list[Callable[[tasker_core.Client], object]] = [
    lambda client: client.viable_steps("42"),  # type: ignore[arg-type]
    lambda client: client.viable_steps(None),  # type: ignore[arg-type]
    lambda client: client.viable_steps(1.5),  # type: ignore[arg-type]
    lambda client: client.viable_steps(2**63),
    lambda client: client.step_readiness_batch(7),  # type: ignore[arg-type]
    lambda client: client.step_readiness_batch(["a"]),  # type: ignore[list-item]
    lambda client: client.task_execution_contexts(range(1_000_001)),
    lambda client: client.slowest_steps(limit=-1),
    lambda client: client.slowest_steps(since=datetime(2026, 1, 1)),
    lambda client: client.slowest_steps(since="yesterday"),  # type: ignore[arg-type]
    lambda client: client.slowest_steps(namespace=7),  # type: ignore[arg-type]
    lambda client: client.stuck_steps(older_than=-1),
    lambda client: client.stuck_steps(older_than=math.nan),
    lambda client: client.stuck_steps(older_than="an hour"),  # type: ignore[arg-type]
    lambda client: client.transition_task(1, to="in_progress", metadata={"a": object()}),
    lambda client: client.transition_task(1, to=object()),  # type: ignore[arg-type]
    lambda client: client.analyze_graph(1, weights={"impact_multipliers": {"nothing": 1}}),
    lambda client: client.draw(1, format="png"),
]


@pytest.mark.parametrize("call", WRONG)
def test_wrong_arguments(client: tasker_core.Client, call: Callable[[tasker_core.Client], object]) -> None:
    with pytest.raises(tasker_core.InvalidArgument) as caught:
        call(client)
    assert isinstance(caught.value, ValueError)


def test_unknown_objects(client: tasker_core.Client) -> None:
    assert client.step_readiness(404) == []
    assert client.viable_steps(404) == []
    assert client.task_execution_context(404) is None
    assert client.current_step_state(404) is None
    assert client.analyze_graph(404) is None
    assert client.draw(404) is None
    with pytest.raises(tasker_core.NotFound) as caught:
        client.transition_step(404, to="in_progress")
    assert caught.value.details == {"step_id": 404}


def test_a_cycle_tells_its_path(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=3, edges=[(1, 2), (2, 3), (3, 1)])
    with pytest.raises(tasker_core.CycleError) as caught:
        client.dependency_levels(task_id)
    assert caught.value.path[0] == caught.value.path[-1]
    assert set(caught.value.path) == set(steps)
    with pytest.raises(tasker_core.CycleError):
        client.open_session(task_id)


def test_a_missing_schema(empty_url: str) -> None:
    with tasker_core.connect(empty_url) as client:
        with pytest.raises(tasker_core.SchemaMissing) as caught:
            client.system_health_counts()
        assert caught.value.sqlstate == "42P01"
        assert "install_schema" in caught.value.message
        assert isinstance(caught.value, tasker_core.DatabaseError)
        assert not client.check_schema().clean
        assert "table tasker_tasks" in client.install_schema()
        assert client.check_schema().clean
        with pytest.raises(tasker_core.SchemaNotEmpty):
            client.install_schema()


def test_the_nearest_name_is_told(client: tasker_core.Client, url: str) -> None:
    with pytest.raises(
        tasker_core.ConfigurationError, match=r"unknown name pool_max; did you mean pool_max_connections\?"
    ):
        tasker_core.connect(url, pool_max=3)
    with pytest.raises(tasker_core.InvalidArgument, match=r"blocked_wait; did you mean blocked_weight\?"):
        client.analyze_graph(1, weights={"impact_multipliers": {"blocked_wait": 1}})


def test_a_name_of_a_step_is_none_of_letters(client: tasker_core.Client) -> None:
    wrong: list[Any] = [
        "et",
        "etl/clean",
        ("etl",),
        ("a", "b", "c", "d", "e"),
        {"task": "etl", "step": "clean"},
    ]
    for name in wrong:
        with pytest.raises(tasker_core.InvalidArgument, match="is not a name of a step; pass StepName"):
            client.claim_ready_steps([name])
    with pytest.raises(tasker_core.InvalidArgument, match="needs the names of a task and of a step"):
        client.claim_ready_steps([tasker_core.StepName("etl", "")])


def test_ages_limits_and_timeouts_are_in_the_callers_unit(client: tasker_core.Client, url: str) -> None:
    for age in (-1, timedelta(days=-1), float("nan")):
        with pytest.raises(
            tasker_core.InvalidArgument, match=r"older_than is .* seconds from 0 to 100 years"
        ):
            client.stuck_steps(older_than=age)
    for limit in (-1, "ten"):
        with pytest.raises(tasker_core.InvalidArgument, match=r"limit is .*; it must be .* of 0 or more"):
            client.slowest_steps(limit=limit)  # type: ignore[arg-type]
    with pytest.raises(tasker_core.InvalidArgument, match="limit is 0; it must be an integer of 1 or more"):
        client.claim_ready_steps([tasker_core.StepName("etl", "clean")], limit=0)
    for timeout in (0, -1, "soon", True):
        with pytest.raises(
            tasker_core.InvalidArgument, match=r"timeout is .*; it must be a number of seconds above 0"
        ):
            tasker_core.connect(url, timeout=timeout)  # type: ignore[arg-type]
        with pytest.raises(tasker_core.InvalidArgument, match="timeout is"):
            client.with_timeout(timeout)  # type: ignore[arg-type]
    with pytest.raises(
        tasker_core.InvalidArgument, match="timeout is 'soon'; it must be seconds from 0 to 3600"
    ):
        client.await_steps(timeout="soon")  # type: ignore[arg-type]


def test_a_field_of_an_event_is_named(client: tasker_core.Client) -> None:
    with pytest.raises(
        tasker_core.InvalidArgument, match="event's namespace is an integer; it must be a string"
    ):
        client.publish("order.paid", {}, namespace=7)  # type: ignore[arg-type]


def test_an_unknown_task_is_told_from_nothing_to_say(client: tasker_core.Client, rows: Rows) -> None:
    task_id, _ = rows.workflow(steps=1)
    assert len(client.viable_steps(task_id, must_exist=True)) == 1
    assert client.viable_steps(4711) == []
    for read in (client.viable_steps, client.step_readiness, client.dependency_levels, client.step_dag):
        with pytest.raises(tasker_core.NotFound, match="there is no task 4711, or the transaction"):
            read(4711, must_exist=True)


def test_a_ping_reaches_the_database() -> None:
    with tasker_core.connect("postgresql://nobody@127.0.0.1:1/nothing") as gone:
        assert gone.ping(database=False) == "pong"
        with pytest.raises(tasker_core.DatabaseError):
            gone.ping()


def test_a_failure_is_told_once() -> None:
    script = "import tasker_core\ntasker_core.connect('postgresql://nobody@127.0.0.1:1/nothing').ping()"
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "DatabaseError" in process.stderr
    assert '"operation failed"' not in process.stderr


def test_what_does_not_fit_is_named(client: tasker_core.Client, url: str) -> None:
    for settings, says in (
        ({"pool_size": 3}, "unknown name pool_size"),
        ({"pool_max_connections": "many"}, "pool_max_connections is a string; it must be an integer"),
    ):
        with pytest.raises(tasker_core.ConfigurationError, match=says):
            tasker_core.connect(url, **settings).ping()
    with pytest.raises(tasker_core.InvalidArgument, match="'four' is not an id"):
        client.subscribe("step.completed", task_id="four")  # type: ignore[arg-type]
    with pytest.raises(tasker_core.InvalidArgument, match="capacity is a string; it must be an integer"):
        client.subscribe("step.completed", capacity="four")  # type: ignore[arg-type]


def test_a_forbidden_transition(client: tasker_core.Client, rows: Rows) -> None:
    task_id, (step,) = rows.workflow()
    refused = client.transition_step(step, to="complete")
    assert (refused.written, refused.code, refused.from_state) == (False, "transition_failed", "pending")
    with pytest.raises(tasker_core.TransitionError) as caught:
        client.transition_step_or_raise(step, to="complete")
    assert (caught.value.code, caught.value.details["id"]) == ("transition_failed", step)
    assert client.transition_steps([step], to="in_progress")[0].written
    assert client.transition_task(task_id, to="in_progress").written
    assert client.transition_task(task_id, to="complete").code == "guard_failed"


def test_a_timeout(client: tasker_core.Client, url: str) -> None:
    with psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        with pytest.raises(TimeoutError, match=r"system_health_counts took longer than 0.1 s") as caught:
            client.with_timeout(0.1).system_health_counts()
    assert isinstance(caught.value, tasker_core.TimeoutError)
    assert (caught.value.code, caught.value.retryable) == ("timeout", True)
    assert client.system_health_counts().total_tasks == 0


def test_closing_ends_what_runs(url: str, connection: psycopg.Connection) -> None:
    client = tasker_core.connect(url)
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            client.system_health_counts()
        except tasker_core.Error as error:
            failures.append(error)

    with psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        thread = threading.Thread(target=ask)
        thread.start()
        until_a_lock_is_waited_for(connection)
        client.close()
        thread.join(10)
    assert [type(failure) for failure in failures] == [tasker_core.Cancelled]
    assert client.closed
    with pytest.raises(tasker_core.InvalidArgument, match="client is closed"):
        client.ping()
    client.close()


def test_each_code_has_its_class() -> None:
    envelope = {"message": "m", "sqlstate": "", "retryable": False, "details": None}
    for code, kind in errors._CLASSES.items():
        error = tasker_core.Error.from_wire({**envelope, "code": code})
        assert type(error) is kind
        assert (error.code, error.sqlstate, error.details) == (code, None, {})
    assert type(tasker_core.Error.from_wire({**envelope, "code": "of tomorrow"})) is tasker_core.Error
