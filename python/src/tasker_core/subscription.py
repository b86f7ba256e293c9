"""Subscriptions to events, over a Client."""

from __future__ import annotations

import select
import threading
import weakref
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import msgpack

from . import _library
from ._core import Core
from .errors import InvalidArgument
from .event import Event
from .operations import Operation

# The number of events in one batch.
_BATCH = 1000
# The counts that a repr shows.
_SHOWN = ("delivered", "pending", "dropped")


class Feed:
    """A subscription's queue in the core, and events that were taken from it but not returned."""

    def __init__(self, core: Core, operation: Operation[tuple[int, int]]) -> None:
        self._core = core
        self._queue, self._descriptor = operation.read(core.ask(operation.name, operation.arguments))
        self._generation = _library.generation
        self._events: Iterator[Event] = iter(())
        self._left = 0
        self._ended = False
        self._final: dict[str, int] | None = None
        self._end = weakref.finalize(self, _end, self._generation, self._queue)
        self._end.atexit = False

    @property
    def closed(self) -> bool:
        """Whether no more events come."""
        return self._ended

    def stats(self) -> dict[str, int]:
        """Counts the events that matched.

        matched is the sum of delivered, dropped and pending; spilled counts events that went
        through a temporary file.
        """
        counts = dict(self._final or self._ask("event_stats") or {})
        if counts:
            counts["delivered"] -= self._left
            counts["pending"] += self._left
        return counts

    def __repr__(self) -> str:
        if self._generation != _library.generation:
            return f"<{type(self).__name__} of another process>"
        counts = self.stats()
        told = ", ".join(f"{counts[name]} {name}" for name in _SHOWN if name in counts)
        return f"<{type(self).__name__}: {told or 'its client is closed'}{' closed' if self.closed else ''}>"

    def _guard(self) -> None:
        if self._generation != _library.generation:
            raise InvalidArgument(
                "this subscription is another process's; subscribe here", code="invalid_argument"
            )

    def _take_event(self) -> Event | None:
        event = next(self._events, None)
        if event is not None:
            self._left -= 1
        return event

    def _take_batch(self) -> bool:
        """Takes the waiting events; returns False if the queue has ended."""
        if self._generation != _library.generation:
            raise InvalidArgument(
                "this subscription is another process's; subscribe here", code="invalid_argument"
            )
        packed = None if self._ended else _library.native().drain(self._queue, _BATCH)
        if packed is None:
            self._finish()
            return False
        batch = msgpack.unpackb(packed) if packed else []
        self._left = len(batch)
        self._events = map(Event, batch)
        return True

    def close(self) -> None:
        """Ends the subscription: no more events come in. Waiting events can still be taken."""
        if not self._ended and self._generation == _library.generation:
            self._ask("unsubscribe")

    def _finish(self) -> None:
        if self._ended or self._generation != _library.generation:
            return
        self._final = self._ask("event_stats") or {}
        self._ended = True
        self._end()

    def _ask(self, operation: str) -> Any:
        return None if self._core.closed else self._core.ask(operation, {"queue": self._queue})


def _end(generation: int, queue: int) -> None:
    if generation == _library.generation:
        _library.native().close_queue(queue)


class Subscription(Feed):
    """Events of the client's core, in order, for one thread at a time.

    ```python
    with client.subscribe("step.*") as events:
        for event in events:
            print(event.name, event.task_id, event.payload)
    ```

    Iterating waits for the next event. It ends when the subscription or its client is closed and
    every event was taken. The end of the with block drops waiting events.
    """

    def __init__(self, core: Core, operation: Operation[tuple[int, int]]) -> None:
        super().__init__(core, operation)
        self._reading = threading.Lock()

    def get(self, timeout: float | None = None) -> Event | None:
        """Waits for the next event; returns None after timeout seconds, or if it has ended."""
        event = self._take_event()
        if event is not None:
            return event
        self._guard()
        with self._reading:
            if not self._wait(timeout) or not self._take_batch():
                return None
            return self._take_event()

    def _wait(self, timeout: float | None) -> bool:
        if self._ended:
            return False
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if timeout is None else max(0.0, timeout * 1000)))

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Event:
        while not self._ended:
            event = self.get()
            if event is not None:
                return event
        raise StopIteration

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        with self._reading:
            self._finish()
