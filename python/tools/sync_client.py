"""Writes the synchronous client and session of the package from the asynchronous ones.

python tools/sync_client.py           writes the files
python tools/sync_client.py --check   exits with 1 where one is not what its source says

A source is a module of tasker_core/aio that SOURCES names; what is made of it has the same
place in tasker_core. The code loses async and await, special methods their "a", imports from
outside of aio one dot. Docstrings and comments lose the same words, and WORDS says what else
they say. What only one of the two clients has stays in modules that are written by hand.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "tasker_core"
SOURCES = ("client.py", "session.py", "_client/*.py")
HEADER = "# Written by python/tools/sync_client.py from {source}; change that file instead.\n"

#: As long as a line may be, see pyproject.toml.
WIDTH = 110

#: What docstrings and comments say of the asynchronous client, and of the synchronous one.
WORDS = {
    "as coroutines": "as methods that wait for their answers",
    "It needs no running loop, and may be used by several": "It may be used by many threads at once",
    "Cancelling the await cancels": "Ctrl-C cancels",
    "Many coroutines may share": "Many threads may share",
    "an aio.Client": "a Client",
    "aio.connect": "tasker_core.connect",
    "async with ": "with ",
    "await ": "",
}

#: A span of a text, and what takes its place.
Edit = tuple[int, int, str]


class Source:
    """A module of tasker_core/aio, and what is made of it."""

    def __init__(self, path: Path) -> None:
        place = path.relative_to(PACKAGE / "aio")
        self.target = PACKAGE / place
        self._header = HEADER.format(source=path.relative_to(PACKAGE))
        self._depth = len(place.parts)
        self._text = path.read_text(encoding="utf-8")

    def written(self) -> str:
        """The synchronous module."""
        text = self._text
        for start, end, words in sorted(self._edits(), reverse=True):
            text = text[:start] + words + text[end:]
        return self._header + sorted_imports(joined(text))

    def current(self) -> bool:
        """Whether the file is what its source says."""
        return self.target.is_file() and self.target.read_text(encoding="utf-8") == self.written()

    def write(self) -> None:
        """Writes the file."""
        self.target.parent.mkdir(exist_ok=True)
        self.target.write_text(self.written(), encoding="utf-8")

    def _edits(self) -> Iterator[Edit]:
        lines = [0]
        for line in self._text.splitlines(keepends=True):
            lines.append(lines[-1] + len(line))
        tokens = list(tokenize.generate_tokens(io.StringIO(self._text).readline))
        for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
            start, end, after = (
                lines[row - 1] + column for row, column in (token.start, token.end, following.start)
            )
            if token.string in ("async", "await"):
                yield start, after, ""
            elif token.type == tokenize.NAME:
                yield start, end, re.sub(r"^__a(?=(enter|exit)__$)", "__", token.string)
            elif token.type in (tokenize.STRING, tokenize.COMMENT):
                yield start, end, synchronous_words(token.string)
        yield from self._imports(lines)

    def _imports(self, lines: list[int]) -> Iterator[Edit]:
        """What lies outside of aio is one folder nearer to the module that is made."""
        for node in ast.walk(ast.parse(self._text)):
            if isinstance(node, ast.ImportFrom) and node.level > self._depth:
                dot = lines[node.lineno - 1] + node.col_offset + len("from ")
                yield dot, dot + 1, ""


def synchronous_words(text: str) -> str:
    """A docstring or comment, as it is of the synchronous client."""
    for asynchronous, synchronous in WORDS.items():
        text = text.replace(asynchronous, synchronous)
    return text


def joined(text: str) -> str:
    """Puts what a bracket holds on the bracket's line where that has become short enough."""

    def join(found: re.Match[str]) -> str:
        line = "".join(found.groups())
        return line if len(line) <= WIDTH else found.group()

    return re.sub(r"^( *def .*\()\n +(.*[^,])\n *(\).*)$", join, text, flags=re.MULTILINE)


def sorted_imports(text: str) -> str:
    """Puts the relative imports of a module into ruff's order: the farthest first, then by name."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and node.level]
    if not nodes:
        return text
    lines = text.splitlines(keepends=True)
    statements = {node: "".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes}
    ordered = sorted(nodes, key=lambda node: (-node.level, node.module or ""))
    top = text.index(statements[nodes[0]])
    end = text.index(statements[nodes[-1]]) + len(statements[nodes[-1]])
    return text[:top] + "".join(statements[node] for node in ordered) + text[end:]


def matching(folder: Path) -> list[Path]:
    """The modules of a folder that SOURCES names."""
    return [path for pattern in SOURCES for path in sorted(folder.glob(pattern))]


def main(arguments: list[str]) -> str | None:
    """Writes or checks; gives what is wrong."""
    if arguments not in ([], ["--check"]):
        return "usage: sync_client.py [--check]"
    sources = [Source(path) for path in matching(PACKAGE / "aio")]
    stale = [source for source in sources if not source.current()]
    left = sorted(set(matching(PACKAGE)) - {source.target for source in sources})
    if arguments:
        wrong = [str(path.relative_to(PACKAGE)) for path in (*(source.target for source in stale), *left)]
        return f"not what aio says (run python/tools/sync_client.py): {', '.join(wrong)}" if wrong else None
    for source in stale:
        source.write()
    for path in left:
        path.unlink()
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
