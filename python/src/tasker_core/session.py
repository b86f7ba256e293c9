# Written by python/tools/sync_client.py from aio/session.py; change that file instead.
"""Runs of tasks over a Client."""

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
    """One run's picture of a task, held in memory by the core.

    What can run next costs no query. Claims and outcomes are one statement each, in a
    transaction of their own; the database checks them as it writes, so a picture that is
    out of date can cost a refused claim, never a step that runs twice::

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

    Many threads may share a session. It belongs to its process: a forked child opens its
    own. Every method raises SessionError where the session is not open here, and
    DatabaseError where the database fails.
    """

    def __init__(self, client: Client, task_id: int, opening: Operation[list[Any]], view: list[Any]) -> None:
        super().__init__(client.core, task_id, opening, view)
        self._client = client

    def next(self) -> Next:
        """What can run now.

        It reads nothing, except after a refusal: then the picture is read anew first.
        """
        found, stale = self._client.run(self._next())
        if stale:
            self.refresh()
            found, _ = self._client.run(self._next())
        return found

    def claim(self, step_id: int) -> Claim:
        """Claims a pending step, just before it is worked on; a refusal is an answer.

        Raises:
            NotFound: if there is no such step.
        """
        return self._write(self._claim(step_id))

    def complete(self, step_id: int, results: Mapping[str, Any] | None = None) -> Transition:
        """Records that a claimed step has done its work.

        Args:
            step_id: a step that this session has claimed.
            results: replaces the step's results; None leaves them.

        Returns:
            Code conflict where the claim no longer holds; nothing is written then.
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

        It can be retried once its waiting time is over, while it has attempts left.

        Args:
            step_id: a step that this session has claimed.
            error: what happened; its class and traceback are kept too.
            results: what else to keep beside error, error_class and backtrace.
            retryable: False where another attempt would be useless.
            retry_after: seconds to wait before the next attempt; None for the waiting
                time that follows from the attempts.

        Returns:
            Code conflict where the claim no longer holds; nothing is written then.
        """
        return self._write(self._fail(step_id, error, results, retryable, retry_after))

    def retry(self, step_id: int) -> Transition:
        """Moves a failed step back to pending, so that it can be claimed."""
        return self._write(self._retry(step_id))

    def refresh(self) -> list[int]:
        """Reads the task anew; gives the steps whose row or state was not known."""
        return self._client.run(self._refresh())

    def context(self) -> TaskExecutionContext:
        """How the task stands, from memory."""
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
