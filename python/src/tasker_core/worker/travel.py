"""Sends a step's handler to an executor, and its outcome back."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .. import _library, external, jsonb
from .. import client as clients
from .._picture import failure, told
from ..client import Client
from ..errors import Error, InvalidArgument
from ..external import ClaimedStep
from ..operations import Operation
from ..results import Transition
from .child import end_child
from .step import ExecutorFailed, PermanentError, RetryableError, Step, StepHandler

#: The interval at which a handler that asks reads the database, in seconds.
LOOK_EVERY = 1.0

#: The time limit of such a read, in seconds; the handler waits for it.
LOOK_LIMIT = 5.0

#: The pauses after failures before a handler begins, in seconds.
RETRIES = (0.1, 0.5, 2.0)

#: The clients of this process by their URL and settings.
_clients: dict[str, Client] = {}


@dataclass(frozen=True)
class Access:
    """How a process that executes handlers reaches the database.

    Attributes:
        url: the URL of the database.
        settings: the settings of the worker's connections; each process has one connection.
    """

    url: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)

    def client(self) -> Client:
        """The client of this process, created on first use."""
        settings = {
            **{name: value for name, value in self.settings.items() if not name.startswith("event_")},
            "pool_max_connections": 1,
            "application_name": "tasker_core handler",
        }
        key = repr((self.url, sorted(settings.items())))
        found = _clients.get(key)
        if found is None:
            # If two are created at once, the second is closed; neither has connected yet.
            made = clients.connect(self.url, timeout=LOOK_LIMIT, **settings)
            found = _clients.setdefault(key, made)
            if found is not made:
                made.close()
        return found


class SentStep(Step):
    """A step in the worker's process. A thread gets it unchanged, another process a RemoteStep.

    A step that is given up stays in its executor's queue and is refused when its turn comes
    (Call). Its future is not cancelled; see Executors.
    """

    def __init__(self, claim: ClaimedStep, stopping: Callable[[], bool], access: Access) -> None:
        super().__init__(claim, stopping)
        self.access = access

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteStep, (self.claim, self.access)


class RemoteStep(Step):
    """A step in another process than its worker's; it reads its claim from the database."""

    def __init__(self, claim: ClaimedStep, access: Access) -> None:
        super().__init__(claim, lambda: self._asked_to_stop)
        self.access = access
        self._asked_to_stop = False
        self._next_look = 0.0

    @property
    def cancelled(self) -> bool:
        """See Step."""
        self._look()
        return super().cancelled

    @property
    def should_stop(self) -> bool:
        """See Step."""
        self._look()
        return super().should_stop

    def begin(self) -> str:
        """Asks to be the runner that executes the handler: "begun", "taken" or "lost".

        Raises:
            Error: if the database does not answer this process.
        """
        runner = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(8)}"
        operation = external.begin_claim(self.claim, runner)
        for wait in RETRIES:
            try:
                return self.access.client().run(operation)
            except Error as error:
                if not error.retryable and error.code != "timeout":
                    raise
                time.sleep(wait)
        return self.access.client().run(operation)

    def _look(self) -> None:
        now = time.monotonic()
        if self._lost or now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        try:
            state = self.access.client().run(external.claim_state(self.claim))
        except Error as error:
            self._next_look = time.monotonic() + 10 * LOOK_EVERY
            self.logger.warning("the state of its claim could not be read: %s", error)
            return
        self._asked_to_stop = state == "stopping"
        if state == "lost":
            self.lose()

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteStep, (self.claim, self.access)


class Outcome(NamedTuple):
    """The outcome of a handler, as text and numbers that can be sent whatever the handler returned.

    Attributes:
        results: JSON; None if it failed.
        error: the fields of the failure.
        retryable: whether another attempt is useful.
        retry_after: seconds to wait before it; None for the engine's backoff.
    """

    results: str | None
    error: dict[str, str]
    retryable: bool = True
    retry_after: int | None = None

    def operation(self, claim: ClaimedStep) -> Operation[Transition]:
        """The operation that writes it."""
        if self.results is not None:
            return external.complete_claim_with(claim, self.results)
        return external.fail_claim_with(claim, self.error, self.retryable, self.retry_after)


class Call:
    """A handler and its step in one object: a cluster's scheduler inspects lists and tuples."""

    def __init__(self, handler: StepHandler, step: Step) -> None:
        self.handler = handler
        self.step = step

    def __call__(self) -> Outcome:
        """Executes the handler here. It raises nothing; only the executor can fail."""
        refusal = self._refusal()
        if refusal is not None:
            return _failed(refusal)
        generation = _library.generation
        try:
            results = self.handler(self.step)
        except BaseException as error:  # SystemExit too: the thread is the executor's
            _leave_child(generation, error)
            return _failed(error)
        _leave_child(generation, None)
        try:
            return Outcome(jsonb.dumps({} if results is None else results), {})
        except BaseException as error:  # the results may raise anything while they are written
            return _failed(unwritable(error))

    def _refusal(self) -> BaseException | None:
        """Why the handler is not executed; None if it is."""
        step = self.step
        try:
            state = step.begin() if isinstance(step, RemoteStep) else _begun_here(step)
        except Exception as error:
            reason = f"the handler was not started: its process could not reach the database: {told(error)}"
            return ExecutorFailed(reason, code="executor")
        reasons = {
            "taken": "another process has started the handler and was lost; it is not executed twice",
            "lost": "the step was taken from its worker before its handler started",
        }
        return ExecutorFailed(reasons[state], code="executor") if state in reasons else None

    def __dask_tokenize__(self) -> tuple[str, int]:
        """Two calls are the same to Dask if they belong to the same claim."""
        return "tasker_core", self.step.claim.token


def _begun_here(step: Step) -> str:
    """The same for a step in its worker's process, which gives each step to one thread."""
    return "lost" if step.cancelled else "begun"


def unwritable(error: BaseException) -> BaseException:
    """The failure of a handler that has succeeded, but whose results cannot be written."""
    kind, code = (
        (type(error), error.code) if isinstance(error, Error) else (InvalidArgument, "invalid_argument")
    )
    reason = kind(f"The results could not be saved: {told(error)}", code=code)
    return reason.with_traceback(error.__traceback__)


def _failed(error: BaseException) -> Outcome:
    fields, retryable, after = failure(error), not isinstance(error, PermanentError), None
    try:
        after = error.retry_after if isinstance(error, RetryableError) else None
    except Exception:  # not only an exception's message can raise
        after = None
    return Outcome(None, fields, retryable, after if isinstance(after, int) else None)


def _leave_child(generation: int, error: BaseException | None) -> None:
    """Ends a process that the handler has forked; the step belongs to its parent."""
    if generation != _library.generation:
        end_child(error)
