"""The answers of operations that are lists, with the names of their places.

Tables are as they came, see table.Rows. Written by bin/generate; change operations.json instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class TransitionReply(NamedTuple):
    """The result of a transition."""

    id: int
    code: str
    message: str
    from_: str
    to: str
    transition_id: int
    sort_key: int
    event: str


class SessionReply(NamedTuple):
    """A session's snapshot of its task; parents and children are edges, task_version is its row's version."""

    session: int
    task_state: str
    step_ids: list[int]
    states: list[str]
    changed: list[int]
    parents: list[int]
    children: list[int]
    task_version: int


class NextReply(NamedTuple):
    """The steps that can run now; stale if the snapshot has to be read again first."""

    ready: list[int]
    retry: list[int]
    stale: bool
    blocked: bool


class ClaimReply(NamedTuple):
    """The result of a claim; follow is the step that can be claimed with its completion, or 0."""

    code: str
    message: str
    token: int
    sort_key: int
    changed: list[int]
    follow: int


class BesideReply(NamedTuple):
    """The result of a claim that was made with a completion."""

    code: str
    token: int
    sort_key: int
    changed: list[int]
    follow: int


class FinishReply(NamedTuple):
    """The result of writing an outcome; claim is nil if no claim was requested."""

    code: str
    message: str
    transition_id: int
    sort_key: int
    task_version: int
    claim: list[Any] | None


class OutcomeReply(NamedTuple):
    """The result of writing the outcome of a worker's step."""

    code: str
    message: str
    transition_id: int
    sort_key: int


class CreatedReply(NamedTuple):
    """A task that was created; started is the payload of its event without the context."""

    task_id: int
    step_ids: list[int]
    identity_hash: str
    started: dict[str, Any]


class ResetReply(NamedTuple):
    """The result of a reset; the caller enqueues the tasks of task_ids."""

    steps: dict[str, Any]
    task_ids: list[int]


class ProgressReply(NamedTuple):
    """The progress of a task, step by step."""

    namespace: str
    name: str
    version: str
    state: str
    now: int
    steps: dict[str, Any]


class QueueReply(NamedTuple):
    """A queue, and a file descriptor that is readable while the queue has entries."""

    queue: int
    descriptor: int


class TraceReply(NamedTuple):
    """The ids of a trace, of its first span here, and of that span's parent."""

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
    """Statements by operation, and the duration from which the core has to see an answer."""

    statements: dict[str, Any]
    nanoseconds: int
