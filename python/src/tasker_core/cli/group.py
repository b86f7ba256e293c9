"""The main command, and options that the others share."""

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
    """Reads, creates and runs Tasker workflows in PostgreSQL, without Rails.

    Pass the URL of the database to a command as an argument, or set TASKER_CORE_DATABASE_URL or
    DATABASE_URL. Each command shows examples with --help.

    \b
      export TASKER_CORE_DATABASE_URL=postgresql://localhost/shop
      tasker-core doctor
      tasker-core create report --step extract --step load:extract --context '{"day": 1}'
      tasker-core watch 42

    Exit codes: 0 success; 1 a problem was found; 3 the command failed; 64 unknown command or
    option, or an invalid value; 69 the extra [cli] is not installed; 130 Ctrl-C. The --help
    of watch and verify lists their own codes.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Registers a command that uses a database."""
    return lambda function: main.command(name, cls=Command)(database(function))


def no_task(task_id: int) -> int:
    """Reports an unknown task, and returns the exit code."""
    return failed(f"there is no task {task_id}")
