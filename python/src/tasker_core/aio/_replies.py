"""Passes replies of the core to an event loop."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

import msgpack

from .. import _library
from .._core import FROM_MEMORY, Core, Grip, decode, encode, expired
from ..errors import Cancelled

# The number of replies in one batch; the loop does other work between two batches.
_BATCH = 1024


class Replies:
    """The pending calls of one event loop, and the queue of their replies."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.generation = _library.generation
        self._native = _library.native()
        self._queue, self._descriptor = self._native.completions()
        self._waiting: dict[int, tuple[asyncio.Future[bytes], Grip | None]] = {}
        # This object must not keep its loop alive.
        self._loop = weakref.ref(loop)
        self._end = weakref.finalize(self, _end, self.generation, self._queue)
        self._end.atexit = False
        loop.add_reader(self._descriptor, self._take)

    def submit(
        self, core: int, request: bytes, opens: Grip | None = None
    ) -> tuple[int, asyncio.Future[bytes]]:
        """Starts a call; the future and the grip receive its reply."""
        future = asyncio.get_running_loop().create_future()
        token = self._native.submit(core, request, self._queue)
        self._waiting[token] = (future, opens)
        return token, future

    def cancel(self, token: int) -> None:
        """Ends a call at once and cancels its statement in the database."""
        self._native.cancel(token)

    async def last(self) -> None:
        """Waits for the replies that are still awaited; those of ended calls come soon."""
        awaited = [future for future, _ in self._waiting.values() if not future.done()]
        if awaited:
            await asyncio.wait(awaited)

    def close(self) -> None:
        """Stops watching. Call it in the loop's own thread."""
        loop = self._loop()
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._descriptor)
        self._end()

    def _take(self) -> None:
        batch = self._native.drain(self._queue, _BATCH)
        for token, reply in msgpack.unpackb(batch) if batch else ():
            future, opens = self._waiting.pop(token, (None, None))
            if opens is not None:
                opens.replies.append(reply)
            if future is not None and not future.done():
                future.set_result(reply)


def _end(generation: int, queue: int) -> None:
    if generation == _library.generation:
        _library.native().close_queue(queue)


class Sender:
    """Sends the calls of one core, from any number of loops."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._replies: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Replies] = (
            weakref.WeakKeyDictionary()
        )

    async def call(
        self, operation: str, arguments: dict[str, Any], timeout: float | None, opens: Grip | None = None
    ) -> Any:
        """See Core.call. Cancelling the awaiting task cancels the statement."""
        if operation in FROM_MEMORY:
            return self.core.ask(operation, arguments)
        request = encode(operation, arguments)
        loop = asyncio.get_running_loop()
        replies = self._of(loop)
        token, reply = replies.submit(self.core.handle, request, opens)
        limit = None if timeout is None else loop.call_later(timeout, replies.cancel, token)
        try:
            return decode(await reply)
        except asyncio.CancelledError:
            replies.cancel(token)
            raise
        except Cancelled as error:
            if limit is None or limit.when() > loop.time() or self.core.closed:
                raise
            raise expired(operation, timeout) from error
        finally:
            if limit is not None:
                limit.cancel()

    async def close(self) -> None:
        """Closes the core and cancels pending calls."""
        # Closing waits for running calls to end, and the loop has to receive their replies.
        await asyncio.to_thread(self.core.close)
        replies = self._replies.pop(asyncio.get_running_loop(), None)
        if replies is not None and replies.generation == _library.generation:
            await replies.last()
            replies.close()

    def _of(self, loop: asyncio.AbstractEventLoop) -> Replies:
        replies = self._replies.get(loop)
        if replies is None or replies.generation != _library.generation:
            replies = self._replies[loop] = Replies(loop)
        return replies
