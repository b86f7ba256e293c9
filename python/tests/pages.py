"""The code in the pages."""

from __future__ import annotations

import re

from support import ROOT

#: The database of the pages.
URL = "postgresql://localhost/shop"


def blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The code of a language on a page, or below one of its headings."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if heading:
        text = re.split(r"^#+ [A-Z]", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def code(page: str, heading: str, url: str, task_id: int = 42, place: int = 0) -> str:
    """One block of Python below a heading, about a task of this database."""
    return re.sub(r"\b42\b", str(task_id), blocks(page, "python", heading)[place].replace(URL, url))
