# Written by python/tools/sync_client.py from aio/_client/reading.py; change that file instead.
"""Reads of tasks and steps."""

from __future__ import annotations

from collections.abc import Iterable

from .. import operations, rows
from ..results import TaskProgress
from ..table import Rows
from .base import Operations


class Reading(Operations):
    """Reads of tasks and steps."""

    def step_readiness(
        self, task_id: int, step_ids: Iterable[int] | None = None, *, must_exist: bool = False
    ) -> Rows[rows.StepReadiness]:
        """Tells which steps of a task can run, and why the others cannot.

        The rows are those of the engine's get_step_readiness_status, ordered by step id.

        Args:
            task_id: the id of the task; an unknown task has no rows.
            step_ids: only these steps; None for all, [] for none.
            must_exist: whether an unknown task raises an error.

        Raises:
            NotFound: if the task is unknown and must_exist is true.
        """
        return self.run(operations.step_readiness(task_id, step_ids, must_exist))

    def step_readiness_batch(self, task_ids: Iterable[int]) -> Rows[rows.StepReadiness]:
        """Does the same for many tasks in one statement.

        The rows are ordered by step id; in a database with version 1 of the engine's functions they
        are ordered by task id first, as those functions order them.
        """
        return self.run(operations.step_readiness_batch(task_ids))

    def viable_steps(self, task_id: int, *, must_exist: bool = False) -> list[int]:
        """Lists the ids of a task's steps that can run now, in ascending order.

        Args:
            task_id: the id of the task; the list is empty for an unknown task.
            must_exist: whether an unknown task raises an error.

        Raises:
            NotFound: if the task is unknown and must_exist is true.
        """
        return self.run(operations.viable_steps(task_id, must_exist))

    def task_execution_context(self, task_id: int) -> rows.TaskExecutionContext | None:
        """Describes a task's progress (get_task_execution_context); None for an unknown task."""
        return self.run(operations.task_execution_context(task_id))

    def task_execution_contexts(self, task_ids: Iterable[int]) -> Rows[rows.TaskExecutionContext]:
        """Does the same for many tasks in one statement, by task id, without unknown tasks."""
        return self.run(operations.task_execution_contexts(task_ids))

    def dependency_levels(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.DependencyLevel]:
        """Computes each step's level (the longest path from a root), ordered by level and step id.

        Raises:
            CycleError: if the dependencies form a cycle.
            NotFound: if the task is unknown and must_exist is true.
        """
        return self.run(operations.dependency_levels(task_id, must_exist))

    def step_dag(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.StepDagRelationship]:
        """Lists the parents, children and depth of each step, ordered by step id.

        The rows are those of the engine's view tasker_step_dag_relationships for this task.

        Raises:
            NotFound: if the task is unknown and must_exist is true.
        """
        return self.run(operations.step_dag(task_id, must_exist))

    def task_progress(self, task_id: int) -> TaskProgress | None:
        """Reads every step of a task with its state, attempts and times, in one statement.

        Returns:
            None for an unknown task.

        Raises:
            CycleError: if the dependencies form a cycle.
        """
        return self.run(operations.task_progress(task_id))

    def current_step_state(self, step_id: int) -> str | None:
        """Reads the step's current state; None for an unknown step."""
        return self.run(operations.current_step_state(step_id))

    def current_task_state(self, task_id: int) -> str | None:
        """Reads the task's current state; None for an unknown task."""
        return self.run(operations.current_task_state(task_id))
