"""Numbers of the whole database, and what the graph of a task or a template means."""

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
        """Counts of tasks and steps by state, of retries and of connections."""
        return await self.run(operations.system_health_counts())

    async def analytics_metrics(self, *, since: datetime | None = None) -> rows.AnalyticsMetrics:
        """Throughput, rates and durations.

        Args:
            since: tasks made after it; None: in the last hour.
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
        """The complete steps that took longest, longest first, then by id.

        Args:
            since: steps made after it; None: in the last 24 hours.
            limit: how many at most; None: all.
            namespace: only of this namespace.
            task_name: only of tasks with this name.
            version: only of tasks with this version.
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
        """The tasks that took longest to their last complete or failed step, longest first.

        Args:
            since: tasks made after it; None: in the last 24 hours.
            limit: how many at most; None: all.
            namespace: only of this namespace.
            task_name: only with this name.
            version: only with this version.
        """
        return await self.run(operations.slowest_tasks(since, limit, namespace, task_name, version))

    async def analyze_graph(
        self, task_id: int, *, weights: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What a task's graph means for its progress; None for an unknown task.

        The keys and numbers of the engine's RuntimeGraphAnalyzer#analyze:
        dependency_graph, critical_paths, parallelism_opportunities, error_chains,
        bottlenecks, generated_at and task_id.

        Args:
            task_id: the task's.
            weights: impact_multipliers, severity_multipliers, penalty_constants,
                severity_thresholds, duration_estimates, as in the engine's
                config.dependency_graph; what is missing has the engine's default.

        Raises:
            CycleError: if steps depend on each other in a circle.
            InvalidArgument: for a weight that does not exist or is no number.
        """
        return await self.run(operations.analyze_graph(task_id, weights))

    async def draw(self, task_id: int, *, format: str = "svg") -> Drawing | None:
        """The workflow with its steps' states, attempts and durations, and the critical path.

        Args:
            task_id: the task's; None is given for an unknown one.
            format: "svg", a document that needs no other file, or "mermaid", the text of
                a flowchart.

        Raises:
            CycleError: if steps depend on each other in a circle.
            InvalidArgument: for another format, or a task of more than 10,000 steps.
        """
        return await self.run(operations.draw(task_id, format))

    async def analyze_templates(self, steps: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """What the dependencies of steps mean before anything runs; the database is not asked.

        Args:
            steps: by name what each depends on, in the order of the template.

        Returns:
            topology, cycles, levels, roots, leaves and summary.

        Raises:
            InvalidArgument: if a step depends on one that is not there.
        """
        return await self.run(operations.analyze_templates(steps))
