"""Values keep every digit on their way through rows, tables and JSON."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Rows

import tasker_core
from tasker_core import jsonb
from tasker_core.table import Column, moment

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# PostgreSQL's text holds no zero byte, and no half of a pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, places=12, min_value=-(10**30), max_value=10**30
)
INTEGERS = st.integers(-(10**60), 10**60)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | DECIMALS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
# The database is shared by the examples of one test; each writes over the last.
SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def integral(value: Any) -> Any:
    """Decimals without a fraction are integers after a round trip through jsonb."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {key: integral(item) for key, item in value.items()}
    return [integral(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_json_reads_what_it_wrote(value: Any) -> None:
    assert jsonb.loads(jsonb.dumps(value)) == value


@SHARED
@given(metadata=st.dictionaries(TEXTS, JSON, max_size=4))
def test_jsonb_holds_what_was_sent(
    client: tasker_core.Client, rows: Rows, connection: psycopg.Connection, metadata: dict[str, Any]
) -> None:
    task_id, _ = rows.workflow()
    written = client.transition_task(task_id, to="in_progress", metadata=metadata)
    found = connection.execute(
        "SELECT metadata::text FROM tasker_task_transitions WHERE id = %s", (written.transition_id,)
    ).fetchone()
    assert found is not None
    assert integral(jsonb.loads(found[0])) == integral(metadata)


@SHARED
@given(
    attempts=st.none() | st.integers(-(2**31), 2**31 - 1),
    attempted=st.none() | st.datetimes(timezones=st.just(timezone.utc)),
    retryable=st.booleans(),
)
def test_rows_hold_what_the_database_has(
    client: tasker_core.Client,
    rows: Rows,
    connection: psycopg.Connection,
    attempts: int | None,
    attempted: datetime | None,
    retryable: bool,
) -> None:
    task_id, (step,) = rows.workflow()
    connection.execute(
        "UPDATE tasker_workflow_steps SET attempts = %s, last_attempted_at = %s, retryable = %s"
        " WHERE workflow_step_id = %s",
        (attempts, None if attempted is None else attempted.replace(tzinfo=None), retryable, step),
    )
    (row,) = client.step_readiness(task_id)
    assert row.attempts == (attempts or 0)
    assert row.last_attempted_at == attempted
    assert row.workflow_step_id == step


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_moments_are_exact_to_the_microsecond(time: datetime) -> None:
    assert moment((time - EPOCH) // timedelta(microseconds=1)) == time


@pytest.mark.parametrize(("micros", "time"), [(2**63 - 1, datetime.max), (-(2**63), datetime.min)])
def test_infinity_is_the_last_and_the_first_moment(micros: int, time: datetime) -> None:
    assert moment(micros) == time.replace(tzinfo=timezone.utc)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integer_columns(values: list[int | None]) -> None:
    data = b"".join((value or 0).to_bytes(8, "little", signed=True) for value in values)
    nulls = bytes(value is None for value in values) if None in values else None
    assert Column("n", "int", data, nulls, None).cells() == values


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5)))
def test_id_columns(values: list[list[int]]) -> None:
    ends, total = [], 0
    for value in values:
        total += len(value)
        ends.append(total)
    ids = b"".join(number.to_bytes(8, "little", signed=True) for value in values for number in value)
    data = b"".join(end.to_bytes(4, "little") for end in ends)
    assert Column("ids", "ids", data, None, ids).cells() == values


def test_a_large_id_is_kept(client: tasker_core.Client) -> None:
    with pytest.raises(tasker_core.NotFound, match=str(2**63 - 1)):
        client.transition_step(2**63 - 1, to="in_progress")
    assert client.task_execution_context(2**53 + 1) is None


@pytest.mark.parametrize(
    "value", [float("nan"), Decimal("Infinity"), {"a": Decimal("NaN")}, {1, 2}, object(), {b"k": 1}]
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(tasker_core.InvalidArgument, match="cannot be written as JSON"):
        jsonb.dumps(value)


def test_times_and_numpy_values_have_a_form_in_json() -> None:
    numpy = pytest.importorskip("numpy")
    time = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    value = {"at": time, "many": numpy.array([1, 2]), "one": numpy.float64(0.5), "exact": Decimal("0.10")}
    assert jsonb.dumps(value) == (
        '{"at":"2026-01-02T03:04:05.678901+00:00","many":[1,2],"one":0.5,"exact":0.10}'
    )


def test_errors_survive_pickling() -> None:
    error = tasker_core.CycleError("in a circle", code="cycle", retryable=True, details={"path": [1, 2, 1]})
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.path, again.code, again.message, again.retryable) == (
        tasker_core.CycleError,
        [1, 2, 1],
        "cycle",
        "in a circle",
        True,
    )
