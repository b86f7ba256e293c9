"""The operations that follow from their contract.

Written by bin/generate; change operations.json instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from . import rows
from .request import Operation, all_rows, as_age, as_id, as_ids, as_limit, first_row, micros, one_row, same
from .table import Rows

__all__ = [
    "step_readiness",
    "step_readiness_batch",
    "viable_steps",
    "task_execution_context",
    "task_execution_contexts",
    "dependency_levels",
    "step_dag",
    "current_step_state",
    "current_task_state",
    "readiness_version",
    "system_health_counts",
    "analytics_metrics",
    "slowest_steps",
    "slowest_tasks",
    "stuck_steps",
    "stuck_tasks",
    "install_schema",
    "session_stats",
    "relay_stats",
    "stats_text",
]


def step_readiness(
    task_id: int,
    step_ids: Iterable[int] | None = None,
    must_exist: bool = False,
) -> Operation[Rows[rows.StepReadiness]]:
    """See Client.step_readiness."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
        "step_ids": None if step_ids is None else as_ids(step_ids),
        "must_exist": must_exist,
    }
    return Operation("step_readiness", arguments, all_rows(rows.StepReadiness), by_rules=True)


def step_readiness_batch(
    task_ids: Iterable[int],
) -> Operation[Rows[rows.StepReadiness]]:
    """See Client.step_readiness_batch."""
    arguments: dict[str, Any] = {
        "task_ids": as_ids(task_ids),
    }
    return Operation("step_readiness_batch", arguments, all_rows(rows.StepReadiness), by_rules=True)


def viable_steps(
    task_id: int,
    must_exist: bool = False,
) -> Operation[list[int]]:
    """See Client.viable_steps."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
        "must_exist": must_exist,
    }
    return Operation("viable_steps", arguments, same, by_rules=True)


def task_execution_context(
    task_id: int,
    must_exist: bool = False,
) -> Operation[rows.TaskExecutionContext | None]:
    """See Client.task_execution_context."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
        "must_exist": must_exist,
    }
    return Operation("task_execution_context", arguments, first_row(rows.TaskExecutionContext), by_rules=True)


def task_execution_contexts(
    task_ids: Iterable[int],
) -> Operation[Rows[rows.TaskExecutionContext]]:
    """See Client.task_execution_contexts."""
    arguments: dict[str, Any] = {
        "task_ids": as_ids(task_ids),
    }
    return Operation("task_execution_contexts", arguments, all_rows(rows.TaskExecutionContext), by_rules=True)


def dependency_levels(
    task_id: int,
    must_exist: bool = False,
) -> Operation[Rows[rows.DependencyLevel]]:
    """See Client.dependency_levels."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
        "must_exist": must_exist,
    }
    return Operation("dependency_levels", arguments, all_rows(rows.DependencyLevel))


def step_dag(
    task_id: int,
    must_exist: bool = False,
) -> Operation[Rows[rows.StepDagRelationship]]:
    """See Client.step_dag."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
        "must_exist": must_exist,
    }
    return Operation("step_dag", arguments, all_rows(rows.StepDagRelationship))


def current_step_state(
    step_id: int,
) -> Operation[str | None]:
    """See Client.current_step_state."""
    arguments: dict[str, Any] = {
        "step_id": as_id(step_id),
    }
    return Operation("current_step_state", arguments, same)


def current_task_state(
    task_id: int,
) -> Operation[str | None]:
    """See Client.current_task_state."""
    arguments: dict[str, Any] = {
        "task_id": as_id(task_id),
    }
    return Operation("current_task_state", arguments, same)


def readiness_version() -> Operation[int]:
    """See Client.readiness_version."""
    return Operation("readiness_version", {}, same)


def system_health_counts() -> Operation[rows.SystemHealthCounts]:
    """See Client.system_health_counts."""
    return Operation("system_health_counts", {}, one_row(rows.SystemHealthCounts))


def analytics_metrics(
    since: datetime | None = None,
) -> Operation[rows.AnalyticsMetrics]:
    """See Client.analytics_metrics."""
    arguments: dict[str, Any] = {
        "since": micros(since),
    }
    return Operation("analytics_metrics", arguments, one_row(rows.AnalyticsMetrics))


def slowest_steps(
    since: datetime | None = None,
    limit: int | None = None,
    namespace: str | None = None,
    task_name: str | None = None,
    version: str | None = None,
) -> Operation[Rows[rows.SlowestStep]]:
    """See Client.slowest_steps."""
    arguments: dict[str, Any] = {
        "since": micros(since),
        "limit": None if limit is None else as_limit(limit, 0),
        "namespace": namespace,
        "task_name": task_name,
        "version": version,
    }
    return Operation("slowest_steps", arguments, all_rows(rows.SlowestStep))


def slowest_tasks(
    since: datetime | None = None,
    limit: int | None = None,
    namespace: str | None = None,
    task_name: str | None = None,
    version: str | None = None,
) -> Operation[Rows[rows.SlowestTask]]:
    """See Client.slowest_tasks."""
    arguments: dict[str, Any] = {
        "since": micros(since),
        "limit": None if limit is None else as_limit(limit, 0),
        "namespace": namespace,
        "task_name": task_name,
        "version": version,
    }
    return Operation("slowest_tasks", arguments, all_rows(rows.SlowestTask))


def stuck_steps(
    older_than: timedelta | float,
) -> Operation[Rows[rows.StuckStep]]:
    """See Client.stuck_steps."""
    arguments: dict[str, Any] = {
        "older_than": as_age(older_than),
    }
    return Operation("stuck_steps", arguments, all_rows(rows.StuckStep))


def stuck_tasks(
    older_than: timedelta | float,
) -> Operation[Rows[rows.StuckTask]]:
    """See Client.stuck_tasks."""
    arguments: dict[str, Any] = {
        "older_than": as_age(older_than),
    }
    return Operation("stuck_tasks", arguments, all_rows(rows.StuckTask))


def install_schema() -> Operation[list[str]]:
    """See Client.install_schema."""
    return Operation("install_schema", {}, same)


def session_stats() -> Operation[dict[str, Any]]:
    """See Client.session_stats."""
    return Operation("session_stats", {}, same)


def relay_stats() -> Operation[dict[str, Any]]:
    """See Client.relay_stats."""
    return Operation("relay_stats", {}, same)


def stats_text() -> Operation[str]:
    """See Client.stats_text."""
    return Operation("stats_text", {}, same)
