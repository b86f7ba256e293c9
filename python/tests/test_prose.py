"""The linter of the pages finds what is weak in prose, and looks at nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT


def lint(page: Path, text: str) -> subprocess.CompletedProcess[str]:
    page.write_text(text)
    command = [sys.executable, str(ROOT / "bin" / "lib" / "prose.py"), page.name]
    return subprocess.run(command, cwd=page.parent, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("The reason is said in the log.\n", "1:12", "'is said': name what logs, reports or documents it"),
        ("A\n\n`None` is no\nlist of ids.\n", "3:8", "write 'is not a'"),
        ("Words\n\n| a | It looks\nwhether |\n", "3:10", "write 'checks whether'"),
        ("It waits for ever.\n", "1:10", "archaic"),
        ("It waits for for it.\n", "1:10", "repeated"),
    ],
)
def test_what_is_weak_is_found_in_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    found = lint(tmp_path / "page.md", text)
    assert found.returncode == 1
    assert f"page.md:{place}: " in found.stdout
    assert message in found.stdout


def test_code_tables_of_programs_and_links_are_left_alone(tmp_path: Path) -> None:
    weak = "it is said for ever"
    text = f"# Pages\n\nPages: `{weak}`, [a page](is-said.md).\n\n```sh\n{weak}\n```\n"
    generated = f"<!-- bin/generate: events -->\n{weak}\n<!-- bin/generate: end -->\n"
    found = lint(tmp_path / "page.md", text + generated)
    assert (found.returncode, found.stdout) == (0, "0 findings in 1 files\n")
