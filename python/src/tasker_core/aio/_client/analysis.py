"""Statistics of the whole database, and analyses of the graph of a task or a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ... import operations, rows
from ...results import Drawing
from ...table import Rows
from .base import Operations


class Analysis(Operations):
    """Statistics and graphs."""

    async def system_health_counts(self) -> rows.SystemHealthCounts:
        """Counts tasks and steps by state, retries, and database connections."""
        return await self.run(operations.system_health_counts())

    async def analytics_metrics(self, *, since: datetime | None = None) -> rows.AnalyticsMetrics:
        """Measures throughput, rates and durations.

        Args:
            since: counts tasks created after this time; None for the last hour.
        """
        return await self.run(operations.analytics_metrics(since))

    async def slowest_steps(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestStep]:
        """Lists the complete steps that took longest, longest first, then by id.

        Args:
            since: steps created after this time; None for the last 24 hours.
            limit: the maximum number of rows; None for no limit.
            namespace: only steps of this namespace.
            task_name: only steps of tasks with this name.
            version: only steps of tasks with this version.
        """
        return await self.run(operations.slowest_steps(since, limit, namespace, task_name, version))

    async def slowest_tasks(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestTask]:
        """Lists the tasks that took longest until their last complete or failed step.

        Args:
            since: tasks created after this time; None for the last 24 hours.
            limit: the maximum number of rows; None for no limit.
            namespace: only tasks of this namespace.
            task_name: only tasks with this name.
            version: only tasks with this version.

        Returns:
            The longest first.
        """
        return await self.run(operations.slowest_tasks(since, limit, namespace, task_name, version))

    async def analyze_graph(
        self, task_id: int, *, weights: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Analyses a task's graph; returns None for an unknown task.

        The answer has the keys and numbers of the engine's RuntimeGraphAnalyzer#analyze:
        dependency_graph, critical_paths, parallelism_opportunities, error_chains, bottlenecks,
        generated_at and task_id.

        Args:
            task_id: the id of the task.
            weights: impact_multipliers, severity_multipliers, penalty_constants,
                severity_thresholds, duration_estimates, as in the engine's config.dependency_graph;
                missing weights have the engine's default.

        Raises:
            CycleError: if the dependencies form a cycle.
            InvalidArgument: if a weight is unknown or not a number.
        """
        return await self.run(operations.analyze_graph(task_id, weights))

    async def draw(self, task_id: int, *, format: str = "svg") -> Drawing | None:
        """Draws the workflow with states, attempts and durations, and the critical path.

        Args:
            task_id: the id of the task.
            format: "svg" for a self-contained document, or "mermaid" for the text of a Mermaid
                flowchart.

        Returns:
            None for an unknown task.

        Raises:
            CycleError: if the dependencies form a cycle.
            InvalidArgument: for any other format, or for a task with more than 10,000 steps.
        """
        return await self.run(operations.draw(task_id, format))

    async def analyze_templates(self, steps: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """Analyses the dependencies of steps without a database.

        Args:
            steps: for each step name, the names of its parents, in the order of the template.

        Returns:
            topology, cycles, levels, roots, leaves and summary.

        Raises:
            InvalidArgument: if a step depends on an unknown step.
        """
        return await self.run(operations.analyze_templates(steps))
