"""Workers of several processes, and handlers that fork."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import Rows
from workers import TASK, Database, eventually

import tasker_core
from tasker_core import ConfigurationError, Worker


class Script:
    """The script of tests/worker_script.py, in a process of its own."""

    def __init__(self, url: str, folder: Path, processes: int, *arguments: str) -> None:
        self.folder = folder
        script = Path(__file__).with_name("worker_script.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), url, str(folder), str(processes), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def files(self, pattern: str) -> list[Path]:
        return list(self.folder.glob(pattern))

    def end(self) -> str:
        output, _ = self.process.communicate(timeout=40)
        return str(output)


class TestProcesses:
    def test_share_the_work(self, url: str, tmp_path: Path, rows: Rows, database: Database) -> None:
        workflows = [rows.workflow(3, step_states=["complete", "complete"]) for _ in range(8)]
        with Script(url, tmp_path, 2, "until_idle") as script:
            assert "Tally(completed=8, failed=0, late=0)" in script.end()
        assert all(database.task(workflow.task_id) == "complete" for workflow in workflows)
        assert len(script.files("[0-9]*.*")) == 8
        pids = {database.results(workflow.step_ids[2])["process"] for workflow in workflows}
        assert len(pids) == 2
        assert script.process.pid not in pids

    @pytest.mark.parametrize("processes", [0, 2])
    def test_stop_on_sigterm_and_fail_what_does_not_end(
        self, url: str, tmp_path: Path, rows: Rows, database: Database, processes: int
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, processes) as script:
            eventually(lambda: script.files("started.*"))
            script.process.send_signal(signal.SIGTERM)
            output = script.end()
        assert script.process.returncode == 0, output
        assert "Tally(completed=0, failed=1, late=0)" in output
        assert database.history(line.step_ids[1]) == "in_progress error"

    def test_let_handlers_end_on_sigterm(
        self, url: str, tmp_path: Path, rows: Rows, database: Database
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 0) as script:
            eventually(lambda: script.files("started.*"))
            script.process.send_signal(signal.SIGINT)
            (tmp_path / "go").touch()
            assert "Tally(completed=1" in script.end()
        assert database.history(line.step_ids[1]) == "in_progress complete"

    def test_leave_a_step_that_stuck_steps_finds_when_they_are_killed(
        self, url: str, tmp_path: Path, rows: Rows, database: Database, client: tasker_core.Client
    ) -> None:
        line = rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 0) as script:
            eventually(lambda: script.files("started.*"))
            script.process.kill()
        assert database.history(line.step_ids[1]) == "in_progress"
        stuck = eventually(lambda: client.stuck_steps(older_than=0.5))
        assert [step.workflow_step_id for step in stuck] == [line.step_ids[1]]
        assert [step.state for step in client.reset_stuck(older_than=0.5).steps] == ["pending"]
        assert database.history(line.step_ids[1]) == "in_progress error pending"

    def test_are_replaced_when_they_are_killed(
        self, url: str, tmp_path: Path, rows: Rows, database: Database
    ) -> None:
        rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 1) as script:
            child = int(eventually(lambda: script.files("started.*"))[0].suffix[1:])
            os.kill(child, signal.SIGKILL)
            line = rows.workflow(1)
            eventually(lambda: database.history(line.step_ids[0]) == "in_progress complete", 40)
            script.process.send_signal(signal.SIGTERM)
            assert "is replaced" in script.end()

    def test_end_when_their_parent_is_killed(self, url: str, tmp_path: Path, rows: Rows) -> None:
        rows.workflow(2, step_states=["complete", None])
        with Script(url, tmp_path, 1) as script:
            child = int(eventually(lambda: script.files("started.*"))[0].suffix[1:])
            script.process.kill()
        eventually(lambda: not Path(f"/proc/{child}/exe").exists())

    def test_need_handlers_that_others_can_import(self, url: str) -> None:
        worker = Worker(url, processes=1)
        worker.add(lambda _: None, TASK, "step_1")
        with pytest.raises(ConfigurationError, match=r"handler of tests/test_task step_1 cannot be used"):
            worker.run()


FORKING = """
import os, sys, tasker_core
how = sys.argv[2]
worker = tasker_core.Worker(sys.argv[1], poll_interval=0.02, grace=1)

@worker.step("tests/test_task", "step_1")
def handler(step):
    child = os.fork()
    if child == 0:
        print("child", how, flush=True)
        if how == "exits":
            sys.exit(7)
        if how == "raises":
            raise RuntimeError("in the child")
        if how == "says":
            sys.exit("a last word")
        return {"by": "child"}
    _, status = os.waitpid(child, 0)
    return {"by": "parent", "status": os.waitstatus_to_exitcode(status)}

print(worker.run(until_idle=True))
"""


@pytest.mark.parametrize(("how", "status"), [("exits", 7), ("raises", 1), ("says", 1), ("returns", 0)])
def test_a_child_that_a_handler_forks_never_reports(
    url: str, rows: Rows, database: Database, how: str, status: int
) -> None:
    step_id = rows.workflow(state="in_progress").step_ids[0]
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING, url, how], capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == [f"child {how}", "Tally(completed=1, failed=0, late=0)"]
    assert database.history(step_id) == "in_progress complete"
    assert database.results(step_id) == {"by": "parent", "status": status}
    assert ("a last word" in process.stderr) == (how == "says")
    assert ("in the child" in process.stderr) == (how == "raises")
