"""The checker of built documentation finds dead links, and the site turns links to the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import site_pages
from support import ROOT

REPOSITORY = "https://github.com/jcoletaylor/tasker_core"


def check(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    (folder / "index.html").write_text(f'<h1 id="start">A page</h1>{body}')
    (folder / "other.html").write_text('<h1 id="there">Another page</h1>')
    command = [sys.executable, str(ROOT / "bin" / "lib" / "docs" / "dead_links.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "target",
    [
        "#start",
        "other.html#there",
        "/other.html",
        ".",
        f"{REPOSITORY}/blob/main/README.md",
        "https://go.dev/dl",
    ],
)
def test_links_that_lead_somewhere_are_passed(tmp_path: Path, target: str) -> None:
    found = check(tmp_path, f'<a href="{target}">a link</a>')
    assert (found.returncode, found.stdout) == (0, f"{tmp_path.name}: 1 links in 2 pages\n")


@pytest.mark.parametrize(
    "element",
    [
        '<a href="#nowhere">',
        '<a href="other.html#nowhere">',
        '<a href="nowhere.html">',
        '<img src="nowhere.svg">',
        '<source srcset="nowhere.svg 2x">',
        f'<a href="{REPOSITORY}/blob/main/nowhere.md">',
    ],
)
def test_a_dead_link_is_named(tmp_path: Path, element: str) -> None:
    found = check(tmp_path, element)
    assert found.returncode == 1
    assert f"{tmp_path.name}/index.html: " in found.stdout
    assert "nowhere" in found.stdout


def test_documentation_without_links_is_none(tmp_path: Path) -> None:
    assert check(tmp_path, "").returncode == 1


@pytest.mark.parametrize(
    ("source", "target", "place"),
    [
        ("README.md", "docs/PYTHON.md#connect", "PYTHON.md#connect"),
        ("docs/WORKER.md", "PYTHON.md", "PYTHON.md"),
        ("docs/VERSIONING.md", "../CHANGELOG.md", "CHANGELOG.md"),
        ("README.md", "docs/images/task.svg", "images/task.svg"),
        ("README.md", "LICENSE", f"{REPOSITORY}/blob/main/LICENSE"),
        ("docs/WORKER.md", "../examples/etl", f"{REPOSITORY}/tree/main/examples/etl"),
    ],
)
def test_a_link_of_a_page_leads_into_the_site_or_to_the_repository(
    source: str, target: str, place: str
) -> None:
    assert site_pages.in_site(ROOT / source, target, REPOSITORY) == place
