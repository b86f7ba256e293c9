"""Runs of tasks over an aio.Client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from .._picture import Picture
from ..errors import Cancelled, DatabaseError, TimeoutError
from ..operations import Operation
from ..results import Claim, Next, Transition
from ..rows import TaskExecutionContext

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")


class Session(Picture):
    """One run's picture of a task: tasker_core.Session, to be awaited."""

    def __init__(self, client: Client, task_id: int, opening: Operation[list[Any]], view: list[Any]) -> None:
        super().__init__(client.core, task_id, opening, view)
        self._client = client

    async def next(self) -> Next:
        """See tasker_core.Session.next."""
        found, stale = await self._client.run(self._next())
        if stale:
            await self.refresh()
            found, _ = await self._client.run(self._next())
        return found

    async def claim(self, step_id: int) -> Claim:
        """See tasker_core.Session.claim."""
        return await self._write(self._claim(step_id))

    async def complete(self, step_id: int, results: Mapping[str, Any] | None = None) -> Transition:
        """See tasker_core.Session.complete."""
        return await self._write(self._complete(step_id, results))

    async def fail(
        self,
        step_id: int,
        error: BaseException | str,
        *,
        results: Mapping[str, Any] | None = None,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """See tasker_core.Session.fail."""
        return await self._write(self._fail(step_id, error, results, retryable, retry_after))

    async def retry(self, step_id: int) -> Transition:
        """See tasker_core.Session.retry."""
        return await self._write(self._retry(step_id))

    async def refresh(self) -> list[int]:
        """See tasker_core.Session.refresh."""
        return await self._client.run(self._refresh())

    async def context(self) -> TaskExecutionContext:
        """See tasker_core.Session.context."""
        return await self._client.run(self._context())

    async def _write(self, operation: Operation[T]) -> T:
        try:
            return await self._client.run(operation)
        except (DatabaseError, Cancelled, TimeoutError, asyncio.CancelledError):
            self._forget_write(operation)
            raise

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
