"""The operations: for each its name, its arguments and how its answer is read.

Client and aio.Client are two ways to send them; nothing here waits or has a database. Operations
that follow from operations.json alone are in plain_operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from . import jsonb, rows
from .plain_operations import *  # noqa: F403
from .request import Operation as Operation
from .request import as_age, as_id, as_ids, as_texts, same
from .results import (
    Drawing,
    EventDefinition,
    FunctionVersion,
    Reset,
    SchemaCheck,
    Stats,
    TaskProgress,
    Transition,
)
from .table import Rows, moment
from .tuples import ProgressReply, ResetReply

# Reads.


def task_progress(task_id: int) -> Operation[TaskProgress | None]:
    """See Client.task_progress."""
    number = as_id(task_id)

    def read(found: Any) -> TaskProgress | None:
        if found is None:
            return None
        reply = ProgressReply(*found)
        return TaskProgress(
            task_id=number,
            namespace=reply.namespace,
            name=reply.name,
            version=reply.version,
            state=reply.state,
            now=moment(reply.now),
            steps=Rows(reply.steps, rows.StepProgress),
        )

    return Operation("task_progress", {"task_id": number}, read)


# States.


def transition_step(step_id: int, to: str, metadata: Mapping[str, Any] | None) -> Operation[Transition]:
    """See Client.transition_step."""
    return _transition("transition_step", "step_id", step_id, to, metadata)


def transition_task(task_id: int, to: str, metadata: Mapping[str, Any] | None) -> Operation[Transition]:
    """See Client.transition_task."""
    return _transition("transition_task", "task_id", task_id, to, metadata)


def transition_steps(
    step_ids: Iterable[int], to: str, metadata: Mapping[str, Any] | None
) -> Operation[list[Transition]]:
    """See Client.transition_steps."""
    arguments = {"step_ids": as_ids(step_ids), "to": to, "metadata": _object(metadata)}
    return Operation(
        "transition_steps", arguments, lambda found: [Transition.from_wire(fields) for fields in found]
    )


def _transition(
    name: str, key: str, target: int, to: str, metadata: Mapping[str, Any] | None
) -> Operation[Transition]:
    number = as_id(target)
    return Operation(
        name,
        {key: number, "to": to, "metadata": _object(metadata)},
        Transition.from_wire,
        refused=lambda conflict: Transition(number, "conflict", conflict.message, None, to),
    )


def _object(metadata: Mapping[str, Any] | None) -> str:
    return jsonb.dumps({} if metadata is None else metadata)


# The graph.


def analyze_graph(task_id: int, weights: Mapping[str, Any] | None) -> Operation[dict[str, Any] | None]:
    """See Client.analyze_graph."""
    arguments = {"task_id": as_id(task_id), "weights": None if weights is None else dict(weights)}
    return Operation("analyze_graph", arguments, _analysis, by_rules=True)


def _analysis(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    paths, chains = found["critical_paths"], found["error_chains"]
    paths["total_paths"] = int(paths["total_paths"])
    for path in paths["paths"]:
        _convert(path, "criticality_score", Decimal)
    _convert(found["parallelism_opportunities"], "overall_completion", Decimal)
    _convert(found["bottlenecks"], "task_completion", Decimal)
    for chain in chains["error_chains"]:
        _convert(chain["retry_analysis"], "next_retry_at", moment)
    chains["most_critical_error"] = next(iter(chains["error_chains"]), None)
    _convert(found, "generated_at", moment)
    return found


def _convert(fields: dict[str, Any], key: str, convert: Callable[[Any], Any]) -> None:
    if fields.get(key) is not None:
        fields[key] = convert(fields[key])


def draw(task_id: int, form: str) -> Operation[Drawing | None]:
    """See Client.draw."""
    arguments = {"task_id": as_id(task_id), "format": form}
    return Operation("draw", arguments, lambda text: None if text is None else Drawing(text))


def analyze_templates(steps: Mapping[str, Iterable[str]]) -> Operation[dict[str, Any]]:
    """See Client.analyze_templates."""
    listed = [(name, as_texts(name, dependencies)) for name, dependencies in steps.items()]
    return Operation("analyze_templates", {"steps": listed}, same)


# The event catalogue.


def event_catalog() -> Operation[list[EventDefinition]]:
    """See Client.event_catalog."""
    return Operation(
        "event_catalog", {}, lambda found: [EventDefinition.from_wire(fields) for fields in found]
    )


def register_event(name: str, meaning: str, fields: Mapping[str, str] | None) -> Operation[None]:
    """See Client.register_event."""
    listed = [{"name": field, "type": kind} for field, kind in (fields or {}).items()]
    return Operation("register_event", {"name": name, "meaning": meaning, "fields": listed}, same)


# The schema.


def check_schema() -> Operation[SchemaCheck]:
    """See Client.check_schema."""
    return Operation("check_schema", {}, SchemaCheck.from_wire)


def function_versions() -> Operation[list[FunctionVersion]]:
    """See Client.function_versions."""
    return Operation("function_versions", {}, lambda found: [FunctionVersion(**fields) for fields in found])


# Work that a dead worker holds.


def reset_stuck(older_than: timedelta | float, leave_tasks: bool) -> Operation[Reset]:
    """See Client.reset_stuck."""
    arguments = {"older_than": as_age(older_than), "leave_tasks": leave_tasks}

    def read(found: Any) -> Reset:
        reply = ResetReply(*found)
        return Reset(Rows(reply.steps, rows.ResetStep), reply.task_ids)

    return Operation("reset_stuck", arguments, read)


# The core itself.


def ping(database: bool) -> Operation[str]:
    """See Client.ping."""
    return Operation("ping_database" if database else "ping", {}, same)


def stats() -> Operation[Stats]:
    """See Client.stats."""
    return Operation("stats", {}, Stats.from_wire)


def event_stats() -> Operation[dict[str, int]]:
    """See Client.event_stats."""
    return Operation("event_stats", {}, same)
