from __future__ import annotations

import asyncio
import gc
import secrets
import subprocess
import sys
import time
import warnings
from decimal import Decimal

import psycopg
import pytest
from support import Rows

import tasker_core
from tasker_core import aio, jsonb

DIAMOND = [(1, 2), (1, 3), (2, 4), (3, 4)]


def run(client: tasker_core.Client, task_id: int) -> list[int]:
    """Runs a whole task, step by step, and gives the steps in the order in which they ran."""
    ran: list[int] = []
    client.transition_task_or_raise(task_id, to="in_progress")
    with client.open_session(task_id) as session:
        while not (batch := session.next()).empty:
            for step_id in batch.ready:
                assert session.claim(step_id).allowed
                assert session.complete(step_id, results={"place": len(ran)}).written
                ran.append(step_id)
        assert session.context().execution_status == "all_complete"
    return ran


def test_a_whole_workflow_runs(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=4, edges=DIAMOND)
    assert run(client, task_id) == steps
    assert client.transition_task(task_id, to="complete").written
    assert client.current_task_state(task_id) == "complete"
    assert [client.current_step_state(step) for step in steps] == ["complete"] * 4


def test_results_are_exact(client: tasker_core.Client, rows: Rows, connection: psycopg.Connection) -> None:
    task_id, (step,) = rows.workflow()
    results = {
        "big": 2**70 + 1,
        "price": Decimal("1234567890.123456789012345678"),
        "text": "schön ✓",
        "none": None,
    }
    client.transition_task_or_raise(task_id, to="in_progress")
    with client.open_session(task_id) as session:
        session.claim(step)
        session.complete(step, results=results)
    found = connection.execute("SELECT results::text FROM tasker_workflow_steps").fetchone()
    assert found is not None
    assert jsonb.loads(found[0]) == results


def test_a_failed_step_keeps_its_error_and_can_be_retried(
    client: tasker_core.Client, rows: Rows, connection: psycopg.Connection
) -> None:
    task_id, (step,) = rows.workflow()
    client.transition_task_or_raise(task_id, to="in_progress")
    with client.open_session(task_id) as session:
        session.claim(step)
        with pytest.raises(ValueError, match="no such file") as caught:
            raise ValueError("no such file")
        assert session.fail(step, caught.value, results={"tried": 1}, retry_after=30).written
        found = connection.execute("SELECT results FROM tasker_workflow_steps").fetchone()
        assert found is not None
        assert {"error": "no such file", "error_class": "ValueError", "tried": 1}.items() <= found[0].items()
        assert "test_session.py" in found[0]["backtrace"]
        assert session.next().empty
        connection.execute("UPDATE tasker_workflow_steps SET last_attempted_at = now() - interval '1 minute'")
        connection.execute(
            "UPDATE tasker_workflow_step_transitions SET created_at = now() - interval '1 minute'"
        )
        session.refresh()
        assert session.next() == ([], [step], False)
        assert session.retry(step).written
        assert session.claim(step).allowed
        assert session.complete(step).written


def test_a_refused_claim_is_an_answer(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow(steps=2, edges=[(1, 2)])
    client.transition_task_or_raise(task_id, to="in_progress")
    with client.open_session(task_id) as first, client.open_session(task_id) as second:
        assert first.claim(steps[0]).allowed
        late = second.claim(steps[0])
        assert (late.allowed, late.code) == (False, "transition_failed")
        assert second.claim(steps[1]).code == "guard_failed"
        assert second.complete(steps[0]).code == "conflict"
        assert first.complete(steps[0]).written


def test_sessions_end(client: tasker_core.Client, rows: Rows) -> None:
    session = client.open_session(rows.workflow().task_id)
    assert client.stats().value("tasker_core_sessions_open") == 1
    session.close()
    session.close()
    assert session.closed
    assert client.stats().value("tasker_core_sessions_open") == 0
    with pytest.raises(tasker_core.SessionError, match="is closed; open one"):
        session.next()


def test_an_unknown_task_has_no_session(client: tasker_core.Client) -> None:
    with pytest.raises(tasker_core.NotFound) as caught:
        client.open_session(404)
    assert caught.value.details == {"task_id": 404}


def test_sessions_that_nobody_closed_give_their_places_back(url: str, rows: Rows) -> None:
    task_id = rows.workflow().task_id
    with tasker_core.connect(url, max_sessions=3) as client:
        for _ in range(10):
            with pytest.warns(ResourceWarning, match=f"a session on task {task_id} was dropped"):
                client.open_session(task_id)
        held = client.open_session(task_id)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.open_session(task_id).close()
            with client.open_session(task_id):
                pass
            gc.collect()
        assert held.next().ready
        assert client.session_stats()["sessions_open"] == 1
        held.close()


def test_clients_that_nobody_closed_give_their_connections_back(
    url: str, connection: psycopg.Connection
) -> None:
    name = f"abandoned {secrets.token_hex(4)}"

    def connections() -> object:
        return connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", (name,)
        ).fetchone()

    for _ in range(5):
        with pytest.warns(ResourceWarning, match="a client was dropped"):
            tasker_core.connect(url, application_name=name).viable_steps(1)
    deadline = time.monotonic() + 30
    while connections() != (0,):
        assert time.monotonic() < deadline
        time.sleep(0.01)


INTERRUPTED = """
import signal, sys, tasker_core
class Impatience(BaseException): pass
def impatient(*_): raise Impatience
signal.signal(signal.SIGALRM, impatient)
client = tasker_core.connect(sys.argv[1])
client.readiness_version()
interrupted = 0
for turn in range(200):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001 + turn * 0.00005)
        session = client.open_session(int(sys.argv[2]))
        session.close()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Impatience:
        interrupted += 1
    session = None
print(interrupted > 5, client.session_stats()["sessions_open"])
"""


def test_an_interrupt_loses_no_session(url: str, rows: Rows) -> None:
    task_id = rows.workflow(steps=20).task_id
    process = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, url, str(task_id)], capture_output=True, text=True, timeout=120
    )
    assert process.stdout == "True 0\n", process.stderr


def test_a_cancelled_await_loses_no_session(url: str, rows: Rows) -> None:
    task_id = rows.workflow(steps=20).task_id

    async def open_and_cancel() -> int:
        async with aio.connect(url) as client:
            await client.readiness_version()
            for turn in range(100):
                opening = asyncio.ensure_future(client.open_session(task_id))
                await asyncio.sleep(turn * 0.0001)
                if opening.cancel():
                    with pytest.raises(asyncio.CancelledError):
                        await opening
                else:
                    opening.result().close()
            del opening
            for _ in range(300):
                if (await client.session_stats())["sessions_open"] == 0:
                    break
                gc.collect()
                await asyncio.sleep(0.01)
            return (await client.session_stats())["sessions_open"]

    assert asyncio.run(open_and_cancel()) == 0
