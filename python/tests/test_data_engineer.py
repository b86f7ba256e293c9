"""From an empty folder to a task, a worker, a notebook and a frame: docs/PYTHON.md with the wheel alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from pages import blocks
from support import ROOT
from test_packaging import built_wheel, environment

PAGE = "docs/PYTHON.md"
PIP = [sys.executable, "-m", "pip"]
NOTEBOOK = ROOT / "examples" / "notebook" / "workflow.ipynb"
NBCLIENT = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
FRAME = """
import polars, tasker_core
with tasker_core.connect("{url}") as client:
    frame = polars.DataFrame(client.step_readiness({task_id}))
print(tasker_core.__file__)
print(frame.select("name", "current_state").rows())
"""


class Journey:
    """Commands of a user in one folder, with all that they have said."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.said: list[str] = []
        self.python = environment(folder / "venv")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not re.match("PYTHON|TASKER_|DATABASE_", name)
        }
        self.variables = {
            **kept,
            "PATH": f"{self.python.parent}:/usr/bin:/bin",
            "TASKER_CORE_DATABASE_URL": url,
        }

    def run(self, line: str, *, code: int = 0, **variables: str) -> str:
        """Runs a line of a page in bash."""
        if line.startswith("export "):
            return ""
        # The environment has no pip of its own, which takes seconds to make.
        pip = " ".join([*PIP, "--python", str(self.python), ""])
        done = subprocess.run(
            ["bash", "-euc", re.sub("^pip ", lambda _: pip, line)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
            env={**self.variables, **variables},
        )
        self.said.append(f"$ {line}\n{done.stdout}")
        assert done.returncode == code, "\n".join(self.said)
        return done.stdout

    def has(self, said: str, *wanted: str) -> None:
        """The command has said that."""
        for one in wanted:
            assert re.search(one, said), f"no {one!r} in:\n" + "\n".join(self.said)


@pytest.fixture
def journey(tmp_path: Path, empty_url: str) -> Journey:
    shutil.copy(built_wheel(), tmp_path)
    return Journey(tmp_path, empty_url)


def commands(heading: str, place: int) -> list[str]:
    return blocks(PAGE, "sh", heading)[place].splitlines()


def the_wheel_is_installed(journey: Journey) -> None:
    (install,) = commands("Install", 2)
    try:
        journey.run(install, PIP_NO_COMPILE="1")
    except AssertionError:
        # Where there is no index, pip finds no other package either.
        if subprocess.run(
            [*PIP, "download", "--no-deps", "--dest", journey.folder, "click"], check=False
        ).returncode:
            pytest.skip("pip finds no index of packages here")
        raise
    journey.has(
        journey.run("tasker-core doctor", code=1), "-> tasker-core install-schema creates the engine's tables"
    )
    journey.has(journey.run("tasker-core install-schema"), "were created")


def a_task_runs_to_its_end(journey: Journey) -> int:
    """The commands of the page, in its order but for the worker, which comes before the watching."""
    _, _, doctor, create, watch = commands("Command line", 0)
    journey.has(journey.run(doctor), r"^ok ")
    task_id = int(journey.run(create).splitlines()[-1])
    (journey.folder / "shop").mkdir()
    (journey.folder / "shop" / "handlers.py").write_text(blocks(PAGE, "python", "Command line")[0])
    (worker,) = commands("Command line", 1)
    journey.has(journey.run(f"{worker} --until-idle"), "2 steps completed, 0 failed, 0 late")
    journey.has(journey.run(watch.replace("42", str(task_id))), "etl/report.*complete", "load +complete")
    return task_id


def the_rows_are_a_frame(journey: Journey, task_id: int) -> None:
    (journey.folder / "frame.py").write_text(FRAME.format(url=journey.url, task_id=task_id))
    told = journey.run("python frame.py")
    journey.has(
        told, re.escape(str(journey.folder)), re.escape("[('extract', 'complete'), ('load', 'complete')]")
    )


def the_notebook_runs(journey: Journey) -> None:
    """Jupyter is that of the tests; what the notebook imports is the user's."""
    shutil.copy(NOTEBOOK, journey.folder)
    (journey.folder / "run.py").write_text(NBCLIENT)
    (packages,) = (journey.folder / "venv").glob("lib/python3*/site-packages")
    (packages / "jupyter.pth").write_text(sysconfig.get_path("purelib"))
    journey.run("python run.py workflow.ipynb done.ipynb", JUPYTER_DATA_DIR=str(journey.folder / "jupyter"))
    done = (journey.folder / "done.ipynb").read_text()
    cells = [cell for cell in json.loads(done)["cells"] if cell["cell_type"] == "code"]
    kinds = [kind for cell in cells for output in cell["outputs"] for kind in output.get("data", {})]
    assert kinds.count("image/svg+xml") == 2
    assert kinds.count("text/html") == 3
    assert "Tally(completed=5, failed=0, late=0)" in done
    assert not [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell.get("outputs")]


def test_a_data_engineer_with_an_empty_folder(journey: Journey) -> None:
    the_wheel_is_installed(journey)
    task_id = a_task_runs_to_its_end(journey)
    the_rows_are_a_frame(journey, task_id)
    the_notebook_runs(journey)
