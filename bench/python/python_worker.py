"""The Python worker: what it costs to execute a step that does nothing, with its commits.

    bin/postgres with tmp/python/bin/python bench/python/python_worker.py [--json]

On a database made by install_schema with 20,000 steps that are done and ready ones of tasks
with one step each. Beside it the limit: the two commits that a claim and a completion need, on
one connection, with one row each.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import re
import secrets
import statistics
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import psycopg
from report import Report

import tasker_core

SERVER = os.environ.get("DATABASE_URL") or sys.exit(
    "DATABASE_URL is not set; run: bin/postgres with ... this script"
)

STEPS = 400
LINES = 40
DONE = 20_000

NAMES = """
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 'none', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n, 1, 'step_' || n, now(), now() FROM generate_series(1, 10) n;
CREATE TABLE commits (id bigserial PRIMARY KEY, text text)
"""

TASKS = """
WITH made AS (
  INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, context, created_at, updated_at)
  SELECT 1, now(), gen_random_uuid()::text, '{"amount": 7}', now(), now() FROM generate_series(1, %s) RETURNING task_id
), steps AS (
  INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, processed, created_at, updated_at)
  SELECT task_id, n, 0, %s, now(), now() FROM made, generate_series(1, %s) n ORDER BY task_id, n
  RETURNING workflow_step_id, task_id, named_step_id
), audit AS (
  INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT workflow_step_id, 'complete', 10, true, now(), now() FROM steps WHERE %s
)
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
SELECT parent.workflow_step_id, child.workflow_step_id, 'provides', now(), now()
FROM steps parent JOIN steps child ON child.task_id = parent.task_id AND child.named_step_id = parent.named_step_id + 1
"""


def nothing(_: tasker_core.Step) -> None:
    """A handler that other processes find by its name."""


class Bench:
    """The database, and workers with a handler that does nothing for each step."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        self.url = url
        self.connection = connection

    def tasks(self, count: int, steps: int, *, done: bool = False) -> None:
        self.connection.execute(TASKS, (count, done, steps, done))
        self.connection.execute("ANALYZE")

    def worker(self, **options: object) -> tasker_core.Worker:
        worker = tasker_core.Worker(self.url, **options)
        for number in range(1, 11):
            worker.add(nothing, "bench/bench", f"step_{number}")
        return worker

    def per_step(self, expected: int, **options: object) -> float:
        """Milliseconds a step."""
        began = time.perf_counter()
        tally = self.worker(**options).run(until_idle=True)
        taken = time.perf_counter() - began
        assert tally == (expected, 0, 0), tally
        return taken * 1000 / expected

    def two_commits(self) -> float:
        """Milliseconds for what a step's two transactions need at least, on average as the steps are."""
        began = time.perf_counter()
        for _ in range(2 * STEPS):
            self.connection.execute("INSERT INTO commits (text) VALUES ('step')")
        return (time.perf_counter() - began) * 1000 / STEPS


def executing(report: Report, bench: Bench) -> None:
    """Steps that are ready, one at a time and four."""
    report.say(f"\n{STEPS} steps that do nothing, among {DONE:,} that are done")
    commits = bench.two_commits()
    report.figure("the limit: two commits of one row (psycopg)", commits, "ms")
    rounds = []
    for _ in range(3):
        bench.tasks(STEPS, 1)
        rounds.append(bench.per_step(STEPS, concurrency=1))
    report.target("a step, one at a time", statistics.median(rounds), at_most=3, unit="ms")
    report.figure("how often its two commits", statistics.median(rounds) / commits, "x")
    bench.tasks(STEPS, 1)
    four = bench.per_step(STEPS, concurrency=4)
    report.figure("a step, four threads", four, "ms")
    report.figure("steps a second, four threads", 1000 / four, "/s")
    bench.tasks(LINES, 10)
    line = bench.per_step(LINES * 10, concurrency=4, owns_tasks=True)
    report.figure(f"a step of {LINES} lines of 10, which the worker also starts and closes", line, "ms")


def spreading(report: Report, bench: Bench) -> None:
    """What it costs to have an executor run the handler, its start left out."""
    spawn = multiprocessing.get_context("spawn")
    pools = {
        "threads": ThreadPoolExecutor,
        "processes": functools.partial(ProcessPoolExecutor, mp_context=spawn),
    }
    for name, make in pools.items():
        with make(2) as pool:
            for count in (20, STEPS):
                bench.tasks(count, 1)
                taken = bench.per_step(count, concurrency=4, executor=pool)
        report.figure(f"a step, two {name} of an executor", taken, "ms")


def waking(report: Report, bench: Bench) -> None:
    """From the commit that makes a step ready to its handler."""
    started: list[float] = []
    seen = threading.Event()

    def note(_: tasker_core.Step) -> None:
        started.append(time.perf_counter())
        seen.set()

    worker = tasker_core.Worker(bench.url, poll_interval=60)
    worker.add(note, "bench/bench", "step_1")
    thread = threading.Thread(target=worker.run)
    thread.start()
    delays = []
    for turn in range(31):
        seen.clear()
        with bench.connection.transaction():
            bench.connection.execute(TASKS, (1, False, 1, False))
            bench.connection.execute("NOTIFY tasker_core_ready, '0'")
        committed = time.perf_counter()
        while not seen.wait(1):
            bench.connection.execute("NOTIFY tasker_core_ready, '0'")
        if turn:
            delays.append(started[-1] - committed)
    worker.stop()
    thread.join()
    report.figure(
        "from a commit that tells of a step to its handler, median", statistics.median(delays) * 1000, "ms"
    )


def main() -> None:
    name = f"tasker_core_bench_{secrets.token_hex(4)}"
    url = re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", SERVER)
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            with tasker_core.connect(url) as client, psycopg.connect(url, autocommit=True) as connection:
                client.install_schema()
                connection.execute(NAMES)
                bench = Bench(url, connection)
                bench.tasks(DONE // 10, 10, done=True)
                version = connection.execute("SHOW server_version").fetchone()
                report = Report(f"PostgreSQL {version[0] if version else ''}; fsync as the server has it")
                executing(report, bench)
                spreading(report, bench)
                waking(report, bench)
            report.finish()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
