"""Long-running commands: the events of a database, and a worker."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..worker import Worker
from . import working
from .frame import PROBLEM, Seconds, connect, given, report, say
from .group import as_json, command
from .settings import connection_settings, read_settings
from .streaming import fields, heard, line


@command("events")
@click.argument("names", nargs=-1)
@click.option("--task", "task_id", type=int, help="Only events of this task.")
@click.option("--namespace", help="Only events of this namespace.")
@click.option("--task-name", help="Only events of tasks with this name.")
@click.option("--step-name", help="Only events of steps with this name.")
@connection_settings
@click.option("--count", type=click.IntRange(1), help="End after this many events.")
@click.option("--seconds", type=click.FloatRange(0), help="End after this many seconds.")
@as_json
def events(
    url: str | None,
    names: tuple[str, ...],
    count: int | None,
    seconds: float | None,
    as_json: bool,
    settings: tuple[str, ...],
    **only: Any,
) -> int:
    """Prints events as they arrive, one per line.

    NAMES are names or prefixes such as step.*; without NAMES it prints all events. The
    events come from other processes: Rails with event_relay, and clients and workers with
    the setting event_relay=True (docs/EVENTS.md).

    \b
      tasker-core events postgresql://localhost/shop 'step.*' --namespace payments
      tasker-core events --json --count 10 | jq .payload
      tasker-core events --set event_relay_channel=shop_events 'task.*'
    """
    with connect(url, **{"event_relay": True, **read_settings(settings)}) as client:
        client.ping()
        for event in heard(client, names or ("*",), count, seconds, only):
            if as_json:
                report(fields(event))
            else:
                say(line(event))
            sys.stdout.flush()
    return 0


@command("worker")
@click.argument("module")
@click.option(
    "--concurrency", type=int, help="Steps at the same time, in threads of each process.  [default: 4]"
)
@click.option("--processes", type=int, help="Processes that share the work.  [default: 0, only this one]")
@click.option("--poll-interval", type=Seconds(), help="Time between checks for ready steps.  [default: 1]")
@click.option("--heartbeat", type=Seconds(), help="Time between renewals of claims.  [default: 15]")
@click.option("--grace", type=Seconds(), help="How long a stop waits for handlers.  [default: 30]")
@click.option(
    "--listen/--no-listen", default=None, help="Use --no-listen behind PgBouncer in transaction mode."
)
@click.option(
    "--owns-tasks", is_flag=True, default=None, help="Start and close the tasks too: only workers run them."
)
@connection_settings
@click.option("--until-idle", is_flag=True, help="End when no step is ready or running.")
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Show a line about the work done.  [default: on a terminal]",
)
def worker(
    url: str | None,
    module: str,
    settings: tuple[str, ...],
    until_idle: bool,
    progress: bool | None,
    **options: Any,
) -> int:
    """Executes steps with a module's handlers.

    It runs until SIGTERM or Ctrl-C.

    Python looks for MODULE in the working directory and on PYTHONPATH. MODULE has a function
    register(worker), which adds handlers to its worker, or a Worker named worker, which
    keeps its own database and settings. MODULE:NAME selects another name. With --until-idle
    it exits with 1 if a step failed.

    \b
      tasker-core worker postgresql://localhost/shop shop.handlers --owns-tasks --concurrency 8
      tasker-core worker shop.handlers:register_slow_ones --processes 4 --set event_relay=true
    """
    found = working.load(module)
    chosen = {name: value for name, value in options.items() if value is not None}
    chosen.update(read_settings(settings))
    if progress is not None:
        chosen["progress"] = progress

    def make(with_options: dict[str, Any]) -> Worker:
        return Worker(given(url), **{"progress": sys.stderr.isatty(), **with_options})

    tally = working.build(found, make, chosen).run(until_idle=until_idle)
    say(f"{tally.completed} steps completed, {tally.failed} failed, {tally.late} late")
    return PROBLEM if until_idle and tally.failed else 0
