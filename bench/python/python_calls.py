"""The wheel: what a call costs that does nothing, and readiness against psycopg calling the SQL functions.

    bin/postgres with tmp/python/bin/python bench/python/python_calls.py [--json]

Both sides have their connection open and their statements prepared, on a database made by
install_schema: 1,000 tasks of 10 steps in a line and one of 1,000 steps in 10 layers. Where
the gem tasker-engine is (or TASKER_ENGINE_PATH leads to a checkout of it), the functions for
readiness are the engine's own text; else they are the core's.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import psycopg
from report import Report, in_turns, median_seconds

import tasker_core
from tasker_core import _library, aio
from tasker_core._core import encode

SERVER = os.environ.get("DATABASE_URL") or sys.exit(
    "DATABASE_URL is not set; run: bin/postgres with ... this script"
)

ROWS = """
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 'none', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n, 1, 'step_' || n, now(), now() FROM generate_series(1, 1000) n;
INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT n, 1, now(), n, now(), now() FROM generate_series(1, 1001) n;
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT task_id, 'in_progress', 10, true, now(), now() FROM tasker_tasks;
INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
  SELECT task_id * 10 + n, task_id, n, now(), now() FROM tasker_tasks, generate_series(1, 10) n WHERE task_id <= 1000
  UNION ALL SELECT 20000 + n, 1001, n, now(), now() FROM generate_series(1, 1000) n;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT workflow_step_id - 1, workflow_step_id, 'provides', now(), now()
  FROM tasker_workflow_steps WHERE task_id <= 1000 AND named_step_id > 1
  UNION ALL SELECT workflow_step_id - 100, workflow_step_id, 'provides', now(), now()
  FROM tasker_workflow_steps WHERE task_id = 1001 AND named_step_id > 100;
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT workflow_step_id, 'complete', 10, true, now(), now()
  FROM tasker_workflow_steps WHERE task_id <= 1000 AND named_step_id <= 3;
ANALYZE;
"""


STATE = """
SELECT coalesce(audit.to_state, 'pending') FROM tasker_workflow_steps step
LEFT JOIN tasker_workflow_step_transitions audit
  ON audit.workflow_step_id = step.workflow_step_id AND audit.most_recent
WHERE step.workflow_step_id = %s
"""

FUNCTIONS = "db/functions/get_step_readiness_status_single_and_batch_v02.sql"


def engine_functions() -> Path | None:
    """The file with the engine's own text of the functions, where the engine is installed."""
    if not shutil.which("ruby"):
        return None
    finder = Path(__file__).parents[2] / "bin/lib/engine"
    find = "print TaskerEngine.root if TaskerEngine.here?"
    folder = subprocess.run(
        ["ruby", "-r", str(finder), "-e", find], capture_output=True, text=True, check=True
    ).stdout
    path = Path(folder or "/nowhere", FUNCTIONS)
    return path if path.is_file() else None


def trivial(report: Report, client: tasker_core.Client) -> None:
    """A call that does nothing."""
    report.say("\nA call that does nothing")
    native, core, request = _library.native(), client.core.handle, encode("ping", {})
    crossing = median_seconds(native.abi_version, 100_000) * 1e6
    report.target("Python -> C -> Go and back", crossing, at_most=1, unit="us")
    asked = median_seconds(lambda: native.ask(core, request), 50_000) * 1e6
    report.figure("with a request and a reply (ping), packed before", asked, "us")
    report.figure("client.ping(): packing and unpacking too", median_seconds(client.ping, 20_000) * 1e6, "us")
    report.figure(
        "state of a task (one row)", median_seconds(lambda: client.current_task_state(1), 300) * 1e6, "us"
    )


