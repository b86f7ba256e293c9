"""The same operations, awaited: no thread waits, and cancelling reaches the database."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest
from support import Rows, until_a_lock_is_waited_for
from workers import eventually

import tasker_core
from tasker_core import aio

T = TypeVar("T")
DIAMOND = [(1, 2), (1, 3), (2, 4), (3, 4)]


def run(url: str, work: Callable[[aio.Client], Awaitable[T]], **settings: Any) -> T:
    """Runs a coroutine with a client in a loop of its own."""

    async def main() -> T:
        async with aio.connect(url, **settings) as client:
            return await work(client)

    return asyncio.run(main())


def public(kind: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(member)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("name", ["Client", "Session"])
def test_both_ways_have_the_same_methods(name: str) -> None:
    waiting, awaiting = public(getattr(tasker_core, name)), public(getattr(aio, name))
    assert waiting.keys() == awaiting.keys()
    for method, signature in waiting.items():
        assert signature.parameters == awaiting[method].parameters, method


def test_a_whole_workflow_runs(url: str, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=4, edges=DIAMOND)

    async def work(client: aio.Client) -> list[int]:
        ran: list[int] = []
        await client.transition_task_or_raise(task_id, to="in_progress")
        async with await client.open_session(task_id) as session:

            async def one(step_id: int) -> None:
                assert (await session.claim(step_id)).allowed
                assert (await session.complete(step_id, results={"n": step_id})).written
                ran.append(step_id)

            while not (batch := await session.next()).empty:
                await asyncio.gather(*map(one, batch.ready))
            assert (await session.context()).execution_status == "all_complete"
        assert (await client.transition_task(task_id, to="complete")).written
        return ran

    ran = run(url, work)
    assert (ran[0], sorted(ran), ran[-1]) == (steps[0], steps, steps[-1])


def test_many_calls_need_no_threads(url: str, rows: Rows) -> None:
    tasks = [rows.workflow().task_id for _ in range(20)]

    async def work(client: aio.Client) -> None:
        before = threading.active_count()
        answers = await asyncio.gather(*(client.viable_steps(task) for task in tasks * 10))
        assert all(len(answer) == 1 for answer in answers)
        assert threading.active_count() == before

    run(url, work)


def test_errors_are_raised_where_they_are_awaited(url: str) -> None:
    async def work(client: aio.Client) -> None:
        with pytest.raises(tasker_core.NotFound):
            await client.transition_step(404, to="in_progress")
        with pytest.raises(tasker_core.InvalidArgument):
            await client.viable_steps("42")  # type: ignore[arg-type]

    run(url, work)


def test_a_cancelled_task_cancels_its_statement(url: str, connection: psycopg.Connection) -> None:
    async def work(client: aio.Client) -> None:
        with psycopg.connect(url) as lock:
            lock.execute("LOCK TABLE tasker_tasks")
            waits = asyncio.create_task(client.system_health_counts())
            await asyncio.to_thread(until_a_lock_is_waited_for, connection)
            waits.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waits
            ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            waiting = f"{ours} AND wait_event_type = 'Lock'".encode()
            await asyncio.to_thread(eventually, lambda: connection.execute(waiting).fetchone() == (0,))
        assert (await client.system_health_counts()).total_tasks == 0

    run(url, work)


def test_a_timeout(url: str) -> None:
    async def work(client: aio.Client) -> None:
        with psycopg.connect(url) as lock:
            lock.execute("LOCK TABLE tasker_tasks")
            with pytest.raises(tasker_core.TimeoutError, match=r"longer than 0\.05 s"):
                await client.with_timeout(0.05).system_health_counts()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.system_health_counts(), 0.05)

    run(url, work)


def test_closing_ends_what_is_awaited(url: str, connection: psycopg.Connection) -> None:
    async def main() -> None:
        client = aio.connect(url)
        with psycopg.connect(url) as lock:
            lock.execute("LOCK TABLE tasker_tasks")
            waits = asyncio.create_task(client.system_health_counts())
            await asyncio.to_thread(until_a_lock_is_waited_for, connection)
            await client.close()
            with pytest.raises(tasker_core.Cancelled):
                await waits
        with pytest.raises(tasker_core.InvalidArgument, match="closed"):
            await client.system_health_counts()

    asyncio.run(main())


def test_closing_leaves_nobody_waiting(url: str, rows: Rows) -> None:
    task_id, _ = rows.workflow()

    async def main() -> None:
        client = aio.connect(url, pool_max_connections=2)
        asked = [asyncio.create_task(client.viable_steps(task_id)) for _ in range(50)]
        await asyncio.sleep(0)
        await client.close()
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)
        assert all(isinstance(answer, (list, tasker_core.Error)) for answer in answers)

    for _ in range(10):
        asyncio.run(main())


def test_several_loops_share_a_client(url: str, rows: Rows) -> None:
    task_id, steps = rows.workflow()
    client = aio.connect(url)
    answers: list[list[int]] = []

    async def main() -> None:
        answers.extend(await asyncio.gather(*(client.viable_steps(task_id) for _ in range(20))))

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    asyncio.run(main())
    asyncio.run(client.close())
    assert answers == [steps] * 100
