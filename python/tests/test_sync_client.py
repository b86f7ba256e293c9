"""The synchronous client is what the asynchronous one says: tools/sync_client.py."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sync_client
from support import ROOT

TOOL = Path("tools", "sync_client.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sources and the tool."""
    shutil.copytree(ROOT / "python" / "src", tmp_path / "src")
    shutil.copytree(ROOT / "python" / "tools", tmp_path / "tools")
    return tmp_path


def tool(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOOL, *arguments], cwd=project, capture_output=True, text=True, timeout=60
    )


def test_what_is_committed_is_current() -> None:
    checked = tool(ROOT / "python", "--check")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_change_of_the_source_is_found_and_written(project: Path) -> None:
    source, made = (project / "src" / "tasker_core" / place / "session.py" for place in ("aio", ""))
    method = """
    async def twice(self, step_id: int, *, until_the_line_is_as_long_as_it_may_be: bool = False) -> Claim:
        \"\"\"Asks twice: await session.twice(1).\"\"\"
        await self.claim(step_id)  # await both
        return await self.claim(step_id)
"""
    source.write_text(source.read_text() + method)
    checked = tool(project, "--check")
    assert checked.returncode == 1
    assert checked.stderr == "not what aio says (run python/tools/sync_client.py): session.py\n"

    assert tool(project).returncode == 0
    assert made.read_text().endswith(
        """
    def twice(self, step_id: int, *, until_the_line_is_as_long_as_it_may_be: bool = False) -> Claim:
        \"\"\"Asks twice: session.twice(1).\"\"\"
        self.claim(step_id)  # both
        return self.claim(step_id)
"""
    )
    assert tool(project, "--check").returncode == 0


def test_a_file_that_is_missing_is_not_current(project: Path) -> None:
    made = project / "src" / "tasker_core" / "_client" / "claims.py"
    committed = made.read_text()
    made.unlink()
    assert tool(project, "--check").returncode == 1
    tool(project)
    assert made.read_text() == committed


def test_a_file_whose_source_is_gone_goes_too(project: Path) -> None:
    made = project / "src" / "tasker_core" / "_client" / "claims.py"
    (project / "src" / "tasker_core" / "aio" / "_client" / "claims.py").unlink()
    assert tool(project, "--check").stderr.endswith(": _client/claims.py\n")
    tool(project)
    assert not made.exists()
    assert tool(project, "--check").returncode == 0


def test_another_argument_writes_nothing(project: Path) -> None:
    made = project / "src" / "tasker_core" / "client.py"
    made.unlink()
    assert tool(project, "--chekc").stderr == "usage: sync_client.py [--check]\n"
    assert not made.exists()


def test_every_rule_for_words_is_used() -> None:
    sources = "".join(path.read_text() for path in sync_client.PACKAGE.glob("aio/**/*.py"))
    assert [words for words in sync_client.WORDS if words not in sources] == []
