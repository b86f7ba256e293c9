"""The methods that operations.json names are there, and the operations of no other test."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import Rows

import tasker_core
from tasker_core import aio

ROOT = Path(__file__).parents[2]
CONTRACT = json.loads((ROOT / "ext/tasker_core/go/wire/operations.json").read_text("utf-8"))
OPERATIONS: dict[str, list[str]] = {
    operation["name"]: operation.get("python", []) for operation in CONTRACT["operations"]
}
SOURCES = "".join(
    file.read_text(encoding="utf-8") for file in (ROOT / "python/src/tasker_core").rglob("*.py")
)
OWNERS = {
    "Client": (tasker_core.Client, aio.Client),
    "Session": (tasker_core.Session, aio.Session),
    "Subscription": (tasker_core.Subscription, aio.Subscription),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_python_has_what_the_contract_names(operation: str) -> None:
    if not OPERATIONS[operation]:
        return
    assert f'"{operation}"' in SOURCES
    for owner, method in (name.split(".") for name in OPERATIONS[operation]):
        for kind in OWNERS[owner]:
            assert hasattr(kind, method), f"{kind} has no {method}"


def test_a_drawing_is_a_document_and_a_flowchart(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=4, edges=[(1, 2), (1, 3), (2, 4), (3, 4)])
    drawing = client.draw(task_id)
    assert drawing is not None
    root = ElementTree.fromstring(drawing)
    boxes = [element.get("data-step") for element in root.iter() if element.get("data-step")]
    assert boxes == [str(step) for step in steps]

    chart = client.draw(task_id, format="mermaid")
    assert chart is not None
    assert f"step_{steps[0]} --> step_{steps[1]}" in chart


def test_the_progress_of_a_task_has_its_steps(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=3, edges=[(1, 2), (1, 3), (2, 3)])
    client.transition_step_or_raise(steps[0], to="in_progress")
    progress = client.task_progress(task_id)
    assert progress is not None
    assert (progress.task_id, progress.state) == (task_id, "pending")
    assert [step.state for step in progress.steps] == ["in_progress", "pending", "pending"]
    assert [step.level for step in progress.steps] == [0, 1, 2]
    assert [step.parent_step_ids for step in progress.steps] == [[], [steps[0]], [steps[0], steps[1]]]
    first = progress.steps[0]
    assert first.began_at is not None
    assert first.duration_micros is not None
    assert progress.steps[1].began_at is None
    assert client.task_progress(4711) is None


def test_templates_are_analyzed_before_anything_runs(client: tasker_core.Client) -> None:
    found = client.analyze_templates({"fetch": [], "clean": ["fetch"], "store": ["fetch", "clean"]})
    assert found["levels"] == {"fetch": 0, "clean": 1, "store": 2}
    assert (found["roots"], found["leaves"], found["cycles"]) == (["fetch"], ["store"], [])
    with pytest.raises(tasker_core.InvalidArgument):
        client.analyze_templates({"store": ["nowhere"]})


def test_events_are_known_and_can_be_added(client: tasker_core.Client) -> None:
    known = {event.name: event for event in client.event_catalog()}
    completed = known["step.completed"]
    assert completed.published
    assert "step_id" in {field.name for field in completed.fields}

    client.register_event("python.fulfilled", meaning="It is done.", fields={"order_id": "integer"})
    added = next(event for event in client.event_catalog() if event.name == "python.fulfilled")
    assert (added.group, added.meaning) == ("custom", "It is done.")
    assert added.fields[0].type == "integer"
    with pytest.raises(tasker_core.InvalidArgument):
        client.register_event("step.completed", meaning="It is the engine's.")


def test_sessions_are_counted(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=1)
    with client.open_session(task_id) as session:
        session.claim(steps[0])
        counted = client.session_stats()
    assert (counted["sessions_open"], counted["claims"]) == (1, 1)


def test_the_same_can_be_awaited(url: str, rows: Rows) -> None:
    task_id, _ = rows.workflow(steps=2, edges=[(1, 2)])

    async def ask() -> None:
        async with aio.connect(url) as client:
            drawing = await client.draw(task_id, format="mermaid")
            assert drawing is not None
            assert "flowchart" in drawing
            assert (await client.analyze_templates({"only": []}))["roots"] == ["only"]
            await client.register_event("awaited.fulfilled", meaning="It is done.")
            assert "awaited.fulfilled" in {event.name for event in await client.event_catalog()}
            assert (await client.session_stats())["sessions_open"] == 0
            progress = await client.task_progress(task_id)
            assert progress is not None
            assert len(progress.steps) == 2
            assert (await client.ping(), await client.ping(database=False)) == ("pong", "pong")
            with pytest.raises(tasker_core.NotFound):
                await client.step_dag(4711, must_exist=True)

    asyncio.run(ask())
