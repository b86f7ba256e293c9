"""Events of one program in another, over LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support import Rows

import tasker_core
from tasker_core import aio
from tasker_core.events import Event as Names

# Tells what it hears, and ends with order.done.
HEARING = """
import json, sys, tasker_core
with tasker_core.connect(sys.argv[1], event_relay=True) as client:
    with client.subscribe("*") as events:
        print("listening", flush=True)
        for event in events:
            told = [event.name, event.task_id, event.step_id, event.step_name, event.payload]
            print(json.dumps(told), flush=True)
            if event.name == "order.done":
                break
"""


@contextmanager
def hearing(url: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HEARING, url], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            yield process
        finally:
            process.kill()


def test_another_process_hears_transitions_and_what_is_published(url: str, rows: Rows) -> None:
    task_id, (first, second) = rows.workflow(2, [(1, 2)])
    with hearing(url) as process, tasker_core.connect(url, event_relay=True) as client:
        client.transition_step(second, to="in_progress")
        client.transition_step(first, to="in_progress")
        client.publish("order.large", {"text": "ä€😀" * 5000})
        client.publish("order.done", {"total": 12.5}, task_id=task_id)
        assert process.stdout is not None
        claimed, large, done = (json.loads(line) for line in process.stdout)
    assert claimed[:3] == [Names.STEP_EXECUTION_REQUESTED, task_id, first]
    assert claimed[4]["to_state"] == "in_progress"
    assert large[4] == {"text": "ä€😀" * 5000}
    assert done == ["order.done", task_id, None, None, {"total": 12.5}]


def test_asyncio_hears_other_programs(url: str) -> None:
    async def hear() -> str:
        listener, speaker = (aio.connect(url, event_relay=True) for _ in range(2))
        async with listener, speaker, listener.subscribe("order.*") as events:
            await speaker.publish("order.paid")
            async for event in events:
                return event.name
        raise AssertionError("the events ended")

    assert asyncio.run(asyncio.wait_for(hear(), 30)) == "order.paid"
