"""The results of operations: named tuples whose fields are the engine's columns.

Times are aware datetimes in UTC, decimals Decimal, both exact. Written by bin/generate;
change operations.json instead.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from . import _shown


class StepReadiness(NamedTuple):
    """A row of get_step_readiness_status."""

    workflow_step_id: int
    task_id: int
    named_step_id: int
    name: str
    current_state: str
    dependencies_satisfied: bool
    retry_eligible: bool
    ready_for_execution: bool
    last_failure_at: datetime | None
    next_retry_at: datetime | None
    total_parents: int
    completed_parents: int
    attempts: int | None
    retry_limit: int
    backoff_request_seconds: int | None
    last_attempted_at: datetime | None


class StepProgress(NamedTuple):
    """The progress of a step.

    Attributes:
        attempts: how often it was tried.
        retry_limit: how often it may be tried, nothing for the engine's default.
        level: the longest path from a root.
        began_at: when it was first in progress.
        ended_at: when it came to the state that it has, where that is one to stay in.
        duration_micros: from the one to the other, of a running step up to now.
        parent_step_ids: the steps of the task that it waits for.
    """

    workflow_step_id: int
    name: str
    state: str
    attempts: int
    retry_limit: int | None
    level: int
    began_at: datetime | None
    ended_at: datetime | None
    duration_micros: int | None
    parent_step_ids: list[int]


class TaskExecutionContext(NamedTuple):
    """A row of get_task_execution_context."""

    task_id: int
    named_task_id: int
    status: str
    total_steps: int
    pending_steps: int
    in_progress_steps: int
    completed_steps: int
    failed_steps: int
    ready_steps: int
    execution_status: str
    recommended_action: str
    completion_percentage: Decimal
    health_status: str

    def _repr_html_(self) -> str:
        """For notebooks."""
        return _shown.fields_html("TaskExecutionContext", self._asdict())


class DependencyLevel(NamedTuple):
    """A row of calculate_dependency_levels."""

    workflow_step_id: int
    dependency_level: int


class StepDagRelationship(NamedTuple):
    """A row of the view tasker_step_dag_relationships."""

    workflow_step_id: int
    task_id: int
    named_step_id: int
    parent_step_ids: list[int]
    child_step_ids: list[int]
    parent_count: int
    child_count: int
    is_root_step: bool
    is_leaf_step: bool
    min_depth_from_root: int | None


class SystemHealthCounts(NamedTuple):
    """A row of get_system_health_counts_v01."""

    total_tasks: int
    pending_tasks: int
    in_progress_tasks: int
    complete_tasks: int
    error_tasks: int
    cancelled_tasks: int
    total_steps: int
    pending_steps: int
    in_progress_steps: int
    complete_steps: int
    error_steps: int
    retryable_error_steps: int
    exhausted_retry_steps: int
    in_backoff_steps: int
    active_connections: int
    max_connections: int

    def _repr_html_(self) -> str:
        """For notebooks."""
        return _shown.fields_html("SystemHealthCounts", self._asdict())


class AnalyticsMetrics(NamedTuple):
    """A row of get_analytics_metrics_v01: rates in percent, durations in seconds."""

    active_tasks_count: int
    total_namespaces_count: int
    unique_task_types_count: int
    system_health_score: Decimal
    task_throughput: int
    completion_count: int
    error_count: int
    completion_rate: Decimal
    error_rate: Decimal
    avg_task_duration: Decimal
    avg_step_duration: Decimal
    step_throughput: int
    analysis_period_start: datetime
    calculated_at: datetime

    def _repr_html_(self) -> str:
        """For notebooks."""
        return _shown.fields_html("AnalyticsMetrics", self._asdict())


class SlowestStep(NamedTuple):
    """A row of get_slowest_steps_v01."""

    workflow_step_id: int
    task_id: int
    step_name: str
    task_name: str
    namespace_name: str
    version: str
    duration_seconds: Decimal
    attempts: int | None
    created_at: datetime
    completed_at: datetime
    retryable: bool
    step_status: str


class SlowestTask(NamedTuple):
    """A row of get_slowest_tasks_v01."""

    task_id: int
    task_name: str
    namespace_name: str
    version: str
    duration_seconds: Decimal
    step_count: int
    completed_steps: int
    error_steps: int
    created_at: datetime
    completed_at: datetime
    initiator: str | None
    source_system: str | None


class StuckStep(NamedTuple):
    """A step that has been in_progress for longer than the requested age: its worker is dead or slow."""

    workflow_step_id: int
    task_id: int
    name: str
    since: datetime
    attempts: int | None
    retry_limit: int | None


class ResetStep(NamedTuple):
    """A stuck step that was taken from its worker.

    Attributes:
        state: pending, or error where no attempt is left.
    """

    workflow_step_id: int
    task_id: int
    name: str
    since: datetime
    attempts: int
    retry_limit: int | None
    state: str


class StuckTask(NamedTuple):
    """A task that was interrupted between two steps, or a pending task for which no job is enqueued."""

    task_id: int
    name: str
    since: datetime


class ClaimedRow(NamedTuple):
    """A claimed step, with its handler's data as JSON.

    Attributes:
        handler: the place in the list of handlers that was given.
        context: JSON of the task.
        inputs: JSON of the step.
        results: JSON that the last attempt left.
        parents: JSON of the results of the parents by their names.
    """

    handler: int
    version: str
    workflow_step_id: int
    task_id: int
    token: int
    attempts: int
    retry_limit: int
    context: str | None
    inputs: str | None
    results: str | None
    parents: str | None