def readiness(report: Report, client: tasker_core.Client, connection: psycopg.Connection) -> None:
    """Against psycopg, in turns."""
    tasks = list(range(1, 1001))
    one = "SELECT workflow_step_id FROM get_step_readiness_status(%s) WHERE ready_for_execution"
    many = "SELECT workflow_step_id FROM get_step_readiness_status_batch(%s) WHERE ready_for_execution"
    rows = "SELECT * FROM get_step_readiness_status_batch(%s)"

    def asked(sql: str, argument: object) -> list[int]:
        return [row[0] for row in connection.execute(sql, (argument,), prepare=True).fetchall()]

    def columns() -> list[int]:
        found = client.step_readiness_batch(tasks).to_numpy()
        return found["workflow_step_id"][found["ready_for_execution"]].tolist()

    assert sorted(columns()) == sorted(asked(many, tasks))
    assert client.viable_steps(1001) == sorted(asked(one, 1001))
    report.say("\nReadiness against psycopg calling the SQL functions (medians, in turns)")
    cases = {
        "viable steps of 1,000 tasks x 10 steps": (columns, lambda: asked(many, tasks), 1.5),
        "the same with all columns as rows": (
            lambda: list(client.step_readiness_batch(tasks)),
            lambda: connection.execute(rows, (tasks,), prepare=True).fetchall(),
            None,
        ),
        "viable steps of 1,000 tasks, one by one": (
            lambda: [client.viable_steps(task) for task in tasks],
            lambda: [asked(one, task) for task in tasks],
            None,
        ),
        "viable steps of one task of 1,000 steps": (
            lambda: client.viable_steps(1001),
            lambda: asked(one, 1001),
            None,
        ),
        "the states of 1,000 steps, one by one": (
            lambda: [client.current_step_state(step) for step in range(11, 1011)],
            lambda: [connection.execute(STATE, (step,), prepare=True).fetchone() for step in range(11, 1011)],
            None,
        ),
    }
    for name, (ours, theirs, wanted) in cases.items():
        times = in_turns({"tasker_core": ours, "psycopg": theirs}, 5)
        report.figure(f"{name}: psycopg", times["psycopg"] * 1000, "ms")
        report.figure(f"{name}: tasker_core", times["tasker_core"] * 1000, "ms")
        ratio = times["psycopg"] / times["tasker_core"]
        if wanted:
            report.target(name, ratio, at_least=wanted)
        else:
            report.figure(f"{name}: ratio", ratio, "x")


def sessions(report: Report, client: tasker_core.Client) -> None:
    """Runs that are open answer from memory."""
    opened = [client.open_session(task) for task in range(1, 1001)]
    times = in_turns({"next": lambda: [session.next() for session in opened]}, 5)
    report.figure("what can run next in 1,000 open sessions, from memory", times["next"] * 1000, "ms")
    for session in opened:
        session.close()


def interrupts(report: Report, client: tasker_core.Client, url: str) -> None:
    """How soon Ctrl-C ends a call that waits for a lock."""
    late = []
    sent = 0.0

    def interrupt() -> None:
        nonlocal sent
        time.sleep(0.1)
        sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    with psycopg.connect(url) as lock:
        lock.execute("LOCK TABLE tasker_tasks")
        for _ in range(10):
            threading.Thread(target=interrupt).start()
            try:
                client.system_health_counts()
            except KeyboardInterrupt:
                late.append((time.perf_counter() - sent) * 1000)
    report.say("\nInterrupts")
    report.target("Ctrl-C ends a call that waits, the latest of 10", max(late), at_most=50, unit="ms")


async def awaited(report: Report, url: str) -> None:
    """Many calls at once over a few connections."""
    async with aio.connect(url) as client:
        loop = asyncio.get_running_loop()
        await client.viable_steps(1)
        began = loop.time()
        await asyncio.gather(*(client.viable_steps(task) for task in range(1, 1001)))
        report.say("\nasyncio")
        report.figure("viable steps of 1,000 tasks, all awaited at once", (loop.time() - began) * 1000, "ms")


def main() -> None:
    name = f"tasker_core_bench_{secrets.token_hex(4)}"
    url = re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", SERVER)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            with tasker_core.connect(url) as client, psycopg.connect(url, autocommit=True) as connection:
                client.install_schema()
                connection.execute(ROWS)
                functions = engine_functions()
                if functions:
                    connection.execute(functions.read_text())
                version = connection.execute("SHOW server_version").fetchone()
                whose = "tasker-engine's" if functions else "the core's, tasker-engine is not installed"
                report = Report(
                    f"PostgreSQL {version[0] if version else ''}; psycopg {psycopg.__version__}; "
                    f"the text of the SQL functions is {whose}"
                )
                trivial(report, client)
                readiness(report, client, connection)
                sessions(report, client)
                interrupts(report, client, url)
                asyncio.run(awaited(report, url))
            report.finish()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


main()
