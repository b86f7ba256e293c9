"""Events, waited for and awaited."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from support import Rows

import tasker_core
from tasker_core import aio
from tasker_core.events import Event as Names


def test_an_event_has_what_was_published(client: tasker_core.Client) -> None:
    time = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    with client.subscribe("order.*") as events:
        client.publish("invoice.sent")
        client.publish(
            "order.shipped",
            {"n": 2**40, "price": Decimal("1.10"), "at": time, "deep": [{"a": None}]},
            task_id=7,
            step_id=8,
            namespace="shop",
            task_name="order",
            step_name="ship",
            occurred_at=time,
        )
        event = events.get(10)
    assert event is not None
    assert (event.name, event.occurred_at, event.task_id, event.step_id) == ("order.shipped", time, 7, 8)
    assert (event.namespace, event.task_name, event.step_name, event.sequence) == ("shop", "order", "ship", 2)
    assert event.payload == {"n": 2**40, "price": "1.10", "at": time.isoformat(), "deep": [{"a": None}]}
    assert event["n"] == 2**40
    assert repr(event) == "<Event 2 order.shipped task 7 step 8>"


def test_events_come_in_order_and_are_counted(client: tasker_core.Client) -> None:
    with client.subscribe("*", capacity=100_000) as events:
        assert client.publish_events({"name": "tick", "payload": {"n": n}} for n in range(5000)) == 5000
        events.close()
        assert [event["n"] for event in events] == list(range(5000))
        assert events.closed
        assert events.stats() == {
            "matched": 5000,
            "delivered": 5000,
            "dropped": 0,
            "spilled": 0,
            "pending": 0,
        }
    assert client.event_stats()["published"] == 5000


def test_waiting_ends_with_time_and_with_the_subscription(client: tasker_core.Client) -> None:
    events = client.subscribe("nothing")
    assert events.get(timeout=0.01) is None
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(list(events)))
    thread.start()
    events.close()
    thread.join(10)
    assert found == [[]]


def test_what_was_published_can_be_taken_after_the_client_was_closed(url: str) -> None:
    client = tasker_core.connect(url)
    events = client.subscribe("*")
    client.publish("last")
    client.close()
    assert [event.name for event in events] == ["last"]


def test_names_and_options_that_do_not_fit(client: tasker_core.Client) -> None:
    with pytest.raises(tasker_core.InvalidArgument, match="no event is named"):
        client.subscribe()
    with pytest.raises(tasker_core.InvalidArgument, match="capacity is 0"):
        client.subscribe("*", capacity=0)
    with pytest.raises(tasker_core.InvalidArgument, match="sometimes"):
        client.subscribe("*", when_full="sometimes")
    with pytest.raises(tasker_core.InvalidArgument, match="this one has title"):
        client.publish_events([{"title": "tick"}])
    with pytest.raises(tasker_core.InvalidArgument, match="time zone"):
        client.publish("tick", occurred_at=datetime(2026, 1, 1))


def test_a_full_subscription_drops_the_oldest_and_counts(client: tasker_core.Client) -> None:
    with client.subscribe("*", capacity=10) as events:
        client.publish_events([{"name": "tick", "payload": {"n": n}} for n in range(25)])
        events.close()
        assert [event["n"] for event in events] == list(range(15, 25))
        assert events.stats()["dropped"] == 15


def test_awaited_events_come_in_order(url: str) -> None:
    async def main() -> list[int]:
        async with aio.connect(url) as client:
            events = client.subscribe(Names.STEP_COMPLETED, when_full="block", capacity=100)

            async def publish() -> None:
                for first in range(0, 3000, 500):
                    batch = [{"name": "step.completed", "payload": {"n": first + n}} for n in range(500)]
                    await client.publish_events(batch)
                events.close()

            publishing = asyncio.create_task(publish())
            found = [event["n"] async for event in events]
            await publishing
            return found

    assert asyncio.run(main()) == list(range(3000))


def test_awaiting_ends_with_the_client(url: str) -> None:
    async def main() -> list[str]:
        client = aio.connect(url)
        events = client.subscribe("*")

        async def collect() -> list[str]:
            return [event.name async for event in events]

        collecting = asyncio.create_task(collect())
        await client.publish("first")
        await client.publish("last")
        await client.close()
        return await asyncio.wait_for(collecting, 10)

    assert asyncio.run(main()) == ["first", "last"]


def test_one_task_at_a_time_waits_and_ends_with_the_block(url: str) -> None:
    async def main() -> None:
        async with aio.connect(url) as client:
            async with client.subscribe("*") as events:
                waiting = asyncio.create_task(events.get())
                await asyncio.sleep(0)
                with pytest.raises(tasker_core.InvalidArgument, match="another task waits"):
                    await events.get()
            assert await asyncio.wait_for(waiting, 10) is None
            assert await events.get() is None

    asyncio.run(main())


def test_a_cancelled_wait_loses_nothing(url: str) -> None:
    async def main() -> str | None:
        async with aio.connect(url) as client, client.subscribe("*") as events:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(events.get(), 0.01)
            await client.publish("kept")
            event = await asyncio.wait_for(events.get(), 10)
            return None if event is None else event.name

    assert asyncio.run(main()) == "kept"


def test_what_the_client_commits_is_published_and_counted(client: tasker_core.Client, rows: Rows) -> None:
    task_id, (step,) = rows.workflow()
    with client.subscribe("step.*", task_id=task_id) as events:
        client.transition_task_or_raise(task_id, to="in_progress")
        with client.open_session(task_id) as session:
            session.claim(step)
            session.complete(step)
        names = [getattr(events.get(10), "name", None) for _ in range(2)]
    assert names == [Names.STEP_EXECUTION_REQUESTED, Names.STEP_COMPLETED]
    stats = client.stats()
    assert stats.value("tasker_core_steps_finished_total") == 1
    assert stats["tasker_core_sessions_open"].kind == "gauge"
    assert stats.value("nothing") is None
    assert "tasker_core_sessions_open 0" in client.stats_text()
