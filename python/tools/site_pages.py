"""Puts the pages of the repository into the site of mkdocs, with their links.

The pages are written for GitHub. In the site, a link from one page to another leads to that
page, and a link to any other file of the repository leads to GitHub.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("[A-Z]*.md"), *ROOT.glob("docs/*.md")]
PICTURES = [*ROOT.glob("docs/images/*")]
#: Code is left alone; the group is the target of a link or picture.
TARGET = re.compile(
    r'^```.*?^```$|`[^`\n]*`|(?:\]\(|\b(?:src|srcset|href)=")([^)"\s]+)', re.DOTALL | re.MULTILINE
)


def place(path: Path) -> str:
    """Where a file of the repository is in the site: the pages side by side."""
    return path.relative_to(ROOT / "docs" if path.is_relative_to(ROOT / "docs") else ROOT).as_posix()


PLACES = {path: place(path) for path in [*PAGES, *PICTURES]}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages and pictures of the repository."""
    for path, src_uri in PLACES.items():
        files.append(File.generated(config, src_uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turns the targets of a page's links from places in the repository into places in the site."""
    source = next((path for path, src_uri in PLACES.items() if src_uri == page.file.src_uri), None)
    if source is None:
        return markdown

    def replaced(match: re.Match[str]) -> str:
        target = match[1]
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        return match[0].removesuffix(target) + in_site(source, target, str(config.repo_url))

    return TARGET.sub(replaced, markdown)


def in_site(source: Path, target: str, repository: str) -> str:
    """The target of a link in the site, or on GitHub where the site does not have the file.

    The target of a file that does not exist stays as it is, and mkdocs warns of it.
    """
    name, hash_sign, anchor = target.partition("#")
    path = Path(os.path.normpath(source.parent / name))
    if not path.exists():
        return target
    if path in PLACES:
        here = posixpath.dirname(PLACES[source])
        return posixpath.relpath(PLACES[path], here or ".") + hash_sign + anchor
    kind = "tree" if path.is_dir() else "blob"
    return f"{repository.rstrip('/')}/{kind}/main/{path.relative_to(ROOT).as_posix()}{hash_sign}{anchor}"
