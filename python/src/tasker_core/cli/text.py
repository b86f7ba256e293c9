"""Measures the width of texts on a terminal."""

from __future__ import annotations

import unicodedata


def columns(text: str) -> int:
    """The number of columns that a text takes."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def fit(text: str, room: int) -> str:
    """Cuts a text so that it fits the room, in columns, without control characters."""
    text = "".join("?" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)
    if columns(text) <= room:
        return text
    while text and columns(text) > room - 1:
        text = text[:-1]
    return f"{text}…" if room > 0 else ""


def pad(text: str, width: int) -> str:
    """Pads a text with spaces on the right, up to a width in columns."""
    return text + " " * (width - columns(text))
