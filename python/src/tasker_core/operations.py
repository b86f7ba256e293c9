"""What can be asked: each operation's name, its arguments and how its answer is read.

Client and aio.Client are two ways to send these; nothing here waits or knows a database.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Generic, TypeVar

from . import jsonb, rows
from ._core import Grip
from .errors import ConflictError, InvalidArgument
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
from .table import Row, Rows, moment
from .tuples import ProgressReply, ResetReply

T = TypeVar("T")

_BIGINT = range(-(2**63), 2**63)
_LONGEST_AGE = 100 * 365 * 24 * 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One request.

    Attributes:
        name: as the core knows it.
        arguments: by name.
        read: makes the result of the reply's value.
        by_rules: whether the core has to be told which version of the readiness functions
            the database has.
        refused: makes the result of a conflict, where that is an answer and no error.
        opens: holds what it opens in the core.
    """

    name: str
    arguments: dict[str, Any]
    read: Callable[[Any], T]
    by_rules: bool = False
    refused: Callable[[ConflictError], T] | None = None
    opens: Grip | None = None


def as_id(value: Any) -> int:
    """An id as the core takes it.

    Raises:
        InvalidArgument: for what is no integer, or larger than a bigint.
    """
    number = _integer(value)
    if number is None:
        raise _invalid(f"{value!r} is no id; it must be an integer")
    if number not in _BIGINT:
        raise _invalid(f"{number} is no id: it is larger than a bigint")
    return number


def as_limit(value: Any, least: int) -> int:
    """How many at most, as the core takes it.

    Raises:
        InvalidArgument: for what is no integer, or less than the least.
    """
    number = _integer(value)
    if number is None or not least <= number < 2**63:
        raise _invalid(f"limit is {value!r}; it must be an integer from {least}")
    return number


def _integer(value: Any) -> int | None:
    """An integer, NumPy's as well; None for what is none, such as True."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def as_ids(values: Iterable[Any]) -> list[int]:
    """Ids as the core takes them; NumPy arrays and pandas columns will do."""
    return [as_id(value) for value in _listed(values, f"{values!r} is no list of ids")]


def as_texts(argument: str, values: Iterable[Any]) -> list[Any]:
    """A list of texts; whether each is one the core says.

    Raises:
        InvalidArgument: for a text, which would be taken apart into its characters, and for what
            is no list.
    """
    return _listed(values, f"{argument} is {values!r}; it must be a list of texts")


def _listed(values: Any, message: str) -> list[Any]:
    if not isinstance(values, (str, bytes, Mapping)):
        try:
            return list(values)
        except TypeError:
            pass
    raise _invalid(message)


def as_seconds(value: timedelta | float, most: float) -> float | None:
    """A number of seconds from 0 to so many; None for what is none, such as a text."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, (bool, str, bytes)):
        return None
    try:
        number = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= most else None


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message, code="invalid_argument")


def _same(value: Any) -> Any:
    return value


def _rows(kind: type[Row]) -> Callable[[Any], Rows[Row]]:
    return lambda table: Rows(table, kind)


def _one(kind: type[Row]) -> Callable[[Any], Row]:
    return lambda table: Rows(table, kind)[0]


def _first(kind: type[Row]) -> Callable[[Any], Row | None]:
    return lambda table: next(iter(Rows(table, kind)), None)


# What runs, and how it stands.


def step_readiness(
    task_id: int, step_ids: Iterable[int] | None, must_exist: bool = False
) -> Operation[Rows[rows.StepReadiness]]:
    """See Client.step_readiness."""
    chosen = None if step_ids is None else as_ids(step_ids)
    arguments = {"task_id": as_id(task_id), "step_ids": chosen, "must_exist": must_exist}
    return Operation("step_readiness", arguments, _rows(rows.StepReadiness), by_rules=True)


def step_readiness_batch(task_ids: Iterable[int]) -> Operation[Rows[rows.StepReadiness]]:
    """See Client.step_readiness_batch."""
    arguments = {"task_ids": as_ids(task_ids)}
    return Operation("step_readiness_batch", arguments, _rows(rows.StepReadiness), by_rules=True)


def viable_steps(task_id: int, must_exist: bool = False) -> Operation[list[int]]:
    """See Client.viable_steps."""
    arguments = {"task_id": as_id(task_id), "must_exist": must_exist}
    return Operation("viable_steps", arguments, _same, by_rules=True)


def task_execution_context(task_id: int) -> Operation[rows.TaskExecutionContext | None]:
    """See Client.task_execution_context."""
    arguments = {"task_id": as_id(task_id)}
    return Operation("task_execution_context", arguments, _first(rows.TaskExecutionContext), by_rules=True)


def task_execution_contexts(task_ids: Iterable[int]) -> Operation[Rows[rows.TaskExecutionContext]]:
    """See Client.task_execution_contexts."""
    arguments = {"task_ids": as_ids(task_ids)}
    return Operation("task_execution_contexts", arguments, _rows(rows.TaskExecutionContext), by_rules=True)


def dependency_levels(task_id: int, must_exist: bool = False) -> Operation[Rows[rows.DependencyLevel]]:
    """See Client.dependency_levels."""
    arguments = {"task_id": as_id(task_id), "must_exist": must_exist}
    return Operation("dependency_levels", arguments, _rows(rows.DependencyLevel))


def step_dag(task_id: int, must_exist: bool = False) -> Operation[Rows[rows.StepDagRelationship]]:
    """See Client.step_dag."""
    arguments = {"task_id": as_id(task_id), "must_exist": must_exist}
    return Operation("step_dag", arguments, _rows(rows.StepDagRelationship))


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


