"""Finds weak prose in pages, and in the comments and docstrings of code.

Pages are checked with proselint and the project's word list, code with the word list.

    python bin/lib/prose.py README.md docs/*.md lib python/src

It reads only text: code, generated tables and the targets of links are blanked out first. The
checks and the word list are in prose.json. Exits with 1 if it finds anything.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proselint.checks import __register__
from proselint.config import Config
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check
from proselint.registry.checks.engine import Fancy
from proselint.registry.checks.types import PreferredForms
from proselint.tools import LintFile

RULES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
#: What is no prose: code, generated tables, comments, inline code, targets of links, addresses.
NOT_PROSE = re.compile(
    r"^```.*?^```$|<!-- .*? from here -->.*?<!-- to here -->"
    r"|<!-- bin/generate: (?!end)\w+ -->.*?<!-- bin/generate: end -->"
    r"|<!--.*?-->|``.+?``|`[^`]*`|\]\([^)]*\)|https?://\S+",
    re.DOTALL | re.MULTILINE,
)
#: Comments by the end of a file's name. Examples are indented in a comment, and are not prose.
COMMENTS = {
    ".rb": re.compile(r"^[ \t]*#(?![ ]{3}|!).*$", re.MULTILINE),
    ".go": re.compile(r"^[ \t]*//(?!\t).*$", re.MULTILINE),
    ".h": re.compile(r"/\*.*?\*/", re.DOTALL),
}
#: Headings and the cells of tables end as sentences do.
HEADING = re.compile(r"^#+ .*$", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")


def words() -> Check:
    """The project's word list as a check. A blank in it stands for a line break too."""
    turns = {turn.replace(" ", r"\s+"): instead for turn, instead in RULES["words"].items()}
    return Check(
        check_type=PreferredForms(items=turns),
        engine=Fancy(),
        path="words",
        message="'{1}': {0}",
    )


def prose(text: str) -> str:
    """A page without what is no prose. Every other letter stays in its place."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", "·", match[0])

    sentences = HEADING.sub(r"\g<0>.", NOT_PROSE.sub(blank, text))
    return CELL.sub(".", sentences)


def spans(path: Path, text: str) -> Iterator[tuple[int, int]]:
    """Where the comments and docstrings of a source file are."""
    if path.suffix != ".py":
        yield from (match.span() for match in COMMENTS[path.suffix].finditer(text))
        return
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or token.string.startswith('"""'):
            yield (
                starts[token.start[0] - 1] + token.start[1],
                starts[token.end[0] - 1] + token.end[1],
            )


def comments(path: Path) -> str:
    """A source file with nothing but its comments. Every other letter stays in its place."""
    text = path.read_text(encoding="utf-8")
    kept, end = "", 0
    for start, stop in [*spans(path, text), (len(text), len(text))]:
        kept += re.sub(r"[^\n]", "·", text[end:start]) + re.sub(
            r"(?m)^([ \t]*)(//|#|/?\*)", lambda match: " " * len(match[0]), text[start:stop]
        )
        end = stop
    return kept


def files(names: list[str]) -> Iterator[Path]:
    """The files that are named, and the sources in folders that are named."""
    for path in map(Path, names):
        found = (one for suffix in (*COMMENTS, ".py") for one in sorted(path.rglob(f"*{suffix}")))
        yield from found if path.is_dir() else [path]


def main(names: list[str]) -> int:
    """Prints each finding on a line, and returns the exit code."""
    registry = CheckRegistry()
    registry.register_many((*__register__, words()))
    in_code = Config(max_errors=1000, checks={"words": True})
    in_pages = Config(max_errors=1000, checks={**dict.fromkeys(RULES["checks"], True), "words": True})
    paths = list(files(names))
    count = 0
    for path in paths:
        is_page = path.suffix == ".md"
        text = path.read_text(encoding="utf-8") if is_page else comments(path)
        for result in LintFile(str(path), prose(text)).lint(in_pages if is_page else in_code):
            line, column = result.pos
            print(f"{path}:{line}:{column}: {result.check_result.message} ({result.check_result.check_path})")
            count += 1
    print(f"{count} findings in {len(paths)} files")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
