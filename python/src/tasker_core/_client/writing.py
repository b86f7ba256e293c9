# Written by python/tools/sync_client.py from aio/_client/writing.py; change that file instead.
"""New tasks, and the states of tasks and steps."""

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
        """Makes a task with its steps, as the engine's TaskInitializer does without a handler.

        All or nothing, in one transaction, with a few statements for any number of steps.
        The namespace, the task's name and those of its steps are made where they are missing.
        A worker that owns its tasks takes it up at once; with enqueue Rails runs it::

            steps = ["extract", NewStep("score", depends_on=["extract"], retry_limit=5)]
            context = {"day": "2026-11-26"}
            client.create_task("sales_report", namespace="etl", steps=steps, context=context)

        Args:
            name: the task's.
            steps: each a NewStep, its fields as a mapping, or a name alone.
            context: not empty: the engine takes no task without.
            namespace: of the task.
            version: three numbers.
            initiator: who asks for it; None for "unknown", as in the next two.
            source_system: where it comes from.
            reason: why.
            tags: texts.
            bypass_steps: names of steps.
            identity: "uuid", also where none is given, is a random one; "hash" the engine's
                SHA256 of what was asked for and the minute of it (UTC).
            identity_hash: one of your own instead.
            enqueue: leave it to Rails, where tasker_core:listen enqueues it once; a handler
                with the same steps must be registered there.

        Raises:
            InvalidArgument: for a value that cannot be, named in the message.
            CycleError: if the steps would wait for each other in a circle.
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
        """Moves a step to another state, if its state and its parents allow it.

        The database checks and writes in one statement.

        Args:
            step_id: the step's.
            to: the target state.
            metadata: written to the audit row.

        Returns:
            What became of it; see Transition.code.

        Raises:
            NotFound: if there is no such step.
        """
        return self.run(operations.transition_step(step_id, to, metadata))

    def transition_step_or_raise(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """The same, raising where nothing was written.

        Raises:
            TransitionError: if the state, the guard or another process forbids it.
            NotFound: if there is no such step.
        """
        transition = self.transition_step(step_id, to=to, metadata=metadata)
        return transition.raise_unless_written()

    def transition_steps(
        self, step_ids: Iterable[int], *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> list[Transition]:
        """Moves many steps in one statement, locked in the order of their ids.

        Those that may not move stay as they are; unknown ids are missing in the answer,
        which is in ascending order of id.

        Raises:
            ConflictError: if another process wrote to one of them at the same time; then
                none was moved.
        """
        return self.run(operations.transition_steps(step_ids, to, metadata))

    def transition_task(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Moves a task to another state; to complete only if all its steps are done.

        Raises:
            NotFound: if there is no such task.
        """
        return self.run(operations.transition_task(task_id, to, metadata))

    def transition_task_or_raise(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """The same, raising where nothing was written.

        Raises:
            TransitionError: if the state, the guard or another process forbids it.
            NotFound: if there is no such task.
        """
        transition = self.transition_task(task_id, to=to, metadata=metadata)
        return transition.raise_unless_written()
