"""What a step handler gets, and how it fails."""

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
    """Raised by a handler: another attempt would be useless. The step is never retried."""


class RetryableError(Exception):
    """Raised by a handler: the step may be tried again.

    Any other exception means the same; this one can say when.
    """

    def __init__(self, message: str = "", *, retry_after: timedelta | float | None = None) -> None:
        """retry_after is in seconds; None leaves the waiting time to the attempts.

        Raises:
            InvalidArgument: for what is no time to wait.
        """
        super().__init__(message)
        self.retry_after: int | None = None if retry_after is None else whole_seconds(retry_after)
        if self.retry_after is not None and not 0 <= self.retry_after < 2**31:
            raise InvalidArgument(
                f"retry_after is {retry_after!r}; it must be 0 s to 68 years", code="invalid_argument"
            )


class ExecutorFailed(Error):
    """The executor did not execute a step's handler to its end, or takes no more work.

    As a step's error: its process died, was taken away, or could not be reached; what it
    was to be given or gave could not travel. The step may be tried again.
    """


class WorkerStopped(Exception):
    """The worker was stopped and the step's handler had not ended within the grace time."""


if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:  # it has no brackets before Python 3.11
    _Adapter = logging.LoggerAdapter


class StepLogger(_Adapter):
    """Names the step in each line, and in the fields correlation_id, task_id and step_id."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """See logging.LoggerAdapter; fields that the caller gives are kept."""
        fields = dict(self.extra or {})
        fields.update(kwargs.get("extra") or {})
        kwargs["extra"] = fields
        return f"task {fields['task_id']} step {fields['step_id']} {fields['step_name']}: {msg}", kwargs


class Step:
    """A step that is being executed.

    Attributes:
        task_id: the task's.
        step_id: the step's.
        namespace: of the task.
        task_name: of the task's template.
        version: of the task's template.
        name: of the step's template.
        attempt: which attempt this is, from 1.
        retry_limit: how many there may be.
        context: of the task.
        inputs: of the step.
        parents: the results of the step's parents by their names.
        previous: what an earlier attempt left as results.
        correlation_id: the task context's, else one that all steps of the task share.
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

        Its result would be refused. Noticed with the next heartbeat; in the process of an
        executor by a look at the database, at most once a second.
        """
        return self._lost

    @property
    def should_stop(self) -> bool:
        """Whether the handler had better end soon: the step is lost, or the worker stops."""
        return self._lost or self._stopping()

    def lose(self) -> None:
        """Notes that the step is this worker's no longer."""
        self._lost = True

    def give_up(self) -> None:
        """Notes that the worker has failed the step: what comes later is of no interest."""
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
