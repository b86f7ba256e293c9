"""The common part of all commands: the database, the output and the exit code."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from .. import client as clients
from .._address import hidden
from ..errors import ConfigurationError, Error, InvalidArgument

#: The exit codes that all commands share: a problem was found; the command failed; the usage is
#: wrong (as in sysexits.h); Ctrl-C, as in shells.
PROBLEM, FAILED, USAGE, INTERRUPTED = 1, 3, 64, 130

VARIABLES = ("TASKER_CORE_DATABASE_URL", "DATABASE_URL")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

#: A decorator that adds an option to a command.
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class NobodyReads(Exception):
    """The reader of the output has exited, as head does."""


class Group(click.Group):
    """The commands. click itself would end the process when its reader has exited."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was named."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise NobodyReads from error


class Command(click.Command):
    """A command that accepts its database URL anywhere among its arguments, or as --url."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Treats the first argument that is a URL as --url."""
        for place, argument in enumerate(args):
            if argument == "--":
                break
            if re.match(r"postgres(ql)?://", argument) and (place == 0 or args[place - 1] != "--url"):
                return super().parse_args(ctx, ["--url", argument, *args[:place], *args[place + 1 :]])
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Adds the URL, which click does not know about, to the usage line."""
        first, *others = super().collect_usage_pieces(ctx)
        return [first, "[URL]", *others]


def database(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option --url to a command."""
    option = click.option(
        "--url",
        envvar=list(VARIABLES),
        metavar="URL",
        help="The database: postgresql://user@host/database, or keyword=value pairs as in libpq. "
        f"The default is {' or '.join(VARIABLES)}; other users cannot see a password there.",
    )
    return option(function)


def connect(url: str | None, **settings: Any) -> clients.Client:
    """Opens a client of a command's database.

    Raises:
        UsageError: if no database is named.
    """
    return clients.connect(given(url), **{"application_name": "tasker-core", "log_level": "off", **settings})


def given(url: str | None) -> str:
    """The URL of a command's database.

    Raises:
        UsageError: if no database is named.
    """
    if url:
        return url
    raise click.UsageError(f"which database? Pass its URL, or set {' or '.join(VARIABLES)}")


if TYPE_CHECKING:
    _ParamType = click.ParamType[float]
else:  # the class of an older click is not generic
    _ParamType = click.ParamType


class Seconds(_ParamType):
    """A duration such as 90, 90s, 10m, 12h or 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        if isinstance(value, (int, float)):
            return float(value)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", value)
        if not found:
            self.fail(
                f"{value} is not a duration; pass seconds, or a number with s, m, h or d, as 10m", param, ctx
            )
        return float(found[1]) * _UNITS[found[2]]


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table on a terminal, and lines with tabs elsewhere."""
    lines = [["" if cell is None else _text(cell) for cell in row] for row in rows]
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        for line in lines:
            say("\t".join(line))
    elif lines:
        drawn = Table(*titles, box=None, pad_edge=False)
        for line in lines:
            drawn.add_row(*(_safe(cell) for cell in line))
        console.print(drawn)


def say(text: object) -> None:
    """Prints a line to standard output."""
    click.echo(_safe(str(text)))


def report(value: Any) -> None:
    """Prints a value as a line of JSON, with times in ISO 8601 and exact decimals."""
    document(json.dumps(value, default=_plain, ensure_ascii=False))


def document(text: str) -> None:
    """Prints output for another program: UTF-8, whatever the terminal's encoding."""
    click.echo(text.encode())


def records(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Named tuples as values for JSON."""
    return [row._asdict() for row in rows]


def guarded(work: Callable[[], int]) -> int:
    """Runs a command; an error becomes one line, without a traceback and without a password."""
    try:
        return work()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except NobodyReads:
        # The interpreter would try to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"\nTry '{context.command_path} --help'." if context else ""
        return failed(error.format_message() + hint, USAGE)
    except (InvalidArgument, ConfigurationError) as error:
        return failed(error.message, USAGE)
    except Error as error:
        return failed(error.message)
    except OSError as error:
        return failed(str(error))


def failed(message: str, code: int = FAILED) -> int:
    """Prints the reason on standard error, and returns the exit code."""
    click.echo(f"tasker-core: {_safe(hidden(message))}", err=True)
    return code


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="milliseconds")
    return re.sub(r"[\n\t]", "?", str(cell))


def _safe(text: str) -> str:
    """Text that a terminal shows safely: names in a database may contain control sequences."""
    return "".join(
        letter if letter in "\n\t" or letter.isprintable() or ord(letter) > 0x9F else "?" for letter in text
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
