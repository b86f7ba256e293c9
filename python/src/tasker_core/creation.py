"""Creates a task with its steps; see Client.create_task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import jsonb
from .errors import InvalidArgument
from .request import Operation, as_texts
from .tuples import CreatedReply


@dataclass(frozen=True)
class NewStep:
    """A step of a new task.

    Attributes:
        name: the step's name, unique in its task.
        depends_on: names of its parents.
        dependent_system: the system that the step talks to; None for "unknown".
        retryable: if False, the engine never runs the step; for a single attempt pass a retry_limit
            of 1.
        retry_limit: the maximum number of attempts; a step with 0 is never run.
        skippable: stored for the engine.
        inputs: any value that can be written as JSON; None for the task's context.
    """

    name: str
    depends_on: Sequence[str] = ()
    dependent_system: str | None = None
    retryable: bool = True
    retry_limit: int = 3
    skippable: bool = False
    inputs: Any = None


class CreatedTask(NamedTuple):
    """A task that was created.

    Attributes:
        task_id: the id of the task.
        step_ids: the step ids by step name.
        identity_hash: identifies the task; it is unique.
    """

    task_id: int
    step_ids: dict[str, int]
    identity_hash: str


#: The forms of a step for create_task: a NewStep, a mapping of its fields, or its name.
StepLike = NewStep | Mapping[str, Any] | str


def create_task(
    name: str,
    steps: Sequence[StepLike],
    context: Mapping[str, Any],
    *,
    namespace: str,
    version: str,
    tags: Sequence[str] | None,
    bypass_steps: Sequence[str] | None,
    **others: Any,
) -> Operation[CreatedTask]:
    """See Client.create_task."""
    if isinstance(steps, (str, Mapping)):
        raise _invalid(f"steps is {steps!r}; it must be a list of steps")
    listed = [_step(place, step) for place, step in enumerate(steps)]
    names = [str(step.get("name")) for step in listed]
    arguments = {
        "name": name,
        "steps": listed,
        "context": jsonb.dumps(context),
        "namespace": namespace,
        "version": version,
        "tags": None if tags is None else as_texts("tags", tags),
        "bypass_steps": None if bypass_steps is None else as_texts("bypass_steps", bypass_steps),
        **others,
    }

    def read(found: list[Any]) -> CreatedTask:
        reply = CreatedReply(*found)
        return CreatedTask(reply.task_id, dict(zip(names, reply.step_ids, strict=True)), reply.identity_hash)

    return Operation("create_task", arguments, read)


def _step(place: int, step: StepLike) -> dict[str, Any]:
    if isinstance(step, str):
        step = NewStep(step)
    if not isinstance(step, (NewStep, Mapping)):
        raise _invalid(f"steps[{place}] is {step!r}; it must be a NewStep, a mapping with a name, or a name")
    fields = dict(step) if isinstance(step, Mapping) else dict(vars(step))
    if "depends_on" in fields:
        fields["depends_on"] = as_texts(f"steps[{place}].depends_on", fields["depends_on"])
    if fields.get("inputs") is not None:
        fields["inputs"] = jsonb.dumps(fields["inputs"])
    return fields


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message, code="invalid_argument")
