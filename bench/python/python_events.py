"""Events into Python: how many of them a loop of asyncio, or a thread, takes in a second.

    bin/postgres with tmp/python/bin/python bench/python/python_events.py [--json]

No database is asked: events are published in the core of this process, in batches of 2,000,
and taken by one subscriber, which reads the name and the task's id of each.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from report import Report

import tasker_core
from tasker_core import aio

URL = os.environ.get("DATABASE_URL") or sys.exit(
    "DATABASE_URL is not set; run: bin/postgres with ... this script"
)
EVENTS = 200_000
BATCH = [
    {"name": "step.completed", "task_id": n, "step_id": n, "step_name": "ship", "payload": {"attempt": 1}}
    for n in range(1, 2001)
]


async def take(events: aio.Subscription) -> int:
    """What a subscriber does with its events."""
    count = 0
    async for event in events:
        if event.name == "step.completed" and event.task_id:
            count += 1
    return count


async def waiting(client: aio.Client) -> float:
    """Events a second that wait in the core already."""
    events = client.subscribe("*", capacity=EVENTS, max_bytes=1 << 30)
    for _ in range(EVENTS // len(BATCH)):
        await client.publish_events(BATCH)
    events.close()
    began = time.perf_counter()
    assert await take(events) == EVENTS
    return EVENTS / (time.perf_counter() - began)


async def both(client: aio.Client) -> float:
    """Events a second that one task of the loop publishes while another takes them."""
    events = client.subscribe("*", when_full="block", capacity=10_000)
    began = time.perf_counter()
    taking = asyncio.create_task(take(events))
    for _ in range(EVENTS // len(BATCH)):
        await client.publish_events(BATCH)
    events.close()
    assert await taking == EVENTS
    return EVENTS / (time.perf_counter() - began)


def in_a_thread(client: tasker_core.Client) -> float:
    """The same as waiting, without asyncio."""
    with client.subscribe("*", capacity=EVENTS, max_bytes=1 << 30) as events:
        for _ in range(EVENTS // len(BATCH)):
            client.publish_events(BATCH)
        events.close()
        began = time.perf_counter()
        assert sum(1 for event in events if event.name == "step.completed" and event.task_id) == EVENTS
        return EVENTS / (time.perf_counter() - began)


async def awaited(report: Report) -> None:
    async with aio.connect(URL) as client:
        report.target("events into asyncio", await waiting(client), at_least=100_000, unit="/s")
        report.figure("published and taken by one loop", await both(client), "/s")


def main() -> None:
    report = Report(f"{EVENTS:,} events in each round")
    asyncio.run(awaited(report))
    with tasker_core.connect(URL) as client:
        report.figure("taken by a thread", in_a_thread(client), "/s")
    report.finish()


main()
