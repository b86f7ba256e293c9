"""The answers of operations that are lists, with the names of their places.

Tables are as they came, see table.Rows. Written by bin/generate; change operations.json instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class TransitionReply(NamedTuple):
    """What became of a transition."""

    id: int
    code: str
    message: str
    from_: str
    to: str
    transition_id: int
    sort_key: int
    event: str


class SessionReply(NamedTuple):
    """A session's picture of its task; parents and children are edges into its steps, task_version that of its row."""

    session: int
    task_state: str
    step_ids: list[int]
    states: list[str]
    changed: list[int]
    parents: list[int]
    children: list[int]
    task_version: int


class NextReply(NamedTuple):
    """What can run now; stale where the picture has to be read anew first."""

    ready: list[int]
    retry: list[int]
    stale: bool
    blocked: bool


class ClaimReply(NamedTuple):
    """What became of a claim; follow is the step that can be claimed with its completion, or 0."""

    code: str
    message: str
    token: int
    sort_key: int
    changed: list[int]
    follow: int


class BesideReply(NamedTuple):
    """What became of a claim beside a completion."""

    code: str
    token: int
    sort_key: int
    changed: list[int]
    follow: int


class FinishReply(NamedTuple):
    """What became of an outcome; claim is nil where none was asked for."""

    code: str
    message: str
    transition_id: int
    sort_key: int
    task_version: int
    claim: list[Any] | None


class OutcomeReply(NamedTuple):
    """What became of the outcome of a step that a worker had claimed."""

    code: str
    message: str
    transition_id: int
    sort_key: int


class CreatedReply(NamedTuple):
    """A task that was made; started is the payload of its event without the context."""

    task_id: int
    step_ids: list[int]
    identity_hash: str
    started: dict[str, Any]


class ResetReply(NamedTuple):
    """What a reset did; task_ids are to be enqueued."""

    steps: dict[str, Any]
    task_ids: list[int]


class ProgressReply(NamedTuple):
    """How a task stands, step by step."""

    namespace: str
    name: str
    version: str
    state: str
    now: int
    steps: dict[str, Any]


class QueueReply(NamedTuple):
    """A queue and the file descriptor that is readable while it has something."""

    queue: int
    descriptor: int


class TraceReply(NamedTuple):
    """The ids of a trace, of its first span here and of the span that it goes on from."""

    trace: bytes
    span: bytes
    parent: bytes | None


class SpansReply(NamedTuple):
    """Spans since the core was opened."""

    ended: int
    exported: int
    dropped: int
    failed: int
    waiting: int


class StatementsReply(NamedTuple):
    """Statements by operation, and the time from which on an answer is the core's to see."""

    statements: dict[str, Any]
    nanoseconds: int
