"""Looks for weak prose in pages: proselint's checks, and the turns that this project does not use.

    python bin/lib/prose.py README.md docs/*.md

It reads text only: code, generated tables and the targets of links are blanked out first. The
checks and the word list are in prose.json. Exits with 1 where it finds something.
"""

from __future__ import annotations

import json
import re
import sys
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


def main(paths: list[str]) -> int:
    """Prints what it finds, a line each; gives the exit code."""
    registry = CheckRegistry()
    registry.register_many((*__register__, words()))
    config = Config(max_errors=1000, checks={**dict.fromkeys(RULES["checks"], True), "words": True})
    count = 0
    for path in paths:
        page = LintFile(path, prose(Path(path).read_text(encoding="utf-8")))
        for result in page.lint(config):
            line, column = result.pos
            print(f"{path}:{line}:{column}: {result.check_result.message} ({result.check_result.check_path})")
            count += 1
    print(f"{count} findings in {len(paths)} pages")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
