"""Examines the core and the database, as the rake task tasker_core:doctor does."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from typing import NamedTuple

from .._version import VERSION
from ..client import Client
from ..errors import DatabaseError, Error, TimeoutError
from ..results import SchemaCheck

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
# The age in seconds from which a step counts as held by a dead worker.
_STUCK = 600


class Finding(NamedTuple):
    """One result of a check.

    Attributes:
        topic: core, database, schema, functions, connections or work.
        level: ok, note or problem.
        text: the result.
        advice: what to do about it.
    """

    topic: str
    level: str
    text: str
    advice: str | None = None

    def __str__(self) -> str:
        told = f"{_MARKS[self.level]} {self.topic}: {self.text}"
        return f"{told}\n        -> {self.advice}" if self.advice else told


def examine(client: Client) -> list[Finding]:
    """Checks the core, the database, its schema and its work."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    client.ping(database=False)
    found = [Finding("core", "ok", f"tasker_core {VERSION}, the Go core answers, {python} on {sys.platform}")]
    try:
        client.ping()
    except (DatabaseError, TimeoutError) as error:
        advice = "Check that the server runs, and that the URL names the right host, database and user."
        return [*found, Finding("database", "problem", f"{client.core.address}: {error.message}", advice)]
    found.append(Finding("database", "ok", f"{client.core.address} answers"))
    try:
        check = client.check_schema()
        return [*found, *_schema(check), *(_work(client) if not check.harmful else [])]
    except Error as error:
        return [*found, Finding("schema", "problem", error.message)]


def _schema(check: SchemaCheck) -> list[Finding]:
    if any(function.present for function in check.functions) or not check.harmful:
        return [*_differences(check), *_functions(check)]
    advice = "tasker-core install-schema creates the engine's tables; in Rails the engine's migrations do."
    return [Finding("schema", "problem", "the engine's tables and functions do not exist here", advice)]


def _differences(check: SchemaCheck) -> list[Finding]:
    if not check.harmful:
        extra = len(check.differences)
        return [Finding("schema", "ok", f"as expected{f', with {extra} additions' if extra else ''}")]
    advice = "Run the engine's migrations, or undo the change."
    return [Finding("schema", "problem", difference.message, advice) for difference in check.harmful]


def _functions(check: SchemaCheck) -> list[Finding]:
    known = Counter(function.version for function in check.functions if function.origin)
    found = []
    if known:
        versions = ", ".join(f"{count} of {version}" for version, count in known.items())
        found.append(Finding("functions", "ok", f"{versions} (including the view)"))
    if not check.consistent:
        text = "get_step_readiness_status and its batch function follow different versions"
        found.append(
            Finding(
                "functions", "problem", text, "Run the engine's migrations: one of them was only half undone."
            )
        )
    advice = "Install the text of tasker-engine 0.1.0 or of tasker_core: operations refuse an unknown one."
    for function in check.unknown_functions:
        found.append(Finding("functions", "problem", f"{function.name} has an unknown text", advice))
    return found


def _work(client: Client) -> list[Finding]:
    counts = client.system_health_counts()
    connections = f"{counts.active_connections} of {counts.max_connections}"
    full = counts.active_connections > 0.9 * counts.max_connections
    stuck = client.stuck_steps(older_than=_STUCK), client.stuck_tasks(older_than=_STUCK)
    work = (
        f"{counts.total_tasks} tasks, {counts.in_progress_tasks} in progress, {counts.error_tasks} in error"
    )
    return [
        Finding(
            "connections",
            "note" if full else "ok",
            connections,
            "Use fewer workers and pools, or a larger max_connections." if full else None,
        ),
        Finding("work", "ok", work)
        if not any(stuck)
        else Finding(
            "work",
            "note",
            f"{work}; {len(stuck[0])} steps and {len(stuck[1])} tasks have been stuck for {_STUCK} seconds",
            "tasker-core stuck lists them, reset-stuck takes them from their workers.",
        ),
    ]
