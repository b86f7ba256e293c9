"""The commands of tasker-core."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class
from rich.console import Console
from rich.progress import Progress

from .. import jsonb
from .._version import VERSION
from ..worker import Worker
from . import working
from .examination import examine
from .frame import (
    FAILED,
    PROBLEM,
    Command,
    Group,
    Seconds,
    connect,
    database,
    failed,
    given,
    guarded,
    records,
    report,
    say,
    table,
)
from .streaming import fields, heard, line
from .terminal import Terminal
from .watching import watch as watch_task

PROGRAM = "tasker-core"
#: By the state in which a watched task ended, as the rake task has them.
ENDINGS = {"complete": 0, "resolved_manually": 0, "error": 1, "cancelled": 2}
#: verify cannot tell, as the rake task has it.
_CANNOT_TELL = 2
_FORMATS = {".svg": "svg", ".mmd": "mermaid", ".md": "mermaid"}

older_than = click.option(
    "--older-than", type=Seconds(), default="600", show_default=True, help="Seconds, or as 10m, 12h, 7d."
)
as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


def run(arguments: list[str]) -> int:
    """Runs a command; gives its exit code."""

    def work() -> int:
        code = main.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        return code if isinstance(code, int) else 0

    return guarded(work)


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


@command("doctor")
@as_json
def doctor(url: str | None, as_json: bool) -> int:
    """Says how core and database stand, and what to do about it.

    Exits with 1 where there is a problem.

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
    """Compares the database with the engine's tables and functions; it reads only.

    Exits with 1 where something is missing or changed.

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
    """Creates the engine's tables, indexes, view and functions, in one transaction.

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


@command("create")
@click.argument("name")
@click.option(
    "--step", "steps", multiple=True, metavar="NAME[:PARENT,...]", help="A step, and what it waits for."
)
@click.option(
    "--steps-file",
    type=click.File(),
    help="Steps as a JSON list of names, or of the fields of NewStep; - is standard input.",
)
@click.option("--context", "context_text", metavar="JSON", help="The task's context, not empty.")
@click.option("--context-file", type=click.File(), help="The same from a file.")
@click.option("--namespace", default="default", show_default=True)
@click.option("--version", default="0.1.0", show_default=True, help="Of the task, three numbers.")
@click.option("--initiator", help="Who asks for it.")
@click.option("--source-system", help="Where it comes from.")
@click.option("--reason", help="Why.")
@click.option("--tag", "tags", multiple=True)
@click.option("--bypass-step", "bypass_steps", multiple=True)
@click.option("--identity", help="uuid, or hash: the engine's SHA256 of what was asked for and the minute.")
@click.option("--identity-hash", help="An identity of your own.")
@click.option("--enqueue", is_flag=True, help="Leave it to Rails: tasker_core:listen enqueues it.")
@as_json
def create(
    url: str | None,
    name: str,
    steps: tuple[str, ...],
    steps_file: Any,
    context_text: str | None,
    context_file: Any,
    as_json: bool,
    **options: Any,
) -> int:
    """Makes the task NAME with its steps, which a worker or Rails runs.

    It writes the task's id alone where its output is no terminal, so that scripts can read it.

    \b
      tasker-core create report --namespace etl --context '{"day": "2026-11-26"}' \\
        --step extract --step score:extract --step load:score,extract
      tasker-core watch "$(tasker-core create report --steps-file steps.json --context-file context.json)"
    """
    wanted = list(map(_step, steps)) + (_json(steps_file.read(), "--steps-file") if steps_file else [])
    if not wanted:
        raise click.UsageError(
            "which steps? Give --step extract --step load:extract, or --steps-file steps.json"
        )
    text = context_text if context_text is not None else context_file.read() if context_file else None
    if text is None:
        raise click.UsageError(
            """which context? Give --context '{"day": 1}', or --context-file; it is not empty"""
        )
    context = _json(text, "--context")
    if not isinstance(context, dict):
        raise click.UsageError("the context must be a JSON object")
    with connect(url) as client:
        made = client.create_task(name, steps=wanted, context=context, **options)
    if as_json:
        report(made._asdict())
    elif sys.stdout.isatty():
        say(f"task {made.task_id} with {len(made.step_ids)} steps; tasker-core watch {made.task_id} shows it")
    else:
        say(made.task_id)
    return 0


@command("watch")
@click.argument("task_id", type=int)
@click.option(
    "--seconds",
    type=click.FloatRange(0.05, 3600),
    default=1.0,
    show_default=True,
    help="Between two looks, each one statement.",
)
def watch(url: str | None, task_id: int, seconds: float) -> int:
    """Shows a task's workflow until it ends: states, attempts and durations as they change.

    Where there is no terminal it writes the picture, a line for each change, and the picture
    at the end. Ctrl-C leaves the task alone.

    Exits with 0 where the task is complete or resolved manually, 1 in error, 2 cancelled, 3
    where there is no such task or the database gives no answer.

    \b
      tasker-core watch postgresql://localhost/shop 42
    """
    with connect(url) as client:
        state = watch_task(client, task_id, Terminal(sys.stdout), seconds)
    return _no_task(task_id) if state is None else ENDINGS[state]


