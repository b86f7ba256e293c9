"""The command that the others belong to, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .._version import VERSION
from .frame import Command, Decorator, Group, database, failed

as_json: Decorator = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.version_option(VERSION, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Tasker workflows in PostgreSQL, for programs without Rails.

    The database is a command's first argument, or what TASKER_CORE_DATABASE_URL or
    DATABASE_URL say. Each command has examples in its --help.

    \b
      export TASKER_CORE_DATABASE_URL=postgresql://localhost/shop
      tasker-core doctor
      tasker-core create report --step extract --step load:extract --context '{"day": 1}'
      tasker-core watch 42

    Exit codes: 0 it is well; 1 a problem was found; 3 it could not be done; 64 no such
    command or option; 69 the extra [cli] is not installed; 130 Ctrl-C. watch and verify
    have codes of their own, which their --help says.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Registers a command that asks a database."""
    return lambda function: main.command(name, cls=Command)(database(function))


def no_task(task_id: int) -> int:
    """Says that there is none; gives the exit code."""
    return failed(f"there is no task {task_id}")
