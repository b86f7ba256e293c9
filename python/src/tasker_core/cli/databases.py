"""Commands about a whole database."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from .examination import examine
from .frame import PROBLEM, Decorator, Seconds, connect, records, report, say, table
from .group import as_json, command

older_than: Decorator = click.option(
    "--older-than", type=Seconds(), default="600", show_default=True, help="Seconds, or 10m, 12h, 7d."
)


@command("doctor")
@as_json
def doctor(url: str | None, as_json: bool) -> int:
    """Checks the core and the database, and gives advice.

    Exits with 1 if there is a problem.

    \b
      tasker-core doctor postgresql://localhost/shop
    """
    with connect(url) as client:
        findings = examine(client)
    if as_json:
        report(records(findings))
    else:
        for finding in findings:
            say(finding)
    return PROBLEM if any(finding.level == "problem" for finding in findings) else 0


@command("check")
@as_json
def check(url: str | None, as_json: bool) -> int:
    """Checks the engine's tables and functions.

    It compares those in the database with the expected ones, and only reads. Exits with 1 if
    something is missing or changed.

    \b
      tasker-core check postgresql://localhost/shop
    """
    with connect(url) as client:
        found = client.check_schema()
    if as_json:
        report(
            {
                "clean": found.clean,
                "functions": list(map(vars, found.functions)),
                "differences": list(map(vars, found.differences)),
            }
        )
    else:
        say(found)
        say("clean" if found.clean else f"{len(found.harmful)} things are missing or changed")
    return 0 if found.clean else PROBLEM


@command("install-schema")
@as_json
def install_schema(url: str | None, as_json: bool) -> int:
    """Creates the engine's tables and functions.

    It creates tables, indexes, the view and functions in one transaction, in a database that
    has none of them.

    \b
      tasker-core install-schema postgresql://localhost/shop
    """
    with connect(url) as client, _busy("installing", not as_json):
        made = client.install_schema()
    if as_json:
        report(made)
    else:
        say(f"{len(made)} tables, indexes, views and functions were created")
    return 0


@command("stuck")
@older_than
@as_json
def stuck(url: str | None, older_than: float, as_json: bool) -> int:
    """Lists steps and tasks that a dead worker probably holds.

    \b
      tasker-core stuck postgresql://localhost/shop --older-than 15m
    """
    with connect(url) as client:
        steps, tasks = client.stuck_steps(older_than=older_than), client.stuck_tasks(older_than=older_than)
    if as_json:
        report({"steps": records(steps), "tasks": records(tasks)})
        return 0
    table(
        ["task", "step", "name", "in progress since", "attempts"],
        [
            *([row.task_id, row.workflow_step_id, row.name, row.since, row.attempts or 0] for row in steps),
            *([row.task_id, None, row.name, row.since, None] for row in tasks),
        ],
    )
    _summary(
        f"{len(steps)} steps and {len(tasks)} tasks have been stuck for more than {older_than:g} seconds"
    )
    return 0


@command("reset-stuck")
@older_than
@as_json
def reset_stuck(url: str | None, older_than: float, as_json: bool) -> int:
    """Resets stuck steps and sets their tasks to pending.

    A worker with --owns-tasks continues these tasks. If Rails runs them, use bin/rails
    tasker_core:reset_stuck instead, which also enqueues them.

    \b
      tasker-core reset-stuck postgresql://localhost/shop --older-than 15m
    """
    with connect(url) as client:
        reset = client.reset_stuck(older_than=older_than)
    if as_json:
        report({"steps": records(reset.steps), "task_ids": reset.task_ids})
        return 0
    table(
        ["task", "step", "name", "state", "attempts"],
        ([row.task_id, row.workflow_step_id, row.name, row.state, row.attempts] for row in reset.steps),
    )
    tasks = ", ".join(map(str, reset.task_ids)) or "none"
    _summary(f"{len(reset.steps)} steps were reset; tasks that are pending again: {tasks}")
    return 0


def _summary(text: str) -> None:
    """Prints below a table; programs that read lines get only rows."""
    if sys.stdout.isatty():
        say(text)
    else:
        click.echo(text, err=True)


def _busy(what: str, shown: bool) -> Any:
    """Shows on a terminal that the command is working."""
    progress = Progress(
        console=Console(stderr=True), transient=True, disable=not (shown and sys.stderr.isatty())
    )
    progress.add_task(what, total=None)
    return progress
