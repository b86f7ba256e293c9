"""What people see of rows, drawings and clients, at a prompt and in a notebook."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any

import psycopg
import pytest
from support import Rows as Inserted

import tasker_core
from tasker_core import Rows, Worker, aio
from tasker_core._address import address, hidden
from tasker_core.table import Column


def test_many_rows_are_cut_as_data_frames_are(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, steps = rows.workflow(steps=84)
    found = client.step_readiness(task_id)
    shown = repr(found)
    lines = shown.splitlines()
    assert lines[0] == "84 rows of StepReadiness"
    assert len(lines) == 13
    assert max(map(len, lines)) <= 110
    assert lines[1].startswith("workflow_step_id  task_id  ")
    assert "  …  " in lines[1]
    assert [int(line.split()[0]) for line in lines[2:7] + lines[8:]] == [*steps[:5], *steps[-5:]]
    assert set(lines[7].split()) == {"…"}
    html = found._repr_html_()
    assert html.count("<tr>") == 12
    assert "<caption>84 rows of StepReadiness</caption>" in html
    assert found._rows is None, "all rows were made to show some"


def test_few_rows_are_shown_as_they_are(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, steps = rows.workflow(steps=3, edges=[(1, 2), (1, 3), (2, 3)])
    assert repr(client.dependency_levels(task_id)) == (
        f"3 rows of DependencyLevel\nworkflow_step_id  dependency_level\n"
        f"{steps[0]:<16}  0\n{steps[1]:<16}  1\n{steps[2]:<16}  2"
    )
    assert repr(client.dependency_levels(404)) == "0 rows of DependencyLevel"
    assert str([steps[0], steps[1]]) in repr(client.step_dag(task_id))


def test_a_part_of_a_column_is_that_part(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=6, edges=[(1, 2), (1, 3), (2, 4), (3, 4), (4, 5)])
    for found in (client.step_dag(task_id), client.step_readiness(task_id), client.task_progress(task_id)[6]):  # type: ignore[index]
        columns: list[Column] = found._columns
        for column in columns:
            for first in range(7):
                for last in range(first, 7):
                    assert column.part(first, last).cells() == column.cells()[first:last]


def test_what_a_database_holds_is_no_html(client: tasker_core.Client) -> None:
    made = client.create_task("x", steps=["<b>&\x1b[31m"], context={"a": 1})
    html = client.step_readiness(made.task_id)._repr_html_()
    assert "&lt;b&gt;&amp;?[31m" in html
    assert "\x1b" not in repr(client.step_readiness(made.task_id))


def test_single_answers_are_tables_of_their_fields(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=2)
    answers: list[Any] = [
        client.task_execution_context(task_id),
        client.system_health_counts(),
        client.analytics_metrics(),
        client.task_progress(task_id),
    ]
    for answer in answers:
        html = answer._repr_html_()
        assert f"<caption>{type(answer).__name__}</caption>" in html
        assert f"<th>{answer._fields[0]}</th><td>{answer[0]}</td>" in html
    assert "<caption>2 rows of StepProgress</caption>" in html


def test_a_drawing_is_a_picture(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=2)
    picture, text = client.draw(task_id), client.draw(task_id, format="mermaid")
    assert picture is not None
    assert text is not None
    assert client.draw(404) is None
    assert picture._repr_svg_() == str(picture)
    assert picture.startswith("<svg")
    assert text._repr_svg_() is None
    assert text._repr_mimebundle_()["text/vnd.mermaid"] == str(text)
    assert re.fullmatch(r"<Drawing, \d+ characters of SVG>", repr(picture))


def test_clients_say_where_they_are(client: tasker_core.Client, url: str, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=2, state="in_progress", step_states=["complete", "pending"])
    where = re.escape(address(url))
    assert re.fullmatch(rf"<tasker_core.client.Client {where}>", repr(client))
    with client.open_session(task_id) as session:
        assert repr(session) == f"<Session of task {task_id}, in_progress: 1 complete, 1 pending>"
    assert repr(session).endswith(" closed>")
    with client.subscribe("*") as events:
        client.publish("order.shipped")
        assert repr(events) == "<Subscription: 0 delivered, 1 pending, 0 dropped>"
    assert repr(events).endswith(" closed>")
    assert re.fullmatch(rf"<Worker of 0 steps, {where}>", repr(Worker(url)))
    other = tasker_core.connect(url)
    left = other.subscribe("*")
    other.close()
    assert repr(other).endswith(" closed>")
    assert "its client is closed" in repr(left)

    async def look() -> str:
        async with aio.connect(url) as awaited:
            return repr(awaited)

    assert re.fullmatch(rf"<tasker_core.aio.client.Client {where}>", asyncio.run(look()))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:se/c@r?e#t@db.example:5433/shop?sslmode=require", "db.example:5433/shop"),
        ("postgres://db.example,other:1/shop", "db.example,other:1/shop"),
        ("postgresql:///shop?host=/run/pg&port=7&password=secret", "/run/pg:7/shop"),
        ("postgresql://[::1]:5/a%20b", "[::1]:5/a b"),
        ("host=db port=6 dbname=shop password='se cret'", "db:6/shop"),
        ("dbname='my shop' password=secret", "localhost/my shop"),
        ("no url at all", "localhost/"),
    ],
)
def test_an_address_has_no_password(url: str, shown: str) -> None:
    assert address(url) == shown
    assert not re.search("secret|se cret|se/c@", hidden(f"cannot use {url} here"))


def test_arrow_has_the_same_cells(
    client: tasker_core.Client, rows: Inserted, connection: psycopg.Connection
) -> None:
    task_id, steps = rows.workflow(steps=9, edges=[(1, 2), (1, 3)], step_states=["complete"])
    connection.execute(
        "UPDATE tasker_workflow_steps SET last_attempted_at = now(), backoff_request_seconds = 7"
        " WHERE workflow_step_id = %s",
        (steps[8],),
    )
    answers: list[Rows[Any]] = [
        client.step_readiness(task_id),
        client.step_dag(task_id),
        client.task_execution_contexts([task_id]),
        client.step_readiness(404),
        client.step_dag(404),
        client.slowest_tasks(),
    ]
    for answer in answers:
        table = answer.to_arrow()
        table.validate(full=True)
        assert table.to_pydict() == answer.columns()
        assert answer.to_polars().to_dict(as_series=False) == answer.columns()


def test_arrow_shares_the_answers_memory(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, steps = rows.workflow(steps=9)
    answer = client.step_readiness(task_id)
    column = answer.to_numpy()["workflow_step_id"]
    table = answer.to_arrow()
    assert table["workflow_step_id"].chunk(0).buffers()[1].address == column.ctypes.data
    del answer, column
    assert table["workflow_step_id"].to_pylist() == steps


def test_a_stream_that_nobody_reads_is_given_back(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=3)
    answer = client.step_dag(task_id)
    data = answer._columns[0].data
    before = sys.getrefcount(data)
    for _ in range(100):
        answer.__arrow_c_stream__()
        answer.to_arrow()
        answer.to_polars()
    assert sys.getrefcount(data) == before


def test_a_frame_of_pandas_can_be_written_to(client: tasker_core.Client, rows: Inserted) -> None:
    task_id, _ = rows.workflow(steps=3)
    frame = client.step_readiness(task_id).to_pandas()
    frame.loc[0, "attempts"] = 5
    frame.loc[0, "name"] = "x"
    frame.loc[1, "task_id"] = 7
    assert (frame["attempts"][0], frame["name"][0], frame["task_id"][1]) == (5, "x", 7)
