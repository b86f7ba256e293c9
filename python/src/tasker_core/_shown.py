"""Shows rows in text and in notebooks, shortened as data frames are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

# The limits of rows, and of characters in a cell and a line; the middle is left out.
_ROWS, _CELL, _LINE = 10, 28, 110


def ends(size: int) -> tuple[int, int]:
    """The number of first and last rows to show."""
    return (size, 0) if size <= _ROWS else (_ROWS // 2, _ROWS // 2)


def text(title: str, names: Sequence[str], first: Sequence[Any], last: Sequence[Any]) -> str:
    """A title, and below the names of the columns a line for each row."""
    rows = [[cell(value) for value in row] for row in first]
    if last:
        rows += [["…"] * len(names), *([cell(value) for value in row] for row in last)]
    columns = [list(column) for column in zip(names, *rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    left, right = _fitting(widths)
    if left + right < len(columns):
        columns = [*columns[:left], ["…"] * len(columns[0]), *columns[len(columns) - right :]]
        widths = [*widths[:left], 1, *widths[len(widths) - right :]]
    lines = [
        "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    return "\n".join([title, *lines]) if rows else title


def _fitting(widths: Sequence[int]) -> tuple[int, int]:
    """The number of first and last columns that fit a line."""
    count = len(widths)
    if sum(widths) + 2 * (count - 1) <= _LINE:
        return count, 0
    left, right, room = 1, 0, _LINE - widths[0] - 3
    while left + right < count:
        from_left = left <= right
        room -= 2 + widths[left if from_left else count - 1 - right]
        if room < 0:
            break
        left, right = left + from_left, right + (not from_left)
    return left, right


def cell(value: Any) -> str:
    """A value in one line, shortened to the limit."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    told = "".join(letter if letter.isprintable() else "?" for letter in str(value))
    return told if len(told) <= _CELL else told[: _CELL - 1] + "…"


def table_html(title: str, names: Sequence[str], first: Sequence[Any], last: Sequence[Any]) -> str:
    """The same as an HTML table."""
    body = [_line(row) for row in first]
    if last:
        body += [_line(["…"] * len(names)), *map(_line, last)]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    return (
        f'<table class="dataframe"><caption>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def _line(row: Sequence[Any]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell(value))}</td>" for value in row) + "</tr>"


def fields_html(title: str, fields: Mapping[str, Any]) -> str:
    """One object, with its fields below each other."""
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(cell(value))}</td></tr>" for name, value in fields.items()
    )
    return f'<table class="dataframe"><caption>{escape(title)}</caption><tbody>{lines}</tbody></table>'
