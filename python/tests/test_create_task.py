"""Tasks that are made without Rails, and the examples that make them."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import shutil
import subprocess
import sys
import threading
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from support import ROOT
from workers import eventually

import tasker_core
from tasker_core import (
    CycleError,
    DuplicateTask,
    InvalidArgument,
    NewStep,
    PermanentError,
    Worker,
    aio,
)

#: As the templates of Rails below have them.
SCRIPTED = [
    NewStep("extract", dependent_system="scripts"),
    NewStep("score", ["extract"], dependent_system="scripts"),
    NewStep("load", ["score", "extract"], dependent_system="scripts"),
]
COMPILED = ROOT / "lib" / "tasker_core" / "tasker_core_native.so"
STEPS: list[Any] = [
    "extract",
    NewStep(
        "score", depends_on=["extract"], dependent_system="models", retry_limit=5, inputs=[Decimal("1.10")]
    ),
    {"name": "load", "depends_on": ["score", "extract"], "skippable": True},
]


def test_a_task_is_made_with_its_steps(client: tasker_core.Client, connection: psycopg.Connection) -> None:
    made = client.create_task(
        "report", steps=STEPS, context={"n": Decimal("1.10"), "ü": [None]}, namespace="etl", tags=["a"]
    )
    assert list(made.step_ids) == ["extract", "score", "load"]
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made.identity_hash
    )
    assert client.viable_steps(made.task_id) == [made.step_ids["extract"]]
    graph = {row.workflow_step_id: row.parent_step_ids for row in client.step_dag(made.task_id)}
    assert graph[made.step_ids["load"]] == [made.step_ids["extract"], made.step_ids["score"]]
    found = connection.execute(
        "SELECT named.name, retry_limit, skippable, inputs::text FROM tasker_workflow_steps"
        " JOIN tasker_named_steps named USING (named_step_id) ORDER BY workflow_step_id"
    ).fetchall()
    context = '{"n": 1.10, "ü": [null]}'
    assert found == [
        ("extract", 3, False, context),
        ("score", 5, False, "[1.10]"),
        ("load", 3, True, context),
    ]


def test_it_can_be_awaited(url: str) -> None:
    async def make() -> None:
        async with aio.connect(url) as client:
            made = await client.create_task("report", steps=STEPS, context={"a": 1}, identity_hash="order 42")
            assert made.identity_hash == "order 42"
            assert await client.viable_steps(made.task_id) == [made.step_ids["extract"]]
            with pytest.raises(DuplicateTask) as caught:
                await client.create_task("report", steps=STEPS, context={"a": 1}, identity_hash="order 42")
            assert caught.value.task_id == made.task_id

    asyncio.run(make())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": [NewStep("a", depends_on=["b"])]}, r'steps\[0\].depends_on of the step "a" has "b"'),
        ({"steps": ["a", "a"]}, r'steps\[1\].name is "a", like steps\[0\]'),
        ({"steps": "extract"}, "steps is 'extract'; it must be a list of steps"),
        ({"steps": [1]}, r"steps\[0\] is 1; it must be a NewStep"),
        ({"steps": [{"name": "a", "retries": 1}]}, r"steps\[0\] is invalid: unknown name retries"),
        (
            {"steps": [NewStep("a", depends_on="b")]},
            r"steps\[0\].depends_on is 'b'; it must be a list of str",
        ),
        ({"context": {}}, "context is empty"),
        ({"context": {"a": {1, 2}}}, "cannot be written as JSON"),
        ({"context": {"a": float("nan")}}, "cannot be written as JSON"),
        ({"version": "1"}, 'version is "1"'),
        ({"tags": "x"}, "tags is 'x'; it must be a list of str"),
        ({"identity": "md5"}, 'identity is "md5"; it must be uuid or hash'),
        ({"name": "x" * 65}, "name has 65 characters; it may have 64 at most"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    client: tasker_core.Client, changes: dict[str, Any], message: str
) -> None:
    arguments = {"name": "report", "steps": ["a"], "context": {"a": 1}, **changes}
    with pytest.raises(InvalidArgument, match=message):
        client.create_task(**arguments)


def test_a_circle_is_told_by_name(client: tasker_core.Client) -> None:
    steps = [NewStep("a", depends_on=["b"]), NewStep("b", depends_on=["a"])]
    with pytest.raises(CycleError, match="a -> b -> a") as caught:
        client.create_task("report", steps=steps, context={"a": 1})
    assert caught.value.path == ["a", "b", "a"]


def test_its_event_is_that_of_the_engine(client: tasker_core.Client) -> None:
    with client.subscribe("task.*") as events:
        made = client.create_task("report", steps=STEPS, context={"a": 1.5, "b": 2**70})
        event = events.get(timeout=10)
    assert event is not None
    assert (event.name, event.task_id, event.task_name) == ("task.start_requested", made.task_id, "report")
    assert event.payload["step_count"] == 3
    assert event.payload["task_context"] == {"a": 1.5, "b": float(2**70)}


def test_processes_that_make_the_same_names_at_once_all_succeed(url: str) -> None:
    script = (
        "import sys, tasker_core\n"
        "with tasker_core.connect(sys.argv[1]) as client:\n"
        "    for n in range(20):\n"
        "        steps = [f'{n}_{m}' for m in range(10)]\n"
        "        steps = steps if sys.argv[2] == '0' else steps[::-1]\n"
        "        client.create_task(f'race_{n}', steps=steps, context={'a': 1})\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, url, str(n % 2)]) for n in range(4)]
    assert [child.wait(timeout=60) for child in children] == [0] * 4
    with psycopg.connect(url) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM tasker_tasks), (SELECT count(*) FROM tasker_named_tasks),"
            " (SELECT count(*) FROM tasker_named_steps),"
            " (SELECT count(*) FROM tasker_named_tasks_named_steps),"
            " (SELECT count(*) FROM tasker_workflow_steps)"
        ).fetchone()
    assert counts == (80, 20, 200, 200, 800)


def run_worker(url: str, **options: Any) -> tuple[Worker, list[str]]:
    worker = Worker(url, owns_tasks=True, poll_interval=0.02, heartbeat=0.1, **options)
    done: list[str] = []

    for name in ("extract", "score", "load"):

        def handler(step: tasker_core.Step, name: str = name) -> dict[str, Any]:
            if step.context.get("breaks") == name:
                raise PermanentError("it is broken")
            done.append(name)
            return {"name": name, "parents": sorted(step.parents), "inputs": step.inputs}

        worker.add(handler, "etl/report", name)
    return worker, done


def test_a_worker_that_owns_its_tasks_takes_it_up(client: tasker_core.Client, url: str) -> None:
    worker, done = run_worker(url)
    thread = threading.Thread(target=worker.run)
    thread.start()

    def stands(task_id: int, state: str) -> bool:
        return client.current_task_state(task_id) == state

    try:
        good = client.create_task("report", namespace="etl", steps=STEPS, context={"a": 1})
        bad = client.create_task("report", namespace="etl", steps=STEPS, context={"breaks": "score"})
        for task, state in ((good, "complete"), (bad, "error")):
            eventually(functools.partial(stands, task.task_id, state))
    finally:
        worker.stop()
        thread.join()
    assert sorted(done) == ["extract", "extract", "load", "score"]


@pytest.mark.skipif(
    not (shutil.which("bundle") and COMPILED.exists()), reason="needs Ruby and bin/test ruby's rake compile"
)
class TestTwoEnginesOnOneDatabase:
    """Rails is a process of its own, on the stand-in of the engine; its audit rows are looked at there."""

    def rails(self, url: str, script: str) -> str:
        environment = {
            **os.environ,
            "TASKER_CORE_TEST_DATABASE_URL": url,
            "DATABASE_URL": url,
            "TASKER_ENGINE_PATH": "",
        }
        code = (
            "require 'rspec/core'\n"
            "parts = %w[ledger_application database scripted audit_trail]\n"
            'parts.each { |part| require "./spec/support/#{part}" }\n'
            "ActiveJob::Base.queue_adapter = :test\n"
            "graph = { 'extract' => [], 'score' => ['extract'], 'load' => %w[score extract] }\n" + script
        )
        ended = subprocess.run(
            ["bundle", "exec", "ruby", "-W0", "-e", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def test_python_begins_and_rails_finishes(self, client: tasker_core.Client, url: str) -> None:
        made = client.create_task("scripted_1", steps=SCRIPTED, context={"a": 1}, enqueue=True)
        names = [tasker_core.StepName("scripted_1", "extract")]
        (step,) = client.claim_ready_steps(names, start_tasks=True)
        assert client.complete_claim(step, results={"by": "python"}).written
        client.transition_task_or_raise(made.task_id, to="pending")
        said = self.rails(
            url,
            "Scripted.define(graph)\n"
            f"Tasker::TaskRunnerJob.perform_now({made.task_id})\n"
            f"task = Tasker::Task.find({made.task_id})\n"
            "by = task.workflow_steps.map { |step| step.results.values.first }.sort\n"
            "puts [task.status, task.complete, by, AuditTrail.violations].inspect\n",
        )
        assert said.strip() == '["complete", true, ["load", "python", "score"], []]'

    def test_rails_enqueues_what_python_made(self, client: tasker_core.Client, url: str) -> None:
        made = client.create_task("scripted_1", steps=SCRIPTED, context={"a": 1}, enqueue=True)
        said = self.rails(
            url,
            "Scripted.define(graph)\n"
            "woken = Array.new(3) { TaskerCore::Listener.new.sweep }\n"
            "jobs = ActiveJob::Base.queue_adapter.enqueued_jobs\n"
            "ids = jobs.map { |job| (job[:args] || job['arguments']).first }\n"
            "ids.each { |id| Tasker::TaskRunnerJob.perform_now(id) }\n"
            "puts [woken, ids, AuditTrail.violations].inspect\n",
        )
        assert said.strip() == f"[[[{made.task_id}], [], []], [{made.task_id}], []]"
        assert client.current_task_state(made.task_id) == "complete"

    def test_rails_begins_and_python_finishes(self, client: tasker_core.Client, url: str) -> None:
        task_id = int(
            self.rails(
                url,
                "fails = { 'score' => ->(*) { raise 'not here' } }\n"
                "task = Scripted.task(graph, fails, context: { 'a' => 1 })\n"
                "Scripted.handle(task)\nputs task.task_id\n",
            )
        )
        with psycopg.connect(url) as connection:
            connection.execute(
                "UPDATE tasker_workflow_step_transitions SET created_at = created_at - interval '1 hour'"
            )
            connection.execute(
                "UPDATE tasker_workflow_steps SET last_attempted_at = last_attempted_at - interval '1 hour'"
            )
        worker = Worker(url, owns_tasks=True, poll_interval=0.02)
        for name in ("score", "load"):
            worker.add(lambda _: {"by": "python"}, "default/scripted_1", name)
        worker.run(until_idle=True)
        assert client.current_task_state(task_id) == "complete"
        assert self.rails(url, "puts AuditTrail.violations.inspect\n").strip() == "[]"


def test_the_python_example(empty_url: str) -> None:
    said = run_example([sys.executable, str(ROOT / "examples" / "first_task" / "first_task.py")], empty_url)
    assert "made task 1 of 4 steps\n" in said
    assert "complete: 4 of 4 steps complete\n" in said
    assert "flowchart" in said


def run_example(command: list[str], url: str) -> str:
    ended = subprocess.run([*command, url], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
