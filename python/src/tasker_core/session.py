# Written by python/tools/sync_client.py from aio/session.py; change that file instead.
"""Sessions, which run tasks over a Client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ._base import UNSURE
from ._picture import Picture
from .operations import Operation
from .results import Claim, Next, Transition
from .rows import TaskExecutionContext

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")


class Session(Picture):
    """A snapshot of one task, which the core holds in memory for a run.

    Asking what can run next costs no query. Each claim and each outcome is one statement in its own
    transaction. The database checks them as it writes, so an outdated snapshot can cost a refused
    claim but never runs a step twice:

    ```python
    client.transition_task_or_raise(42, to="in_progress")
    with client.open_session(42) as session:
        while not (batch := session.next()).empty:
            for step_id in batch.retry:
                session.retry(step_id)
            for step_id in batch.ready:
                claim = session.claim(step_id)
                if claim.allowed:
                    session.complete(step_id, results={"sum": 3})
        context = session.context()
        print(context.execution_status)
    ```

    Many threads may share a session. It belongs to its process: a forked child opens its own.
    Every method raises SessionError if the session is not open in this process, and DatabaseError
    if the database fails.
    """

    def __init__(self, client: Client, task_id: int, opening: Operation[list[Any]], view: list[Any]) -> None:
        super().__init__(client.core, task_id, opening, view)
        self._client = client

    def next(self) -> Next:
        """Tells what can run now.

        It reads from memory. Only after a refusal it reads the snapshot again first.
        """
        found, stale = self._client.run(self._next())
        if stale:
            self.refresh()
            found, _ = self._client.run(self._next())
        return found

    def claim(self, step_id: int) -> Claim:
        """Claims a pending step. Call it just before the work begins. A refusal is not an error.

        Raises:
            NotFound: if the step does not exist.
        """
        return self._write(self._claim(step_id))

    def complete(self, step_id: int, results: Mapping[str, Any] | None = None) -> Transition:
        """Records that a claimed step is complete.

        Args:
            step_id: a step that this session has claimed.
            results: replaces the step's results; None leaves them.

        Returns:
            With the code "conflict" if the claim no longer holds; nothing was written then.
        """
        return self._write(self._complete(step_id, results))

    def fail(
        self,
        step_id: int,
        error: BaseException | str,
        *,
        results: Mapping[str, Any] | None = None,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """Records that a claimed step has failed.

        It can be retried when its backoff is over, as long as it has attempts left.

        Args:
            step_id: a step that this session has claimed.
            error: an exception or a text; the class and traceback of an exception are kept too.
            results: more results to store beside error, error_class and backtrace.
            retryable: False if another attempt would be useless.
            retry_after: seconds to wait before the next attempt; None for the engine's backoff.

        Returns:
            With the code "conflict" if the claim no longer holds; nothing was written then.
        """
        return self._write(self._fail(step_id, error, results, retryable, retry_after))

    def retry(self, step_id: int) -> Transition:
        """Moves a failed step back to pending, so that it can be claimed."""
        return self._write(self._retry(step_id))

    def refresh(self) -> list[int]:
        """Reads the task again, and returns the ids of steps whose row or state has changed."""
        return self._client.run(self._refresh())

    def context(self) -> TaskExecutionContext:
        """Describes the task's progress from memory."""
        return self._client.run(self._context())

    def _write(self, operation: Operation[T]) -> T:
        try:
            return self._client.run(operation)
        except UNSURE:
            self._forget_write(operation)
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
