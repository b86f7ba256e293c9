# Written by python/tools/sync_client.py from aio/_client/writing.py; change that file instead.
"""Creation of tasks, and transitions of tasks and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import creation, operations
from ..creation import CreatedTask, StepLike
from ..results import Transition
from .base import Operations


class Writing(Operations):
    """Writes of tasks and steps."""

    def create_task(
        self,
        name: str,
        *,
        steps: Sequence[StepLike],
        context: Mapping[str, Any],
        namespace: str = "default",
        version: str = "0.1.0",
        initiator: str | None = None,
        source_system: str | None = None,
        reason: str | None = None,
        tags: Sequence[str] = (),
        bypass_steps: Sequence[str] = (),
        identity: str | None = None,
        identity_hash: str | None = None,
        enqueue: bool = False,
    ) -> CreatedTask:
        """Creates a task with its steps, as the engine's TaskInitializer does without a handler.

        It writes all or nothing, in one transaction, with a few statements for any number of steps.
        It also creates the namespace and the names of the task and its steps if they do not exist
        yet. A worker that owns its tasks takes the task up at once; with enqueue=True, Rails runs
        it:

        ```python
        steps = ["extract", NewStep("score", depends_on=["extract"], retry_limit=5)]
        context = {"day": "2026-11-26"}
        client.create_task("sales_report", namespace="etl", steps=steps, context=context)
        ```

        Args:
            name: the task's name.
            steps: for each step a NewStep, a mapping of its fields, or its name.
            context: not empty, because the engine accepts no task without a context.
            namespace: the task's namespace.
            version: three numbers, such as "0.1.0".
            initiator: who requests the task; None for "unknown", also in the next two.
            source_system: the system that the request comes from.
            reason: why the task is requested.
            tags: a list of strings.
            bypass_steps: names of steps.
            identity: "uuid" or None for a random identity; "hash" for the engine's SHA-256 of the
                request and its minute (UTC).
            identity_hash: your own identity instead.
            enqueue: whether Rails runs the task: tasker_core:listen enqueues it once. It needs a
                registered handler with the same steps.

        Raises:
            InvalidArgument: if a value is invalid; the message names it.
            CycleError: if the dependencies form a cycle.
            DuplicateTask: if another task has this identity.
            ConflictError: if another process deleted definitions at the same time.
        """
        return self.run(
            creation.create_task(
                name,
                steps,
                context,
                namespace=namespace,
                version=version,
                initiator=initiator,
                source_system=source_system,
                reason=reason,
                tags=tags,
                bypass_steps=bypass_steps,
                identity=identity,
                identity_hash=identity_hash,
                enqueue=enqueue,
            )
        )

    def transition_step(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Moves a step to another state if its current state and its parents allow it.

        The database checks and writes in one statement.

        Args:
            step_id: the id of the step.
            to: the target state.
            metadata: written to the audit row.

        Returns:
            Transition.code tells whether it was written.

        Raises:
            NotFound: if the step does not exist.
        """
        return self.run(operations.transition_step(step_id, to, metadata))

    def transition_step_or_raise(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Does the same and raises an error if nothing was written.

        Raises:
            TransitionError: if the state, a guard or another process prevents the transition.
            NotFound: if the step does not exist.
        """
        transition = self.transition_step(step_id, to=to, metadata=metadata)
        return transition.raise_unless_written()

    def transition_steps(
        self, step_ids: Iterable[int], *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> list[Transition]:
        """Moves many steps in one statement, which locks them in the order of their ids.

        Steps that may not move stay as they are. Unknown ids are missing from the answer, which is
        in ascending order of id.

        Raises:
            ConflictError: if another process wrote to one of the steps at the same time; no step
                was moved.
        """
        return self.run(operations.transition_steps(step_ids, to, metadata))

    def transition_task(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Moves a task to another state. It reaches complete only if all its steps are done.

        Raises:
            NotFound: if the task does not exist.
        """
        return self.run(operations.transition_task(task_id, to, metadata))

    def transition_task_or_raise(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Does the same and raises an error if nothing was written.

        Raises:
            TransitionError: if the state, a guard or another process prevents the transition.
            NotFound: if the task does not exist.
        """
        transition = self.transition_task(task_id, to=to, metadata=metadata)
        return transition.raise_unless_written()
