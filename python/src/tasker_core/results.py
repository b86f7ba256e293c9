"""The results of operations that are not rows of the engine's functions and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from . import _shown
from .errors import ConflictError, TransitionError
from .rows import ResetStep, StepProgress
from .table import Rows
from .tuples import TransitionReply

#: The states of a step or task that is done.
DONE = ("complete", "resolved_manually")


class TaskProgress(NamedTuple):
    """The progress of a task, step by step.

    Attributes:
        task_id: the id of the task.
        namespace: the task's namespace.
        name: the task's name.
        version: the version of its template.
        state: the task's state.
        now: the database's time of the answer.
        steps: the steps, by id.
    """

    task_id: int
    namespace: str
    name: str
    version: str
    state: str
    now: datetime
    steps: Rows[StepProgress]

    @property
    def ended(self) -> bool:
        """Whether the task has ended; a failed task may still be retried or resolved by hand."""
        return self.state in (*DONE, "error", "cancelled")

    @property
    def done(self) -> int:
        """The number of steps that are complete or resolved manually."""
        return sum(step.state in DONE for step in self.steps)

    def _repr_html_(self) -> str:
        """For notebooks."""
        about = {name: value for name, value in self._asdict().items() if name != "steps"}
        return _shown.fields_html("TaskProgress", about) + self.steps._repr_html_()


class Drawing(str):
    """A drawn task: a str that notebooks show as a picture."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The forms for notebooks: SVG, or Mermaid if the notebook supports it."""
        del include, exclude
        picture = self._repr_svg_()
        kind = "text/vnd.mermaid" if picture is None else "image/svg+xml"
        return {kind: str(self), "text/plain": repr(self)}

    def _repr_svg_(self) -> str | None:
        """The picture, if it is SVG."""
        return str(self) if self.startswith("<svg") else None

    def __repr__(self) -> str:
        kind = "Mermaid" if self._repr_svg_() is None else "SVG"
        return f"<Drawing, {len(self)} characters of {kind}>"


class Transition(NamedTuple):
    """The result of a requested state transition.

    Attributes:
        id: the id of the task or step.
        code: "allowed" (it was written), "guard_failed", "transition_failed" (the current state has
            no such transition), "invalid_state" (the state does not exist) or "conflict" (another
            process was first).
        message: the reason for a refusal, as the engine's state machines word it.
        from_state: the state before; None if it is unknown.
        to_state: the requested state.
        transition_id: the id of the audit row; 0 if none was written.
        sort_key: the sort_key of the audit row.
        event: the lifecycle event of this transition.
    """

    id: int
    code: str
    message: str
    from_state: str | None
    to_state: str
    transition_id: int | None = None
    sort_key: int | None = None
    event: str | None = None

    @staticmethod
    def from_wire(found: Sequence[Any]) -> Transition:
        """Reads the operation's value."""
        reply = TransitionReply(*found)
        return Transition(
            id=reply.id,
            code=reply.code,
            message=reply.message,
            from_state=reply.from_,
            to_state=reply.to,
            transition_id=reply.transition_id,
            sort_key=reply.sort_key,
            event=reply.event,
        )

    @property
    def written(self) -> bool:
        """Whether the audit row was written."""
        return self.code == "allowed"

    def raise_unless_written(self) -> Transition:
        """Returns itself.

        Raises:
            TransitionError: if nothing was written; ConflictError if another process was first.
        """
        if self.written:
            return self
        conflict = self.code == "conflict"
        raise (ConflictError if conflict else TransitionError)(
            self.message,
            code=self.code,
            retryable=conflict,
            details={"id": self.id, "from": self.from_state, "to": self.to_state},
        )


class Next(NamedTuple):
    """The work that a session has now.

    Attributes:
        ready: ids of pending steps to claim, in ascending order.
        retry: ids of failed steps whose backoff is over; see Session.retry.
        blocked: whether nothing can run and a step has failed permanently.
    """

    ready: list[int]
    retry: list[int]
    blocked: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do now."""
        return not self.ready and not self.retry


class Claim(NamedTuple):
    """The result of a claim.

    Attributes:
        code: "allowed", or the reason for the refusal: "transition_failed" (the step is not
            pending), "guard_failed" (a parent is not complete), "not_eligible" (it is in backoff or
            has no attempts left), "task_closed", "conflict" (another process was faster).
        message: the reason in words; empty if the claim is allowed.
        token: the id of the claim's audit row; 0 if there is none.
        changed: ids of the step and of its parents whose rows differ from those that the session
            knew.
    """

    code: str
    message: str
    token: int
    changed: list[int]

    @property
    def allowed(self) -> bool:
        """Whether this run may execute the step."""
        return self.code == "allowed"


class Reset(NamedTuple):
    """The result of a reset.

    Attributes:
        steps: the steps that were reset, by step id.
        task_ids: the tasks that are pending again, in ascending order.
    """

    steps: Rows[ResetStep]
    task_ids: list[int]


@dataclass(frozen=True)
class SchemaDifference:
    """A difference between a database and the expected schema.

    Attributes:
        kind: missing_table, missing_column, column_type, column_default,
            column_nullability, missing_index, index_definition, missing_constraint,
            constraint_definition, missing_view, missing_view_column, view_column_type,
            missing_function, function_signature or extra.
        object: for example "tasker_tasks", "tasker_tasks.context" or the name of an index.
        expected: a type, default or definition; empty if none is expected.
        actual: what the database has; empty if it has nothing there.
        harmless: whether the engine and the core work in spite of it.
        message: the difference in one line.
    """

    kind: str
    object: str
    expected: str
    actual: str
    harmless: bool
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class EventField:
    """A field of an event's payload.

    Attributes:
        name: the key.
        type: "any", "boolean", "integer", "integers", "map", "number", "string", "strings" or "time".
        meaning: a description.
        optional: whether it may be None or absent.
    """

    name: str
    type: str
    meaning: str
    optional: bool


@dataclass(frozen=True)
class EventDefinition:
    """The definition of an event.

    Attributes:
        name: such as "step.completed".
        group: lifecycle, export, registry, core or custom.
        meaning: a description.
        published: False for event names that the engine defines but never publishes.
        fields: the fields of its payload.
    """

    name: str
    group: str
    meaning: str
    published: bool
    fields: tuple[EventField, ...]

    @classmethod
    def from_wire(cls, definition: Mapping[str, Any]) -> EventDefinition:
        """Reads a definition from the core's answer."""
        fields = tuple(EventField(**field) for field in definition["fields"])
        return cls(**{**definition, "fields": fields})


