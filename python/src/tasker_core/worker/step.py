"""The step that a handler receives, and the errors with which it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .._picture import whole_seconds
from ..errors import Error, InvalidArgument
from ..external import ClaimedStep

logger: logging.Logger = logging.getLogger("tasker_core.worker")


class PermanentError(Exception):
    """A handler raises this if another attempt would be useless. The step is never retried."""


class RetryableError(Exception):
    """A handler raises this if the step may be tried again.

    Any other exception has the same effect; this one can set the delay.
    """

    def __init__(self, message: str = "", *, retry_after: timedelta | float | None = None) -> None:
        """retry_after is in seconds; None means the engine's backoff.

        Raises:
            InvalidArgument: if retry_after is not a number of seconds in range.
        """
        super().__init__(message)
        self.retry_after: int | None = None if retry_after is None else whole_seconds(retry_after)
        if self.retry_after is not None and not 0 <= self.retry_after < 2**31:
            raise InvalidArgument(
                f"retry_after is {retry_after!r}; it must be 0 s to 68 years", code="invalid_argument"
            )


class ExecutorFailed(Error):
    """The executor did not execute a step's handler to its end, or accepts no more work.

    As the error of a step it means that its process died, was removed or could not be reached, or
    that its arguments or its result could not be sent. The step may be tried again.
    """


class WorkerStopped(Exception):
    """The worker was stopped, and the step's handler did not end within the grace time."""


if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:  # it has no brackets before Python 3.11
    _Adapter = logging.LoggerAdapter


class StepLogger(_Adapter):
    """Names the step in each line, and in the fields correlation_id, task_id and step_id."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """See logging.LoggerAdapter; the caller's own fields are kept."""
        fields = dict(self.extra or {})
        fields.update(kwargs.get("extra") or {})
        kwargs["extra"] = fields
        return f"task {fields['task_id']} step {fields['step_id']} {fields['step_name']}: {msg}", kwargs


class Step:
    """A step that is being executed.

    Attributes:
        task_id: the id of the task.
        step_id: the id of the step.
        namespace: the task's namespace.
        task_name: the name of the task's template.
        version: the version of the task's template.
        name: the name of the step's template.
        attempt: the number of this attempt, from 1.
        retry_limit: the maximum number of attempts.
        context: the task's context.
        inputs: the step's inputs.
        parents: the results of the step's parents by name.
        previous: the results of an earlier attempt.
        correlation_id: the correlation id of the task's context, or one that all steps of the
            task share.
        logger: names the step in each line.
    """

    def __init__(self, claim: ClaimedStep, stopping: Callable[[], bool]) -> None:
        self.claim = claim
        self.task_id: int = claim.task_id
        self.step_id: int = claim.workflow_step_id
        self.namespace: str = claim.name.namespace
        self.task_name: str = claim.name.task
        self.version: str = claim.version
        self.name: str = claim.name.step
        self.attempt: int = claim.attempts + 1
        self.retry_limit: int = claim.retry_limit
        self.context: Any = claim.context
        self.inputs: Any = claim.inputs
        self.parents: Mapping[str, Any] = claim.parents
        self.previous: Any = claim.results
        self.correlation_id: str = _correlation_id(claim)
        self.logger: StepLogger = StepLogger(
            logger,
            {
                "correlation_id": self.correlation_id,
                "task_id": self.task_id,
                "step_id": self.step_id,
                "step_name": self.name,
            },
        )
        self._stopping = stopping
        self._lost = False
        self._given_up = False

    @property
    def cancelled(self) -> bool:
        """Whether the step was taken from this worker: cancelled, reset or resolved by hand.

        Its result would be refused. The worker notices it with the next heartbeat; the process of
        an executor reads the database, at most once a second.
        """
        return self._lost

    @property
    def should_stop(self) -> bool:
        """Whether the handler should end soon: the step is lost, or the worker stops."""
        return self._lost or self._stopping()

    def lose(self) -> None:
        """Records that the step no longer belongs to this worker."""
        self._lost = True

    def give_up(self) -> None:
        """Records that the worker has failed the step; later results are ignored."""
        self._lost = self._given_up = True

    @property
    def given_up(self) -> bool:
        """Whether the worker itself has failed the step."""
        return self._given_up

    def __repr__(self) -> str:
        return f"<Step {self.step_id} {self.claim.name} of task {self.task_id}, attempt {self.attempt}>"


def _correlation_id(claim: ClaimedStep) -> str:
    given = claim.context.get("correlation_id") if isinstance(claim.context, dict) else None
    return str(given) if given and isinstance(given, (str, int)) else f"task-{claim.task_id}"


StepHandler = Callable[[Step], Any]
