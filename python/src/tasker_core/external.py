"""The operations of workers, which execute steps outside of Rails; see Client."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from . import jsonb
from ._picture import failure, told, whole_seconds
from .errors import InvalidArgument
from .request import Operation, as_id, as_limit, as_seconds
from .results import Transition
from .rows import ClaimedRow
from .table import Rows
from .tuples import OutcomeReply

logger: logging.Logger = logging.getLogger("tasker_core")


class StepName(NamedTuple):
    """The steps that a handler can execute.

    Attributes:
        task: the name of the task's template.
        step: the name of the step's template.
        namespace: the namespace of the task.
        version: the version of the task's template; None for any. An exact version is preferred.
    """

    task: str
    step: str
    namespace: str = "default"
    version: str | None = None

    def __str__(self) -> str:
        version = f" ({self.version})" if self.version else ""
        return f"{self.namespace}/{self.task}{version} {self.step}"


class ClaimedStep(NamedTuple):
    """A claimed step, with the data that its handler reads.

    Attributes:
        name: the StepName for which it was claimed.
        version: the version of the task's template.
        workflow_step_id: the id of the step.
        task_id: the id of the task.
        token: the id of the claim's audit row.
        attempts: the number of earlier attempts.
        retry_limit: the maximum number of attempts.
        context: the task's context.
        inputs: the step's inputs.
        results: the results of the last attempt.
        parents: the results of the step's parents by name.
        unreadable: why a document cannot be read; None if all can be read.
    """

    name: StepName
    version: str
    workflow_step_id: int
    task_id: int
    token: int
    attempts: int
    retry_limit: int
    context: Any
    inputs: Any
    results: Any
    parents: dict[str, Any]
    unreadable: str | None = None


#: The JSON documents of a claimed step.
_DOCUMENTS = ("context", "inputs", "results", "parents")


def claim_ready_steps(
    names: Iterable[StepName],
    limit: int,
    start_tasks: bool,
    claim_id: str | None = None,
    again: bool = False,
    loads: Callable[[str], Any] = jsonb.loads,
) -> Operation[list[ClaimedStep]]:
    """See Client.claim_ready_steps."""
    wanted = [_step_name(name) for name in names]
    arguments = {
        "handlers": [[name.namespace, name.task, name.version or "", name.step] for name in wanted],
        "limit": as_limit(limit, 1),
        "start_tasks": start_tasks,
        "claim_id": claim_id or "",
        "again": again,
    }
    return Operation(
        "claim_ready_steps", arguments, lambda table: _claimed(wanted, table, loads), by_rules=True
    )


def _step_name(name: Any) -> StepName:
    """A StepName, or its parts in order.

    Raises:
        InvalidArgument: if it is neither; a str would be split into its letters.
    """
    if not isinstance(name, (tuple, list)) or not 2 <= len(name) <= len(StepName._fields):
        raise InvalidArgument(
            f"{name!r} is not a name of a step; pass StepName(task, step, namespace, version)",
            code="invalid_argument",
        )
    return StepName(*name)


def _claimed(names: Sequence[StepName], table: Any, loads: Callable[[str], Any]) -> list[ClaimedStep]:
    """Reads the documents of each step separately, because all steps are claimed already."""
    return [_step(names[row.handler], row, loads) for row in Rows(table, ClaimedRow)]


def _step(name: StepName, row: ClaimedRow, loads: Callable[[str], Any]) -> ClaimedStep:
    documents: dict[str, Any] = {}
    problem = None
    for document in _DOCUMENTS:
        text = getattr(row, document)
        try:
            documents[document] = None if text is None else loads(text)
        except Exception as error:  # ValueError, RecursionError, or the like of decimal
            documents[document] = None
            what = "the results of its parents" if document == "parents" else f"its {document}"
            problem = problem or f"{what} cannot be read: {told(error)}"
    documents["parents"] = documents["parents"] or {}
    return ClaimedStep(
        name,
        row.version,
        row.workflow_step_id,
        row.task_id,
        row.token,
        row.attempts,
        row.retry_limit,
        **documents,
        unreadable=problem,
    )


def fail_unreadable(step: ClaimedStep) -> Operation[Transition]:
    """Fails a step whose documents cannot be read; another attempt could not read them either."""
    return fail_claim(step, UnreadableDocument(step.unreadable or ""), False, None)


class UnreadableDocument(Exception):
    """A document of a step cannot be read, for example because it is nested too deep."""


def complete_claim(step: ClaimedStep, results: Any) -> Operation[Transition]:
    """See Client.complete_claim."""
    return complete_claim_with(step, jsonb.dumps({} if results is None else results))


def complete_claim_with(step: ClaimedStep, results: str) -> Operation[Transition]:
    """Does the same with results that are JSON already."""
    return _finish(step, "complete", {"results": results})


def fail_claim(
    step: ClaimedStep,
    error: BaseException | str,
    retryable: bool,
    retry_after: timedelta | float | None,
) -> Operation[Transition]:
    """See Client.fail_claim."""
    return fail_claim_with(step, failure(error), retryable, retry_after)


def fail_claim_with(
    step: ClaimedStep, fields: Mapping[str, str], retryable: bool, retry_after: timedelta | float | None
) -> Operation[Transition]:
    """Does the same with the fields of an error; see failure."""
    before = step.results if isinstance(step.results, dict) else {}
    reason = {key: _storable(text) for key, text in fields.items()}
    seconds = None if retry_after is None else whole_seconds(retry_after)
    outcome = {"results": jsonb.dumps({**before, **reason}), "retryable": retryable, "retry_after": seconds}
    return _finish(step, "error", outcome)


def _storable(text: str) -> str:
    """The part of a text that jsonb can store: no zero bytes and no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _finish(step: ClaimedStep, state: str, outcome: dict[str, Any]) -> Operation[Transition]:
    arguments = {
        "step_id": step.workflow_step_id,
        "task_id": step.task_id,
        "token": step.token,
        "to": state,
        **outcome,
    }

    def read(found: list[Any]) -> Transition:
        reply = OutcomeReply(*found)
        return Transition(
            step.workflow_step_id,
            reply.code,
            reply.message,
            "in_progress",
            state,
            reply.transition_id,
            reply.sort_key,
        )

    return Operation("finish_claim", arguments, read)


def renew_claims(steps: Iterable[ClaimedStep], stopping: bool = False) -> Operation[list[ClaimedStep]]:
    """See Client.renew_claims."""
    held = list(steps)
    return Operation(
        "renew_claims",
        {"tokens": [step.token for step in held], "stopping": stopping},
        lambda tokens: [step for step in held if step.token in tokens],
    )


def begin_claim(step: ClaimedStep, runner: str) -> Operation[str]:
    """See Client.begin_claim."""
    return Operation("begin_claim", {"token": step.token, "runner": runner}, str)


def claim_state(step: ClaimedStep) -> Operation[str]:
    """See Client.claim_state."""
    return Operation("claim_state", {"token": step.token}, str)


def finalize_task(task_id: int) -> Operation[str]:
    """See Client.finalize_task."""
    return Operation("finalize_task", {"task_id": as_id(task_id)}, str, by_rules=True)


def await_steps(timeout: float) -> Operation[bool]:
    """See Client.await_steps."""
    seconds = as_seconds(timeout, 3600)
    if seconds is None:
        raise InvalidArgument(
            f"timeout is {timeout!r}; it must be seconds from 0 to 3600", code="invalid_argument"
        )
    return Operation("await_steps", {"timeout_ms": round(seconds * 1000)}, bool)
