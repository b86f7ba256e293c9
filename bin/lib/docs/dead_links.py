"""Finds dead links in built documentation: files, anchors, and files of the repository on GitHub.

    python bin/lib/docs/dead_links.py doc/ruby doc/python

Other addresses on the network are not checked. Exits with 1 where a link is dead, or where a
folder has no links at all.
"""

from __future__ import annotations

import functools
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[3]
GITHUB = "https://github.com/jcoletaylor/tasker_core/"


class Page(HTMLParser):
    """The anchors of a page and the targets of its links and pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors = {"", "top"}
        self.targets: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what an element can be reached by, and where it leads."""
        for name, value in attrs:
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value or "")
            elif name in ("href", "src"):
                self.targets.add(value or "")
            elif name == "srcset":
                self.targets.update(part.split()[0] for part in (value or "").split(",") if part.strip())


@functools.cache
def page(path: Path) -> Page:
    """A page, read once."""
    return Page(path)


def is_dead(folder: Path, source: Path, target: str) -> bool:
    """Whether a link of a page leads nowhere; the folder is what a server would serve as /."""
    if target.startswith(GITHUB):
        kind, _, place = target.removeprefix(GITHUB).partition("/main/")
        return kind in ("blob", "tree") and not (ROOT / urlsplit(place).path).exists()
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return False
    place = unquote(parts.path)
    start = folder if place.startswith("/") else source.parent
    path = (start / place.lstrip("/")).resolve() if place else source
    if path.is_dir():
        path /= "index.html"
    if not path.is_file():
        return True
    return path.suffix == ".html" and unquote(parts.fragment) not in page(path).anchors


def main(folders: list[str]) -> int:
    """Prints each dead link, a line each; gives the exit code."""
    dead = 0
    for folder in (Path(name).resolve() for name in folders):
        pages = sorted(folder.rglob("*.html"))
        links = [(path, target) for path in pages for target in sorted(page(path).targets)]
        for path, target in links:
            if is_dead(folder, path, target):
                dead += 1
                print(f"{path.relative_to(folder.parent)}: {target} is a dead link")
        print(f"{folder.name}: {len(links)} links in {len(pages)} pages")
        dead += not links
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
