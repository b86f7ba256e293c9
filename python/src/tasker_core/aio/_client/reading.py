"""What runs, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable

from ... import operations, rows
from ...results import TaskProgress
from ...table import Rows
from .base import Operations


class Reading(Operations):
    """Reads of tasks and steps."""

    async def step_readiness(
        self, task_id: int, step_ids: Iterable[int] | None = None, *, must_exist: bool = False
    ) -> Rows[rows.StepReadiness]:
        """Which steps of a task can run, and why the others cannot.

        The rows of the engine's get_step_readiness_status, ordered by step id.

        Args:
            task_id: the task's; there are no rows for an unknown one.
            step_ids: only these steps; None all, [] none.
            must_exist: whether an unknown task is an error.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return await self.run(operations.step_readiness(task_id, step_ids, must_exist))

    async def step_readiness_batch(self, task_ids: Iterable[int]) -> Rows[rows.StepReadiness]:
        """The same for many tasks in one statement.

        Ordered by step id; in a database with version 1 of the functions by task id first,
        as there.
        """
        return await self.run(operations.step_readiness_batch(task_ids))

    async def viable_steps(self, task_id: int, *, must_exist: bool = False) -> list[int]:
        """The ids of a task's steps that can run now, in ascending order.

        Args:
            task_id: the task's; there are none for an unknown one.
            must_exist: whether an unknown task is an error.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return await self.run(operations.viable_steps(task_id, must_exist))

    async def task_execution_context(self, task_id: int) -> rows.TaskExecutionContext | None:
        """How a task stands: the engine's get_task_execution_context; None for an unknown task."""
        return await self.run(operations.task_execution_context(task_id))

    async def task_execution_contexts(self, task_ids: Iterable[int]) -> Rows[rows.TaskExecutionContext]:
        """The same for many tasks in one statement, ordered by task id; unknown tasks are missing."""
        return await self.run(operations.task_execution_contexts(task_ids))

    async def dependency_levels(
        self, task_id: int, *, must_exist: bool = False
    ) -> Rows[rows.DependencyLevel]:
        """The level of each step, the longest path from a root, ordered by level and id.

        Raises:
            CycleError: if steps depend on each other in a circle.
            NotFound: for an unknown task, with must_exist.
        """
        return await self.run(operations.dependency_levels(task_id, must_exist))

    async def step_dag(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.StepDagRelationship]:
        """Parents, children and depth of each step, ordered by step id.

        The rows that the engine's view tasker_step_dag_relationships has for one task.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return await self.run(operations.step_dag(task_id, must_exist))

    async def task_progress(self, task_id: int) -> TaskProgress | None:
        """Every step of a task with state, attempts and times, by one statement.

        Returns:
            None for an unknown task.

        Raises:
            CycleError: if steps depend on each other in a circle.
        """
        return await self.run(operations.task_progress(task_id))

    async def current_step_state(self, step_id: int) -> str | None:
        """The step's state now, None for an unknown step."""
        return await self.run(operations.current_step_state(step_id))

    async def current_task_state(self, task_id: int) -> str | None:
        """The task's state now, None for an unknown task."""
        return await self.run(operations.current_task_state(task_id))
