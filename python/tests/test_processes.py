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
from pathlib import Path

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
    session.close()
    assert not events.closed


def test_the_parents_library_raises_in_a_child(client: tasker_core.Client) -> None:
    from tasker_core import _library

    native = _library.native()
    assert "cannot be used in its forked child" in str(in_child(lambda: native.abi_version()))
    assert client.ping() == "pong"


def test_the_library_is_not_loaded_by_importing() -> None:
    code = "import sys, tasker_core, tasker_core.aio; sys.exit('tasker_core._native' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


RUNTIMES = """
import os, signal, subprocess, sys, time
from tasker_core import _library
class Impatience(BaseException): pass
def impatient(*_): raise Impatience
def runtimes():
    with open("/proc/self/maps") as maps:
        return len({tuple(line.split()[3:5]) for line in maps if "_native" in line and "tasker_core" in line})
def load():
    try:
        _library.native()
    except Impatience:
        return False
    return True
"""

INTERRUPTED_LOADS = (
    RUNTIMES
    + """
_library.native()
for number in range(25):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGUSR1, impatient)
        try:
            subprocess.Popen(["sh", "-c", f"sleep {number / 500}; kill -USR1 {os.getpid()}"])
            while not load():
                pass
            time.sleep(0.1)
        except Impatience:
            pass
        version = _library.native().abi_version()
        print(runtimes(), version, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
)


def test_one_runtime_lives_in_a_child_whose_first_load_was_interrupted() -> None:
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INTERRUPTED_LOADS], capture_output=True, text=True, timeout=120
    )
    assert output.stderr == ""
    assert output.stdout.splitlines() == ["2 1"] * 25


KILLED_LOADS = (
    RUNTIMES
    + """
_library.native()
for number in range(30):
    child = os.fork()
    if child == 0:
        _library.native()
        time.sleep(60)
    time.sleep(number / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
)


def test_a_child_that_is_killed_while_it_copies_leaves_no_bytes_behind(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED_LOADS],
        check=True,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    # One that was killed at its first step leaves an empty file, or the word with which Python
    # looks whether a folder can be written.
    left = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in left if path.read_bytes() not in (b"", b"blat")] == []


@pytest.mark.parametrize(
    ("limit", "advice"),
    [
        ("ulimit -v 900000", "ulimit -v"),
        ("ulimit -v 1300000", "ulimit -v"),
        ("ulimit -d 150000", "ulimit -d"),
        ("ulimit -n 8", "ulimit -n"),
    ],
)
def test_a_process_that_has_too_little_of_something_says_so(limit: str, advice: str) -> None:
    code = "import tasker_core as t\ntry: t._library.native()\nexcept t.Unavailable as e: print(e)"
    process = subprocess.run(
        ["sh", "-c", f'{limit} && exec "$@"', "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr
    assert "the core needs" in process.stdout
    assert advice in process.stdout


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
        output, _ = process.communicate(timeout=90)
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
    output, _ = process.communicate(timeout=90)
    assert output == "0 1\n"
