"""The common part of synchronous and asynchronous sessions."""

from __future__ import annotations

import math
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from . import _library, jsonb
from ._core import Core, Grip
from .errors import InvalidArgument, SessionError
from .request import Operation, as_id, as_seconds
from .results import Claim, Next, Transition
from .rows import TaskExecutionContext
from .table import Rows
from .tuples import ClaimReply, FinishReply, NextReply, SessionReply

T = TypeVar("T")

#: The largest value of PostgreSQL's integer.
_MOST_SECONDS = 2**31 - 1


def open_session(core: Core, task_id: int) -> Operation[list[Any]]:
    """See Client.open_session."""
    arguments = {"task_id": as_id(task_id)}
    return Operation("open_session", arguments, lambda view: view, by_rules=True, opens=Grip(core))


class Picture:
    """The session's handle, claims and states; it creates the session's operations.

    Attributes:
        task_id: the id of the task.
        task_state: the task's state at the last strict read.
        step_states: the steps' states by step id at the last strict read.
    """

    def __init__(self, core: Core, task_id: int, opening: Operation[list[Any]], view: list[Any]) -> None:
        self.task_id = task_id
        self._core = core
        self._generation = _library.generation
        self._tokens: dict[int, int] = {}
        self._session: int | None = None
        self._grip = opening.opens
        self._show(view)
        if self._grip is not None:
            self._grip.belongs_to(f"a session on task {task_id}")

    @property
    def closed(self) -> bool:
        """Whether the session is closed."""
        return self._session is None

    def close(self) -> None:
        """Closes the session and frees its memory. Steps that it has claimed stay in_progress."""
        session = self._session
        if session is not None and self._is_ours() and not self._core.closed:
            self._core.ask("close_session", {"session": session})
        # Only now: after an interrupt before the core answers, the grip still owns the session.
        self._session = None
        if self._grip is not None:
            self._grip.release()

    def __repr__(self) -> str:
        states = Counter(self.step_states.values())
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no steps"
        closed = " closed" if self.closed else ""
        return f"<{type(self).__name__} of task {self.task_id}, {self.task_state}: {told}{closed}>"

    def _is_ours(self) -> bool:
        return self._generation == _library.generation

    def _show(self, view: list[Any]) -> list[int]:
        reply = SessionReply(*view)
        self._session = reply.session
        self.task_state: str = reply.task_state
        self.step_states: dict[int, str] = dict(zip(reply.step_ids, reply.states, strict=True))
        return list(reply.changed)

    def _ask(
        self, name: str, read: Callable[[Any], T], arguments: Mapping[str, Any] | None = None
    ) -> Operation[T]:
        if self._session is None or not self._is_ours():
            whose = "closed" if self._session is None else "another process's"
            raise SessionError(
                f"the session of task {self.task_id} is {whose}; open one with open_session", code="session"
            )
        return Operation(name, {"session": self._session, **(arguments or {})}, read)

    def _next(self) -> Operation[tuple[Next, bool]]:
        """What can run, and whether the snapshot has to be read again first."""

        def read(found: list[Any]) -> tuple[Next, bool]:
            reply = NextReply(*found)
            return Next(reply.ready, reply.retry, reply.blocked), reply.stale

        return self._ask("session_next", read)

    def _refresh(self) -> Operation[list[int]]:
        return self._ask("session_refresh", self._show)

    def _context(self) -> Operation[TaskExecutionContext]:
        return self._ask("session_context", lambda table: Rows(table, TaskExecutionContext)[0])

    def _claim(self, step_id: int) -> Operation[Claim]:
        def read(found: list[Any]) -> Claim:
            reply = ClaimReply(*found)
            if reply.code == "allowed":
                self._tokens[step_id] = reply.token
            return Claim(reply.code, reply.message, reply.token, reply.changed or [])

        return self._ask("session_claim", read, {"step_id": as_id(step_id)})

    def _retry(self, step_id: int) -> Operation[Transition]:
        return self._ask("session_retry", Transition.from_wire, {"step_id": as_id(step_id)})

    def _complete(self, step_id: int, results: Mapping[str, Any] | None) -> Operation[Transition]:
        return self._finish(step_id, "complete", {} if results is None else {"results": jsonb.dumps(results)})

    def _fail(
        self,
        step_id: int,
        error: BaseException | str,
        results: Mapping[str, Any] | None,
        retryable: bool,
        retry_after: timedelta | float | None,
    ) -> Operation[Transition]:
        columns = {"results": jsonb.dumps({**(results or {}), **failure(error)})}
        if not retryable:
            columns["retryable"] = "false"
        if retry_after is not None:
            columns["backoff_request_seconds"] = str(whole_seconds(retry_after))
        return self._finish(step_id, "error", columns)

    def _finish(self, step_id: int, state: str, columns: dict[str, str]) -> Operation[Transition]:
        def read(found: list[Any]) -> Transition:
            self._tokens.pop(step_id, None)
            reply = FinishReply(*found)
            return Transition(
                step_id, reply.code, reply.message, "in_progress", state, reply.transition_id, reply.sort_key
            )

        arguments = {
            "step_id": as_id(step_id),
            "to": state,
            "columns": columns,
            "attempt": True,
            "metadata": "{}",
        }
        return self._ask("session_finish", read, arguments)

    def _forget_write(self, operation: Operation[Any]) -> None:
        """A write did not end well: the core reads the snapshot again before its next decision."""
        if self._core.closed:
            return
        known = {name: operation.arguments[name] for name in ("session", "step_id")}
        token = self._tokens.get(known["step_id"], 0)
        self._core.ask("session_rolled_back", {**known, "token": token})


def failure(error: BaseException | str) -> dict[str, str]:
    """The results of a failed step, with the engine's keys."""
    if isinstance(error, str):
        return {"error": error}
    try:
        lines = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    except Exception as odd:
        lines = f"it cannot be read: {type(odd).__name__}"
    return {"error": told(error), "error_class": _class_name(error), "backtrace": lines}


def told(error: BaseException) -> str:
    """The message of an exception, or a text that says that it cannot be read."""
    try:
        return "".join(str(error))
    except BaseException as odd:  # a handler's exception may do anything
        return f"{_class_name(error)}, whose message cannot be read: {_class_name(odd)}"


def _class_name(error: BaseException) -> str:
    kind = type(error)
    try:
        own = kind.__module__ == "builtins"
        return kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"
    except BaseException:  # see told
        return type.__repr__(kind)


def whole_seconds(retry_after: timedelta | float) -> int:
    """Whole seconds, rounded up."""
    seconds = as_seconds(retry_after, _MOST_SECONDS)
    if seconds is None:
        raise InvalidArgument(
            f"retry_after is {retry_after!r}; it must be seconds from 0 to {_MOST_SECONDS}",
            code="invalid_argument",
        )
    return math.ceil(seconds)
