from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from support import Rows

import tasker_core
from tasker_core import jsonb

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
        print(
            client.step_readiness(task_id),
            connection.execute("select * from tasker_workflow_steps").fetchall(),
        )
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