@dataclass(frozen=True)
class FunctionVersion:
    """Tells which text one of the engine's functions, or its view, has in a database.

    Attributes:
        name: the signature of the function, or the name of the view.
        body_md5: the MD5 hash of the body; empty for the view.
        present: whether the database has it.
        origin: "tasker-engine" or "tasker_core"; None for an unknown text.
        rules: the version of the rules that the text follows.
        capability: the switch of the capability that replaces it in Rails.
    """

    name: str
    body_md5: str
    present: bool
    origin: str | None
    rules: int | None
    capability: str

    @property
    def unknown(self) -> bool:
        """Whether the function was changed, or comes from a newer engine."""
        return self.present and self.origin is None

    @property
    def version(self) -> str:
        """For example "tasker-engine v02", "unknown" or "missing"."""
        if not self.present:
            return "missing"
        return f"{self.origin} v{self.rules:02}" if self.origin else "unknown"

    def __str__(self) -> str:
        return f"{self.name}: {self.version}"


@dataclass(frozen=True)
class SchemaCheck:
    """The answer of check_schema.

    Attributes:
        differences: by object and kind, including the harmless ones.
        functions: the nine functions and the view.
    """

    differences: Sequence[SchemaDifference]
    functions: Sequence[FunctionVersion]

    @staticmethod
    def from_wire(found: Mapping[str, Any]) -> SchemaCheck:
        """Reads the operation's value."""
        return SchemaCheck(
            tuple(SchemaDifference(**fields) for fields in found["differences"]),
            tuple(FunctionVersion(**fields) for fields in found["functions"]),
        )

    @property
    def harmful(self) -> list[SchemaDifference]:
        """The differences that prevent correct work."""
        return [difference for difference in self.differences if not difference.harmless]

    @property
    def unknown_functions(self) -> list[FunctionVersion]:
        """The functions with an unknown text."""
        return [function for function in self.functions if function.unknown]

    @property
    def consistent(self) -> bool:
        """Whether the single and the batch function for readiness follow the same rules."""
        rules = {
            function.rules
            for function in self.functions
            if function.origin and function.name.startswith("get_step_readiness_status")
        }
        return len(rules) < 2

    @property
    def clean(self) -> bool:
        """Whether nothing is missing and nothing was changed."""
        return not self.harmful and not self.unknown_functions and self.consistent

    def __str__(self) -> str:
        lines = [f"  {function}" for function in self.functions]
        lines += [f"{'  ' if one.harmless else '! '}{one}" for one in self.differences]
        return "\n".join(lines)


@dataclass(frozen=True)
class Distribution:
    """A histogram in seconds.

    Attributes:
        bounds: the upper bounds of the buckets.
        counts: for each bound, the number of values at or below it.
        count: the number of values.
        sum: the sum of all values.
    """

    bounds: Sequence[float]
    counts: Sequence[int]
    count: int
    sum: float


@dataclass(frozen=True)
class Sample:
    """A metric's value for one set of labels."""

    labels: Mapping[str, str]
    value: float | Distribution


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: docs/TELEMETRY.md lists the names.
        kind: "counter", "gauge" or "histogram".
        help: the description.
        samples: one for each set of labels.
    """

    name: str
    kind: str
    help: str
    samples: Sequence[Sample]


class Stats(dict[str, Metric]):
    """All metrics at one point in time, by name."""

    @staticmethod
    def from_wire(found: Sequence[Any]) -> Stats:
        """Reads the operation's value."""
        return Stats(
            (name, Metric(name, kind, text, tuple(_sample(*sample) for sample in samples)))
            for name, kind, text, samples in found
        )

    def value(self, name: str, **labels: str) -> float | Distribution | None:
        """A metric's value, or the sum of its numbers over the samples with these labels.

        Returns:
            None if nothing was counted yet.
        """
        samples = self[name].samples if name in self else ()
        values = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
        numbers = [value for value in values if not isinstance(value, Distribution)]
        if len(values) > 1 and len(numbers) == len(values):
            return sum(numbers)
        return values[0] if values else None


def _sample(labels: Mapping[str, str], value: Any) -> Sample:
    if not isinstance(value, list):
        return Sample(labels, value)
    bounds, counts, total = value
    return Sample(labels, Distribution(bounds, counts[:-1], counts[-1], total))
