"""The code in the pages runs: docs/PYTHON.md, docs/WORKER.md and both READMEs."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pages import blocks, code

import tasker_core
from tasker_core import NewStep

#: An event that each subscription of the pages asks for.
EVENT = {"name": "step.completed", "namespace": "payments", "payload": {"attempt_number": 1}}


class Seen(Exception):
    """The code of a page has printed."""


def seen(*printed: object) -> None:
    raise Seen(*printed)


def prepared(text: str) -> Any:
    """Code as at a prompt, where await works too."""
    return compile(text, "page", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def execute(text: str, **names: Any) -> dict[str, Any]:
    space: dict[str, Any] = {"tasker_core": tasker_core, **names}
    exec(prepared(text), space)
    return space


def script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Runs code as a program of its own, which ends when there is nothing to do."""
    (folder / "page.py").write_text(text.replace("worker.run()", "worker.run(until_idle=True)"))
    command = [sys.executable, "page.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def task_id(client: tasker_core.Client) -> int:
    steps = [NewStep("extract"), NewStep("score", ["extract"])]
    return client.create_task("sales_report", namespace="etl", context={"day": "1"}, steps=steps).task_id


@pytest.mark.parametrize("page", ["docs/PYTHON.md", "docs/WORKER.md", "README.md", "python/README.md"])
def test_what_is_python_compiles(page: str) -> None:
    found = blocks(page, "python")
    assert found
    for text in found:
        prepared(text)


@pytest.mark.parametrize(
    ("page", "heading"),
    [("docs/PYTHON.md", "Connect"), ("README.md", "Without Rails"), ("python/README.md", "tasker-core")],
)
def test_a_client_connects(page: str, heading: str, url: str, task_id: int) -> None:
    assert execute(code(page, heading, url, task_id))["client"].closed


def test_a_session_runs_a_task(client: tasker_core.Client, url: str, task_id: int) -> None:
    worked: list[int] = []
    execute(code("docs/PYTHON.md", "Run a task", url, task_id), client=client, work=worked.append)
    assert len(worked) == 2
    context = client.task_execution_context(task_id)
    assert context is not None
    assert context.execution_status == "all_complete"


def test_columns(client: tasker_core.Client, url: str, task_id: int) -> None:
    text = code("docs/PYTHON.md", "Work with columns", url)
    space = execute(text.replace("range(1, 1001)", f"range({task_id}, {task_id + 1000})"), client=client)
    assert list(space["arrays"]["ready_for_execution"]) == [True, False]


def test_asyncio(url: str) -> None:
    space: dict[str, Any] = {"asyncio": asyncio, "print": seen}

    async def main() -> None:
        running = asyncio.ensure_future(eval(prepared(code("docs/PYTHON.md", "asyncio", url)), space))
        while not running.done():
            if "states" in space:
                # The page closes its client as soon as it has seen one.
                with contextlib.suppress(tasker_core.Error):
                    await space["client"].publish_events([EVENT])
            await asyncio.sleep(0.01)
        await running

    with pytest.raises(Seen, match=r"step\.completed"):
        asyncio.run(asyncio.wait_for(main(), 30))


def test_events(client: tasker_core.Client, url: str) -> None:
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(0.01):
            client.publish_events([EVENT])

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        with pytest.raises(Seen, match="1"):
            execute(code("docs/PYTHON.md", "Events", url), client=client, print=seen)
    finally:
        ended.set()
        publisher.join()


def test_a_worker(client: tasker_core.Client, url: str, task_id: int, tmp_path: Path) -> None:
    (extract,) = client.claim_ready_steps(
        [tasker_core.StepName("sales_report", "extract", namespace="etl")], start_tasks=True
    )
    client.complete_claim(extract, results={"rows": [1, 2]})
    ran = script(tmp_path, code("docs/WORKER.md", "In Python", url))
    assert ran.returncode == 0, ran.stderr
    assert {row.name: row.current_state for row in client.step_readiness(task_id)} == {
        "extract": "complete",
        "score": "complete",
    }


def test_the_readme_of_the_wheel_has_a_worker(client: tasker_core.Client, url: str, tmp_path: Path) -> None:
    made = client.create_task("report", namespace="etl", context={"day": "1"}, steps=["extract"])
    parts = [code("python/README.md", "tasker-core", url, made.task_id, place) for place in (0, 1)]
    ran = script(tmp_path, "\n".join(parts))
    assert ran.returncode == 0, ran.stderr
    assert client.current_task_state(made.task_id) == "complete"


def test_a_task_without_rails(url: str) -> None:
    made = execute(code("docs/WORKER.md", "Create tasks without Rails", url))["task"]
    assert list(made.step_ids) == ["extract", "score", "load"]