def readiness_version() -> Operation[int]:
    """See Client.readiness_version."""
    return Operation("readiness_version", {}, _same)


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


def current_step_state(step_id: int) -> Operation[str | None]:
    """See Client.current_step_state."""
    return Operation("current_step_state", {"step_id": as_id(step_id)}, _same)


def current_task_state(task_id: int) -> Operation[str | None]:
    """See Client.current_task_state."""
    return Operation("current_task_state", {"task_id": as_id(task_id)}, _same)


# The whole database.


def system_health_counts() -> Operation[rows.SystemHealthCounts]:
    """See Client.system_health_counts."""
    return Operation("system_health_counts", {}, _one(rows.SystemHealthCounts))


def analytics_metrics(since: datetime | None) -> Operation[rows.AnalyticsMetrics]:
    """See Client.analytics_metrics."""
    return Operation("analytics_metrics", {"since": micros(since)}, _one(rows.AnalyticsMetrics))


def slowest_steps(
    since: datetime | None,
    limit: int | None,
    namespace: str | None,
    task_name: str | None,
    version: str | None,
) -> Operation[Rows[rows.SlowestStep]]:
    """See Client.slowest_steps."""
    arguments = _slowest(since, limit, namespace, task_name, version)
    return Operation("slowest_steps", arguments, _rows(rows.SlowestStep))


def slowest_tasks(
    since: datetime | None,
    limit: int | None,
    namespace: str | None,
    task_name: str | None,
    version: str | None,
) -> Operation[Rows[rows.SlowestTask]]:
    """See Client.slowest_tasks."""
    arguments = _slowest(since, limit, namespace, task_name, version)
    return Operation("slowest_tasks", arguments, _rows(rows.SlowestTask))


def _slowest(
    since: datetime | None,
    limit: int | None,
    namespace: str | None,
    task_name: str | None,
    version: str | None,
) -> dict[str, Any]:
    most = None if limit is None else as_limit(limit, 0)
    return {
        "since": micros(since),
        "limit": most,
        "namespace": namespace,
        "task_name": task_name,
        "version": version,
    }


def micros(time: datetime | None) -> int | None:
    """Microseconds since 1970 of a datetime with a time zone."""
    if time is None:
        return None
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise _invalid(
            f"{time!r} is no point in time; give a datetime with a time zone, such as"
            " datetime.now(timezone.utc)"
        )
    return (time - _EPOCH) // timedelta(microseconds=1)


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
    return Operation("analyze_templates", {"steps": listed}, _same)


# Which events there are.


def event_catalog() -> Operation[list[EventDefinition]]:
    """See Client.event_catalog."""
    return Operation(
        "event_catalog", {}, lambda found: [EventDefinition.from_wire(fields) for fields in found]
    )


def register_event(name: str, meaning: str, fields: Mapping[str, str] | None) -> Operation[None]:
    """See Client.register_event."""
    listed = [{"name": field, "type": kind} for field, kind in (fields or {}).items()]
    return Operation("register_event", {"name": name, "meaning": meaning, "fields": listed}, _same)


# The schema.


def install_schema() -> Operation[list[str]]:
    """See Client.install_schema."""
    return Operation("install_schema", {}, _same)


def check_schema() -> Operation[SchemaCheck]:
    """See Client.check_schema."""
    return Operation("check_schema", {}, SchemaCheck.from_wire)


def function_versions() -> Operation[list[FunctionVersion]]:
    """See Client.function_versions."""
    return Operation("function_versions", {}, lambda found: [FunctionVersion(**fields) for fields in found])


# Work that a dead worker holds.


def stuck_steps(older_than: timedelta | float) -> Operation[Rows[rows.StuckStep]]:
    """See Client.stuck_steps."""
    return Operation("stuck_steps", {"older_than": _age(older_than)}, _rows(rows.StuckStep))


def stuck_tasks(older_than: timedelta | float) -> Operation[Rows[rows.StuckTask]]:
    """See Client.stuck_tasks."""
    return Operation("stuck_tasks", {"older_than": _age(older_than)}, _rows(rows.StuckTask))


def reset_stuck(older_than: timedelta | float, leave_tasks: bool) -> Operation[Reset]:
    """See Client.reset_stuck."""
    arguments = {"older_than": _age(older_than), "leave_tasks": leave_tasks}

    def read(found: Any) -> Reset:
        reply = ResetReply(*found)
        return Reset(Rows(reply.steps, rows.ResetStep), reply.task_ids)

    return Operation("reset_stuck", arguments, read)


def _age(older_than: timedelta | float) -> int:
    """Microseconds, up to the hundred years that the core takes."""
    age = as_seconds(older_than, _LONGEST_AGE)
    if age is None:
        raise _invalid(
            f"older_than is {older_than!r}; it must be seconds from 0 to 100 years, or a timedelta"
        )
    return round(age * 1_000_000)


# The core itself.


def session_stats() -> Operation[dict[str, int]]:
    """See Client.session_stats."""
    return Operation("session_stats", {}, _same)


def ping(database: bool) -> Operation[str]:
    """See Client.ping."""
    return Operation("ping_database" if database else "ping", {}, _same)


def stats() -> Operation[Stats]:
    """See Client.stats."""
    return Operation("stats", {}, Stats.from_wire)


def stats_text() -> Operation[str]:
    """See Client.stats_text."""
    return Operation("stats_text", {}, _same)


def relay_stats() -> Operation[dict[str, Any]]:
    """See Client.relay_stats."""
    return Operation("relay_stats", {}, _same)


def event_stats() -> Operation[dict[str, int]]:
    """See Client.event_stats."""
    return Operation("event_stats", {}, _same)
