"""Subscriptions to events, over an aio.Client."""

from __future__ import annotations

import asyncio
from types import TracebackType

from .._core import Core
from ..errors import InvalidArgument
from ..event import Event
from ..operations import Operation
from ..subscription import Feed


class Subscription(Feed):
    """Events of the client's core, in order, for one task at a time.

    ```python
    async for event in client.subscribe("step.*"):
        print(event.name, event.task_id, event.payload)
    ```

    The iteration ends when the subscription or its client is closed and every event was taken.
    """

    def __init__(self, core: Core, operation: Operation[tuple[int, int]]) -> None:
        super().__init__(core, operation)
        self._ready: asyncio.Future[None] | None = None

    async def get(self) -> Event | None:
        """Waits for the next event; returns None if the subscription has ended."""
        while True:
            event = self._take_event()
            if event is not None or self._ended:
                return event
            self._guard()
            await self._readable()
            self._take_batch()

    async def _readable(self) -> None:
        if self._ready is not None:
            raise InvalidArgument(
                "another task waits for this subscription's events; each task needs its own subscription",
                code="invalid_argument",
            )
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        loop.add_reader(self._descriptor, self._wake)
        try:
            await self._ready
        finally:
            loop.remove_reader(self._descriptor)
            self._ready = None

    def _wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        event = self._take_event() or await self.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._ready is not None:
            # The descriptor must stay open while the loop watches it.
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._wake()
        self._finish()