@command("draw")
@click.argument("task_id", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid"]),
    help="svg unless the file's name says otherwise.",
)
def draw(url: str | None, task_id: int, file: Path | None, form: str | None) -> int:
    """Draws a task as SVG or Mermaid, into FILE (.svg, .mmd, .md) or to standard output.

    \b
      tasker-core draw postgresql://localhost/shop 42 task.svg
      tasker-core draw 42 --format mermaid
    """
    if file and file.suffix.lower() not in _FORMATS:
        raise click.UsageError(
            f"{file} would not be what its name says: a drawing is written as .svg, or as .mmd or .md "
            "for Mermaid"
        )
    named = _FORMATS[file.suffix.lower()] if file else None
    if form and named and form != named:
        raise click.UsageError(f"{file} is the name of {named}, not of {form}")
    with connect(url) as client:
        drawing = client.draw(task_id, format=form or named or "svg")
    if drawing is None:
        return _no_task(task_id)
    if file:
        file.write_text(drawing, encoding="utf-8")
    else:
        click.echo(drawing)
    return 0


@command("stuck")
@older_than
@as_json
def stuck(url: str | None, older_than: float, as_json: bool) -> int:
    """Lists the steps and tasks that a dead worker seems to hold.

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
    _summary(f"{len(steps)} steps and {len(tasks)} tasks are stuck for more than {older_than:g} seconds")
    return 0


@command("reset-stuck")
@older_than
@as_json
def reset_stuck(url: str | None, older_than: float, as_json: bool) -> int:
    """Takes stuck steps from their workers, and sets their tasks pending.

    A worker with --owns-tasks takes these up. Where Rails runs them use bin/rails
    tasker_core:reset_stuck, which enqueues them too.

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


@main.command("verify", context_settings={"ignore_unknown_options": True})
@click.argument("anything", nargs=-1, type=click.UNPROCESSED)
def verify(anything: tuple[str, ...]) -> int:
    """Is for Rails, where the gem stands under the engine: bin/rails tasker_core:verify.

    It compares the core with the engine's own Ruby over the application's tasks, to answer
    whether it is safe to go active. Without Rails there is nothing to compare with. Exits
    with 2: it cannot tell.
    """
    del anything
    return failed(
        "verify compares with the engine, which is in Ruby: run bin/rails tasker_core:verify in the Rails "
        "application; tasker-core check compares the database alone",
        _CANNOT_TELL,
    )


@command("events")
@click.argument("names", nargs=-1)
@click.option("--task", "task_id", type=int, help="Only of this task.")
@click.option("--namespace", help="Only of this namespace.")
@click.option("--task-name", help="Only of tasks with this name.")
@click.option("--step-name", help="Only of steps with this name.")
@click.option("--count", type=click.IntRange(1), help="End after so many.")
@click.option("--seconds", type=click.FloatRange(0), help="End after so long.")
@as_json
def events(
    url: str | None,
    names: tuple[str, ...],
    count: int | None,
    seconds: float | None,
    as_json: bool,
    **only: Any,
) -> int:
    """Writes events as they come, a line each: of NAMES, prefixes such as step.*, or all.

    They are those that other processes send: in Rails with event_relay, here by clients and
    workers with the setting event_relay=True (docs/EVENTS.md).

    \b
      tasker-core events postgresql://localhost/shop 'step.*' --namespace payments
      tasker-core events --json --count 10 | jq .payload
    """
    with connect(url, event_relay=True) as client:
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
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the connections.")
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
    chosen.update(_settings(settings))
    if progress is not None:
        chosen["progress"] = progress

    def make(with_options: dict[str, Any]) -> Worker:
        return Worker(given(url), **{"progress": sys.stderr.isatty(), **with_options})

    tally = working.build(found, make, chosen).run(until_idle=until_idle)
    say(f"{tally.completed} steps completed, {tally.failed} failed, {tally.late} late")
    return PROBLEM if until_idle and tally.failed else 0


@main.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Writes what makes a shell complete commands and options.

    \b
      eval "$(tasker-core completion bash)"                    # in ~/.bashrc
      eval "$(tasker-core completion zsh)"                     # in ~/.zshrc
      tasker-core completion fish > ~/.config/fish/completions/tasker-core.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        return failed(f"there is no completion for {shell}")
    click.echo(kind(main, {}, PROGRAM, "_TASKER_CORE_COMPLETE").source())
    return 0


def _no_task(task_id: int) -> int:
    return failed(f"there is no task {task_id}", FAILED)


def _summary(text: str) -> None:
    """Beside a table; what reads lines gets none that is no row."""
    if sys.stdout.isatty():
        say(text)
    else:
        click.echo(text, err=True)


def _busy(what: str, shown: bool) -> Any:
    """A sign that something is under way, on a terminal."""
    progress = Progress(
        console=Console(stderr=True), transient=True, disable=not (shown and sys.stderr.isatty())
    )
    progress.add_task(what, total=None)
    return progress


def _step(text: str) -> dict[str, Any]:
    name, _, parents = text.partition(":")
    return {"name": name, "depends_on": [parent for parent in parents.split(",") if parent]}


def _json(text: str, option: str) -> Any:
    try:
        return jsonb.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option} is no JSON: {error}") from error


def _settings(pairs: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE, the value read as JSON where it is that, else as text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {pair} is no setting; give NAME=VALUE, as --set event_relay=true")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
