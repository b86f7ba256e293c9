"""Many calls and many threads: nothing grows, and nobody starves."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

import psycopg
import pytest
from support import Rows, until_a_lock_is_waited_for

import tasker_core


def resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def test_memory_does_not_grow(client: tasker_core.Client, rows: Rows) -> None:
    task_id, _ = rows.workflow(steps=10)

    def ask(times: int) -> None:
        for _ in range(times):
            client.ping()
            client.stats()
            with pytest.raises(tasker_core.SessionError):
                client.core.ask("session_next", {"session": -1})
        for _ in range(times // 20):
            client.step_readiness(task_id).columns()

    ask(2_000)
    before = resident_kb()
    ask(16_000)
    assert resident_kb() - before < 8 * 1024


def test_more_threads_than_connections(url: str, rows: Rows) -> None:
    task_id, steps = rows.workflow()
    answers: list[list[int]] = []
    with tasker_core.connect(url, pool_max_connections=2, pool_acquire_timeout_seconds=60) as client:

        def ask() -> None:
            for _ in range(10):
                answers.append(client.viable_steps(task_id))

        threads = [threading.Thread(target=ask) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert answers == [steps] * 320


def test_a_pool_without_free_connections_says_so(url: str, connection: psycopg.Connection) -> None:
    settings = {"pool_max_connections": 1, "pool_acquire_timeout_seconds": 0.1}
    with tasker_core.connect(url, **settings) as client, psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        counts: list[tasker_core.SystemHealthCounts] = []
        thread = threading.Thread(target=lambda: counts.append(client.system_health_counts()))
        thread.start()
        until_a_lock_is_waited_for(connection)
        with pytest.raises(tasker_core.TimeoutError, match="raise pool_max_connections"):
            client.system_health_counts()
        lock.rollback()
        thread.join(30)
    assert [count.total_tasks for count in counts] == [0]
