"""Commands that go on: the events of a database, and a worker."""

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
@click.option("--task", "task_id", type=int, help="Only of this task.")
@click.option("--namespace", help="Only of this namespace.")
@click.option("--task-name", help="Only of tasks with this name.")
@click.option("--step-name", help="Only of steps with this name.")
@connection_settings
@click.option("--count", type=click.IntRange(1), help="End after so many.")
@click.option("--seconds", type=click.FloatRange(0), help="End after so long.")
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
    """Writes events as they come, a line each: of NAMES, prefixes such as step.*, or all.

    They are those that other processes send: in Rails with event_relay, here by clients and
    workers with the setting event_relay=True (docs/EVENTS.md).

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
@click.option("--concurrency", type=int, help="Steps at once, in threads of each process.  [default: 4]")
@click.option("--processes", type=int, help="Processes that share the work.  [default: 0, this one]")
@click.option(
    "--poll-interval", type=Seconds(), help="Between two looks where nothing is notified.  [default: 1]"
)
@click.option("--heartbeat", type=Seconds(), help="Between two signs of life.  [default: 15]")
@click.option("--grace", type=Seconds(), help="How long a stop waits for handlers.  [default: 30]")
@click.option(
    "--listen/--no-listen", default=None, help="--no-listen behind a PgBouncer in transaction mode."
)
@click.option("--owns-tasks", is_flag=True, default=None, help="Nobody else runs the tasks.")
@connection_settings
@click.option("--until-idle", is_flag=True, help="End where no step is ready and none is running.")
@click.option(
    "--progress/--no-progress", default=None, help="A line about what was done.  [default: on a terminal]"
)
def worker(
    url: str | None,
    module: str,
    settings: tuple[str, ...],
    until_idle: bool,
    progress: bool | None,
    **options: Any,
) -> int:
    """Executes steps by the handlers of MODULE, until SIGTERM or Ctrl-C.

    MODULE is looked for here and on PYTHONPATH. It has a function register(worker) that adds
    handlers to the worker it is given, or a Worker with the name worker; MODULE:NAME is
    another one. A Worker keeps its own database and settings. Exits with 1 where a step
    failed with --until-idle.

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
