"""Forked, spawned and served processes: each has a runtime of its own, and none hangs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.pool import Pool

import psycopg
import pytest
from processes import ask
from support import Rows, until_a_lock_is_waited_for

import tasker_core

pytestmark = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")


def in_child(work: Callable[[], object], limit: float = 60) -> object:
    """What a forked child's work gives, as text; a child that hangs is killed and fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, repr(work()).encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + limit
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the child hung")
        time.sleep(0.01)
    with os.fdopen(reading) as pipe:
        return pipe.read()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing(method: str, client: tasker_core.Client, rows: Rows, url: str) -> None:
    task_id, steps = rows.workflow(steps=2)
    assert client.viable_steps(task_id) == steps
    pool: Pool
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.starmap_async(ask, [(url, task_id)] * 4).get(60) == [steps] * 4
    assert client.viable_steps(task_id) == steps


def test_a_child_uses_the_clients_of_its_parent(client: tasker_core.Client, rows: Rows) -> None:
    task_id, steps = rows.workflow()
    client.viable_steps(task_id)

    def grandchild() -> object:
        assert client.viable_steps(task_id) == steps
        return in_child(lambda: client.viable_steps(task_id))

    assert in_child(grandchild) == repr(repr(steps))


def test_what_belongs_to_the_parent_is_refused_in_a_child(client: tasker_core.Client, rows: Rows) -> None:
    session = client.open_session(rows.workflow().task_id)
    events = client.subscribe("*")
    assert "another process's; open one with open_session" in str(in_child(session.next))
    assert "another process's; subscribe here" in str(in_child(lambda: events.get(0)))

    def close_all() -> str:
        session.close()
        events.close()
        client.close()
        return "closed"

    assert in_child(close_all) == "'closed'"
    assert session.next().ready
    assert not events.closed


def test_the_parents_library_raises_in_a_child(client: tasker_core.Client) -> None:
    from tasker_core import _library

    native = _library.native()
    assert "does not live on in its fork" in str(in_child(lambda: native.abi_version()))
    assert client.ping() == "pong"


def test_the_library_is_not_loaded_by_importing() -> None:
    code = "import sys, tasker_core, tasker_core.aio; sys.exit('tasker_core._native' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


INTERRUPTED = """
import sys, time, tasker_core
client = tasker_core.connect(sys.argv[1])
try:
    client.system_health_counts()
except KeyboardInterrupt:
    print("interrupted", time.time())
print(client.ping())
client.close()
"""


def test_ctrl_c_ends_a_waiting_call(url: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", INTERRUPTED, url], stdout=subprocess.PIPE, text=True
        )
        until_a_lock_is_waited_for(connection)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    words = output.split()
    assert words[0] == "interrupted"
    assert words[2] == "pong"
    # 50 ms are the promise; a busy machine may take longer to give a process its turn.
    assert float(words[1]) - sent < 1


HANDLED = """
import signal, sys, tasker_core
handled = []
signal.signal(signal.SIGUSR1, lambda *_: (handled.append(1), print("handled", flush=True)))
with tasker_core.connect(sys.argv[1]) as client:
    print(client.system_health_counts().total_tasks, len(handled))
"""


def test_a_signal_that_is_only_handled_does_not_end_a_call(url: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", HANDLED, url], stdout=subprocess.PIPE, text=True
        )
        until_a_lock_is_waited_for(connection)
        process.send_signal(signal.SIGUSR1)
        assert process.stdout is not None
        assert process.stdout.readline() == "handled\n"
    output, _ = process.communicate(timeout=30)
    assert output == "0 1\n"
