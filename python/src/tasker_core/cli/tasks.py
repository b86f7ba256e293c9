"""Commands about one task."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from .. import jsonb
from .frame import connect, document, report, say
from .group import as_json, command, no_task
from .terminal import Terminal
from .watching import watch as watch_task

#: The exit codes for the final states of a watched task, as in the rake task.
ENDINGS = {"complete": 0, "resolved_manually": 0, "error": 1, "cancelled": 2}
_FORMATS = {".svg": "svg", ".mmd": "mermaid", ".md": "mermaid"}


@command("create")
@click.argument("name")
@click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="NAME[:PARENT,...]",
    help="A step and the steps that it depends on.",
)
@click.option(
    "--steps-file",
    type=click.File(),
    help="A JSON list of step names, or of objects with the fields of NewStep. - is standard input.",
)
@click.option(
    "--context", "context_text", metavar="JSON", help="The task's context: a JSON object that is not empty."
)
@click.option("--context-file", type=click.File(), help="A file with the context.")
@click.option("--namespace", default="default", show_default=True, help="The namespace of the task.")
@click.option("--version", default="0.1.0", show_default=True, help="The version of the task, three numbers.")
@click.option("--initiator", help="Who requests the task.")
@click.option("--source-system", help="The system that the request comes from.")
@click.option("--reason", help="Why the task is requested.")
@click.option("--tag", "tags", multiple=True, help="A tag of the task; may be repeated.")
@click.option("--bypass-step", "bypass_steps", multiple=True, help="A step to bypass; may be repeated.")
@click.option("--identity", help="uuid, or hash: the engine's SHA256 of the request and the minute.")
@click.option("--identity-hash", help="Your own identity, such as an order number.")
@click.option("--enqueue", is_flag=True, help="Let Rails run the task: tasker_core:listen enqueues it.")
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
    """Creates the task NAME with its steps. A worker or Rails runs it.

    If the output is not a terminal, it prints only the task's id, for scripts.

    \b
      tasker-core create report --namespace etl --context '{"day": "2026-11-26"}' \\
        --step extract --step score:extract --step load:score,extract
      tasker-core watch "$(tasker-core create report --steps-file steps.json --context-file context.json)"
    """
    wanted = list(map(_step, steps)) + (_json(steps_file.read(), "--steps-file") if steps_file else [])
    if not wanted:
        raise click.UsageError(
            "which steps? Pass --step extract --step load:extract, or --steps-file steps.json"
        )
    text = context_text if context_text is not None else context_file.read() if context_file else None
    if text is None:
        raise click.UsageError(
            """which context? Pass --context '{"day": 1}', or --context-file; it must not be empty"""
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
    help="Seconds between two reads, each of one statement.",
)
def watch(url: str | None, task_id: int, seconds: float) -> int:
    """Shows a task until it ends.

    It shows states, attempts and durations as they change. Without a terminal it prints the
    picture, a line for each change, and the picture again at the end. Ctrl-C ends only this
    command; the task continues.

    Exits with 0 if the task is complete or resolved manually, 1 if it is in error, 2 if it is
    cancelled, 3 if it is unknown or the database does not answer.

    \b
      tasker-core watch postgresql://localhost/shop 42
    """
    with connect(url) as client:
        state = watch_task(client, task_id, Terminal(sys.stdout), seconds)
    return no_task(task_id) if state is None else ENDINGS[state]


@command("draw")
@click.argument("task_id", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid"]),
    help="The default follows from the file's name, otherwise svg.",
)
def draw(url: str | None, task_id: int, file: Path | None, form: str | None) -> int:
    """Draws a task as SVG or Mermaid.

    The drawing goes into FILE (.svg, .mmd or .md), or to standard output.

    \b
      tasker-core draw postgresql://localhost/shop 42 task.svg
      tasker-core draw 42 --format mermaid
    """
    if file and file.suffix.lower() not in _FORMATS:
        raise click.UsageError(
            f"{file} has an unknown extension: a drawing is written to .svg, or to .mmd or .md for Mermaid"
        )
    named = _FORMATS[file.suffix.lower()] if file else None
    if form and named and form != named:
        raise click.UsageError(f"the extension of {file} is for {named}, not for {form}")
    with connect(url) as client:
        drawing = client.draw(task_id, format=form or named or "svg")
    if drawing is None:
        return no_task(task_id)
    if file:
        file.write_text(drawing, encoding="utf-8")
    else:
        document(drawing)
    return 0


def _step(text: str) -> dict[str, Any]:
    name, _, parents = text.partition(":")
    return {"name": name, "depends_on": [parent for parent in parents.split(",") if parent]}


def _json(text: str, option: str) -> Any:
    try:
        return jsonb.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option} is not valid JSON: {error}") from error
