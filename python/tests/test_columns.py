"""Answers by column: lists, NumPy arrays, and the frames of pandas and polars."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy
import pandas
import polars
import psycopg
import pytest
from support import Rows

import tasker_core

TIME = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)


@pytest.fixture
def answer(
    client: tasker_core.Client, rows: Rows, connection: psycopg.Connection
) -> tasker_core.Rows[tasker_core.StepReadiness]:
    """Three steps, of which the second has times and a requested wait."""
    task_id, steps = rows.workflow(steps=3, edges=[(1, 2), (2, 3)])
    connection.execute(
        "UPDATE tasker_workflow_steps SET last_attempted_at = %s, backoff_request_seconds = 7"
        " WHERE workflow_step_id = %s",
        (TIME.replace(tzinfo=None), steps[1]),
    )
    return client.step_readiness(task_id)


def test_rows_and_columns_say_the_same(answer: tasker_core.Rows[tasker_core.StepReadiness]) -> None:
    columns = answer.columns()
    assert list(columns) == list(tasker_core.StepReadiness._fields)
    assert [tasker_core.StepReadiness(*cells) for cells in zip(*columns.values(), strict=True)] == answer
    assert columns["last_attempted_at"] == [None, TIME, None]
    assert (len(answer), answer[1].name, [row.name for row in answer[1:]]) == (
        3,
        "step_2",
        ["step_2", "step_3"],
    )
    assert answer[-1] in answer
    assert answer != []


def test_arrays(answer: tasker_core.Rows[tasker_core.StepReadiness]) -> None:
    arrays = answer.to_numpy()
    assert arrays["workflow_step_id"].dtype == numpy.int64
    assert arrays["ready_for_execution"].tolist() == [True, False, False]
    assert arrays["backoff_request_seconds"].tolist() == [None, 7, None]
    assert arrays["last_attempted_at"].dtype == "M8[us]"
    assert numpy.isnat(arrays["last_attempted_at"]).tolist() == [True, False, True]
    assert arrays["last_attempted_at"][1] == numpy.datetime64(TIME.replace(tzinfo=None))
    assert arrays["name"].tolist() == ["step_1", "step_2", "step_3"]


def test_arrays_share_the_memory_of_the_answer(answer: tasker_core.Rows[tasker_core.StepReadiness]) -> None:
    ids = answer.to_numpy()["workflow_step_id"]
    assert not ids.flags.writeable
    assert not ids.flags.owndata


def test_a_frame_of_pandas(answer: tasker_core.Rows[tasker_core.StepReadiness]) -> None:
    frame = answer.to_pandas()
    assert frame.shape == (3, 16)
    assert frame["backoff_request_seconds"].dtype == "Int64"
    assert frame.loc[frame["ready_for_execution"], "name"].tolist() == ["step_1"]
    assert frame["last_attempted_at"][1] == pandas.Timestamp(TIME)
    assert str(frame["last_attempted_at"].dtype) == "datetime64[us, UTC]"


def test_a_frame_of_polars(answer: tasker_core.Rows[tasker_core.StepReadiness]) -> None:
    frame = answer.to_polars()
    assert frame["backoff_request_seconds"].to_list() == [None, 7, None]
    assert frame["last_attempted_at"].to_list() == [None, TIME, None]
    assert frame.schema["name"] == polars.String


def test_lists_of_ids_and_decimals(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=3, edges=[(1, 2), (1, 3)], step_states=["complete"])
    dag = client.step_dag(task_id)
    assert dag.columns()["child_step_ids"] == [steps[1:], [], []]
    assert dag.to_numpy()["child_step_ids"].tolist() == [steps[1:], [], []]
    assert dag.to_polars()["child_step_ids"].to_list() == [steps[1:], [], []]
    contexts = client.task_execution_contexts([task_id])
    done: Any = contexts.columns()["completion_percentage"][0]
    assert str(done) == "33.33"
    assert contexts.to_polars()["completion_percentage"].to_list() == [done]
    assert contexts.to_pandas()["completion_percentage"].tolist() == [done]


def test_no_rows(client: tasker_core.Client) -> None:
    for none in (client.step_readiness(404), client.step_dag(404), client.slowest_tasks()):
        assert none == []
        assert not none
        assert none.to_pandas().shape[0] == none.to_polars().shape[0] == 0
        assert all(column == [] for column in none.columns().values())
        assert all(len(array) == 0 for array in none.to_numpy().values())
